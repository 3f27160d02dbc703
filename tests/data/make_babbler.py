#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make chat/babbler.gguf: tiny/starcoder2.gguf with a chat template, a longer context and no end of text. Its vocabulary
has all bytes, so that any text is some tokens, and its answers are endless nonsense: for what counts, fits, stops and
scrolls. Needs nothing but Python.
"""
import pathlib
import struct

TEMPLATE = """{%- for m in messages %}{{ m.role }}: {{ m.content }}
{% endfor -%}
{%- if add_generation_prompt %}assistant:{% endif %}"""
WIDTH = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32
N_CONTEXT = 4096
# Tokens that end a text by their names get others of the same length.
RENAMED = {b"</s>": b"<z/>", b"<|endoftext|>": b"<|goes-on-|>|"}


def text(data, at):
    (n,) = struct.unpack_from("<Q", data, at)
    return at + 8 + n


def value(data, at, kind):
    if kind == 8:
        return text(data, at)
    if kind != 9:
        return at + WIDTH[kind]
    item, n = struct.unpack_from("<IQ", data, at)
    at += 12
    for _ in range(n):
        at = value(data, at, item)
    return at


def padded(data):
    return data + bytes(-len(data) % ALIGNMENT)


def main():
    folder = pathlib.Path(__file__).parent
    data = (folder / "tiny/starcoder2.gguf").read_bytes()
    magic, version, n_tensors, n_entries = struct.unpack_from("<4sIQQ", data)
    at, entries = 24, []
    for _ in range(n_entries):
        begin, at = at, text(data, at)
        key = data[begin + 8 : at].decode()
        (kind,) = struct.unpack_from("<I", data, at)
        end = value(data, at + 4, kind)
        if key.endswith(".context_length"):
            entries.append(data[begin : at + 4] + struct.pack("<I", N_CONTEXT))
        elif key != "tokenizer.ggml.eos_token_id":
            entry = data[begin:end]
            for name, other in RENAMED.items():
                entry = entry.replace(name, other)
            entries.append(entry)
        at = end
    tensors = at
    for _ in range(n_tensors):
        at = text(data, at)
        (n_dimensions,) = struct.unpack_from("<I", data, at)
        at += 4 + 8 * n_dimensions + 12
    key, template = b"tokenizer.chat_template", TEMPLATE.encode()
    entries.append(struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(template)) + template)
    head = struct.pack("<4sIQQ", magic, version, n_tensors, len(entries)) + b"".join(entries) + data[tensors:at]
    weights = data[at + -at % ALIGNMENT :]
    (folder / "chat/babbler.gguf").write_bytes(padded(head) + weights)


main()
