#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes GGUF models with random weights, any family, any shape, any block type, and their references.

    make_model.py --random tests/data/random          every model of MODELS, with NAME.json (ids) and NAME.npy (logits)
    make_model.py --out M.gguf --arch qwen3 --seed 7 --n_layer 2 --n_embd 80 --n_head 5 --n_kv 1 --d_head 48 \\
                  --n_ff 100 --n_vocab 333 --types Q8_0 --set rope.freq_base=5000.0 --n_tokens 90

The vocabulary is that of the tiny fixtures: 256 byte tokens in GPT-2's alphabet, <s>, </s>, <unk>, <|endoftext|>,
fillers. Types that the gguf package can write are quantized from normal weights; those which it can only read are
random blocks whose scales are set so that the decoded values have the standard deviation that is wanted.
"""
import argparse
import json
import pathlib
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

from reference import FAMILIES, Model

# name: (arch, seed, shape and options, metadata besides the shape)
MODELS = {
    # grouped-query 7:1, odd widths, H * d_head != n_embd, vocabulary not a multiple of 32
    "llama-gqa7": ("llama", 11, dict(n_layer=3, n_embd=40, n_head=7, n_kv=1, d_head=12, n_ff=52, n_vocab=331), {}),
    # Llama 3 scaling spelled in metadata, long positions against the original context
    "llama3-metadata": ("llama", 12, dict(n_layer=2, n_embd=48, n_head=3, n_kv=1, d_head=16, n_ff=72, n_tokens=120), {
        "rope.freq_base": 500000.0, "rope.scaling.type": "llama3", "rope.scaling.factor": 4.0,
        "rope.scaling.low_freq_factor": 1.0, "rope.scaling.high_freq_factor": 4.0,
        "rope.scaling.original_context_length": 48}),
    # Mistral: every layer slides, window far shorter than the text; only a part of each head rotates
    "mistral-window": ("llama", 13, dict(n_layer=4, n_embd=64, n_head=4, n_kv=2, d_head=16, n_ff=96, n_tokens=100,
                                         types=["Q8_0"]), {
        "attention.sliding_window": 9, "rope.dimension_count": 12}),
    "qwen2-f16": ("qwen2", 14, dict(n_layer=3, n_embd=72, n_head=3, n_kv=1, d_head=24, n_ff=112, n_vocab=321, tied=True,
                                    types=["F16"]), {}),
    # head size 96, not n_embd / n_head
    "qwen3-bf16": ("qwen3", 15, dict(n_layer=2, n_embd=48, n_head=3, n_kv=1, d_head=96, n_ff=72, types=["BF16"]), {
        "rope.freq_base": 1000000.0}),
    # the 32-value block types in one model
    "gemma-blocks32": ("gemma", 16, dict(n_layer=3, n_embd=96, n_head=4, n_kv=1, d_head=32, n_ff=160,
                                         types=["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]), {}),
    # soft-capping that bites, an attention scale of its own, five heads each with its own keys
    "gemma2-window": ("gemma2", 17, dict(n_layer=4, n_embd=40, n_head=5, n_kv=5, d_head=8, n_ff=56, n_tokens=96), {
        "attention.sliding_window": 5, "attn_logit_softcapping": 2.0, "final_logit_softcapping": 4.0,
        "attention.scale": 0.5}),
    # two full layers, linear rope scaling on them only, window shorter than the text
    "gemma3-linear": ("gemma3", 18, dict(n_layer=7, n_embd=32, n_head=3, n_kv=1, d_head=16, n_ff=40, n_tokens=96), {
        "attention.sliding_window": 7, "rope.freq_base": 10000.0, "rope.scaling.type": "linear",
        "rope.scaling.factor": 8.0}),
    # as deep as the 27B, whose files leave their scale unsaid: this one says it
    "gemma2-46layers": ("gemma2", 21, dict(n_layer=46, n_embd=8, n_head=1, n_kv=1, d_head=8, n_ff=8, n_vocab=264), {
        "attention.scale": 0.02}),
    # divisors of the frequencies and a linear factor: both count
    "llama-linear-factors": ("llama", 22, dict(n_layer=2, n_embd=32, n_head=2, n_kv=1, d_head=16, n_ff=40,
                                               rope_factors=[1.0, 1.0, 1.5, 2.0, 2.0, 2.0, 3.0, 4.0]), {
        "rope.scaling.type": "linear", "rope.scaling.factor": 4.0}),
    # the 256-value block types in two models
    "llama-kquants": ("llama", 19, dict(n_layer=1, n_embd=256, n_head=8, n_kv=2, d_head=32, n_ff=256, n_vocab=300,
                                        tied=True, types=["Q4_K", "Q5_K", "Q6_K", "Q3_K", "Q2_K"]), {}),
    "gemma3-kquants": ("gemma3", 20, dict(n_layer=1, n_embd=256, n_head=4, n_kv=1, d_head=64, n_ff=256, n_vocab=300,
                                          types=["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]), {
        "attention.sliding_window": 16, "rope.freq_base_swa": 20000.0}),
    # codes of 4 bits, and what is only multiplied by way of a decoder
    "llama-codes": ("llama", 23, dict(n_layer=1, n_embd=256, n_head=8, n_kv=2, d_head=32, n_ff=256, n_vocab=300,
                                      types=["IQ4_NL", "IQ4_XS", "MXFP4"]), {}),
    "qwen3-grids": ("qwen3", 24, dict(n_layer=1, n_embd=256, n_head=8, n_kv=2, d_head=32, n_ff=256, n_vocab=300,
                                      types=["IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ3_S", "IQ2_S", "TQ1_0", "TQ2_0",
                                             "IQ4_XS"]), {}),
}
DEFAULTS = dict(n_layer=2, n_embd=64, n_head=4, n_kv=2, d_head=16, n_ff=128, n_vocab=320, n_tokens=48, tied=False,
                types=["F32"], rope_factors=None)
ONLY_READ = {  # offsets of d and dmin in the block, dmin / d that makes the mean zero
    Type.Q2_K: (80, 82, 1.5), Type.Q3_K: (108, None, 0), Type.Q4_K: (0, 2, 7.5), Type.Q5_K: (0, 2, 15.5),
    Type.Q6_K: (208, None, 0), Type.IQ2_XXS: (0, None, 0), Type.IQ2_XS: (0, None, 0), Type.IQ2_S: (0, None, 0),
    Type.IQ3_XXS: (0, None, 0), Type.IQ3_S: (0, None, 0), Type.IQ1_S: (0, None, 0), Type.IQ4_NL: (0, None, 0),
    Type.IQ4_XS: (0, None, 0), Type.TQ1_0: (52, None, 0), Type.TQ2_0: (64, None, 0),
    Type.MXFP4: (0, None, 0)}


def random_blocks(rng, kind, rows, columns, std):
    """Rows of random, valid blocks of a format whose decoded values have this standard deviation."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    d_at, dmin_at, ratio = ONLY_READ[kind]
    data = rng.integers(0, 256, (rows * columns // block, size), dtype=np.uint8)

    def set_scales(d):
        if kind == Type.MXFP4:
            data[:, 0] = np.rint(np.log2(d)) + 128
            return
        data[:, d_at:d_at + 2] = np.asarray(d, np.float16).reshape(-1, 1).view(np.uint8)
        if dmin_at is not None:
            data[:, dmin_at:dmin_at + 2] = np.asarray(d * ratio, np.float16).reshape(-1, 1).view(np.uint8)

    set_scales(np.full(len(data), 2.0 ** -6))
    unit = dequantize(data, kind).std() * 2.0 ** 6
    set_scales(std / unit * rng.uniform(0.6, 1.4, len(data)))
    return data.reshape(rows, -1)


class Builder:
    def __init__(self, path, arch, seed, shape, metadata):
        self.arch, self.s = arch, argparse.Namespace(**{**DEFAULTS, **shape})
        self.rng = np.random.default_rng(seed)
        self.writer = gguf.GGUFWriter(str(path), arch)
        self.types = [Type[name] for name in self.s.types]
        self.next_type = 0
        self.metadata(metadata)
        self.vocabulary()
        self.tensors()
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()

    def put(self, key, value):
        """An architecture key; the type follows from the Python value."""
        key = f"{self.arch}.{key}"
        if isinstance(value, str):
            self.writer.add_string(key, value)
        elif isinstance(value, float):
            self.writer.add_float32(key, value)
        else:
            self.writer.add_uint32(key, value)

    def metadata(self, extra):
        s = self.s
        keys = {"block_count": s.n_layer, "context_length": 4096, "embedding_length": s.n_embd,
                "feed_forward_length": s.n_ff, "attention.head_count": s.n_head, "attention.head_count_kv": s.n_kv,
                "attention.key_length": s.d_head, "attention.value_length": s.d_head,
                "attention.layer_norm_rms_epsilon": 1e-6}
        for key, value in {**keys, **extra}.items():
            self.put(key, value)
        self.writer.add_file_type(0)
        self.writer.add_quantization_version(2)

    def vocabulary(self):
        """256 bytes in GPT-2's alphabet, then the special tokens and fillers of the fixtures."""
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in printable]
        letter = {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}
        tokens = [letter[byte] for byte in range(256)] + ["<s>", "</s>", "<unk>", "<|endoftext|>"]
        tokens += [f"<filler{i}>" for i in range(len(tokens), self.s.n_vocab)]
        w = self.writer
        w.add_tokenizer_model("gpt2")
        w.add_tokenizer_pre("gpt-2")
        w.add_token_list(tokens)
        w.add_token_types([1] * 256 + [3] * 4 + [1] * (len(tokens) - 260))
        w.add_token_merges(["h e"])
        w.add_bos_token_id(256)
        w.add_eos_token_id(257)

    def matrix(self, name, rows, columns, std):
        kind = self.types[self.next_type % len(self.types)]
        self.next_type += 1
        if kind in ONLY_READ:
            data = random_blocks(self.rng, kind, rows, columns, std)
        else:
            data = quantize(self.rng.normal(0, std, (rows, columns)).astype(np.float32), kind)
        self.writer.add_tensor(name, data, raw_dtype=kind)

    def vector(self, name, n, mean, std):
        self.writer.add_tensor(name, self.rng.normal(mean, std, n).astype(np.float32))

    def tensors(self):
        s, gemma = self.s, self.arch.startswith("gemma")
        width, out = s.n_embd ** -0.5, 1.6 * s.n_embd ** -0.5
        tied = s.tied or gemma
        self.matrix("token_embd.weight", s.n_vocab, s.n_embd, out if tied else 1.0)
        if not tied:
            self.matrix("output.weight", s.n_vocab, s.n_embd, out)
        self.vector("output_norm.weight", s.n_embd, 1.0, 0.1)
        if s.rope_factors:
            self.writer.add_tensor("rope_freqs.weight", np.asarray(s.rope_factors, np.float32))
        for layer in range(s.n_layer):
            blk = f"blk.{layer}."
            self.vector(blk + "attn_norm.weight", s.n_embd, 1.0, 0.1)
            self.matrix(blk + "attn_q.weight", s.n_head * s.d_head, s.n_embd, 1.3 * width)
            self.matrix(blk + "attn_k.weight", s.n_kv * s.d_head, s.n_embd, 1.3 * width)
            self.matrix(blk + "attn_v.weight", s.n_kv * s.d_head, s.n_embd, width)
            self.matrix(blk + "attn_output.weight", s.n_embd, s.n_head * s.d_head, 1.5 * (s.n_head * s.d_head) ** -0.5)
            if self.arch == "qwen2":
                for part, n in (("q", s.n_head), ("k", s.n_kv), ("v", s.n_kv)):
                    self.vector(f"{blk}attn_{part}.bias", n * s.d_head, 0.0, 0.5)
            if self.arch in ("qwen3", "gemma3"):
                self.vector(blk + "attn_q_norm.weight", s.d_head, 1.3, 0.1)
                self.vector(blk + "attn_k_norm.weight", s.d_head, 1.3, 0.1)
            if self.arch in ("gemma2", "gemma3"):
                self.vector(blk + "post_attention_norm.weight", s.n_embd, 1.0, 0.1)
                self.vector(blk + "post_ffw_norm.weight", s.n_embd, 1.0, 0.1)
            self.vector(blk + "ffn_norm.weight", s.n_embd, 1.0, 0.1)
            self.matrix(blk + "ffn_gate.weight", s.n_ff, s.n_embd, 1.5 * width)
            self.matrix(blk + "ffn_up.weight", s.n_ff, s.n_embd, width)
            self.matrix(blk + "ffn_down.weight", s.n_embd, s.n_ff, 1.5 * s.n_ff ** -0.5)


def build(path, arch, seed, shape, metadata):
    """Writes path, and beside it NAME.json and NAME.npy; returns the ids and the logits."""
    s = Builder(path, arch, seed, shape, metadata).s
    ids = np.random.default_rng(seed + 1000).integers(0, 256, s.n_tokens).tolist()
    logits = Model(path, np.float64).forward(ids).astype(np.float32)
    path.with_suffix(".json").write_text(json.dumps({"ids": ids, "arch": arch, "seed": seed}) + "\n")
    np.save(path.with_suffix(".npy"), logits)
    print(f"{path.stem:16} {path.stat().st_size // 1024:4} KiB, {len(ids)} tokens, logits rms {logits.std():.2f}")
    return ids, logits


def parse_set(items):
    out = {}
    for item in items:
        key, _, text = item.partition("=")
        out[key] = int(text) if text.lstrip("-").isdigit() else float(text) if is_float(text) else text
    return out


def is_float(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--random", type=pathlib.Path, help="write all models of the tests into this folder")
    parser.add_argument("--out", type=pathlib.Path, help="write one model")
    parser.add_argument("--arch", choices=FAMILIES, default="llama")
    parser.add_argument("--seed", type=int, default=1)
    for name in ("n_layer", "n_embd", "n_head", "n_kv", "d_head", "n_ff", "n_vocab", "n_tokens"):
        parser.add_argument("--" + name, type=int, default=DEFAULTS[name])
    parser.add_argument("--tied", action="store_true")
    parser.add_argument("--types", default="F32", help="block types, comma-separated, used in turn")
    parser.add_argument("--set", nargs="*", default=[], help="KEY=VALUE without the architecture prefix")
    args = parser.parse_args()
    if args.random:
        for name, (arch, seed, shape, metadata) in MODELS.items():
            build(args.random / (name + ".gguf"), arch, seed, shape, metadata)
    elif args.out:
        shape = {name: getattr(args, name) for name in DEFAULTS if name not in ("types", "rope_factors")}
        build(args.out, args.arch, args.seed, {**shape, "types": args.types.split(",")}, parse_set(args.set))
    else:
        parser.error("--random FOLDER or --out FILE")
    return 0


if __name__ == "__main__":
    sys.exit(main())
