#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compute the logits of the models in families/ (or FOLDER) with numpy in float64 and compare with their .npy.

    check_family_fixtures.py [FOLDER] [NAME...]

It reads nothing but the GGUF and the input tokens, and is written from what the files mean, not from the code that
made them: a wrong key, name, row order or formula shows as a large error. Fails above 2e-4. For models with experts
the margin is printed by which the closest choice of an expert was made, and "narrow" where other roundings than
float32's could make it differently.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

LIMIT = 2e-4
MARGIN = 2e-4
margin = math.inf


# --- Functions --------------------------------------------------------------------------------------------------------


def silu(x):
    return x / (1 + np.exp(-x))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def relu(x):
    return np.maximum(x, 0)


def relu_squared(x):
    return np.maximum(x, 0) ** 2


def softplus(x):
    return np.log1p(np.exp(x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def rms(x, w, eps):
    return w * x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)


def layer_norm(x, w, b, eps):
    mean = x.mean(-1, keepdims=True)
    y = w * (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
    return y if b is None else y + b


def rotate(x, positions, freq, pairs, scale=1.0):
    """x [tokens, heads, width]: turns the first 2 * len(freq) values of each head."""
    n = 2 * len(freq)
    angle = positions[:, None, None] * freq
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    a, b = (slice(0, n, 2), slice(1, n, 2)) if pairs else (slice(0, n // 2), slice(n // 2, n))
    y = x.copy()
    y[..., a] = x[..., a] * c - x[..., b] * s
    y[..., b] = x[..., a] * s + x[..., b] * c
    return y


def magnitude(factor, by=1.0):
    return 1.0 if factor <= 1 else 0.1 * by * math.log(factor) + 1


def slopes(heads, bias):
    below = 2 ** math.floor(math.log2(heads))
    m0, m1 = 2 ** (-bias / below), 2 ** (-bias / (2 * below))
    return np.array([m0 ** (h + 1) if h < below else m1 ** (2 * (h - below) + 1) for h in range(heads)])


def attend(q, k, v, scale, mask, bias=0.0, cap=0.0, sinks=None):
    """q [n, heads, width], k and v [m, kv heads, width], mask [n, m]."""
    group = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, group, 1), np.repeat(v, group, 1)
    s = np.einsum("ihd,jhd->hij", q, k) * scale + bias
    if cap:
        s = cap * np.tanh(s / cap)
    s = np.where(mask, s, -np.inf)
    if sinks is not None:
        s = np.concatenate([s, np.broadcast_to(sinks[:, None, None], (*s.shape[:2], 1))], -1)
    p = softmax(s)[..., : k.shape[0]]
    return np.einsum("hij,jhd->ihd", p, v).reshape(q.shape[0], -1)


# --- What the architectures do that no key says -----------------------------------------------------------------------

PRE = {"norm": "rms", "pairs": False, "act": silu}
ARCHITECTURES = {
    "llama": {"pairs": True, "experts": {"norm": True}},
    "mistral3": {"pairs": True},
    "internlm2": {"pairs": True},
    "baichuan": {"pairs": True},
    "minicpm": {"pairs": True, "divides": True},
    "granite": {"pairs": True, "divides": True},
    "granitemoe": {"pairs": True, "divides": True, "experts": {"norm": True}},
    "smollm3": {"pairs": True, "still": lambda layer, sliding: (layer + 1) % 4 == 0},
    "ernie4_5": {"pairs": True},
    "ernie4_5-moe": {"pairs": True, "experts": {"norm": True}},
    "chatglm": {"pairs": True},
    "glm4": {"pairs": True},
    "qwen2": {},
    "qwen2moe": {"experts": {}},
    "qwen3": {},
    "qwen3moe": {"experts": {"norm": True}},
    "qwen2vl": {},
    "qwen3vl": {},
    "qwen3vlmoe": {"experts": {"norm": True}},
    "exaone": {},
    "exaone4": {"period": 0, "still": lambda layer, sliding: sliding is False},
    "olmo2": {"scaled": lambda sliding: not sliding},
    "phi3": {"window": False},
    "hunyuan-dense": {"norm after rope": True},
    "hunyuan-moe": {"norm after rope": True, "experts": {"norm": True}},
    "gemma": {"act": gelu_tanh, "root": True},
    "gemma2": {"act": gelu_tanh, "root": True, "period": 2},
    "gemma3": {"act": gelu_tanh, "root": True, "period": 6, "sliding base": 10000.0},
    "gpt-oss": {"period": 2, "truncate": False, "experts": {"chosen": True, "oai": True}},
    "lfm2": {},
    "lfm2moe": {"experts": {"norm": True}},
    "gpt2": {"norm": "ln", "pairs": None, "act": gelu_tanh},
    "gptj": {"norm": "ln", "pairs": True, "act": gelu_tanh, "parallel": True},
    "gptneox": {"norm": "ln", "act": gelu},
    "bloom": {"norm": "ln", "pairs": None, "act": gelu_tanh, "alibi": 8.0},
    "mpt": {"norm": "ln", "pairs": None, "act": gelu},
    "falcon": {"norm": "ln", "act": gelu, "parallel": True},
    "phi2": {"norm": "ln", "act": gelu_tanh, "parallel": True},
    "stablelm": {"norm": "ln"},
    "starcoder2": {"norm": "ln", "act": gelu_tanh},
    "nemotron": {"norm": "ln", "act": relu_squared},
    "command-r": {"norm": "ln", "pairs": True, "parallel": True},
    "cohere2": {"norm": "ln", "pairs": True, "parallel": True, "period": 4,
                "still": lambda layer, sliding: not sliding},
    "bert": {"norm": "ln", "pairs": None, "act": gelu, "causal": False},
    "nomic-bert": {"norm": "ln", "causal": False},
    "nomic-bert-moe": {"norm": "ln", "act": gelu, "causal": False, "experts": {}},
    "modern-bert": {"norm": "ln", "act": gelu, "causal": False},
}


class Model:
    def __init__(self, path, about):
        self.about = about
        reader = GGUFReader(path)
        self.kv = {}
        for key, field in reader.fields.items():
            if not key.startswith("tokenizer."):
                self.kv[key] = field.contents()
        self.arch = self.kv["general.architecture"]
        self.t = {}
        for x in reader.tensors:
            shape = tuple(int(n) for n in x.shape)[::-1]
            self.t[x.name] = dequantize(x.data, x.tensor_type).reshape(shape).astype(np.float64)
        self.is_ = {**PRE, **ARCHITECTURES.get(self.arch, {})}
        self.width = self.key("embedding_length")
        self.heads = self.key("attention.head_count")
        self.head = self.key("attention.key_length", self.width // max(self.heads, 1) if self.heads else 0)
        rms_eps, ln_eps = self.key("attention.layer_norm_rms_epsilon"), self.key("attention.layer_norm_epsilon")
        first, second = (rms_eps, ln_eps) if self.is_["norm"] == "rms" else (ln_eps, rms_eps)
        self.eps = second if first is None else first

    def key(self, name, default=None):
        return self.kv.get(f"{self.arch}.{name}", default)

    def has(self, name):
        return name + ".weight" in self.t

    def lin(self, x, name):
        y = x @ self.t[name + ".weight"].T
        return y + self.t[name + ".bias"] if name + ".bias" in self.t else y

    def norm(self, x, name):
        w = self.t[name + ".weight"]
        if self.is_["norm"] == "rms":
            return rms(x, w, self.eps)
        return layer_norm(x, w, self.t.get(name + ".bias"), self.eps)

    # The angle per position of every pair, and what sine and cosine are multiplied with.
    def rope(self, sliding=False):
        n = self.key("rope.dimension_count", self.head)
        base = self.key("rope.freq_base", 10000.0)
        if sliding:
            base = self.key("rope.freq_base_swa", self.is_.get("sliding base", base))
        freq = base ** (-2 * np.arange(n // 2) / n)
        scale = self.key("rope.scaling.attn_factor", 1.0)
        if not self.is_.get("scaled", lambda sliding: True)(sliding):
            return freq, 1.0
        kind = self.key("rope.scaling.type", "linear" if self.key("rope.scaling.factor") else "none")
        factor = self.key("rope.scaling.factor", 1.0)
        context = self.key("rope.scaling.original_context_length", self.key("context_length"))
        if kind == "linear" and not (sliding and "sliding base" in self.is_):
            freq = freq / factor
        if kind == "yarn":
            def where(turns):
                return n * math.log(context / (turns * 2 * math.pi)) / (2 * math.log(base))

            low = where(self.key("rope.scaling.yarn_beta_fast", 32.0))
            high = where(self.key("rope.scaling.yarn_beta_slow", 1.0))
            if self.is_.get("truncate", True):
                low, high = math.floor(low), math.ceil(high)
            low, high = max(low, 0), min(high, n - 1)
            ramp = np.clip((np.arange(n // 2) - low) / max(0.001, high - low), 0, 1)
            freq = freq * (1 - ramp) + freq / factor * ramp
            log = self.key("rope.scaling.yarn_log_multiplier", 0.0)
            if self.arch == "deepseek2":
                scale *= 1.0 if log else magnitude(factor)
            else:
                scale *= magnitude(factor) / (magnitude(factor, log) if log else 1)
        if self.has("rope_freqs"):
            freq = freq / self.t["rope_freqs.weight"]
        if self.has("rope_factors_long"):
            long = self.about.get("context", self.key("context_length")) > context
            freq = freq / self.t["rope_factors_long.weight" if long else "rope_factors_short.weight"]
        return freq, scale

    def sliding(self, layer):
        """True or False; None in a model without a window."""
        window, pattern = self.key("attention.sliding_window", 0), self.key("attention.sliding_window_pattern")
        if not window or self.is_.get("window") is False:
            return None
        if isinstance(pattern, list):
            return pattern[layer]
        if self.arch == "modern-bert":
            return layer % pattern != 0
        period = pattern or self.is_.get("period", 0)
        return (layer + 1) % period != 0 if period else None

    def attention(self, x, b, layer):
        n = len(x)
        kv = self.key("attention.head_count_kv", self.heads)
        kv = kv[layer] if isinstance(kv, list) else kv
        if self.has(b + "attn_qkv"):
            q, k, v = np.split(self.lin(x, b + "attn_qkv"), [self.heads * self.head, (self.heads + kv) * self.head], -1)
        else:
            q, k, v = (self.lin(x, f"{b}attn_{s}") for s in "qkv")
        if clamp := self.key("attention.clamp_kqv"):
            q, k, v = (np.clip(s, -clamp, clamp) for s in (q, k, v))

        def normed(s, name, heads):
            w = self.t.get(f"{b}attn_{name}_norm.weight")
            if w is None:
                return s
            if w.shape == (heads * self.head,) and heads > 1:
                if self.is_["norm"] == "ln":
                    return layer_norm(s, w, self.t.get(f"{b}attn_{name}_norm.bias"), self.eps)
                return rms(s, w, self.eps)
            s = s.reshape(n, heads, self.head)
            return layer_norm(s, w, None, self.eps) if w.ndim == 2 else rms(s, w, self.eps)

        late = self.is_.get("norm after rope")
        if not late:
            q, k = normed(q, "q", self.heads), normed(k, "k", kv)
        q, k, v = (s.reshape(n, h, -1) for s, h in ((q, self.heads), (k, kv), (v, kv)))
        positions = np.arange(n, dtype=float)
        sliding = self.sliding(layer)
        alibi = self.key("attention.max_alibi_bias", self.is_.get("alibi", 0.0))
        still = self.is_.get("still", lambda layer, sliding: False)
        turns = self.is_["pairs"] is not None and not still(layer, sliding)
        if self.arch == "baichuan" and self.key("block_count") == 40:
            alibi, turns = 8.0, False
        if turns:
            freq, scale = self.rope(bool(sliding))
            q, k = (rotate(s, positions, freq, self.is_["pairs"], scale) for s in (q, k))
        if late:
            q, k = normed(q, "q", self.heads), normed(k, "k", kv)
        if beta := self.key("attention.temperature_scale", 0.0):
            after = self.key("rope.scaling.original_context_length")
            q = q * (1 + beta * np.log(1 + np.floor(positions / after)))[:, None, None]
        i, j = np.arange(n)[:, None], np.arange(n)[None, :]
        causal = self.key("attention.causal", self.is_.get("causal", True))
        mask = j <= i if causal else np.full((n, n), True)
        window = self.key("attention.sliding_window", 0)
        if sliding:
            mask = mask & (i - j < window if causal else abs(i - j) <= window // 2)
        bias = slopes(self.heads, alibi)[:, None, None] * (j - i) if alibi else 0.0
        out = attend(q, k, v, self.key("attention.scale", 0.0) or self.head**-0.5, mask, bias,
                     self.key("attn_logit_softcapping", 0.0), self.t.get(b + "attn_sinks.weight"))
        return self.lin(out, b + "attn_output")

    def short_convolution(self, x, b):
        gate, out_gate, y = np.split(self.lin(x, b + "shortconv.in_proj"), 3, -1)
        return self.lin(out_gate * causal_convolution(gate * y, self.t[b + "shortconv.conv.weight"]),
                        b + "shortconv.out_proj")

    def latent_attention(self, x, b):
        """MLA, always in the expanded form."""
        n, e = len(x), self.eps
        rank, rot = self.key("attention.kv_lora_rank"), self.key("rope.dimension_count")
        dk = self.key("attention.key_length_mla", self.key("attention.key_length"))
        dv = self.key("attention.value_length_mla", self.key("attention.value_length", self.width // self.heads))
        nope = dk - rot
        if self.has(b + "attn_q_a"):
            q = self.lin(rms(self.lin(x, b + "attn_q_a"), self.t[b + "attn_q_a_norm.weight"], e), b + "attn_q_b")
        else:
            q = self.lin(x, b + "attn_q")
        q = q.reshape(n, self.heads, dk)
        c, kr = np.split(self.lin(x, b + "attn_kv_a_mqa"), [rank], -1)
        c = rms(c, self.t[b + "attn_kv_a_norm.weight"], e)
        if self.has(b + "attn_kv_b"):
            kv = self.lin(c, b + "attn_kv_b").reshape(n, self.heads, nope + dv)
            k, v = kv[..., :nope], kv[..., nope:]
        else:
            k = np.einsum("jr,hrd->jhd", c, self.t[b + "attn_k_b.weight"])
            v = np.einsum("jr,hvr->jhv", c, self.t[b + "attn_v_b.weight"])
        freq, scale = self.rope()
        pairs = self.arch == "deepseek2"
        at = np.arange(n, dtype=float)
        q = np.concatenate([q[..., :nope], rotate(q[..., nope:], at, freq, pairs, scale)], -1)
        kr = rotate(kr.reshape(n, 1, rot), at, freq, pairs, scale)
        k = np.concatenate([k, np.repeat(kr, self.heads, 1)], -1)
        soften = dk**-0.5
        if self.key("rope.scaling.type") == "yarn" and self.arch == "deepseek2":
            log = self.key("rope.scaling.yarn_log_multiplier", 0.0) * 10
            soften *= magnitude(self.key("rope.scaling.factor"), log) ** 2
        return self.lin(attend(q, k, v, soften, np.tri(n, dtype=bool)), b + "attn_output")

    def experts(self, x, b):
        global margin
        rule = self.is_.get("experts", {})
        k, gating = self.key("expert_used_count"), self.key("expert_gating_func", 1)
        l = self.lin(x, b + "ffn_gate_inp")
        score = l if rule.get("chosen") else sigmoid(l) if gating == 2 else softmax(l)
        choice = score + self.t.get(b + "exp_probs_b.bias", 0.0)
        groups, kept = self.key("expert_group_count", 1), self.key("expert_group_used_count", 1)
        if groups > 1:
            by_group = choice.reshape(len(x), groups, -1)
            best = np.sort(by_group, -1)[..., -2 if gating == 2 else -1:].sum(-1)
            order = np.argsort(-best, -1)
            ranked = np.take_along_axis(best, order, -1)
            if kept < groups:
                margin = min(margin, (ranked[:, kept - 1] - ranked[:, kept]).min())
            for i in range(len(x)):
                by_group[i, order[i, kept:]] = -np.inf
            choice = by_group.reshape(choice.shape)
        order = np.argsort(-choice, -1)
        ranked = np.take_along_axis(choice, order, -1)
        if k < choice.shape[1]:
            margin = min(margin, (ranked[:, k - 1] - ranked[:, k]).min())
        chosen = order[:, :k]
        w = np.take_along_axis(score, chosen, -1)
        if rule.get("chosen"):
            w = softmax(w)
        if self.key("expert_weights_norm", rule.get("norm", False)):
            w = w / w.sum(-1, keepdims=True)
        w = w * (self.key("expert_weights_scale", 0.0) or 1.0)
        y = np.zeros_like(x)
        for i in range(len(x)):
            for e, we in zip(chosen[i], w[i]):
                def lin(s, name):
                    s = self.t[f"{b}ffn_{name}_exps.weight"][e] @ s
                    bias = self.t.get(f"{b}ffn_{name}_exps.bias")
                    return s if bias is None else s + bias[e]

                if rule.get("oai"):
                    g, u = np.minimum(lin(x[i], "gate"), 7), np.clip(lin(x[i], "up"), -7, 7)
                    h = g * sigmoid(1.702 * g) * (u + 1)
                elif self.has(b + "ffn_gate_exps"):
                    h = self.is_["act"](lin(x[i], "gate")) * lin(x[i], "up")
                else:
                    h = self.is_["act"](lin(x[i], "up"))
                y[i] += we * lin(h, "down")
        if self.has(b + "ffn_up_shexp"):
            s = silu(self.lin(x, b + "ffn_gate_shexp")) * self.lin(x, b + "ffn_up_shexp")
            s = self.lin(s, b + "ffn_down_shexp")
            if self.has(b + "ffn_gate_inp_shexp"):
                s = s * sigmoid(x @ self.t[b + "ffn_gate_inp_shexp.weight"].reshape(-1, 1))
            y = y + s
        return y

    def feed_forward(self, x, b):
        act = self.is_["act"]
        if self.arch == "modern-bert" and self.key("hidden_activation") == "silu":
            act = silu
        if self.has(b + "ffn_gate_inp"):
            return self.experts(x, b)
        up = self.lin(x, b + "ffn_up")
        if self.has(b + "ffn_gate"):
            h = act(self.lin(x, b + "ffn_gate")) * up
        elif up.shape[-1] == 2 * self.t[b + "ffn_down.weight"].shape[1]:
            gate, up = np.split(up, 2, -1)
            h = act(gate) * up
        else:
            h = act(up)
        return self.lin(h, b + "ffn_down")

    def embedded(self, ids):
        x = self.t["token_embd.weight"][ids] * self.key("embedding_scale", 1.0)
        if self.is_.get("root"):
            x = x * self.width**0.5
        if self.arch == "minicpm3":
            x = x * 12
        if self.has("position_embd"):
            x = x + self.t["position_embd.weight"][: len(ids)]
        if self.has("token_types"):
            x = x + self.t["token_types.weight"][0]
        if self.has("token_embd_norm") and not self.arch.startswith("lfm2"):
            x = self.norm(x, "token_embd_norm")
        return x

    def projected(self, x):
        """Logits of the final hidden states."""
        x = x @ self.t["output.weight" if self.has("output") else "token_embd.weight"].T
        x = x + self.t.get("output.bias", 0.0)
        scale = self.key("logit_scale", 1.0)
        x = x / scale if self.is_.get("divides") else x * scale
        if self.arch == "minicpm3":
            x = x * 256 / self.width
        cap = self.key("final_logit_softcapping", 0.0)
        return cap * np.tanh(x / cap) if cap else x

    def run(self):
        ids = self.about["ids"]
        if self.arch in ("t5", "t5encoder"):
            return self.run_t5(ids)
        x = self.embedded(ids)
        layers = self.key("block_count")
        branch = self.key("residual_scale", 1.4 / layers**0.5 if self.arch == "minicpm3" else 1.0)
        for layer in range(layers):
            b = f"blk.{layer}."
            u = self.norm(x, b + "attn_norm") if self.has(b + "attn_norm") else x
            if self.arch in ("mamba", "mamba2"):
                x = x + (scan_1 if self.arch == "mamba" else scan_2)(self, u, b)
                continue
            ua = self.norm(x, b + "attn_norm_2") if self.has(b + "attn_norm_2") else u
            if self.has(b + "shortconv.in_proj"):
                a = self.short_convolution(ua, b)
            elif self.has(b + "attn_kv_a_mqa"):
                a = self.latent_attention(ua, b)
            else:
                a = self.attention(ua, b, layer)
            if self.has(b + "attn_output_norm"):
                x = self.norm(x + a, b + "attn_output_norm")
                x = self.norm(x + self.feed_forward(x, b), b + "layer_output_norm")
                continue
            # gpt-oss calls its second norm so; elsewhere this is a norm of the branch.
            second = "post_attention_norm" if self.arch == "gpt-oss" else "ffn_norm"
            if self.is_.get("parallel") or (self.arch == "stablelm" and not self.has(b + "ffn_norm")):
                x = x + a + self.feed_forward(u, b)
                continue
            if self.key("use_parallel_residual") and self.arch == "gptneox":
                x = x + a + self.feed_forward(self.norm(x, b + "ffn_norm"), b)
                continue
            if self.has(b + "post_attention_norm") and self.arch != "gpt-oss":
                a = self.norm(a, b + "post_attention_norm")
            x = x + branch * a
            f = self.feed_forward(self.norm(x, b + second) if self.has(b + second) else x, b)
            if self.has(b + "post_ffw_norm"):
                f = self.norm(f, b + "post_ffw_norm")
            x = x + branch * f
        if self.has("output_norm"):
            x = self.norm(x, "output_norm")
        elif self.arch.startswith("lfm2"):
            x = self.norm(x, "token_embd_norm")
        return x if self.about.get("kind") == "hidden" else self.projected(x)

    def run_t5(self, ids):
        def stack(side, ids, memory):
            x, n = self.t["token_embd.weight"][ids], len(ids)
            i, j = np.arange(n)[:, None], np.arange(n)[None, :]
            mask = np.full((n, n), True) if side == "enc" else j <= i
            table = self.t[side + ".blk.0.attn_rel_b.weight"]
            bias = table[buckets(j - i, side == "enc", self.key("attention.relative_buckets_count"))].transpose(2, 0, 1)
            layers = self.key("block_count")
            if side == "dec":
                layers = self.key("decoder_block_count", layers)

            def mix(x, source, name, mask, bias):
                q, k, v = (self.lin(s, name + p).reshape(len(s), self.heads, self.head)
                           for s, p in ((x, "q"), (source, "k"), (source, "v")))
                return self.lin(attend(q, k, v, 1.0, mask, bias), name + "o")

            for layer in range(layers):
                b = f"{side}.blk.{layer}."
                u = self.norm(x, b + "attn_norm")
                x = x + mix(u, u, b + "attn_", mask, bias)
                if memory is not None:
                    u = self.norm(x, b + "cross_attn_norm")
                    x = x + mix(u, memory, b + "cross_attn_", np.full((n, len(memory)), True), 0.0)
                u = self.norm(x, b + "ffn_norm")
                up = self.lin(u, b + "ffn_up")
                h = gelu_tanh(self.lin(u, b + "ffn_gate")) * up if self.has(b + "ffn_gate") else relu(up)
                x = x + self.lin(h, b + "ffn_down")
            return self.norm(x, side + ".output_norm")

        memory = stack("enc", ids, None)
        if self.arch == "t5encoder":
            return memory
        return self.projected(stack("dec", self.about["decoder_ids"], memory))


def buckets(rel, both_ways, count, farthest=128):
    at = np.zeros_like(rel)
    if both_ways:
        count //= 2
        at, rel = at + (rel > 0) * count, abs(rel)
    else:
        rel = -np.minimum(rel, 0)
    half = count // 2
    far = np.log(np.maximum(rel, 1).astype(np.float32) / half) / math.log(farthest / half) * (count - half)
    return at + np.where(rel < half, rel, np.minimum(half + np.floor(far).astype(int), count - 1))


def causal_convolution(x, w):
    """x [tokens, channels], w [channels, taps]: the last tap is the current token's."""
    taps = w.shape[1]
    padded = np.concatenate([np.zeros((taps - 1, x.shape[1])), x])
    return sum(padded[i : i + len(x)] * w[:, i] for i in range(taps))


def scan_1(m, u, b):
    d, s, r = (m.key("ssm." + k) for k in ("inner_size", "state_size", "time_step_rank"))
    x, z = np.split(m.lin(u, b + "ssm_in"), 2, -1)
    x = silu(causal_convolution(x, m.t[b + "ssm_conv1d.weight"]) + m.t[b + "ssm_conv1d.bias"])
    dt, bb, cc = np.split(m.lin(x, b + "ssm_x"), [r, r + s], -1)
    if m.key("ssm.dt_b_c_rms"):
        dt, bb, cc = (rms(y, 1.0, m.eps) for y in (dt, bb, cc))
    dt = softplus(m.lin(dt, b + "ssm_dt"))
    h, out = np.zeros((d, s)), np.zeros_like(x)
    for i in range(len(u)):
        h = np.exp(dt[i][:, None] * m.t[b + "ssm_a"]) * h + (dt[i] * x[i])[:, None] * bb[i]
        out[i] = h @ cc[i] + m.t[b + "ssm_d"] * x[i]
    return m.lin(out * silu(z), b + "ssm_out")


def scan_2(m, u, b):
    d, s, heads, groups = (m.key("ssm." + k) for k in ("inner_size", "state_size", "time_step_rank", "group_count"))
    z, xbc, dt = np.split(m.lin(u, b + "ssm_in"), [d, 2 * d + 2 * groups * s], -1)
    xbc = silu(causal_convolution(xbc, m.t[b + "ssm_conv1d.weight"]) + m.t[b + "ssm_conv1d.bias"])
    x, bb, cc = np.split(xbc, [d, d + groups * s], -1)
    n = len(u)
    x = x.reshape(n, heads, d // heads)
    bb, cc = (np.repeat(y.reshape(n, groups, s), heads // groups, 1) for y in (bb, cc))
    dt = softplus(dt + m.t[b + "ssm_dt.bias"])
    a, skip = m.t[b + "ssm_a"].reshape(heads), m.t[b + "ssm_d"].reshape(heads)
    h, out = np.zeros((heads, d // heads, s)), np.zeros_like(x)
    for i in range(n):
        h = np.exp(dt[i] * a)[:, None, None] * h + dt[i][:, None, None] * x[i][:, :, None] * bb[i][:, None, :]
        out[i] = np.einsum("hps,hs->hp", h, cc[i]) + skip[:, None] * x[i]
    out = (out.reshape(n, d) * silu(z)).reshape(n, groups, d // groups)
    out = rms(out, m.t[b + "ssm_norm.weight"].reshape(groups, -1), m.eps)
    return m.lin(out.reshape(n, d), b + "ssm_out")


def main():
    global margin
    args = sys.argv[1:]
    folder = Path(args.pop(0)) if args and Path(args[0]).is_dir() else Path(__file__).parent / "families"
    bad = 0
    for path in sorted(folder.glob("*.gguf")):
        if args and path.stem not in args:
            continue
        margin = math.inf
        about = json.loads(path.with_suffix(".json").read_text())
        expected = np.load(path.with_suffix(".npy"))
        got = Model(path, about).run()
        error = abs(got - expected).max() if got.shape == expected.shape else math.inf
        wrong = not error <= LIMIT
        bad += wrong
        note = f"  margin {margin:.1e}" + ("  narrow" if margin < MARGIN else "") if margin < math.inf else ""
        print(f"{path.stem:24} {error:.1e} of {abs(expected).max():5.2f}{note}{'  WRONG' if wrong else ''}", flush=True)
    sys.exit(f"{bad} wrong" if bad else 0)


if __name__ == "__main__":
    main()
