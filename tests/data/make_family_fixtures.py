#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make families/: tiny models with random weights, one for each family and variant that tiny/ does not have.

    make_family_fixtures.py [-o FOLDER] [NAME...]     (all of them when none is named)

The reference is PyTorch: the class of `transformers` where there is one, else a restatement of the published model in
this file (class Reference...). The GGUF has the keys, names and row orders that llama.cpp's converter gives.
check_family_fixtures.py reads the files back and computes the same independently. See README.md.
"""
import argparse
import json
import math
import re
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers as hf
from gguf import GGMLQuantizationType, GGUFValueType, GGUFWriter, quants
from torch import nn
from torch.nn import functional as F

MXFP4 = GGMLQuantizationType.MXFP4
VOCABULARY = 320
TOKENS = 40
FIXTURES = {}
OUT = Path(__file__).parent / "families"
# Those that are written as Hugging Face folders, too: the classes with names, keys or layouts of their own.
FOLDERS = {"bloom", "command-r-qk-norm", "deepseek2-lite", "distilbert", "ernie4-5-moe", "falcon-7b", "falcon-mamba",
           "gemma3-both-sides", "gptj", "gptneox", "granitemoe-shared", "hunyuan-moe", "lfm2moe", "llama-yarn", "mamba2",
           "minicpm3", "mistral3", "modernbert-window", "mpt", "olmo3", "phi3-longrope-long", "stablelm-parallel",
           "t5encoder"}
BUILT = []


def fixture(make):
    """Registers a function as the maker of the fixture of its name."""
    FIXTURES[make.__name__.replace("_", "-")] = make
    return make


# --- Weights ----------------------------------------------------------------------------------------------------------


def randomize(model, seed=1):
    """Fills all weights so that every one of them matters: rows of about unit gain, norms near one, biases not zero."""
    g = torch.Generator().manual_seed(seed)

    def normal(tensor, mean, deviation):
        with torch.no_grad():
            tensor.copy_(mean + deviation * torch.randn(tensor.shape, generator=g))

    done = set()
    for path, module in model.named_modules():
        kind = type(module).__name__
        for name, p in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            if id(p) in done:
                continue
            done.add(id(p))
            if name in ("A_log", "D"):
                normal(p, p.detach().clone(), 0.2)
            elif name == "dt_bias":
                normal(p, -1.0, 0.5)
            elif name == "sinks":
                normal(p, 0.0, 1.0)
            elif name in ("e_score_correction_bias", "expert_bias"):
                normal(p, 0.0, 0.3)
            elif name not in dict(module.named_parameters(recurse=False)):
                continue  # a table the model computes for itself
            elif "norm" in kind.lower() and name == "weight":
                normal(p, 1.0, 0.2)
            elif "Embedding" in kind:
                normal(p, 0.0, 0.5)
            elif p.dim() < 2 or name.endswith("bias"):
                normal(p, 0.0, 0.2)
            else:
                normal(p, 0.0, p.shape[-1] ** -0.5)
    return model.eval()


def build(kind, config, seed=1):
    """A transformers model of this class with random weights."""
    model = randomize(kind._from_config(config, attn_implementation="eager").float(), seed)
    BUILT.append(model)
    return model


def tokens(name, count=TOKENS, low=2, high=256):
    g = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return torch.randint(low, high, (count,), generator=g).tolist()


def weights(model):
    return {k: v.detach().float().numpy() for k, v in model.state_dict().items()}


# --- Row orders -------------------------------------------------------------------------------------------------------


def interleaved(w, heads):
    """Rows of each head from halves (i, i + n/2) to pairs (2i, 2i + 1): a rope in pairs then does what halves did."""
    half = w.shape[0] // heads // 2
    return w.reshape(heads, 2, half, -1).swapaxes(1, 2).reshape(w.shape)


def ungrouped(w, groups, per_group, head):
    """Fused rows stored group by group [per_group of q, k, v] to all q, all k, all v."""
    w3 = w.reshape(groups, per_group + 2, head, -1)
    parts = (w3[:, :per_group], w3[:, per_group : per_group + 1], w3[:, per_group + 1 :])
    return [p.reshape(-1, *w.shape[1:]) for p in parts]


# --- Names ------------------------------------------------------------------------------------------------------------

LLAMA = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "model.layers.N.input_layernorm": "blk.N.attn_norm",
    "model.layers.N.self_attn.q_proj": "blk.N.attn_q",
    "model.layers.N.self_attn.k_proj": "blk.N.attn_k",
    "model.layers.N.self_attn.v_proj": "blk.N.attn_v",
    "model.layers.N.self_attn.o_proj": "blk.N.attn_output",
    "model.layers.N.self_attn.q_norm": "blk.N.attn_q_norm",
    "model.layers.N.self_attn.k_norm": "blk.N.attn_k_norm",
    "model.layers.N.post_attention_layernorm": "blk.N.ffn_norm",
    "model.layers.N.mlp.gate_proj": "blk.N.ffn_gate",
    "model.layers.N.mlp.up_proj": "blk.N.ffn_up",
    "model.layers.N.mlp.down_proj": "blk.N.ffn_down",
}


def renamed(state, names, tied=False):
    """The tensors under their GGUF names; one that has none is an error, so that nothing is lost unseen."""
    out = {}
    for key, value in state.items():
        if tied and key == "lm_head.weight":
            continue
        number = re.search(r"\.(\d+)\.", key)
        pattern = re.sub(r"\.\d+\.", ".N.", key, count=1)
        if pattern in names:
            stem, suffix = pattern, ""
        else:
            stem, _, suffix = pattern.rpartition(".")
            suffix = "." + suffix
        new = names[stem]
        if new is not None:
            out[(new + suffix).replace(".N.", f".{number[1]}." if number else "")] = value
    return out


def with_pairs(tensors, heads, kv_heads):
    """Reorders q and k of every layer for a rope in pairs."""
    for key in tensors:
        if re.search(r"\.attn_q\.(weight|bias)$", key):
            tensors[key] = interleaved(tensors[key], heads)
        elif re.search(r"\.attn_k\.(weight|bias)$", key):
            tensors[key] = interleaved(tensors[key], kv_heads)
    return tensors


def llama3_factors(base, n, factor, low, high, context):
    """What the file stores as rope_freqs.weight for the Llama 3 scaling."""
    out = []
    for i in range(n // 2):
        wavelength = 2 * math.pi * base ** (2 * i / n)
        if wavelength < context / high:
            out.append(1.0)
        elif wavelength > context / low:
            out.append(factor)
        else:
            smooth = (context / wavelength - low) / (high - low)
            out.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(out, dtype=np.float32)


# --- Files ------------------------------------------------------------------------------------------------------------


def byte_alphabet():
    """The 256 characters that GPT-2 vocabularies write for the bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return [chr(b) if b in plain else chr(256 + others.index(b)) for b in range(256)]


def add_key(w, key, value):
    if isinstance(value, bool):
        w.add_bool(key, value)
    elif isinstance(value, int):
        w.add_uint32(key, value)
    elif isinstance(value, float):
        w.add_float32(key, value)
    elif isinstance(value, str):
        w.add_string(key, value)
    elif isinstance(value[0], bool):
        w.add_key_value(key, value, GGUFValueType.ARRAY, sub_type=GGUFValueType.BOOL)
    else:
        w.add_array(key, value)


def write_gguf(name, arch, keys, tensors, tokenizer=()):
    """keys: without the architecture's prefix, except general.*; tokenizer: further keys below tokenizer.ggml."""
    w = GGUFWriter(OUT / f"{name}.gguf", arch)
    w.add_type("model")
    w.add_name(name)
    for key, value in keys.items():
        if value is not None:
            add_key(w, key if key.startswith("general.") else f"{arch}.{key}", value)
    w.add_quantization_version(2)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    special = ["<s>", "</s>", "<unk>", "<|endoftext|>"]
    fill = [f"<extra_{i}>" for i in range(VOCABULARY - 256 - len(special))]
    w.add_token_list(byte_alphabet() + special + fill)
    w.add_token_types([1] * 256 + [3] * (VOCABULARY - 256))
    w.add_token_merges(["h e"])
    w.add_bos_token_id(256)
    w.add_eos_token_id(257)
    for key, value in dict(tokenizer).items():
        add_key(w, f"tokenizer.ggml.{key}", value)
    for key, value in tensors.items():
        if isinstance(value, tuple):  # (bytes, type): already in a block format
            w.add_tensor(key, value[0], raw_dtype=value[1])
        else:
            w.add_tensor(key, np.ascontiguousarray(value, dtype=np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write(name, arch, keys, tensors, ids, result, made_by, tokenizer=(), **more):
    """The three files of a fixture."""
    result = result.detach().float().numpy()
    assert np.isfinite(result).all()
    write_gguf(name, arch, keys, tensors, tokenizer)
    (OUT / f"{name}.json").write_text(json.dumps({"ids": ids, "arch": made_by, "seed": 1, **more}))
    np.save(OUT / f"{name}.npy", result)
    if name in FOLDERS:
        folder = OUT.with_name("families-hf") / name
        BUILT[-1].save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
    size = sum((OUT / f"{name}.{end}").stat().st_size for end in ("gguf", "npy"))
    print(f"{name:24} {size // 1024:4} KB  |result| <= {abs(result).max():.2f}", flush=True)


def logits(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0]


def sizes(c, *, kv=True, base=True, eps="rms"):
    """The keys that the converter writes for nearly every model, from a transformers configuration."""
    turns = getattr(c, "rope_parameters", None) or {}
    turns = turns.get("full_attention", turns)
    keys = {
        "block_count": c.num_hidden_layers,
        "context_length": c.max_position_embeddings,
        "embedding_length": c.hidden_size,
        "feed_forward_length": c.intermediate_size,
        "attention.head_count": c.num_attention_heads,
    }
    if kv:
        keys["attention.head_count_kv"] = c.num_key_value_heads
    if turns.get("rope_type") == "yarn":
        keys["rope.scaling.type"] = "yarn"
        keys["rope.scaling.factor"] = float(turns["factor"])
        keys["rope.scaling.original_context_length"] = turns["original_max_position_embeddings"]
        for key in ("beta_fast", "beta_slow"):
            if key in turns:
                keys[f"rope.scaling.yarn_{key}"] = float(turns[key])
    if base:
        keys["rope.freq_base"] = float(turns["rope_theta"])
    if eps == "rms":
        keys["attention.layer_norm_rms_epsilon"] = c.rms_norm_eps
    elif eps:
        keys["attention.layer_norm_epsilon"] = getattr(c, eps)
    return keys


def head_keys(c):
    return {"attention.key_length": c.head_dim, "attention.value_length": c.head_dim}


F32 = {"general.file_type": 0}
COMMON = dict(vocab_size=VOCABULARY, max_position_embeddings=256, bos_token_id=256, eos_token_id=257, pad_token_id=0)


def rope(base, **more):
    return {"rope_type": "default", "rope_theta": base, **more}


# --- Decoders without experts -----------------------------------------------------------------------------------------


def neox(name, parallel, hidden, heads, rotary, act, ff):
    c = hf.GPTNeoXConfig(**COMMON, hidden_size=hidden, num_hidden_layers=2, num_attention_heads=heads, hidden_act=act,
                         intermediate_size=ff, use_parallel_residual=parallel, tie_word_embeddings=False,
                         rope_parameters=rope(10000.0, partial_rotary_factor=rotary))
    m = build(hf.GPTNeoXForCausalLM, c)
    head = hidden // heads
    state = weights(m)
    for key, value in state.items():
        if "query_key_value" in key:
            state[key] = np.concatenate(ungrouped(value, heads, 1, head))
    layer, block = "gpt_neox.layers.N.", "blk.N."
    t = renamed(state, {
        "gpt_neox.embed_in": "token_embd", "gpt_neox.final_layer_norm": "output_norm", "embed_out": "output",
        "lm_head": "output", layer + "input_layernorm": block + "attn_norm",
        layer + "post_attention_layernorm": block + "ffn_norm", layer + "attention.query_key_value": block + "attn_qkv",
        layer + "attention.dense": block + "attn_output", layer + "mlp.dense_h_to_4h": block + "ffn_up",
        layer + "mlp.dense_4h_to_h": block + "ffn_down"})
    keys = {"context_length": 256, "embedding_length": hidden, "block_count": 2, "feed_forward_length": ff,
            "rope.dimension_count": int(rotary * head), "attention.head_count": heads,
            "use_parallel_residual": parallel, "attention.layer_norm_epsilon": c.layer_norm_eps}
    ids = tokens(name)
    write(name, "gptneox", keys, t, ids, logits(m, ids), "GPTNeoXForCausalLM")


@fixture
def gptneox():
    neox("gptneox", True, 40, 5, 0.5, "gelu", 96)


@fixture
def gptneox_sequential():
    neox("gptneox-sequential", False, 36, 3, 1.0, "gelu", 100)


@fixture
def gptj():
    c = hf.GPTJConfig(vocab_size=VOCABULARY, n_positions=256, n_embd=48, n_layer=2, n_head=3, rotary_dim=8, n_inner=80,
                      bos_token_id=256, eos_token_id=257, tie_word_embeddings=False)
    m = build(hf.GPTJForCausalLM, c)
    layer, block = "transformer.h.N.", "blk.N."
    t = renamed(weights(m), {
        "transformer.wte": "token_embd", "transformer.ln_f": "output_norm", "lm_head": "output",
        layer + "ln_1": block + "attn_norm", layer + "attn.q_proj": block + "attn_q",
        layer + "attn.k_proj": block + "attn_k", layer + "attn.v_proj": block + "attn_v",
        layer + "attn.out_proj": block + "attn_output", layer + "mlp.fc_in": block + "ffn_up",
        layer + "mlp.fc_out": block + "ffn_down"})
    keys = {"block_count": 2, "context_length": 256, "embedding_length": 48, "feed_forward_length": 80,
            "attention.head_count": 3, "rope.dimension_count": 8,
            "attention.layer_norm_epsilon": c.layer_norm_epsilon, **F32}
    ids = tokens("gptj")
    write("gptj", "gptj", keys, t, ids, logits(m, ids), "GPTJForCausalLM")


@fixture
def bloom():
    heads, hidden = 5, 40
    c = hf.BloomConfig(vocab_size=VOCABULARY, hidden_size=hidden, n_layer=2, n_head=heads, bos_token_id=256,
                       eos_token_id=257, pad_token_id=0)
    m = build(hf.BloomForCausalLM, c)
    state = weights(m)
    for key, value in state.items():
        if "query_key_value" in key:
            state[key] = np.concatenate(ungrouped(value, heads, 1, hidden // heads))
    layer, block = "transformer.h.N.", "blk.N."
    t = renamed(state, {
        "transformer.word_embeddings": "token_embd", "transformer.word_embeddings_layernorm": "token_embd_norm",
        "transformer.ln_f": "output_norm", layer + "input_layernorm": block + "attn_norm",
        layer + "self_attention.query_key_value": block + "attn_qkv",
        layer + "self_attention.dense": block + "attn_output", layer + "post_attention_layernorm": block + "ffn_norm",
        layer + "mlp.dense_h_to_4h": block + "ffn_up", layer + "mlp.dense_4h_to_h": block + "ffn_down"}, tied=True)
    keys = {"context_length": 256, "embedding_length": hidden, "feed_forward_length": 4 * hidden, "block_count": 2,
            "attention.head_count": heads, "attention.head_count_kv": heads,
            "attention.layer_norm_epsilon": c.layer_norm_epsilon, **F32}
    ids = tokens("bloom")
    write("bloom", "bloom", keys, t, ids, logits(m, ids), "BloomForCausalLM")


def mosaic(name, hidden, heads, clip, bias_max):
    c = hf.MptConfig(vocab_size=VOCABULARY, d_model=hidden, n_heads=heads, n_layers=2, max_seq_len=256,
                     attn_config={"clip_qkv": clip, "alibi": True, "alibi_bias_max": bias_max})
    m = build(hf.MptForCausalLM, c)
    # transformers never passes alibi_bias_max on; the published model does.
    alibi = m.transformer.build_mpt_alibi_tensor
    m.transformer.build_mpt_alibi_tensor = lambda *args, **more: alibi(*args, alibi_bias_max=bias_max, **more)
    layer, block = "transformer.blocks.N.", "blk.N."
    t = renamed(weights(m), {
        "transformer.wte": "token_embd", "transformer.norm_f": "output_norm", layer + "norm_1": block + "attn_norm",
        layer + "attn.Wqkv": block + "attn_qkv", layer + "attn.out_proj": block + "attn_output",
        layer + "norm_2": block + "ffn_norm", layer + "ffn.up_proj": block + "ffn_up",
        layer + "ffn.down_proj": block + "ffn_down"}, tied=True)
    keys = {"context_length": 256, "embedding_length": hidden, "block_count": 2, "feed_forward_length": 4 * hidden,
            "attention.head_count": heads, "attention.layer_norm_epsilon": 1e-5, "attention.clamp_kqv": clip,
            "attention.max_alibi_bias": float(bias_max)}
    ids = tokens(name)
    write(name, "mpt", keys, t, ids, logits(m, ids), "MptForCausalLM")


@fixture
def mpt():
    mosaic("mpt", 36, 6, None, 8)


@fixture
def mpt_clamp():
    mosaic("mpt-clamp", 40, 4, 0.75, 4)


class ReferenceMpt(nn.Module):
    """MPT with what transformers' class leaves out: grouped heads, learned positions, norms of q and k, biases."""

    class Layer(nn.Module):
        def __init__(self, width, heads, groups, bias, qk_ln):
            super().__init__()
            self.split = [width, groups * width // heads, groups * width // heads]
            self.heads = heads
            self.norm_1 = nn.LayerNorm(width, bias=bias)
            self.Wqkv = nn.Linear(width, sum(self.split), bias=bias)
            self.q_ln = nn.LayerNorm(self.split[0], bias=bias) if qk_ln else nn.Identity()
            self.k_ln = nn.LayerNorm(self.split[1], bias=bias) if qk_ln else nn.Identity()
            self.out_proj = nn.Linear(width, width, bias=bias)
            self.norm_2 = nn.LayerNorm(width, bias=bias)
            self.up_proj = nn.Linear(width, 4 * width, bias=bias)
            self.down_proj = nn.Linear(4 * width, width, bias=bias)

        def forward(self, x, bias):
            n, width = x.shape
            q, k, v = self.Wqkv(self.norm_1(x)).split(self.split, dim=-1)
            q, k, v = (s.view(n, -1, width // self.heads).transpose(0, 1) for s in (self.q_ln(q), self.k_ln(k), v))
            k, v = (s.repeat_interleave(len(q) // len(s), 0) for s in (k, v))
            scores = q @ k.transpose(1, 2) / math.sqrt(width // self.heads) + bias
            x = x + self.out_proj((scores.softmax(-1) @ v).transpose(0, 1).reshape(n, width))
            return x + self.down_proj(F.gelu(self.up_proj(self.norm_2(x))))

    def __init__(self, width, heads, groups, positions=0, bias=False, qk_ln=False):
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, width)
        self.wpe = nn.Embedding(positions, width) if positions else None
        self.blocks = nn.ModuleList(self.Layer(width, heads, groups, bias, qk_ln) for _ in range(2))
        self.norm_f = nn.LayerNorm(width, bias=bias)
        self.heads = heads

    def forward(self, ids):
        n = len(ids)
        x = self.wte(torch.tensor(ids))
        bias = torch.zeros(1, n, n)
        if self.wpe is None:
            slopes = torch.tensor([2 ** (-8 * (h + 1) / self.heads) for h in range(self.heads)])  # a power of two
            bias = bias + slopes[:, None, None] * torch.arange(1 - n, 1)
        else:
            x = x + self.wpe.weight[:n]
        bias = bias.masked_fill(torch.triu(torch.ones(n, n, dtype=torch.bool), 1), float("-inf"))
        for block in self.blocks:
            x = block(x, bias)
        return self.norm_f(x) @ self.wte.weight.T


def mosaic_restated(name, width, heads, groups, **more):
    m = randomize(ReferenceMpt(width, heads, groups, **more))
    t = renamed(weights(m), {
        "wte": "token_embd", "wpe": "position_embd", "norm_f": "output_norm",
        **{"blocks.N." + a: "blk.N." + b for a, b in (
            ("norm_1", "attn_norm"), ("Wqkv", "attn_qkv"), ("q_ln", "attn_q_norm"), ("k_ln", "attn_k_norm"),
            ("out_proj", "attn_output"), ("norm_2", "ffn_norm"), ("up_proj", "ffn_up"), ("down_proj", "ffn_down"))}})
    positions = more.get("positions", 0)
    keys = {"context_length": positions or 256, "embedding_length": width, "block_count": 2,
            "feed_forward_length": 4 * width, "attention.head_count": heads,
            "attention.head_count_kv": groups if groups < heads else None, "attention.layer_norm_epsilon": 1e-5,
            "attention.max_alibi_bias": 0.0 if positions else 8.0}
    ids = tokens(name)
    with torch.no_grad():
        write(name, "mpt", keys, t, ids, m(ids), "MPTForCausalLM (restated)")


@fixture
def mpt_grouped():
    mosaic_restated("mpt-grouped", 40, 4, 2)


@fixture
def mpt_learned():
    mosaic_restated("mpt-learned", 36, 3, 3, positions=64, bias=True, qk_ln=True)


def chat_glm(name, fused):
    c = hf.GlmConfig(**COMMON, hidden_size=48, intermediate_size=72, num_hidden_layers=2, num_attention_heads=4,
                     num_key_value_heads=2, head_dim=12, rms_norm_eps=1e-5, attention_bias=True,
                     rope_parameters=rope(50000.0, partial_rotary_factor=0.5))
    m = build(hf.GlmForCausalLM, c, seed=2 if fused else 1)
    t = renamed(weights(m), {**LLAMA, "model.layers.N.mlp.gate_up_proj": "blk.N.ffn_up"})
    if fused:
        for layer in range(2):
            for end in ("weight", "bias"):
                q, k, v = (t.pop(f"blk.{layer}.attn_{x}.{end}") for x in "qkv")
                t[f"blk.{layer}.attn_qkv.{end}"] = np.concatenate([q, k, v])
    keys = {"context_length": 256, "embedding_length": 48, "feed_forward_length": 72, "block_count": 2,
            "attention.head_count": 4, "attention.head_count_kv": 2, "attention.layer_norm_rms_epsilon": 1e-5, **F32,
            "rope.dimension_count": 6, "rope.freq_base": 50000.0}
    ids = tokens(name)
    write(name, "chatglm", keys, t, ids, logits(m, ids), "GlmForCausalLM", {"add_bos_token": False})


@fixture
def chatglm():
    chat_glm("chatglm", True)


@fixture
def chatglm_separate():
    chat_glm("chatglm-separate", False)


def llama_like(name, arch, *, pairs=True, extra=None, config=hf.LlamaConfig, model=hf.LlamaForCausalLM, names=LLAMA,
               arch_keys=(), made_by=None, turns=None, tied=False, eps="rms", **shape):
    """Families whose layer is Llama's; pairs: the file's rope is in pairs while transformers' is in halves."""
    c = config(**{**COMMON, "num_hidden_layers": 2, "tie_word_embeddings": tied,
                  "rope_parameters": turns or rope(10000.0), **shape})
    m = build(model, c)
    t = renamed(weights(m), names, tied)
    if pairs:
        t = with_pairs(t, c.num_attention_heads, c.num_key_value_heads)
    t = {**(extra or {}), **t}
    keys = {**sizes(c, eps=eps), **(head_keys(c) if "head_dim" in shape else {}), **F32, **dict(arch_keys)}
    ids = tokens(name)
    write(name, arch, keys, t, ids, logits(m, ids), made_by or model.__name__)


@fixture
def internlm2():
    llama_like("internlm2", "internlm2", hidden_size=48, intermediate_size=64, num_attention_heads=6,
               num_key_value_heads=2, turns=rope(1000000.0))


@fixture
def baichuan_7b():
    # 32 layers say that it is the 7B form: no key does.
    llama_like("baichuan-7b", "baichuan", num_hidden_layers=32, hidden_size=16, intermediate_size=20,
               num_attention_heads=2, num_key_value_heads=2,
               arch_keys={"rope.freq_base": None, "tensor_data_layout": "Meta AI original pth",
                          "rope.dimension_count": 8})


@fixture
def minicpm():
    # The layer of Granite with other numbers: embeddings x 12, branches x 1.4/sqrt(layers), hidden / (width/base).
    c = hf.GraniteConfig(**COMMON, hidden_size=40, intermediate_size=72, num_hidden_layers=3, num_attention_heads=5,
                         num_key_value_heads=1, rms_norm_eps=1e-5, embedding_multiplier=12.0,
                         residual_multiplier=1.4 / 3**0.5, logits_scaling=40 / 16, attention_multiplier=8**-0.5,
                         tie_word_embeddings=True, rope_parameters=rope(20000.0))
    m = build(hf.GraniteForCausalLM, c)
    t = with_pairs(renamed(weights(m), LLAMA, tied=True), 5, 1)
    keys = {**sizes(c), **F32, "embedding_scale": 12.0, "residual_scale": 1.4 / 3**0.5, "logit_scale": 40 / 16}
    ids = tokens("minicpm")
    write("minicpm", "minicpm", keys, t, ids, logits(m, ids), "MiniCPMForCausalLM (as GraniteForCausalLM)")


LLAMA3 = {"rope_type": "llama3", "rope_theta": 100000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}


@fixture
def exaone():
    factors = llama3_factors(100000.0, 12, 8.0, 1.0, 4.0, 64)
    llama_like("exaone", "exaone", pairs=False, hidden_size=36, intermediate_size=80, num_attention_heads=3,
               num_key_value_heads=1, turns=LLAMA3, extra={"rope_freqs.weight": factors}, tied=True,
               arch_keys={"rope.dimension_count": 12})


EXAONE4 = {**LLAMA, "model.layers.N.post_attention_layernorm": "blk.N.post_attention_norm",
           "model.layers.N.post_feedforward_layernorm": "blk.N.post_ffw_norm"}


@fixture
def exaone4():
    # Three sliding layers, which rotate, then a global one, which does not.
    kinds = ["sliding_attention"] * 3 + ["full_attention"]
    llama_like("exaone4", "exaone4", pairs=False, config=hf.Exaone4Config, model=hf.Exaone4ForCausalLM, names=EXAONE4,
               hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
               sliding_window=7, layer_types=kinds, turns=LLAMA3,
               extra={"rope_freqs.weight": llama3_factors(100000.0, 8, 8.0, 1.0, 4.0, 64)},
               arch_keys={"vocab_size": VOCABULARY, "attention.sliding_window": 7,
                          "attention.sliding_window_pattern": [k == "sliding_attention" for k in kinds]})


@fixture
def exaone4_full():
    # Without a window every layer rotates.
    llama_like("exaone4-full", "exaone4", pairs=False, config=hf.Exaone4Config, model=hf.Exaone4ForCausalLM,
               names=EXAONE4, hidden_size=48, intermediate_size=64, num_attention_heads=3, num_key_value_heads=3,
               sliding_window=None, layer_types=["full_attention"] * 2, tied=True, turns=rope(1000000.0),
               arch_keys={"vocab_size": VOCABULARY})


@fixture
def falcon_7b():
    heads, hidden = 5, 40
    c = hf.FalconConfig(**COMMON, hidden_size=hidden, num_hidden_layers=2, num_attention_heads=heads, multi_query=True,
                        new_decoder_architecture=False, parallel_attn=True, bias=False, alibi=False,
                        rope_parameters=rope(10000.0))
    m = build(hf.FalconForCausalLM, c)
    layer, block = "transformer.h.N.", "blk.N."
    t = renamed(weights(m), {
        "transformer.word_embeddings": "token_embd", "transformer.ln_f": "output_norm",
        layer + "input_layernorm": block + "attn_norm", layer + "self_attention.query_key_value": block + "attn_qkv",
        layer + "self_attention.dense": block + "attn_output", layer + "mlp.dense_h_to_4h": block + "ffn_up",
        layer + "mlp.dense_4h_to_h": block + "ffn_down"}, tied=True)
    keys = {"context_length": 2048, "tensor_data_layout": "jploski", "embedding_length": hidden,
            "feed_forward_length": 4 * hidden, "block_count": 2, "attention.head_count": heads,
            "attention.head_count_kv": 1, "attention.layer_norm_epsilon": c.layer_norm_epsilon, **F32}
    ids = tokens("falcon-7b")
    write("falcon-7b", "falcon", keys, t, ids, logits(m, ids), "FalconForCausalLM")


@fixture
def stablelm_parallel():
    c = hf.StableLmConfig(**COMMON, hidden_size=48, intermediate_size=72, num_hidden_layers=2, num_attention_heads=6,
                          num_key_value_heads=2, use_qkv_bias=False, qk_layernorm=True, use_parallel_residual=True,
                          rope_parameters=rope(10000.0, partial_rotary_factor=0.5))
    m = build(hf.StableLmForCausalLM, c)
    state = weights(m)
    for layer in range(2):
        for x, heads in (("q", 6), ("k", 2)):
            prefix = f"model.layers.{layer}.self_attn.{x}_"
            norms = [state.pop(f"{prefix}layernorm.norms.{i}.weight") for i in range(heads)]
            state[f"{prefix}norm.weight"] = np.stack(norms)
    t = renamed(state, LLAMA)
    keys = {"context_length": 256, "embedding_length": 48, "block_count": 2, "feed_forward_length": 72,
            "rope.dimension_count": 4, "attention.head_count": 6, "attention.head_count_kv": 2,
            "use_parallel_residual": True, "attention.layer_norm_epsilon": c.layer_norm_eps, **F32}
    ids = tokens("stablelm-parallel")
    write("stablelm-parallel", "stablelm", keys, t, ids, logits(m, ids), "StableLmForCausalLM")


@fixture
def command_r_qk_norm():
    llama_like("command-r-qk-norm", "command-r", pairs=False, config=hf.CohereConfig, model=hf.CohereForCausalLM,
               hidden_size=48, intermediate_size=80, num_attention_heads=6, num_key_value_heads=2, use_qk_norm=True,
               logit_scale=0.25, turns=rope(500000.0), tied=True, eps="layer_norm_eps",
               arch_keys={"logit_scale": 0.25, "rope.scaling.type": "none"})


def long_rope(name, original, seed):
    """original: below 40 the text needs the long factors, above it the short ones."""
    g = np.random.default_rng(seed)
    long = [float(np.float32(x)) for x in g.uniform(1.5, 6.0, 6)]
    short = [float(np.float32(x)) for x in g.uniform(0.7, 1.6, 6)]
    longest = 4 * original
    c = hf.Phi3Config(**{**COMMON, "max_position_embeddings": longest}, hidden_size=48, intermediate_size=72,
                      num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1, sliding_window=None,
                      original_max_position_embeddings=original,
                      rope_parameters=rope(20000.0, rope_type="longrope", long_factor=long, short_factor=short,
                                           original_max_position_embeddings=original, partial_rotary_factor=0.75))
    m = build(hf.Phi3ForCausalLM, c)
    t = renamed(weights(m), {**LLAMA, "model.layers.N.self_attn.qkv_proj": "blk.N.attn_qkv",
                             "model.layers.N.mlp.gate_up_proj": "blk.N.ffn_up"})
    t = {"rope_factors_long.weight": np.array(long), "rope_factors_short.weight": np.array(short), **t}
    keys = {"context_length": longest, "rope.scaling.original_context_length": original, "embedding_length": 48,
            "feed_forward_length": 72, "block_count": 2, "attention.head_count": 3, "attention.head_count_kv": 1,
            "attention.layer_norm_rms_epsilon": c.rms_norm_eps, "rope.dimension_count": 12,
            "rope.freq_base": 20000.0, **F32, "attention.sliding_window": 0,
            "rope.scaling.attn_factor": math.sqrt(1 + math.log(4) / math.log(original))}
    ids = tokens(name)
    write(name, "phi3", keys, t, ids, logits(m, ids), "Phi3ForCausalLM", context=longest if original < 40 else original)


@fixture
def phi3_longrope_long():
    long_rope("phi3-longrope-long", 16, 1)


@fixture
def phi3_longrope_short():
    long_rope("phi3-longrope-short", 256, 2)


@fixture
def mistral3():
    turns = {"rope_type": "yarn", "rope_theta": 1000.0, "factor": 16.0, "original_max_position_embeddings": 12,
             "beta_fast": 0.3, "beta_slow": 0.05, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.3}
    llama_like("mistral3", "mistral3", config=hf.Ministral3Config, model=hf.Ministral3ForCausalLM, turns=turns,
               hidden_size=40, intermediate_size=72, num_attention_heads=3, num_key_value_heads=1, head_dim=16,
               arch_keys={"vocab_size": VOCABULARY, "rope.dimension_count": 16,
                          "rope.scaling.yarn_log_multiplier": 1.0, "attention.temperature_scale": 0.3})


@fixture
def llama_yarn():
    turns = {"rope_type": "yarn", "rope_theta": 500000.0, "factor": 4.0, "original_max_position_embeddings": 2048}
    llama_like("llama-yarn", "llama", hidden_size=48, intermediate_size=72, num_attention_heads=3,
               num_key_value_heads=1, turns=turns, max_position_embeddings=8192, head_dim=16,
               arch_keys={"vocab_size": VOCABULARY, "rope.dimension_count": 16})


@fixture
def llama_linear():
    llama_like("llama-linear", "llama", hidden_size=36, intermediate_size=72, num_attention_heads=6,
               num_key_value_heads=3, turns=rope(20000.0, rope_type="linear", factor=3.0), tied=True,
               attention_bias=True, head_dim=6,
               arch_keys={"rope.scaling.type": "linear", "rope.scaling.factor": 3.0, "vocab_size": VOCABULARY,
                          "rope.dimension_count": 6})


@fixture
def llama_short_values():
    # Heads whose values are shorter than their keys: PyTorch has them as long, the rest zero.
    c = hf.LlamaConfig(**COMMON, num_hidden_layers=2, hidden_size=40, intermediate_size=64, num_attention_heads=4,
                       num_key_value_heads=2, head_dim=12, tie_word_embeddings=True, rope_parameters=rope(10000.0))
    m, head, kept = build(hf.LlamaForCausalLM, c), 12, 7
    with torch.no_grad():
        for layer in m.model.layers:
            layer.self_attn.v_proj.weight.view(2, head, 40)[:, kept:] = 0
    t = with_pairs(renamed(weights(m), LLAMA, True), 4, 2)
    for b in ("blk.0.", "blk.1."):
        t[b + "attn_v.weight"] = t[b + "attn_v.weight"].reshape(2, head, 40)[:, :kept].reshape(-1, 40)
        t[b + "attn_output.weight"] = t[b + "attn_output.weight"].reshape(40, 4, head)[..., :kept].reshape(40, -1)
    ids = tokens("llama-short-values")
    write("llama-short-values", "llama", {**sizes(c), **head_keys(c), "attention.value_length": kept, **F32}, t, ids,
          logits(m, ids), "LlamaForCausalLM")


@fixture
def qwen2_wide_heads():
    # Heads wider than embedding_length / head_count, and one of keys and values for all.
    llama_like("qwen2-wide-heads", "qwen2", pairs=False, config=hf.Qwen2Config, model=hf.Qwen2ForCausalLM,
               hidden_size=40, intermediate_size=64, num_attention_heads=3, num_key_value_heads=1, head_dim=20,
               turns=rope(1000000.0), layer_types=["full_attention"] * 2)


def sees_images(name, config, model, experts=(), **shape):
    """The text part, whose positions are one number in three sections of the rope."""
    c = config(**COMMON, hidden_size=64, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
               num_key_value_heads=2, tie_word_embeddings=True,
               rope_parameters=rope(1000000.0, mrope_section=[4, 2, 2]), **shape)
    m = build(model, c)
    state = {"model." + key: value for key, value in weights(m).items()}
    t = split_experts(renamed(state, EXPERTS)) if experts else renamed(state, LLAMA)
    keys = {**sizes(c), **(head_keys(c) if "head_dim" in shape else {}), **F32, "rope.dimension_sections": [4, 2, 2, 0],
            **dict(experts)}
    ids = tokens(name)
    with torch.no_grad():
        result = m(torch.tensor([ids]), use_cache=False).last_hidden_state[0] @ m.embed_tokens.weight.T
    write(name, name, keys, t, ids, result, model.__name__)


@fixture
def qwen2vl():
    sees_images("qwen2vl", hf.Qwen2VLTextConfig, hf.Qwen2VLTextModel)


@fixture
def qwen3vl():
    sees_images("qwen3vl", hf.Qwen3VLTextConfig, hf.Qwen3VLTextModel, head_dim=16)


@fixture
def qwen3vlmoe():
    sees_images("qwen3vlmoe", hf.Qwen3VLMoeTextConfig, hf.Qwen3VLMoeTextModel, head_dim=16, num_experts=4,
                num_experts_per_tok=2, moe_intermediate_size=24,
                experts={"expert_count": 4, "expert_used_count": 2, "expert_feed_forward_length": 24})


OLMO2 = EXAONE4


@fixture
def olmo3():
    # Sliding layers with the plain rope, global ones with yarn.
    kinds = ["sliding_attention"] * 3 + ["full_attention"]
    full = {"rope_type": "yarn", "rope_theta": 500000.0, "factor": 8.0, "original_max_position_embeddings": 4096,
            "beta_fast": 8.0, "beta_slow": 0.5}
    llama_like("olmo3", "olmo2", pairs=False, config=hf.Olmo3Config, model=hf.Olmo3ForCausalLM, names=OLMO2,
               hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
               rms_norm_eps=1e-6, sliding_window=9, layer_types=kinds, max_position_embeddings=32768,
               turns={"full_attention": full, "sliding_attention": rope(500000.0)},
               arch_keys={"rope.freq_base_swa": 500000.0, "attention.sliding_window": 9,
                          "attention.sliding_window_pattern": [k == "sliding_attention" for k in kinds]})


class ReferenceBaichuan13B(nn.Module):
    """Baichuan 13B as published: RMS norms, ALiBi instead of a rope, gated feed-forward, an output of its own."""

    class Norm(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(width))

        def forward(self, x):
            return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)

    class Layer(nn.Module):
        def __init__(self, width, inner):
            super().__init__()
            self.input_layernorm = ReferenceBaichuan13B.Norm(width)
            self.post_attention_layernorm = ReferenceBaichuan13B.Norm(width)
            self.W_pack = nn.Linear(width, 3 * width, bias=False)
            self.o_proj = nn.Linear(width, width, bias=False)
            self.gate_proj = nn.Linear(width, inner, bias=False)
            self.up_proj = nn.Linear(width, inner, bias=False)
            self.down_proj = nn.Linear(inner, width, bias=False)

        def forward(self, x, heads, bias):
            n, width = x.shape
            qkv = self.W_pack(self.input_layernorm(x)).view(n, 3, heads, width // heads)
            q, k, v = qkv.permute(1, 2, 0, 3)
            scores = q @ k.transpose(1, 2) / math.sqrt(width // heads) + bias
            x = x + self.o_proj((scores.softmax(-1) @ v).transpose(0, 1).reshape(n, width))
            y = self.post_attention_layernorm(x)
            return x + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))

    def __init__(self, layers, width, inner, heads):
        super().__init__()
        self.heads = heads
        self.embed_tokens = nn.Embedding(VOCABULARY, width)
        self.layers = nn.ModuleList(self.Layer(width, inner) for _ in range(layers))
        self.norm = self.Norm(width)
        self.lm_head = nn.Linear(width, VOCABULARY, bias=False)

    def slopes(self):
        def of_power(n):
            return [2 ** (-8 * (i + 1) / n) for i in range(n)]

        below = 2 ** int(math.log2(self.heads))
        return of_power(below) + of_power(2 * below)[0::2][: self.heads - below]

    def forward(self, ids):
        x = self.embed_tokens(torch.tensor(ids))
        n = len(ids)
        bias = torch.tensor(self.slopes())[:, None, None] * torch.arange(n)[None, None, :]
        bias = bias.masked_fill(torch.triu(torch.ones(n, n, dtype=torch.bool), 1), float("-inf"))
        for layer in self.layers:
            x = layer(x, self.heads, bias)
        return self.lm_head(self.norm(x))


@fixture
def baichuan_13b():
    # 40 layers say that it is the 13B form: no key does.
    heads, width, inner = 3, 12, 20
    m = randomize(ReferenceBaichuan13B(40, width, inner, heads))
    t = {}
    for key, value in weights(m).items():
        if key.endswith("W_pack.weight"):
            block = key.replace("layers", "blk").replace("W_pack.weight", "attn_")
            q, k, v = np.split(value, 3)
            t[block + "q.weight"], t[block + "k.weight"] = interleaved(q, heads), interleaved(k, heads)
            t[block + "v.weight"] = v
        else:
            names = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}
            names |= {"layers.N." + a: "blk.N." + b for a, b in (
                ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"), ("o_proj", "attn_output"),
                ("gate_proj", "ffn_gate"), ("up_proj", "ffn_up"), ("down_proj", "ffn_down"))}
            t |= renamed({key: value}, names)
    keys = {"block_count": 40, "context_length": 256, "embedding_length": width, "feed_forward_length": inner,
            "attention.head_count": heads, "attention.layer_norm_rms_epsilon": 1e-6, **F32,
            "tensor_data_layout": "Meta AI original pth", "rope.dimension_count": width // heads}
    ids = tokens("baichuan-13b")
    with torch.no_grad():
        write("baichuan-13b", "baichuan", keys, t, ids, m(ids), "BaichuanForCausalLM (restated)")


# --- Decoders with experts --------------------------------------------------------------------------------------------


def split_experts(t):
    """Fused [experts, gate and up, width] as two tensors."""
    out = {}
    for key, value in t.items():
        if ".ffn_gate_up_" in key:
            out[key.replace("gate_up", "gate")], out[key.replace("gate_up", "up")] = np.split(value, 2, -2)
        else:
            out[key] = value
    return out


EXPERTS = {
    **LLAMA,
    "model.layers.N.mlp.gate": "blk.N.ffn_gate_inp",
    "model.layers.N.mlp.experts.gate_up_proj": "blk.N.ffn_gate_up_exps.weight",
    "model.layers.N.mlp.experts.down_proj": "blk.N.ffn_down_exps.weight",
    "model.layers.N.mlp.shared_experts.gate_proj": "blk.N.ffn_gate_shexp",
    "model.layers.N.mlp.shared_experts.up_proj": "blk.N.ffn_up_shexp",
    "model.layers.N.mlp.shared_experts.down_proj": "blk.N.ffn_down_shexp",
    "model.layers.N.mlp.gate.e_score_correction_bias": "blk.N.exp_probs_b.bias",
}


def granite_moe(name, shared):
    scales = {"embedding_multiplier": 6.0, "residual_multiplier": 0.4, "logits_scaling": 3.0,
              "attention_multiplier": 0.2}
    config, model = ((hf.GraniteMoeSharedConfig, hf.GraniteMoeSharedForCausalLM) if shared else
                     (hf.GraniteMoeConfig, hf.GraniteMoeForCausalLM))
    c = config(**COMMON, hidden_size=32, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
               num_key_value_heads=2, num_local_experts=5, num_experts_per_tok=2, tie_word_embeddings=True,
               rope_parameters=rope(50000.0), **scales, **({"shared_intermediate_size": 40} if shared else {}))
    m = build(model, c)
    t = renamed(weights(m), {
        **LLAMA, "model.layers.N.block_sparse_moe.router": "blk.N.ffn_gate_inp",
        "model.layers.N.block_sparse_moe.experts.gate_up_proj": "blk.N.ffn_gate_up_exps.weight",
        "model.layers.N.block_sparse_moe.experts.down_proj": "blk.N.ffn_down_exps.weight",
        "model.layers.N.shared_mlp.input_linear": "blk.N.ffn_gate_up_shexp",
        "model.layers.N.shared_mlp.output_linear": "blk.N.ffn_down_shexp"}, tied=True)
    t = with_pairs(split_experts(t), 4, 2)
    keys = {**sizes(c), "expert_count": 5, "expert_used_count": 2, **F32, "vocab_size": VOCABULARY,
            "rope.dimension_count": 8, "attention.scale": 0.2, "embedding_scale": 6.0, "residual_scale": 0.4,
            "logit_scale": 3.0, "expert_shared_feed_forward_length": 40 if shared else None}
    ids = tokens(name)
    write(name, "granitemoe", keys, t, ids, logits(m, ids), model.__name__)


@fixture
def granitemoe():
    granite_moe("granitemoe", False)


@fixture
def granitemoe_shared():
    granite_moe("granitemoe-shared", True)


@fixture
def ernie4_5_moe():
    # Layer 0 is dense; two shared experts make one of twice the width.
    c = hf.Ernie4_5_MoeConfig(**COMMON, hidden_size=32, intermediate_size=96, num_hidden_layers=3,
                              num_attention_heads=4, num_key_value_heads=2, moe_intermediate_size=24,
                              moe_num_experts=4, moe_k=2, moe_num_shared_experts=2, moe_layer_start_index=1,
                              moe_layer_interval=1, tie_word_embeddings=True,
                              rope_parameters=rope(500000.0))
    m = build(hf.Ernie4_5_MoeForCausalLM, c)
    t = renamed(weights(m), {
        **EXPERTS, "model.layers.N.mlp.gate.moe_statics.e_score_correction_bias": "blk.N.exp_probs_b.bias"}, tied=True)
    t = split_experts(t)  # exp_probs_b has two dimensions here, the second of length one
    keys = {**sizes(c), **F32, "expert_count": 4, "expert_used_count": 2, "interleave_moe_layer_step": 1,
            "leading_dense_block_count": 1, "expert_feed_forward_length": 24, "expert_shared_count": 2,
            "expert_shared_feed_forward_length": 48}
    ids = tokens("ernie4-5-moe")
    write("ernie4-5-moe", "ernie4_5-moe", keys, t, ids, logits(m, ids), "Ernie4_5_MoeForCausalLM")


@fixture
def hunyuan_moe():
    c = hf.HunYuanMoEV1Config(**COMMON, hidden_size=32, intermediate_size=40, num_hidden_layers=2,
                              num_attention_heads=3, num_key_value_heads=1, head_dim=12, num_experts=4,
                              moe_topk=2, tie_word_embeddings=False, rope_parameters=rope(30000.0))
    m = build(hf.HunYuanMoEV1ForCausalLM, c)
    t = renamed(weights(m), {
        **EXPERTS, "model.layers.N.mlp.gate.wg": "blk.N.ffn_gate_inp",
        "model.layers.N.self_attn.query_layernorm": "blk.N.attn_q_norm",
        "model.layers.N.self_attn.key_layernorm": "blk.N.attn_k_norm",
        "model.layers.N.mlp.shared_mlp.gate_proj": "blk.N.ffn_gate_shexp",
        "model.layers.N.mlp.shared_mlp.up_proj": "blk.N.ffn_up_shexp",
        "model.layers.N.mlp.shared_mlp.down_proj": "blk.N.ffn_down_shexp"})
    keys = {**sizes(c), "expert_count": 4, **head_keys(c), **F32, "expert_shared_feed_forward_length": 40,
            "expert_feed_forward_length": 40, "expert_used_count": 2, "expert_shared_count": 1}
    ids = tokens("hunyuan-moe")
    write("hunyuan-moe", "hunyuan-moe", keys, split_experts(t), ids, logits(m, ids), "HunYuanMoEV1ForCausalLM")


def open_weights(name, mxfp4):
    """gpt-oss; mxfp4: the experts in the block format of the releases, and the reference with what it holds."""
    kinds = ["sliding_attention", "full_attention", "sliding_attention"]
    c = hf.GptOssConfig(**COMMON, hidden_size=32, intermediate_size=32, num_hidden_layers=3, head_dim=16,
                        num_attention_heads=3, num_key_value_heads=1, num_local_experts=4, num_experts_per_tok=2,
                        sliding_window=11, layer_types=kinds, tie_word_embeddings=False,
                        rope_parameters={"rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0,
                                         "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
                                         "original_max_position_embeddings": 4096})
    m = build(hf.GptOssForCausalLM, c)
    if mxfp4:
        for layer in m.model.layers:
            for p in (layer.mlp.experts.gate_up_proj, layer.mlp.experts.down_proj):
                rows = np.ascontiguousarray(p.detach().numpy().swapaxes(1, 2))
                held = quants.dequantize(quants.quantize(rows, MXFP4), MXFP4)
                with torch.no_grad():
                    p.copy_(torch.tensor(held.reshape(rows.shape).swapaxes(1, 2)))
    state = {}
    for key, value in weights(m).items():
        if "experts.gate_up_proj" in key:
            stem, bias = key.replace("gate_up_proj", "X_proj"), key.endswith("_bias")
            value = value if bias else value.swapaxes(1, 2)
            for x, rows in (("gate", value[:, 0::2]), ("up", value[:, 1::2])):
                state[stem.replace("X", x)] = rows
        elif key.endswith("experts.down_proj"):
            state[key] = value.swapaxes(1, 2)
        else:
            state[key] = value
    names = {**LLAMA, "model.layers.N.post_attention_layernorm": "blk.N.post_attention_norm",
             "model.layers.N.self_attn.sinks": "blk.N.attn_sinks.weight",
             "model.layers.N.mlp.router": "blk.N.ffn_gate_inp"}
    for x in ("gate", "up", "down"):
        names[f"model.layers.N.mlp.experts.{x}_proj"] = f"blk.N.ffn_{x}_exps.weight"
        names[f"model.layers.N.mlp.experts.{x}_proj_bias"] = f"blk.N.ffn_{x}_exps.bias"
    t = renamed(state, names)
    if mxfp4:
        for key in [k for k in t if k.endswith("_exps.weight")]:
            t[key] = (quants.quantize(np.ascontiguousarray(t[key]), MXFP4), MXFP4)
    keys = {**sizes(c), "expert_count": 4, "expert_used_count": 2, **head_keys(c),
            "general.file_type": 38 if mxfp4 else 0, "attention.sliding_window": 11, "expert_feed_forward_length": 32}
    ids = tokens(name)
    write(name, "gpt-oss", keys, t, ids, logits(m, ids), "GptOssForCausalLM")


@fixture
def gpt_oss():
    open_weights("gpt-oss", False)


@fixture
def gpt_oss_mxfp4():
    open_weights("gpt-oss-mxfp4", True)


# --- Latent attention -------------------------------------------------------------------------------------------------

LATENT = {
    **EXPERTS,
    "model.layers.N.self_attn.q_a_proj": "blk.N.attn_q_a",
    "model.layers.N.self_attn.q_a_layernorm": "blk.N.attn_q_a_norm",
    "model.layers.N.self_attn.q_b_proj": "blk.N.attn_q_b",
    "model.layers.N.self_attn.kv_a_proj_with_mqa": "blk.N.attn_kv_a_mqa",
    "model.layers.N.self_attn.kv_a_layernorm": "blk.N.attn_kv_a_norm",
    "model.layers.N.self_attn.kv_b_proj": "blk.N.attn_kv_b",
}


def absorbed(t, heads, nope):
    """The storage of files since 2025: keys' part transposed, so that queries can be taken into the latent space."""
    out = {}
    for key, value in t.items():
        if key.endswith("attn_kv_b.weight"):
            w = value.reshape(heads, -1, value.shape[-1])
            out[key.replace("kv_b", "k_b")] = w[:, :nope].swapaxes(1, 2)
            out[key.replace("kv_b", "v_b")] = w[:, nope:]
        else:
            out[key] = value
    return out


def latent_keys(c, old=False, yarn_log=None):
    dk, rank, rot = c.qk_nope_head_dim + c.qk_rope_head_dim, c.kv_lora_rank, c.qk_rope_head_dim
    return {**sizes(c), "attention.head_count_kv": c.num_attention_heads if old else 1,
            "expert_count": c.n_routed_experts, "expert_used_count": c.num_experts_per_tok,
            "expert_group_count": c.n_group, "expert_group_used_count": c.topk_group,
            "attention.key_length": dk if old else rank + rot,
            "attention.value_length": c.v_head_dim if old else rank, **F32,
            "leading_dense_block_count": c.first_k_dense_replace, "vocab_size": VOCABULARY,
            "attention.q_lora_rank": c.q_lora_rank, "attention.kv_lora_rank": rank,
            "attention.key_length_mla": None if old else dk,
            "attention.value_length_mla": None if old else c.v_head_dim,
            "expert_feed_forward_length": c.moe_intermediate_size, "expert_shared_count": c.n_shared_experts,
            "expert_weights_scale": float(c.routed_scaling_factor),
            "expert_weights_norm": True if c.norm_topk_prob else None, "rope.dimension_count": rot,
            "rope.scaling.yarn_log_multiplier": yarn_log}


def deepseek(name, *, old=False, yarn_log=None, arch_keys=(), config=None, model=None, seed=1, **more):
    config, model = config or hf.DeepseekV2Config, model or hf.DeepseekV2ForCausalLM
    c = config(**{**COMMON, "hidden_size": 36, "intermediate_size": 48, "num_hidden_layers": 2,
                  "num_attention_heads": 3, "num_key_value_heads": 3, "kv_lora_rank": 20, "q_lora_rank": 24,
                  "qk_nope_head_dim": 12, "qk_rope_head_dim": 8, "v_head_dim": 10, "first_k_dense_replace": 1,
                  "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 2, "moe_intermediate_size": 16,
                  "tie_word_embeddings": False, "rope_parameters": rope(50000.0), **more})
    m = build(model, c, seed)
    t = split_experts(renamed(weights(m), LATENT))
    if not old:
        t = absorbed(t, 3, 12)
    keys = {**latent_keys(c, old, yarn_log), **dict(arch_keys)}
    ids = tokens(name)
    write(name, "deepseek2", keys, t, ids, logits(m, ids), model.__name__)


@fixture
def deepseek2_lite():
    # No low rank for queries, and the long context scaling of V2 Lite, which also sharpens the scores.
    turns = {"rope_type": "yarn", "rope_theta": 1000.0, "factor": 40.0, "original_max_position_embeddings": 4096,
             "beta_fast": 8.0, "beta_slow": 4.0, "mscale": 0.707, "mscale_all_dim": 0.707}
    deepseek("deepseek2-lite", q_lora_rank=None, rope_parameters=turns, max_position_embeddings=163840, yarn_log=0.0707)


@fixture
def deepseek2_kv_b():
    # As files were until 2025, keys and values of all heads in one matrix.
    deepseek("deepseek2-kv-b", old=True, routed_scaling_factor=1.5)


@fixture
def deepseek2_groups():
    # Groups that are worth their best expert, not their best two.
    deepseek("deepseek2-groups", n_routed_experts=8, n_group=4, topk_group=2, num_experts_per_tok=3, seed=2,
             moe_intermediate_size=12, n_shared_experts=1, routed_scaling_factor=2.5,
             topk_method="group_limited_greedy")


@fixture
def deepseek3_groups():
    deepseek("deepseek3-groups", config=hf.DeepseekV3Config, model=hf.DeepseekV3ForCausalLM, n_routed_experts=8,
             n_group=4, topk_group=2, num_experts_per_tok=3, moe_intermediate_size=12, n_shared_experts=1,
             routed_scaling_factor=2.5, norm_topk_prob=True, arch_keys={"expert_gating_func": 2})


@fixture
def minicpm3():
    g = np.random.default_rng(3)
    long, short = ([float(np.float32(x)) for x in g.uniform(*r, 4)] for r in ((1.5, 6.0), (0.7, 1.6)))
    c = hf.MiniCPM3Config(**COMMON, hidden_size=40, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                          num_key_value_heads=4, q_lora_rank=24, kv_lora_rank=16, qk_nope_head_dim=8,
                          qk_rope_head_dim=8, v_head_dim=10, scale_emb=12, scale_depth=1.4, dim_model_base=256,
                          tie_word_embeddings=True, rms_norm_eps=1e-6,
                          rope_parameters=rope(10000.0, rope_type="longrope", long_factor=long, short_factor=short,
                                               original_max_position_embeddings=256))
    m = build(hf.MiniCPM3ForCausalLM, c)
    with torch.no_grad():
        m.model.embed_tokens.weight *= 0.25  # the constants are made for a width of 2560
    t = renamed(weights(m), LATENT, tied=True)
    t = {"rope_factors_long.weight": np.array(long), "rope_factors_short.weight": np.array(short), **t}
    keys = {"general.file_type": 0, "context_length": 256, "embedding_length": 40, "block_count": 2,
            "feed_forward_length": 64, "attention.head_count": 4, "attention.head_count_kv": 4,
            "attention.layer_norm_rms_epsilon": 1e-6, "vocab_size": VOCABULARY, "attention.q_lora_rank": 24,
            "attention.kv_lora_rank": 16, "attention.key_length": 16, "rope.dimension_count": 8}
    ids = tokens("minicpm3")
    write("minicpm3", "minicpm3", keys, t, ids, logits(m, ids), "MiniCPM3ForCausalLM")


# --- Recurrent and convolutional layers -------------------------------------------------------------------------------


@fixture
def mamba2():
    c = hf.Mamba2Config(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, num_heads=8, head_dim=8, expand=2,
                        state_size=12, n_groups=2, conv_kernel=4, chunk_size=16, bos_token_id=256, eos_token_id=257,
                        pad_token_id=0, tie_word_embeddings=False)
    m = build(hf.Mamba2ForCausalLM, c)
    t = renamed(weights(m), {
        "backbone.embeddings": "token_embd", "backbone.norm_f": "output_norm", "lm_head": "output",
        "backbone.layers.N.norm": "blk.N.attn_norm", "backbone.layers.N.mixer.in_proj": "blk.N.ssm_in",
        "backbone.layers.N.mixer.conv1d": "blk.N.ssm_conv1d", "backbone.layers.N.mixer.out_proj": "blk.N.ssm_out",
        "backbone.layers.N.mixer.norm": "blk.N.ssm_norm", "backbone.layers.N.mixer.A_log": "blk.N.ssm_a",
        "backbone.layers.N.mixer.D": "blk.N.ssm_d", "backbone.layers.N.mixer.dt_bias": "blk.N.ssm_dt.bias"})
    for key, value in t.items():
        if key.endswith("ssm_a"):
            t[key] = -np.exp(value)[:, None]
        elif key.endswith("ssm_d"):
            t[key] = value[:, None]
        elif key.endswith("ssm_conv1d.weight"):
            t[key] = value.squeeze(1)
        elif key.endswith("ssm_norm.weight"):
            t[key] = value.reshape(2, -1)
    keys = {"context_length": 2**20, "embedding_length": 32, "feed_forward_length": 0, "attention.head_count": 0,
            "block_count": 2, "ssm.conv_kernel": 4, "ssm.inner_size": 64, "ssm.state_size": 12,
            "ssm.time_step_rank": 8, "ssm.group_count": 2, "attention.layer_norm_rms_epsilon": c.layer_norm_epsilon,
            **F32}
    ids = tokens("mamba2")
    write("mamba2", "mamba2", keys, t, ids, logits(m, ids), "Mamba2ForCausalLM")


@fixture
def falcon_mamba():
    # Mamba whose step, input and output vectors are normed.
    c = hf.FalconMambaConfig(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, state_size=8, expand=2,
                             conv_kernel=4, time_step_rank=4, layer_norm_epsilon=1e-5, mixer_rms_eps=1e-5,
                             bos_token_id=256, eos_token_id=257, pad_token_id=0, tie_word_embeddings=True)
    m = build(hf.FalconMambaForCausalLM, c)
    t = renamed(weights(m), {
        "backbone.embeddings": "token_embd", "backbone.norm_f": "output_norm",
        "backbone.layers.N.norm": "blk.N.attn_norm", "backbone.layers.N.mixer.A_log": "blk.N.ssm_a",
        "backbone.layers.N.mixer.D": "blk.N.ssm_d", "backbone.layers.N.mixer.dt_proj": "blk.N.ssm_dt",
        "backbone.layers.N.mixer.conv1d": "blk.N.ssm_conv1d", "backbone.layers.N.mixer.in_proj": "blk.N.ssm_in",
        "backbone.layers.N.mixer.x_proj": "blk.N.ssm_x",
        "backbone.layers.N.mixer.out_proj": "blk.N.ssm_out"}, tied=True)
    for key, value in t.items():
        if key.endswith("ssm_a"):
            t[key] = -np.exp(value)
        elif key.endswith("ssm_conv1d.weight"):
            t[key] = value.squeeze(1)
    keys = {"context_length": 2**20, "embedding_length": 32, "feed_forward_length": 0, "attention.head_count": 0,
            "block_count": 2, "ssm.conv_kernel": 4, "ssm.inner_size": 64, "ssm.state_size": 8,
            "ssm.time_step_rank": 4, "attention.layer_norm_rms_epsilon": 1e-5, "ssm.dt_b_c_rms": True, **F32}
    ids = tokens("falcon-mamba")
    write("falcon-mamba", "mamba", keys, t, ids, logits(m, ids), "FalconMambaForCausalLM")


@fixture
def lfm2moe():
    kinds = ["conv", "full_attention", "conv"]
    c = hf.Lfm2MoeConfig(**COMMON, hidden_size=32, intermediate_size=48, moe_intermediate_size=20, num_hidden_layers=3,
                         num_attention_heads=4, num_key_value_heads=2, num_dense_layers=1, num_experts=4,
                         num_experts_per_tok=2, layer_types=kinds, conv_L_cache=3, use_expert_bias=True,
                         norm_topk_prob=True, tie_word_embeddings=True,
                         rope_parameters=rope(1000000.0))
    m = build(hf.Lfm2MoeForCausalLM, c)
    layer, block = "model.layers.N.", "blk.N."
    t = renamed(weights(m), {
        "model.embed_tokens": "token_embd", "model.embedding_norm": "token_embd_norm",
        layer + "operator_norm": block + "attn_norm", layer + "ffn_norm": block + "ffn_norm",
        layer + "self_attn.q_proj": block + "attn_q", layer + "self_attn.k_proj": block + "attn_k",
        layer + "self_attn.v_proj": block + "attn_v", layer + "self_attn.out_proj": block + "attn_output",
        layer + "self_attn.q_layernorm": block + "attn_q_norm", layer + "self_attn.k_layernorm": block + "attn_k_norm",
        layer + "conv.in_proj": block + "shortconv.in_proj", layer + "conv.conv": block + "shortconv.conv",
        layer + "conv.out_proj": block + "shortconv.out_proj", layer + "feed_forward.w1": block + "ffn_gate",
        layer + "feed_forward.w3": block + "ffn_up", layer + "feed_forward.w2": block + "ffn_down",
        layer + "feed_forward.gate": block + "ffn_gate_inp",
        layer + "feed_forward.expert_bias": block + "exp_probs_b.bias",
        layer + "feed_forward.experts.gate_up_proj": block + "ffn_gate_up_exps.weight",
        layer + "feed_forward.experts.down_proj": block + "ffn_down_exps.weight"}, tied=True)
    t = {k: v.squeeze(1) if "shortconv.conv" in k else v for k, v in split_experts(t).items()}
    keys = {**sizes(c, eps=None), "attention.head_count_kv": [0, 2, 0], "expert_count": 4, "expert_used_count": 2,
            "attention.layer_norm_rms_epsilon": c.norm_eps, **F32, "expert_feed_forward_length": 20,
            "leading_dense_block_count": 1, "expert_gating_func": 2, "vocab_size": VOCABULARY, "shortconv.l_cache": 3}
    ids = tokens("lfm2moe")
    write("lfm2moe", "lfm2moe", keys, t, ids, logits(m, ids), "Lfm2MoeForCausalLM")


# --- Encoders ---------------------------------------------------------------------------------------------------------


def hidden(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).last_hidden_state[0]


@fixture
def roberta():
    # Positions begin at pad_token_id + 1: the file leaves out the rows before.
    c = hf.RobertaConfig(vocab_size=VOCABULARY, hidden_size=40, num_hidden_layers=2, num_attention_heads=5,
                         intermediate_size=72, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5,
                         pad_token_id=1, bos_token_id=256, eos_token_id=257)
    m = randomize(hf.RobertaModel._from_config(c, attn_implementation="eager", add_pooling_layer=False).float())
    layer, block = "encoder.layer.N.", "blk.N."
    t = renamed(weights(m), {
        "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
        "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm",
        layer + "attention.self.query": block + "attn_q", layer + "attention.self.key": block + "attn_k",
        layer + "attention.self.value": block + "attn_v", layer + "attention.output.dense": block + "attn_output",
        layer + "attention.output.LayerNorm": block + "attn_output_norm",
        layer + "intermediate.dense": block + "ffn_up", layer + "output.dense": block + "ffn_down",
        layer + "output.LayerNorm": block + "layer_output_norm"})
    t["position_embd.weight"] = t["position_embd.weight"][2:]
    keys = {"block_count": 2, "context_length": 64, "embedding_length": 40, "feed_forward_length": 72,
            "attention.head_count": 5, "attention.layer_norm_epsilon": 1e-5, **F32, "attention.causal": False,
            "pooling_type": 1}
    ids = tokens("roberta")
    write("roberta", "bert", keys, t, ids, hidden(m, ids), "RobertaModel", {"token_type_count": 1}, kind="hidden")


@fixture
def nomic_bert():
    c = hf.NomicBertConfig(vocab_size=VOCABULARY, hidden_size=48, num_hidden_layers=2, num_attention_heads=3,
                           intermediate_size=72, max_position_embeddings=256, type_vocab_size=2, pad_token_id=0,
                           rope_parameters=rope(1000.0))
    m = build(hf.NomicBertModel, c)
    t = renamed(weights(m), {
        "embeddings.word_embeddings": "token_embd", "embeddings.token_type_embeddings": "token_types",
        "embeddings.LayerNorm": "token_embd_norm",
        **{"layers.N." + a: "blk.N." + b for a, b in (
            ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
            ("self_attn.o_proj", "attn_output"), ("post_attention_layernorm", "attn_output_norm"),
            ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
            ("post_mlp_layernorm", "layer_output_norm"))}})
    for layer in range(2):
        q, k, v = (t.pop(f"blk.{layer}.attn_{x}.weight") for x in "qkv")
        t[f"blk.{layer}.attn_qkv.weight"] = np.concatenate([q, k, v])
    keys = {"block_count": 2, "context_length": 256, "embedding_length": 48, "feed_forward_length": 72,
            "attention.head_count": 3, "rope.freq_base": 1000.0, "attention.layer_norm_epsilon": 1e-12, **F32,
            "attention.causal": False, "pooling_type": 1}
    ids = tokens("nomic-bert")
    write("nomic-bert", "nomic-bert", keys, t, ids, hidden(m, ids), "NomicBertModel", {"token_type_count": 2},
          kind="hidden")


class ReferenceNomicMoe(nn.Module):
    """nomic-embed-text v2 as published: BERT with a rope and, in every second layer, experts weighted by a softmax."""

    class Layer(nn.Module):
        def __init__(self, width, inner, experts):
            super().__init__()
            self.Wqkv, self.out_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            if experts:
                self.router = nn.Linear(width, experts, bias=False)
                self.w1 = nn.Parameter(torch.zeros(experts, inner, width))
                self.w2 = nn.Parameter(torch.zeros(experts, inner, width))
            else:
                self.router, self.fc1, self.fc2 = None, nn.Linear(width, inner), nn.Linear(inner, width)

        def attend(self, x, heads, cos, sin):
            n, width = x.shape
            q, k, v = self.Wqkv(x).view(n, 3, heads, width // heads).permute(1, 2, 0, 3)

            def turned(s):
                a, b = s.chunk(2, -1)
                return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

            scores = turned(q) @ turned(k).transpose(1, 2) / math.sqrt(width // heads)
            return self.out_proj((scores.softmax(-1) @ v).transpose(0, 1).reshape(n, width))

        def feed(self, x):
            if self.router is None:
                return self.fc2(F.gelu(self.fc1(x)))
            weight, chosen = self.router(x).softmax(-1).topk(2, -1)
            out = torch.zeros_like(x)
            for i in range(len(x)):
                for w, e in zip(weight[i], chosen[i]):
                    out[i] += w * (F.gelu(self.w1[e] @ x[i]) @ self.w2[e])
            return out

        def forward(self, x, heads, cos, sin):
            x = self.norm1(x + self.attend(x, heads, cos, sin))
            return self.norm2(x + self.feed(x))

    def __init__(self, width, inner, heads, experts):
        super().__init__()
        self.heads, self.head = heads, width // heads
        self.word_embeddings, self.token_types = nn.Embedding(VOCABULARY, width), nn.Embedding(1, width)
        self.emb_ln = nn.LayerNorm(width)
        self.layers = nn.ModuleList(self.Layer(width, inner, experts if i % 2 else 0) for i in range(2))

    def forward(self, ids):
        angle = torch.arange(len(ids))[:, None] * 20000.0 ** (-torch.arange(0, self.head, 2) / self.head)
        x = self.emb_ln(self.word_embeddings(torch.tensor(ids)) + self.token_types.weight[0])
        for layer in self.layers:
            x = layer(x, self.heads, angle.cos(), angle.sin())
        return x


@fixture
def nomic_bert_moe():
    m = randomize(ReferenceNomicMoe(48, 40, 3, 4))
    t = renamed(weights(m), {
        "word_embeddings": "token_embd", "token_types": "token_types", "emb_ln": "token_embd_norm",
        **{"layers.N." + a: "blk.N." + b for a, b in (
            ("Wqkv", "attn_qkv"), ("out_proj", "attn_output"), ("norm1", "attn_output_norm"), ("fc1", "ffn_up"),
            ("fc2", "ffn_down"), ("router", "ffn_gate_inp"), ("w1", "ffn_up_exps.weight"),
            ("w2", "ffn_down_exps.weight"), ("norm2", "layer_output_norm"))}})
    t = {k: v.swapaxes(1, 2) if "ffn_down_exps" in k else v for k, v in t.items()}
    keys = {"block_count": 2, "context_length": 512, "embedding_length": 48, "feed_forward_length": 40,
            "attention.head_count": 3, "rope.freq_base": 20000.0, "attention.layer_norm_epsilon": 1e-5,
            "expert_count": 4, **F32, "attention.causal": False, "pooling_type": 1, "moe_every_n_layers": 2,
            "expert_used_count": 2}
    ids = tokens("nomic-bert-moe")
    with torch.no_grad():
        write("nomic-bert-moe", "nomic-bert-moe", keys, t, ids, m(ids), "NomicBertModel (restated)",
              {"token_type_count": 1}, kind="hidden")


@fixture
def distilbert():
    # BERT without token types.
    c = hf.DistilBertConfig(vocab_size=VOCABULARY, dim=40, n_layers=2, n_heads=5, hidden_dim=64, pad_token_id=0,
                            max_position_embeddings=64)
    m = build(hf.DistilBertModel, c)
    layer, block = "transformer.layer.N.", "blk.N."
    t = renamed(weights(m), {
        "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
        "embeddings.LayerNorm": "token_embd_norm",
        layer + "attention.q_lin": block + "attn_q", layer + "attention.k_lin": block + "attn_k",
        layer + "attention.v_lin": block + "attn_v", layer + "attention.out_lin": block + "attn_output",
        layer + "sa_layer_norm": block + "attn_output_norm", layer + "ffn.lin1": block + "ffn_up",
        layer + "ffn.lin2": block + "ffn_down", layer + "output_layer_norm": block + "layer_output_norm"})
    keys = {"attention.layer_norm_epsilon": 1e-12, "block_count": 2, "context_length": 64, "embedding_length": 40,
            "feed_forward_length": 64, "attention.head_count": 5, **F32, "attention.causal": False, "pooling_type": 2}
    ids = tokens("distilbert")
    write("distilbert", "bert", keys, t, ids, hidden(m, ids), "DistilBertModel", {"token_type_count": 1}, kind="hidden")


@fixture
def modernbert_window():
    # A window of 10 (5 to each side), every second layer global, SiLU as in Granite's embedding models.
    c = hf.ModernBertConfig(vocab_size=VOCABULARY, hidden_size=36, num_hidden_layers=4, num_attention_heads=3,
                            intermediate_size=48, max_position_embeddings=256, local_attention=10,
                            hidden_activation="silu", global_attn_every_n_layers=2, pad_token_id=0, bos_token_id=256,
                            eos_token_id=257, cls_token_id=256, sep_token_id=257)
    m = build(hf.ModernBertModel, c)
    t = renamed(weights(m), {
        "embeddings.tok_embeddings": "token_embd", "embeddings.norm": "token_embd_norm", "final_norm": "output_norm",
        **{"layers.N." + a: "blk.N." + b for a, b in (
            ("attn_norm", "attn_norm"), ("attn.Wqkv", "attn_qkv"), ("attn.Wo", "attn_output"), ("mlp_norm", "ffn_norm"),
            ("mlp.Wi", "ffn_up"), ("mlp.Wo", "ffn_down"))}})
    keys = {"block_count": 4, "context_length": 256, "embedding_length": 36, "feed_forward_length": 48,
            "attention.head_count": 3, "rope.freq_base": 160000.0, "rope.freq_base_swa": 10000.0,
            "attention.layer_norm_rms_epsilon": c.norm_eps, **F32, "attention.causal": False,
            "attention.sliding_window": 10, "attention.sliding_window_pattern": 2, "rope.scaling.type": "none",
            "vocab_size": VOCABULARY, "hidden_activation": "silu",
            "classifier.pooling_type": 2}
    ids = tokens("modernbert-window")
    write("modernbert-window", "modern-bert", keys, t, ids, hidden(m, ids), "ModernBertModel", kind="hidden")


@fixture
def gemma3_both_sides():
    # A decoder that was made an embedding model: a window of 10 (5 to each side), every second layer global.
    c = hf.Gemma3TextConfig(**COMMON, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4,
                            num_key_value_heads=2, head_dim=12, query_pre_attn_scalar=12, sliding_window=10,
                            layer_types=["sliding_attention", "full_attention"] * 2, use_bidirectional_attention=True,
                            rope_parameters={"full_attention": rope(1000000.0), "sliding_attention": rope(10000.0)})
    m = build(hf.Gemma3TextModel, c)
    t = renamed({"model." + key: value for key, value in weights(m).items()}, {
        **LLAMA, "model.layers.N.post_attention_layernorm": "blk.N.post_attention_norm",
        "model.layers.N.pre_feedforward_layernorm": "blk.N.ffn_norm",
        "model.layers.N.post_feedforward_layernorm": "blk.N.post_ffw_norm"})
    t = {key: value + 1 if "norm" in key else value for key, value in t.items()}
    keys = {**sizes(c), **head_keys(c), **F32, "attention.causal": False, "attention.sliding_window": 10,
            "attention.sliding_window_pattern": 2, "rope.freq_base_swa": 10000.0, "vocab_size": VOCABULARY}
    ids = tokens("gemma3-both-sides")
    write("gemma3-both-sides", "gemma3", keys, t, ids, hidden(m, ids), "Gemma3TextModel", kind="hidden")


# --- Encoder and decoder ----------------------------------------------------------------------------------------------


def t5_names():
    out = {"shared": "token_embd", "encoder.embed_tokens": None, "decoder.embed_tokens": None, "lm_head": "output"}
    for long, short in (("encoder", "enc"), ("decoder", "dec")):
        out[long + ".final_layer_norm"] = short + ".output_norm"
        layer, block = long + ".block.N.layer.", short + ".blk.N."
        last = 1 if short == "enc" else 2
        for x in "qkvo":
            out[f"{layer}0.SelfAttention.{x}"] = f"{block}attn_{x}"
            out[f"{layer}1.EncDecAttention.{x}"] = f"{block}cross_attn_{x}"
        out[layer + "0.SelfAttention.relative_attention_bias"] = block + "attn_rel_b"
        out[layer + "0.layer_norm"] = block + "attn_norm"
        if short == "dec":
            out[layer + "1.layer_norm"] = block + "cross_attn_norm"
        out[f"{layer}{last}.layer_norm"] = block + "ffn_norm"
        dense = f"{layer}{last}.DenseReluDense."
        out |= {dense + "wi": block + "ffn_up", dense + "wi_0": block + "ffn_gate", dense + "wi_1": block + "ffn_up",
                dense + "wo": block + "ffn_down"}
    return out


def t5_keys(c, decoder=True):
    return {"context_length": 512, "embedding_length": c.d_model, "feed_forward_length": c.d_ff,
            "block_count": c.num_layers, "decoder_block_count": c.num_decoder_layers if decoder else None,
            "attention.head_count": c.num_heads, "attention.key_length": c.d_kv, "attention.value_length": c.d_kv,
            "attention.layer_norm_epsilon": c.layer_norm_epsilon,
            "attention.relative_buckets_count": c.relative_attention_num_buckets,
            "attention.layer_norm_rms_epsilon": c.layer_norm_epsilon,
            "decoder_start_token_id": c.decoder_start_token_id if decoder else None, **F32}


def t5_config(**more):
    return hf.T5Config(vocab_size=VOCABULARY, d_model=32, dropout_rate=0.0, pad_token_id=0, bos_token_id=256,
                       eos_token_id=257, decoder_start_token_id=0, tie_word_embeddings=False, **more)


def t5_model(name, tied, decoder, **more):
    c = t5_config(**more)
    m = hf.T5ForConditionalGeneration._from_config(c, attn_implementation="eager").float()
    if not tied:
        m.lm_head.weight = nn.Parameter(torch.zeros(VOCABULARY, c.d_model))
    c.scale_decoder_outputs = False
    m = randomize(m)
    t = renamed(weights(m), t5_names(), tied=tied)
    ids, decoder_ids = tokens(name), [0, *tokens(name + "/decoder", decoder - 1)]
    with torch.no_grad():
        out = m(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([decoder_ids]), use_cache=False)
    write(name, "t5", t5_keys(c), t, ids, out.logits[0], "T5ForConditionalGeneration", decoder_ids=decoder_ids)


@fixture
def t5_ungated():
    # T5 v1.0's relu; more heads than fit the width; layers of encoder and decoder differ in number.
    t5_model("t5-ungated", True, 8, d_kv=12, d_ff=64, num_heads=3, num_layers=2,
             num_decoder_layers=1, feed_forward_proj="relu")


@fixture
def t5_gated():
    t5_model("t5-gated", False, 30, d_kv=8, d_ff=40, num_heads=5, num_layers=2,
             num_decoder_layers=2, feed_forward_proj="gated-gelu")


@fixture
def t5encoder():
    c = t5_config(d_kv=10, d_ff=48, num_heads=3, num_layers=2, feed_forward_proj="gated-gelu")
    m = build(hf.T5EncoderModel, c)
    t = renamed(weights(m), t5_names())
    ids = tokens("t5encoder")
    write("t5encoder", "t5encoder", t5_keys(c, False), t, ids, hidden(m, ids), "T5EncoderModel", kind="hidden")


# --- Command ----------------------------------------------------------------------------------------------------------


def main():
    global OUT
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=OUT, help="folder (default: families/ beside this script)")
    parser.add_argument("names", nargs="*", help="fixtures (default: all): " + " ".join(FIXTURES))
    args = parser.parse_args()
    OUT = args.output
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in args.names or FIXTURES:
        FIXTURES[name]()


if __name__ == "__main__":
    main()
