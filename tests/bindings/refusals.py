#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The generator refuses a header that is undocumented, ambiguous or contradicts itself, and says where and why.

Each case changes the real header in one place: the text that is there, what takes its place, and a part of the message.
"""
import re
import sys

import generator

sys.path.insert(0, str(generator.ROOT / "bindings/gen"))
import declarations  # noqa: E402
import lexer  # noqa: E402
import meaning  # noqa: E402

REWIND = "libllm_session_rewind(libllm_session *session, size_t n_positions, libllm_error *LIBLLM_NULLABLE error);"
RENDER = """ * Ownership: nothing is transferred.
 * Thread safety: concurrent(chat).
 * Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part"""
CASES = [
    # What is missing.
    ("/** Memory could not be had from the allocator or the system. */", "", "LIBLLM_ERROR_OUT_OF_MEMORY has no description"),
    ("    /** Tensors in a model file. Default 262144. */\n", "", "libllm_limits.tensors has no description"),
    (" * @param n_positions how many tokens to keep, at most the present position\n", "", "describes the parameters"),
    (" * @param n_positions how many tokens", " * @param positions how many tokens", "describes the parameters"),
    (" * @return major * 10000 + minor * 100 + patch\n", "", "libllm_version: expected @return"),
    (" * @param runtime  NULL is fine\n *\n * Ownership: takes the handle.\n", " * @param runtime  NULL is fine\n *\n",
     "libllm_runtime_free: expected Ownership:"),
    ("/** What an adapter is, in numbers. Since: 0.1 */", "/** What an adapter is, in numbers. */", "expected Since:"),
    (RENDER, RENDER.replace(" * Ownership", " * Since: 0.1\n * Ownership"), "out of order or doubled"),
    # What is ambiguous.
    (REWIND, REWIND.replace("size_t n", "size_t *n"), "neither const nor LIBLLM_OUT"),
    (REWIND, REWIND.replace("size_t n", "const size_t *n"), "a pointer without a length"),
    (REWIND, REWIND.replace("size_t n", "long n"), "type long; expected one of"),
    (REWIND, REWIND.replace("size_t n_positions", "libllm_limits n_positions"), "by value; expected a pointer"),
    (REWIND, REWIND.replace("LIBLLM_NULLABLE ", ""), "the error is LIBLLM_NULLABLE"),
    (REWIND, REWIND.replace(", libllm_error *LIBLLM_NULLABLE error", ""), "describes the parameters"),
    ("@param path     of a file or folder, NUL-terminated\n * @param options  NULL",
     "@param path     of a file or folder\n * @param options  NULL", "a text without a length"),
    ("const char *LIBLLM_STRING(n_bytes) request, size_t n_bytes,\n                                 char",
     "const char *LIBLLM_STRING(n_words) request, size_t n_bytes,\n                                 char",
     "the length n_words of request does not exist"),
    ("const char *LIBLLM_STRING(n_bytes) LIBLLM_NULLABLE text,", "const char *LIBLLM_ARRAY(flags) LIBLLM_STRING(n_bytes) text,",
     "both LIBLLM_ARRAY and LIBLLM_STRING"),
    ("const int32_t *LIBLLM_ARRAY(n_tokens) tokens;", "const int32_t *tokens;", "libllm_batch_entry.tokens: a pointer"),
    ("/** Passed to log. */", "/** For the log. */", "a void * that is not described as passed"),
    ("/** Passed to log. */", "/** Passed to logger. */", "which are no fields"),
    # What contradicts itself.
    ("libllm_runtime *LIBLLM_OWNED *LIBLLM_OUT runtime,", "libllm_runtime **LIBLLM_OUT runtime,", "LIBLLM_OWNED"),
    ("Ownership: the caller frees the runtime;", "Ownership: nothing is transferred;", "by its types"),
    ("libllm_status libllm_chat_render(const libllm_chat *chat,", "libllm_status libllm_chat_render(libllm_chat *chat,",
     "expected exclusive(chat)"),
    (RENDER, RENDER.replace("concurrent(chat)", "exclusive(chat)"), "expected concurrent(chat)"),
    (RENDER, RENDER.replace("concurrent(chat)", "concurrent(chats)"), "expected concurrent(chat)"),
    (RENDER, RENDER.replace("concurrent(chat)", "whenever you like"), "the thread rule"),
    (RENDER, RENDER.replace("JSON,", "JSN,"), "the error JSN, of which there is no LIBLLM_ERROR_JSN"),
    (RENDER, RENDER.replace("BUFFER_TOO_SMALL, ", ""), "BUFFER_TOO_SMALL goes with a capacity"),
    (" * Errors: those of libllm_engine_create() and", " * Errors: those of libllm_engine_make() and",
     "those of libllm_engine_make(), which does not exist"),
    ("LIBLLM_ERROR_IO = -4,", "LIBLLM_ERROR_IO = -3,", "has the value of LIBLLM_ERROR_NOT_FOUND"),
    ("} libllm_limits;", "} libllm_limit;", "expected one name"),
    ("void libllm_adapter_free(libllm_adapter *LIBLLM_NULLABLE adapter);", "void libllm_adapter_free(libllm_adapter *adapter);",
     "expected (libllm_adapter *LIBLLM_NULLABLE)"),
    # What this C does not have.
    ("#define LIBLLM_DETOKENIZE_SPECIAL 1u", "#define LIBLLM_DETOKENIZE_SPECIAL (1u << 0)", "expected a constant"),
    ("uint32_t libllm_version(void);", "static inline uint32_t libllm_version(void) { return 100; }", "type static"),
    ("/* Chat ----", "union libllm_any;\n/* Chat ----", "expected a typedef, LIBLLM_API or a constant"),
]


def refused(text):
    """The generator's message, or None."""
    try:
        meaning.build(declarations.parse("libllm.h", text))
    except lexer.HeaderError as error:
        return str(error)
    return None


def main():
    text = generator.HEADER.read_text(encoding="utf-8")
    problems = [f"the header itself is refused: {refused(text)}"] if refused(text) else []
    for before, after, message in CASES:
        if before not in text:
            problems.append(f"the header has no longer {before!r}")
            continue
        said = refused(text.replace(before, after, 1))
        if said is None or message not in said or not re.match(r"libllm\.h:\d+: ", said):
            problems.append(f"{before!r} -> {after!r}: {said!r}; expected {message!r} with a place")
    generator.finish(problems)


main()
