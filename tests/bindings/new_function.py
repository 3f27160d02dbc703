#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A function, a struct and a status that are added to the header appear, documented, in every language, without a hand edit."""
import pathlib
import re
import tempfile

import generator

STRUCT = """
/** Wishes for a blooming, of which nobody has heard before. Since: 0.1 */
typedef struct libllm_bloom_options {
    /** sizeof(libllm_bloom_options), set by libllm_bloom_options_init(). */
    uint32_t struct_size;
    /** Petals of every blossom, an uncommon number. */
    uint32_t n_petals;
} libllm_bloom_options;

/**
 * Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_bloom_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_bloom_options_init(libllm_bloom_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Have the model bloom for a while, as no other function does.
 *
 * @param model    the model
 * @param words    UTF-8
 * @param n_bytes  its length
 * @param options  NULL for the defaults
 * @param colour   receives the colour of the blossoms
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, WILTED.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_bloom(const libllm_model *model, const char *LIBLLM_STRING(n_bytes) words, size_t n_bytes,
                                 const libllm_bloom_options *LIBLLM_NULLABLE options, int32_t *LIBLLM_OUT colour,
                                 libllm_error *LIBLLM_NULLABLE error);
"""
STATUS = """    /** The model has wilted. */
    LIBLLM_ERROR_WILTED = -99,
    /** Keeps the type 32 bits wide. */
    LIBLLM_STATUS_FORCE32"""
EXPECTED = ("libllm_model_bloom", "Have the model bloom for a while, as no other function does.", "Petals of every blossom",
            "The model has wilted")


def plain(text):
    """Letters and digits alone: comments and lines are laid out in each language's own way."""
    return re.sub(r"[^A-Za-z0-9]+", "", text).lower()


def main():
    text = generator.HEADER.read_text(encoding="utf-8")
    text = text.replace("    /** Keeps the type 32 bits wide. */\n    LIBLLM_STATUS_FORCE32", STATUS)
    text = text.replace("\n/* Engine ---", STRUCT + "\n/* Engine ---")
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        header, output = pathlib.Path(folder, "libllm.h"), pathlib.Path(folder, "out")
        header.write_text(text, encoding="utf-8")
        status, printed = generator.generate(header, output)
        if status:
            problems.append(printed.strip())
        languages = sorted(path.name for path in (output / "bindings").iterdir() if path.is_dir())
        for language in languages:
            files = [path for path in (output / "bindings" / language).rglob("*") if path.is_file()]
            found = plain("\n".join(path.read_text(encoding="utf-8") for path in files))
            problems += [f"{language}: nothing about {words!r}" for words in EXPECTED if plain(words) not in found]
        if "python" not in languages:
            problems.append("no bindings were written for Python")
        print("languages:", ", ".join(languages))
    generator.finish(problems)


main()
