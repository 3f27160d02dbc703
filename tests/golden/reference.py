#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The forward pass of the supported families, in numpy, written to be read: the reference of the golden tests.

It is independent of libllm: files are read and blocks are decoded by the `gguf` Python package, every matrix is
expanded to floats, attention is one dense masked softmax over the whole text, and there is no cache and no batching.
With --dtype float64 its own rounding is far below every tolerance the tests use.

    reference.py MODEL.gguf --ids 1,2,3 [--dtype float64] [--out LOGITS.npy]
    reference.py --check NAME.gguf...      compare with NAME.json (ids) and NAME.npy (logits) beside each file
"""
import argparse
import json
import pathlib
import sys

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

FAMILIES = ("llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3")


class Hparams:
    """What the metadata says, with the defaults that hold when it does not."""

    def __init__(self, reader):
        self.fields = {name: field.contents() for name, field in reader.fields.items()}
        self.arch = self.fields["general.architecture"]
        if self.arch not in FAMILIES:
            raise ValueError(f"general.architecture is {self.arch!r}, expected one of {FAMILIES}")
        key, arch = self.key, self.arch
        self.n_layer = key("block_count")
        self.n_embd = key("embedding_length")
        self.n_ff = key("feed_forward_length")
        self.n_head = key("attention.head_count")
        self.n_kv = key("attention.head_count_kv", self.n_head)
        self.d_head = key("attention.key_length", self.n_embd // self.n_head)
        self.d_value = key("attention.value_length", self.n_embd // self.n_head)
        self.eps = key("attention.layer_norm_rms_epsilon")
        self.n_rot = key("rope.dimension_count", self.d_head)
        self.rope_base = key("rope.freq_base", 10000.0)
        self.rope_base_swa = key("rope.freq_base_swa", 10000.0 if arch == "gemma3" else self.rope_base)
        self.gemma = arch.startswith("gemma")
        self.rope_interleaved = arch == "llama"
        self.attn_softcap = key("attn_logit_softcapping", 50.0 if arch == "gemma2" else 0.0)
        self.final_softcap = key("final_logit_softcapping", 30.0 if arch == "gemma2" else 0.0)
        self.scale = key("attention.scale", 0.0) or self.default_scale()
        self.window = key("attention.sliding_window", 4096 if arch == "gemma2" else 0) if arch in (
            "llama", "gemma2", "gemma3") else 0
        self.sliding = self.sliding_layers()

    def key(self, name, default=None):
        value = self.fields.get(f"{self.arch}.{name}", default)
        if value is None:
            raise ValueError(f"key {self.arch}.{name} is missing")
        return value

    def default_scale(self):
        # The 27B models scale by the width per head, not by the head size; nothing in their files says so.
        if (self.arch, self.n_layer) in (("gemma2", 46), ("gemma3", 62)):
            return (self.n_embd / self.n_head) ** -0.5
        return self.d_head ** -0.5

    def sliding_layers(self):
        """Per layer: does it see the last `window` positions only?"""
        if not self.window:
            return [False] * self.n_layer
        period = self.key("attention.sliding_window_pattern", {"gemma2": 2, "gemma3": 6}.get(self.arch, 0))
        if isinstance(period, list):
            return [bool(x) for x in period[:self.n_layer]]
        if period == 0:  # Mistral: all layers
            return [True] * self.n_layer
        return [(layer + 1) % period != 0 for layer in range(self.n_layer)]


class Model:
    def __init__(self, path, dtype=np.float32):
        self.reader = GGUFReader(str(path))
        self.hp = Hparams(self.reader)
        self.dtype = np.dtype(dtype).type
        self.raw = {tensor.name: tensor for tensor in self.reader.tensors}

    def weight(self, name):
        """A tensor as floats; a matrix comes out as [rows = outputs, columns = inputs]. None when it is absent."""
        tensor = self.raw.get(name)
        if tensor is None:
            return None
        shape = [int(n) for n in reversed(tensor.shape)]
        return dequantize(tensor.data, tensor.tensor_type).reshape(shape).astype(self.dtype)

    def linear(self, x, name):
        y = x @ self.weight(name + ".weight").T
        bias = self.weight(name + ".bias")
        return y if bias is None else y + bias

    def norm(self, x, name):
        """RMS norm. Gemma's "1 + w" is already part of the stored weights."""
        mean = np.mean(x * x, axis=-1, keepdims=True)
        return x / np.sqrt(mean + self.dtype(self.hp.eps)) * self.weight(name + ".weight")

    def rope_frequencies(self, sliding):
        """Radians per position of each rotated pair."""
        hp = self.hp
        base = hp.rope_base_swa if sliding else hp.rope_base
        # transformers computes frequencies and angles in float32, whatever the model's type: so do we
        exponent = np.arange(0, hp.n_rot, 2, dtype=np.float32) / np.float32(hp.n_rot)
        freq = 1 / (float(base) ** exponent.astype(np.float64)).astype(np.float32).astype(np.float64)
        freq = freq.astype(np.float32).astype(np.float64)
        if sliding and hp.arch == "gemma3":  # Gemma 3 scales its global layers only
            return freq
        factors = self.weight("rope_freqs.weight")
        if factors is not None:
            freq = freq / factors.astype(np.float64)
        kind = hp.key("rope.scaling.type", "linear")
        factor = float(hp.key("rope.scaling.factor", 0.0) or hp.key("rope.scale_linear", 0.0) or 1.0)
        if kind == "linear":
            return freq / factor
        if kind == "llama3":  # the same as the tensor, which wins when a file has both
            return freq if factors is not None else llama3_frequencies(
                freq, factor, hp.key("rope.scaling.low_freq_factor", 1.0),
                hp.key("rope.scaling.high_freq_factor", 4.0), hp.key("rope.scaling.original_context_length"))
        if kind != "none":
            raise ValueError(f"{hp.arch}.rope.scaling.type {kind!r} is not supported")
        return freq

    def rope(self, x, sliding):
        """x: [tokens, heads, d_head]; rotates the first n_rot values of every head."""
        hp = self.hp
        angle = np.arange(len(x), dtype=np.float32)[:, None, None] * self.rope_frequencies(sliding).astype(np.float32)
        angle = angle.astype(np.float64)
        cos, sin = np.cos(angle).astype(self.dtype), np.sin(angle).astype(self.dtype)
        half = hp.n_rot // 2
        first, second = ((slice(0, hp.n_rot, 2), slice(1, hp.n_rot, 2)) if hp.rope_interleaved else
                         (slice(0, half), slice(half, hp.n_rot)))
        a, b = x[..., first], x[..., second]
        y = x.copy()
        y[..., first] = a * cos - b * sin
        y[..., second] = a * sin + b * cos
        return y

    def attention(self, x, layer):
        hp, n, blk = self.hp, len(x), f"blk.{layer}."
        sliding = hp.sliding[layer]
        q = self.linear(x, blk + "attn_q").reshape(n, hp.n_head, hp.d_head)
        k = self.linear(x, blk + "attn_k").reshape(n, hp.n_kv, hp.d_head)
        v = self.linear(x, blk + "attn_v").reshape(n, hp.n_kv, hp.d_value)
        if hp.arch in ("qwen3", "gemma3"):
            q, k = self.norm(q, blk + "attn_q_norm"), self.norm(k, blk + "attn_k_norm")
        q, k = self.rope(q, sliding), self.rope(k, sliding)
        position = np.arange(n)
        behind = position[:, None] - position[None, :]
        visible = behind >= 0
        if sliding:
            visible &= behind < hp.window
        group = hp.n_head // hp.n_kv
        out = np.empty((n, hp.n_head, hp.d_value), self.dtype)
        for head in range(hp.n_head):
            score = q[:, head] @ k[:, head // group].T * self.dtype(hp.scale)
            if hp.attn_softcap:
                score = np.tanh(score / self.dtype(hp.attn_softcap)) * self.dtype(hp.attn_softcap)
            score = np.where(visible, score, -np.inf)
            p = np.exp(score - score.max(axis=-1, keepdims=True))
            out[:, head] = p / p.sum(axis=-1, keepdims=True) @ v[:, head // group]
        return self.linear(out.reshape(n, -1), blk + "attn_output")

    def ffn(self, x, layer):
        blk = f"blk.{layer}."
        gate = self.linear(x, blk + "ffn_gate")
        act = gelu_tanh(gate) if self.hp.gemma else silu(gate)
        return self.linear(act * self.linear(x, blk + "ffn_up"), blk + "ffn_down")

    def forward(self, ids, progress=None):
        """Logits [tokens, vocabulary] of every position."""
        hp = self.hp
        embedding = self.weight("token_embd.weight")
        x = embedding[np.asarray(ids)]
        if hp.gemma:
            x = x * self.dtype(np.sqrt(np.float32(hp.n_embd)))
        post_norms = hp.arch in ("gemma2", "gemma3")
        for layer in range(hp.n_layer):
            blk = f"blk.{layer}."
            y = self.attention(self.norm(x, blk + "attn_norm"), layer)
            x = x + (self.norm(y, blk + "post_attention_norm") if post_norms else y)
            y = self.ffn(self.norm(x, blk + "ffn_norm"), layer)
            x = x + (self.norm(y, blk + "post_ffw_norm") if post_norms else y)
            if progress:
                progress(layer + 1, hp.n_layer)
        x = self.norm(x, "output_norm")
        logits = x @ (self.weight("output.weight") if "output.weight" in self.raw else embedding).T
        if hp.final_softcap:
            logits = np.tanh(logits / self.dtype(hp.final_softcap)) * self.dtype(hp.final_softcap)
        return logits


def llama3_frequencies(freq, factor, low, high, context):
    """Llama 3.1: long wavelengths are divided by `factor`, short ones kept, those between blended."""
    wavelength = 2 * np.pi / freq
    smooth = np.clip((context / wavelength - low) / (high - low), 0.0, 1.0)
    return (1 - smooth) * freq / factor + smooth * freq


def silu(x):
    return x / (1 + np.exp(-x))


def gelu_tanh(x):
    return x * 0.5 * (1 + np.tanh(x.dtype.type(np.sqrt(2 / np.pi)) * (x + x.dtype.type(0.044715) * x * x * x)))


def check(paths, dtype):
    worst = {"llama": 5e-5, "qwen2": 5e-5, "qwen3": 5e-5}
    failed = False
    for path in map(pathlib.Path, paths):
        ids = json.loads(path.with_suffix(".json").read_text())["ids"]
        model = Model(path, dtype)
        error = float(np.abs(model.forward(ids) - np.load(path.with_suffix(".npy"))).max())
        bound = worst.get(model.hp.arch, 2e-4)
        failed |= not error <= bound
        print(f"{path.stem:14} {model.hp.arch:7} max-abs {error:.2e}  bound {bound:.0e}  "
              f"{'ok' if error <= bound else 'FAILED'}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--ids", help="token ids, comma-separated")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--out", help="write the logits as float32 .npy")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check:
        return check(args.models, args.dtype)
    if not args.ids or len(args.models) != 1:
        parser.error("one model and --ids, or --check")
    logits = Model(args.models[0], args.dtype).forward([int(i) for i in args.ids.split(",")])
    if args.out:
        np.save(args.out, logits.astype(np.float32))
    for row in logits:
        print(int(row.argmax()), float(row.max()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
