# SPDX-License-Identifier: MIT
"""What weights are published in, against published sizes and a model counted by hand."""

# Bytes of all tensors: metadata.total_size of the published indexes; of Kimi-K2.5, the size that its files have in GB.
PUBLISHED = {"gpt-oss-20b": (13761264768, 0), "gpt-oss-120b": (65248815744, 0), "Kimi-K2.5": (595e9, 2e-3)}
LAYERS, HIDDEN, VOCAB, FFN, EXPERT, EXPERTS = 4, 256, 1000, 512, 128, 8
DENSE = {"model_type": "llama", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": 4,
         "num_key_value_heads": 4, "intermediate_size": FFN, "vocab_size": VOCAB, "tie_word_embeddings": False}
ATTENTION, FEED = LAYERS * 4 * HIDDEN * HIDDEN, LAYERS * 3 * HIDDEN * FFN
REST = 2 * VOCAB * HIDDEN + (2 * LAYERS + 1) * HIDDEN
MIXTURE = {**DENSE, "model_type": "qwen3_moe", "num_experts": EXPERTS, "num_experts_per_tok": 2, "head_dim": 64,
           "moe_intermediate_size": EXPERT}
POOL = LAYERS * EXPERTS * 3 * HIDDEN * EXPERT
MIXTURE_REST = REST + LAYERS * (EXPERTS * HIDDEN + 2 * 64)  # router, norms of queries and keys


def packed(bits, size, kind="int", inputs=None, **more):
    weights = {"num_bits": bits, "group_size": size, "type": kind, "symmetric": True, **more}
    return {"quant_method": "compressed-tensors",
            "config_groups": {"group_0": {"weights": weights, "input_activations": inputs}}}


def gptq(bits, size):
    return {"quant_method": "gptq", "bits": bits, "group_size": size}


ATTENTION_OF_EACH = [f"model.layers.{i}.self_attn*" for i in range(LAYERS)]
# quantization_config, bits of attention and of feed-forward parts, the precision of products
METHODS = [
    ({"quant_method": "awq", "bits": 4, "group_size": 128}, 4 + 20 / 128, 4 + 20 / 128, "bf16"),
    (gptq(4, 32), 4 + 20 / 32, 4 + 20 / 32, "bf16"),
    (gptq(3, -1), 3, 3, "bf16"),
    (gptq(8, 128), 8 + 24 / 128, 8 + 24 / 128, "bf16"),
    ({"quant_method": "auto-round", "bits": 2, "group_size": 64}, 2 + 18 / 64, 2 + 18 / 64, "bf16"),
    ({"quant_method": "bitsandbytes", "load_in_4bit": True}, 4.5, 4.5, "bf16"),
    ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": True},
     4 + 8 / 64 + 32 / 16384, 4 + 8 / 64 + 32 / 16384, "bf16"),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True}, 8, 8, "int8"),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True, "llm_int8_skip_modules": ["lm_head", "self_attn"]},
     16, 8, "int8"),
    ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, 4.5, 4.5, "fp4"),
    ({"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head", *ATTENTION_OF_EACH]}, 16, 4.5, "fp4"),
    ({"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ATTENTION_OF_EACH[1:]}, 4.5, 4.5, "fp4"),
    ({"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["model.visual.blocks.0.attn.qkv"]}, 4.5, 4.5,
     "fp4"),
    ({"quant_method": "modelopt", "quant_algo": "FP8"}, 8, 8, "fp8"),
    ({"quant_method": "fp8", "weight_block_size": [128, 128]}, 8, 8, "fp8"),
    (packed(4, 32), 4.5, 4.5, "bf16"),
    (packed(4, 128, symmetric=False), 4 + 20 / 128, 4 + 20 / 128, "bf16"),
    (packed(4, 16, "float", {"num_bits": 4}), 4.5, 4.5, "fp4"),
    (packed(4, 32, "float"), 4.25, 4.25, "bf16"),
    (packed(8, None, "float", {"num_bits": 8}), 8, 8, "fp8"),
    (packed(8, None, "int", {"num_bits": 8}), 8, 8, "int8"),
    ({**packed(4, 32), "ignore": ["re:.*mlp\\.(gate|up|gate_up|down)_proj.*"]}, 4.5, 16, "bf16"),
]
WRONG = [({"quant_method": "awq", "bits": 0}, "from 1 to"), ({"quant_method": "gptq", "bits": "4"}, "from 1 to"),
         (packed(4, [32]), "group_size"), (packed("x", 32), "num_bits")]


def value(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def bytes_of(estimate, config, quantization=None):
    config = {**config, "quantization_config": quantization} if quantization else config
    return value(estimate({"model": {"config": config}}), "weights.bytes")


def check(estimate):
    for name, (size, tolerance) in PUBLISHED.items():
        got = value(estimate({"model": name}), "weights.bytes")
        if abs(got - size) > tolerance * size:
            yield f"{name}: weights of {got:.0f} bytes, published {size:.0f}"
    for quantization, attention, feed, precision in METHODS:
        for config, matrices, rest in ((DENSE, FEED, REST), (MIXTURE, POOL, MIXTURE_REST)):
            feed_bits = feed if config is DENSE or feed < 16 else attention
            expected = (ATTENTION * attention + matrices * feed_bits + rest * 16) / 8
            got = bytes_of(estimate, config, quantization)
            if abs(got - expected) > 1e-9 * expected:
                yield f"{config['model_type']}, {quantization}: weights of {got} bytes, expected {expected}"
        report = estimate({"task": "serve", "model": {"config": {**DENSE, "quantization_config": quantization}},
                           "hardware": {"device": "B200"}, "engine": "vllm", "output": {"explain": True}})
        for path, bits in (("weights.attention_bytes", attention), ("weights.ffn_bytes", feed)):
            if abs(value(report, path) * 8 - bits) > 1e-9:
                yield f"{quantization}: serving has {path} of {value(report, path)}, expected {bits / 8}"
        part = "attention" if attention < 16 else "ffn"
        peaks = {"bf16": 1, "fp8": 2, "int8": 2, "fp4": 4}
        ratio = value(report, f"device.{part}_peak") / value(report, "device.bf16_peak")
        ratio /= value(report, "serving.ceiling")
        if abs(ratio / peaks[precision] - 1) > 0.05:
            yield f"{quantization}: products at {ratio} times the peak of BF16, expected those of {precision}"
    plain = (ATTENTION + FEED + REST) * 2
    for key in ("dtype", "torch_dtype"):
        for type_, factor in (("bfloat16", 1), ("float32", 2)):
            if bytes_of(estimate, {**DENSE, key: type_}) != plain * factor:
                yield f"{key}, {type_}: weights of {bytes_of(estimate, {**DENSE, key: type_})} bytes"
    for quantization in ({"quant_method": "unheard-of"}, {"quant_method": "compressed-tensors"}):
        report = estimate({"model": {"config": {**DENSE, "quantization_config": quantization}}})
        if "unknown_quantization" not in str(report) or value(report, "weights.bytes") != plain:
            yield f"{quantization}: no word that it is not known"
    for quantization, message in WRONG:
        try:
            bytes_of(estimate, DENSE, quantization)
            yield f"{quantization}: was taken"
        except ValueError as problem:
            if message not in str(problem) or "quantization_config" not in str(problem):
                yield f"{quantization}: {problem}"
