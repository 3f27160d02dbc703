#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write a GGUF in F16 with the shape of a known model and random weights, to measure speed with.

usage: make_model.py SHAPE VOCABULARY.gguf OUT.gguf          SHAPE is one of: 1b, 3b

The tokenizer is copied from VOCABULARY.gguf, so the sizes differ from the namesakes only by their vocabulary. The
weights are slices of one pool of normal numbers, at odd offsets: speed does not depend on them, the file is as large
as a real one and no two of its pages are the same, and all of it takes seconds and little memory, without numpy.
"""
import random
import struct
import sys

# Llama 3.2, with tied embeddings
SHAPES = {
    "1b": {"n_layer": 16, "n_embd": 2048, "n_head": 32, "n_kv": 8, "d_head": 64, "n_ff": 8192},
    "3b": {"n_layer": 28, "n_embd": 3072, "n_head": 24, "n_kv": 8, "d_head": 128, "n_ff": 8192},
}
CONTEXT = 131072
POOL = 1 << 20
CHUNK = 1 << 18
# About 1/sqrt(n_embd): activations keep their size from layer to layer
STD = 0.02
ALIGNMENT = 32
F32, F16 = 0, 1
UINT32, FLOAT32, STRING, ARRAY, UINT64 = 4, 6, 8, 9, 10
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, UINT32: 4, 5: 4, FLOAT32: 4, 7: 1, UINT64: 8, 11: 8, 12: 8}


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


class Reader:
    """Walks over the metadata of a GGUF file, which it keeps as bytes."""

    def __init__(self, path):
        self.file = open(path, "rb")
        magic, self.version, _, self.n_kv = struct.unpack("<4sIQQ", self.file.read(24))
        if magic != b"GGUF":
            sys.exit(f"{path} is not a GGUF file")

    def string(self):
        (size,) = struct.unpack("<Q", self.file.read(8))
        return self.file.read(size)

    def skip(self, kind):
        """Passes a value; the number of elements of an array."""
        if kind == STRING:
            self.string()
        elif kind == ARRAY:
            of, n = struct.unpack("<IQ", self.file.read(12))
            for _ in range(n if of in (STRING, ARRAY) else 0):
                self.skip(of)
            self.file.seek(n * SIZES.get(of, 0), 1)
            return n
        else:
            self.file.seek(SIZES[kind], 1)
        return 1

    def tokenizer(self):
        """The keys and values of the tokenizer as they stand in the file, their count, and the vocabulary's size."""
        found, n_vocab = [], 0
        for _ in range(self.n_kv):
            start = self.file.tell()
            key = self.string()
            (kind,) = struct.unpack("<I", self.file.read(4))
            n = self.skip(kind)
            end = self.file.tell()
            if key.startswith(b"tokenizer."):
                self.file.seek(start)
                found.append(self.file.read(end - start))
            if key == b"tokenizer.ggml.tokens":
                n_vocab = n
        return b"".join(found), len(found), n_vocab


def metadata(shape, n_vocab):
    """The architecture's keys, as (bytes, count)."""
    numbers = {
        "block_count": shape["n_layer"], "context_length": CONTEXT, "embedding_length": shape["n_embd"],
        "feed_forward_length": shape["n_ff"], "attention.head_count": shape["n_head"],
        "attention.head_count_kv": shape["n_kv"], "attention.key_length": shape["d_head"],
        "attention.value_length": shape["d_head"], "rope.dimension_count": shape["d_head"], "vocab_size": n_vocab}
    reals = {"attention.layer_norm_rms_epsilon": 1e-5, "rope.freq_base": 500000.0}
    parts = [string("general.architecture") + struct.pack("<I", STRING) + string("llama"),
             string("general.file_type") + struct.pack("<II", UINT32, F16)]
    parts += [string("llama." + key) + struct.pack("<II", UINT32, value) for key, value in numbers.items()]
    parts += [string("llama." + key) + struct.pack("<If", FLOAT32, value) for key, value in reals.items()]
    return b"".join(parts), len(parts)


def tensors(shape, n_vocab):
    """(name, columns, rows); a vector has no rows."""
    embd, ff = shape["n_embd"], shape["n_ff"]
    q, kv = shape["n_head"] * shape["d_head"], shape["n_kv"] * shape["d_head"]
    yield "token_embd.weight", embd, n_vocab
    for i in range(shape["n_layer"]):
        for name, columns, rows in (("attn_norm", embd, 0), ("attn_q", embd, q), ("attn_k", embd, kv),
                                    ("attn_v", embd, kv), ("attn_output", q, embd), ("ffn_norm", embd, 0),
                                    ("ffn_gate", embd, ff), ("ffn_up", embd, ff), ("ffn_down", ff, embd)):
            yield f"blk.{i}.{name}.weight", columns, rows
    yield "output_norm.weight", embd, 0


def write_normal(out, rng, pool, n):
    while n > 0:
        size = min(n, CHUNK)
        start = 2 * rng.randrange(POOL - size)
        out.write(pool[start:start + 2 * size])
        n -= size


def write(shape, vocabulary, path):
    copied, n_copied, n_vocab = Reader(vocabulary).tokenizer()
    if n_vocab == 0:
        sys.exit(f"{vocabulary} has no vocabulary")
    own, n_own = metadata(shape, n_vocab)
    listed = list(tensors(shape, n_vocab))
    rng = random.Random(1)
    pool = struct.pack(f"<{POOL}e", *(rng.gauss(0, STD) for _ in range(POOL)))
    with open(path, "wb") as out:
        out.write(struct.pack("<4sIQQ", b"GGUF", 3, len(listed), n_own + n_copied) + own + copied)
        offset = 0
        for name, columns, rows in listed:
            dims = (columns, rows) if rows else (columns,)
            out.write(string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, F16 if rows else F32, offset))
            # Every size here is a multiple of the alignment.
            offset += 2 * columns * rows if rows else 4 * columns
        out.write(bytes(-out.tell() % ALIGNMENT))
        for _, columns, rows in listed:
            if rows:
                write_normal(out, rng, pool, columns * rows)
            else:
                out.write(struct.pack("<f", 1.0) * columns)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES:
        sys.exit(__doc__)
    write(SHAPES[sys.argv[1]], sys.argv[2], sys.argv[3])
