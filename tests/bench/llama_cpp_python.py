#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our results beside llama-cpp-python's, field by field, of the same model and the same calls.

usage: LIBLLM_LIBRARY=build/libllm/libllm.so.0.1.0 llama_cpp_python.py           with a Python that has llama-cpp-python
       llama_cpp_python.py --write    only writes what its types say to tests/bindings/llama_cpp_python.json, for ./dev test

Of what theirs has, ours must have all, with the same types; where both take the most probable token, the same text; and of
a text the same vector, but for its length.
`function_call`, which was `tool_calls` before that was there, ours has not.
"""
import contextlib
import json
import math
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bindings/python"), str(ROOT / "tests/bindings")]
import peer_fields  # noqa: E402
from llama_cpp import LLAMA_POOLING_TYPE_MEAN, Llama, __version__, llama_types  # noqa: E402

TYPES = ("CreateCompletionResponse", "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse",
         "CreateEmbeddingResponse")
MODEL = ROOT / "tests/data/tiny/llama.gguf"
# What llama-cpp-python calls chatml, whose tools it has in "chatml-function-calling".
TEMPLATE = ("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n")
MESSAGES = [{"role": "user", "content": "Hello"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "", "parameters": {
    "type": "object", "properties": {"city": {"enum": ["Ulm"]}}, "required": ["city"]}}}]


def plain(result):
    """As JSON has it; some of their numbers are numpy's."""
    return json.loads(json.dumps(result, default=float))


def merged(chunks):
    """One chunk with all that any of them has."""
    def merge(into, value):
        for name, item in value.items():
            if isinstance(item, dict) and isinstance(into.get(name), dict):
                merge(into[name], item)
            elif isinstance(item, list) and item and isinstance(into.get(name), list) and into[name]:
                if isinstance(item[0], dict):
                    merge(into[name][0], item[0])
            elif into.get(name) is None:
                into[name] = item

    found = {}
    for chunk in plain(list(chunks)):
        merge(found, chunk)
    return found


def direction(result):
    """The first vector of a result, of length 1; [] where it has none."""
    vector = result["data"][0]["embedding"] if "data" in result else []
    return [value / math.hypot(*vector) for value in vector]


def results(libllm):
    """Name of a call, their result, and ours."""
    common = {"temperature": 0.0, "max_tokens": 12}
    with open(os.devnull, "w", encoding="utf-8") as quiet, contextlib.redirect_stderr(quiet):
        theirs = Llama(str(MODEL), n_ctx=256, logits_all=True, verbose=False, chat_format="chatml")
        calling = Llama(str(MODEL), n_ctx=256, verbose=False, chat_format="chatml-function-calling")
        # What this model has no word for is one vector for each token there, and the mean of these here.
        embedder = Llama(str(MODEL), n_ctx=256, embedding=True, pooling_type=LLAMA_POOLING_TYPE_MEAN, verbose=False)
    ours = libllm.Model.open(MODEL)
    scripted = libllm.Model.open(ROOT / "tests/data/chat/scripted.gguf")
    chosen = {"type": "function", "function": {"name": "get_weather"}}
    yield "completion", theirs.create_completion("Hello", **common), ours.generate("Hello", **common)
    yield ("completion, logprobs", theirs.create_completion("Hello", logprobs=2, **common),
           ours.generate("Hello", logprobs=2, **common))
    yield ("chat", theirs.create_chat_completion(MESSAGES, **common), ours.chat(MESSAGES, template=TEMPLATE, **common))
    yield ("chat, logprobs", theirs.create_chat_completion(MESSAGES, logprobs=True, top_logprobs=2, **common),
           ours.chat(MESSAGES, template=TEMPLATE, logprobs=True, top_logprobs=2, **common))
    yield ("chat, stream", merged(theirs.create_chat_completion(MESSAGES, stream=True, **common)),
           merged(ours.chat_stream(MESSAGES, template=TEMPLATE, **common)))
    yield ("chat, tools", calling.create_chat_completion(MESSAGES, tools=TOOLS, tool_choice=chosen, **common),
           scripted.chat(MESSAGES, tools=TOOLS))
    yield ("chat, tools, stream", merged(calling.create_chat_completion(
        MESSAGES, tools=TOOLS, tool_choice=chosen, stream=True, **common)), merged(scripted.chat_stream(MESSAGES, tools=TOOLS)))
    yield "embedding", embedder.create_embedding(["a", "b"]), ours.create_embedding(["a", "b"])


def main():
    types = {"version": __version__, **{name: peer_fields.schema_of(getattr(llama_types, name)) for name in TYPES}}
    if "--write" in sys.argv:
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(schema)}" for name, schema in types.items())
        peer_fields.FILE.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
        return 0
    import libllm

    print(f"llama-cpp-python {__version__}")
    failed = types != peer_fields.known()
    if failed:
        print(f"its types are not those of {peer_fields.FILE.name}; --write writes them")
    for name, theirs, ours in results(libllm):
        found = peer_fields.lacking(plain(theirs), plain(ours))
        # Both take the same tokens; theirs leaves bytes out that are no text, and goes on to the end of a character.
        texts = [one["choices"][0].get("text", "") if "choices" in theirs else "" for one in (theirs, ours)]
        if not texts[0].startswith(texts[1].replace("\ufffd", "")):
            found.append(f"the texts are {texts[0]!r} and {texts[1]!r}")
        if not found and (apart := math.dist(direction(theirs), direction(ours))) > 1e-3:
            found.append(f"the vectors are {apart:.4f} apart")
        print(f"{name}: {'; '.join(found) or 'ours has all of it'}")
        failed = failed or bool(found)
    return failed


sys.exit(main())
