#!/usr/bin/env python3
"""Makes parameters.csv: what each model preset must count to, said by somebody else.

Every preset of libllm/data/models.json is built as the transformers class that its config names, on torch's meta device
(shapes without memory), and its tensors are counted. One forward pass of the same weightless model fills the class's own
cache, whose shapes give the KV bytes of a token and the constant state of a sequence. Nothing here shares a line with the
library's arithmetic, so that agreement means something.

    python3 tests/data/estimate/make_parameters.py            # all presets; needs torch, transformers, pillow, timm
    python3 tests/data/estimate/make_parameters.py NAME ...   # prints these rows, writes nothing

Columns (parameters are elements, each tensor once, however often it is tied):
    total       without extra prediction layers; what the class has
    embedding   the input token embedding
    position    learned positions of the text model, and embeddings for each layer
    head        the output projection with its bias; 0 where it is the embedding
    expert      all routed experts of all layers
    active      total less the routed experts that a token does not go through
    vision      vision tower and projector;  audio: the same for sound
    mtp         layers that predict further tokens, which the checkpoint carries besides; restated, as transformers drops them
    kv_bytes_per_token   16-bit K and V (or MLA latent) of one more token, all layers, before any window is full
    kv_window_layers, kv_window   how many of those layers forget what is further back than the window
    conv_state, recurrent_state   elements of constant state for one sequence
    state_bytes both states in FP32
    reference   the class counted, with `+` and what was restated by hand in this file
    published, published_source   a count that somebody else printed, where one was read
"""
import contextlib
import csv
import io
import json
import pathlib
import re
import sys

import torch
import transformers
from transformers.initialization import no_init_weights
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

ROOT = pathlib.Path(__file__).resolve().parents[3]
PRESETS = ROOT / "libllm/data/models.json"
HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = ("name total embedding position head expert active vision audio mtp kv_bytes_per_token kv_window_layers "
           "kv_window conv_state recurrent_state state_bytes reference published published_source").split()

EXPERT = re.compile(r"(^|\.)experts\.|\.block_sparse_moe\.(input|output)_linear\.|\.ffn\.experts\.")
VISION = re.compile(r"(^|\.)(visual|vision_tower|vision_model|vision_embed_tokens|embed_vision|vision_projection|"
                    r"multi_modal_projector|mm_projector|connector)(\.|$)")
AUDIO = re.compile(r"(^|\.)(audio_tower|embed_audio|audio_model)(\.|$)")
POSITION = re.compile(r"(^|\.)(wpe|positions_embed|position_embeddings|embed_positions|embed_tokens_per_layer)\.weight$")
TOP_K = "num_experts_per_tok num_experts_per_token moe_k top_k_experts experts_per_token moe_topk".split()
EXPERTS = "n_routed_experts num_local_experts num_experts moe_num_experts num_routed_experts".split()

# Types of published configs that transformers knows under another name, because the shapes are the same.
SAME_SHAPES = {"kimi_k2": ("deepseek_v3", "DeepseekV3ForCausalLM"), "phi-msft": ("phi", "PhiForCausalLM"),
               "internlm2": ("llama", "LlamaForCausalLM"), "minicpm": ("llama", "LlamaForCausalLM"),
               "baichuan": ("llama", "LlamaForCausalLM"), "internlm": ("llama", "LlamaForCausalLM"),
               "mimo": ("qwen2", "Qwen2ForCausalLM"), "orion": ("llama", "LlamaForCausalLM")}
RENAMED = {"KimiK25ForConditionalGeneration": "Kimi_K25ForConditionalGeneration"}


def first(config, keys, default=None):
    return next((config[key] for key in keys if config.get(key) is not None), default)


def class_of(config):
    """The transformers config and class of a preset; the renames are those of the published remote code."""
    config = json.loads(json.dumps(config))
    config.pop("quantization_config", None)
    kind, name = config["model_type"], RENAMED.get(config["architectures"][0], config["architectures"][0])
    if kind in SAME_SHAPES:
        kind, name = SAME_SHAPES[kind]
        config["model_type"], config["architectures"] = kind, [name]
        for there, here in {"n_embd": "hidden_size", "n_layer": "num_hidden_layers", "n_head": "num_attention_heads",
                            "n_inner": "intermediate_size", "n_positions": "max_position_embeddings"}.items():
            if there in config and kind == "phi":
                config[here] = config.pop(there)
        if kind == "llama" and config.get("bias"):
            config["attention_bias"] = True  # InternLM biases the four attention projections and nothing else
    return CONFIG_MAPPING[kind].from_dict(config), getattr(transformers, name)


def build(config):
    parsed, cls = class_of(config)
    parsed._experts_implementation = "batched_mm"  # no control flow by data, which meta tensors lack
    with torch.device("meta"), no_init_weights():
        model = cls._from_config(parsed) if hasattr(cls, "_from_config") else cls(parsed)
    model.eval()
    model.tie_weights()
    return parsed, model


def count(config, parsed, model):
    text = config.get("text_config", config)
    row = {key: 0 for key in "position head expert vision audio".split()}
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters()}
    row["total"] = sum(sizes.values())
    tied = {id(p): n for n, p in model.named_parameters()}
    embedding = model.get_input_embeddings().weight
    row["embedding"] = embedding.numel()
    head = model.get_output_embeddings()
    if head is not None:
        for parameter in head.parameters():
            if parameter is not embedding and id(parameter) in tied:
                row["head"] += parameter.numel()
    for name, size in sizes.items():
        if VISION.search(name):
            row["vision"] += size
        elif AUDIO.search(name):
            row["audio"] += size
        elif EXPERT.search(name):
            row["expert"] += size
        elif POSITION.search(name):
            row["position"] += size
    if row["expert"]:
        k, experts = first(text, TOP_K), first(text, EXPERTS)
        if k is None or experts is None:
            defaults = parsed.get_text_config().to_dict()
            k, experts = first(defaults, TOP_K), first(defaults, EXPERTS)
        row["active"] = row["total"] - row["expert"] * (experts - k) // experts
    else:
        row["active"] = row["total"]
    return row


def cache_of(config, parsed, model):
    """Runs a few tokens through the weightless model and reads the shapes in its cache."""
    runner = model
    if hasattr(model, "model") and hasattr(model.model, "language_model"):
        runner = model.model.language_model
    elif hasattr(model, "language_model"):
        runner = model.language_model

    tokens = 7  # a number that no head, kernel or state has, so that a dimension of 7 is the tokens
    with torch.device("meta"), torch.no_grad():
        ids = torch.ones(1, tokens, dtype=torch.long)
        if parsed.is_encoder_decoder:
            out = model(input_ids=torch.ones(1, 3, dtype=torch.long), decoder_input_ids=ids, use_cache=True)
            cache = out.past_key_values.self_attention_cache
        else:
            out = runner(input_ids=ids, use_cache=True)
            cache = getattr(out, "past_key_values", None) or out.cache
    row = {"kv_bytes_per_token": 0, "kv_window_layers": 0, "kv_window": 0, "conv_state": 0, "recurrent_state": 0}
    for layer in cache.layers:
        grows = sum(t.numel() // tokens for t in vars(layer).values() if torch.is_tensor(t) and tokens in t.shape)
        row["kv_bytes_per_token"] += 2 * grows
        if grows and getattr(layer, "sliding_window", None):
            row["kv_window_layers"] += 1
            row["kv_window"] = layer.sliding_window
        for kind in ("conv", "recurrent"):
            for state in (getattr(layer, kind + "_states", None) or {}).values():
                row[kind + "_state"] += 0 if state is None else state.numel()
    return row


def mtp(config):
    """Layers that predict further tokens, restated from the papers' descriptions and the checkpoints' tensor lists."""
    text = config.get("text_config", config)
    kind, n = text["model_type"], first(text, ("num_nextn_predict_layers", "mtp_num_hidden_layers"), 0)
    if kind in ("deepseek_v3", "deepseek_v32", "glm4_moe", "glm_moe_dsa") and n:
        one = json.loads(json.dumps(config))
        one["num_hidden_layers"], one["first_k_dense_replace"], one["num_nextn_predict_layers"] = 1, 0, 0
        one.pop("mlp_layer_types", None)
        one.pop("indexer_types", None)
        parsed, cls = class_of(one)
        with torch.device("meta"), no_init_weights():
            layer = cls(parsed).model.layers[0]
        h = text["hidden_size"]
        # two norms in, the projection of both halves, a decoder layer, the norm before the shared head
        return n * (sum(p.numel() for p in layer.parameters()) + 2 * h * h + 3 * h), "mtp"
    return 0, ""


def row_of(preset):
    config = preset["config"]
    if config["model_type"] in RESTATED:
        row = dict.fromkeys(COLUMNS, 0)
        row.update(RESTATED[config["model_type"]](config))
        row["reference"] = "restated"
    else:
        parsed, model = build(config)
        row = dict.fromkeys(COLUMNS, 0)
        row.update(count(config, parsed, model))
        notes = [type(model).__name__ + (" (same shapes)" if config["model_type"] in SAME_SHAPES else "")]
        if config["model_type"] in KV:
            row.update(KV[config["model_type"]](config))
            notes.append("kv")
        elif config["model_type"] not in ENCODERS:
            row.update(cache_of(config, parsed, model))
        row["mtp"], note = mtp(config)
        row["reference"] = "+".join(notes + ([note] if note else []))
    row["state_bytes"] = 4 * (row["conv_state"] + row["recurrent_state"])
    row["name"] = preset["name"]
    row["published"], row["published_source"] = PUBLISHED.get(preset["name"], ("", ""))
    return row


def falcon_kv(config):
    """The class repeats the shared heads before it caches them, which no engine does."""
    heads = config["num_attention_heads"]
    size = config["hidden_size"] // heads
    if config.get("new_decoder_architecture"):
        heads = config["num_kv_heads"]
    elif config.get("multi_query"):
        heads = 1
    return {"kv_bytes_per_token": 2 * 2 * config["num_hidden_layers"] * heads * size}


def gemma3n_kv(config):
    """The class looks at values, which meta tensors lack. The last layers keep nothing of their own; of five layers one
    sees everything."""
    own = config["num_hidden_layers"] - config["num_kv_shared_layers"]
    return {"kv_bytes_per_token": 2 * 2 * own * config["num_key_value_heads"] * config["head_dim"],
            "kv_window_layers": own - own // 5, "kv_window": config["sliding_window"]}


def chatglm(config):
    """ChatGLM2/3: the published remote code; QKV with bias, everything else without, RMSNorm, an untied output layer."""
    h, layers, vocab = config["hidden_size"], config["num_layers"], config["padded_vocab_size"]
    d, g, f = config["kv_channels"], config["multi_query_group_num"], config["ffn_hidden_size"]
    q = config["num_attention_heads"] * d
    layer = (h + 1) * (q + 2 * g * d) + q * h + h * 2 * f + f * h + 2 * h
    total = vocab * h + layers * layer + h + vocab * h
    return {"total": total, "embedding": vocab * h, "head": vocab * h, "active": total, "kv_bytes_per_token": 2 * 2 * layers * g * d}


def deepseek_moe(config):
    """DeepSeekMoE 16B: multi-head attention, a first dense layer, then routed and shared experts with a softmax router."""
    h, layers, vocab = config["hidden_size"], config["num_hidden_layers"], config["vocab_size"]
    dense, f, experts, shared = (config[key] for key in
                                 "first_k_dense_replace moe_intermediate_size n_routed_experts n_shared_experts".split())
    d = h // config["num_attention_heads"]
    attention = 2 * h * h + 2 * h * config["num_key_value_heads"] * d
    routed = (layers - dense) * experts * 3 * h * f
    rest = 2 * vocab * h + h + layers * (attention + 2 * h) + dense * 3 * h * config["intermediate_size"]
    rest += (layers - dense) * (shared * 3 * h * f + experts * h)
    total = rest + routed
    return {"total": total, "embedding": vocab * h, "head": vocab * h, "expert": routed,
            "active": rest + routed * config["num_experts_per_tok"] // experts,
            "kv_bytes_per_token": 2 * 2 * layers * config["num_key_value_heads"] * d}


RESTATED = {"chatglm": chatglm, "deepseek": deepseek_moe}
KV = {"falcon": falcon_kv, "gemma3n_text": gemma3n_kv,  # and the next class has no cache at all
      "openai-gpt": lambda config: {"kv_bytes_per_token": 2 * 2 * config["n_layer"] * config["n_embd"]}}
ENCODERS = {"bert", "roberta", "xlm-roberta", "modernbert", "nomic_bert", "new"}
with open(HERE / "published.csv", encoding="utf-8") as published:
    PUBLISHED = {row["name"]: (row["parameters"], row["source"]) for row in csv.DictReader(published)}


def main():
    wanted = sys.argv[1:]
    transformers.logging.set_verbosity_error()
    rows, failed = [], []
    for preset in json.loads(PRESETS.read_text(encoding="utf-8")):
        if wanted and preset["name"] not in wanted:
            continue
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                rows.append(row_of(preset))
        except Exception as error:
            failed.append(f"{preset['name']}: {type(error).__name__}: {error}")
        if wanted and rows:
            print(rows[-1])
    for line in failed:
        print("failed", line[:300])
    if not wanted:
        with open(HERE / "parameters.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    different = [f"{row['name']}: {row['total']} here, {row['published']} published"
                 for row in rows if row["published"] and int(row["published"]) != row["total"]]
    print(f"{len(rows)} presets counted with transformers {transformers.__version__}, torch {torch.__version__}; "
          f"{sum(1 for r in rows if r['published'])} have a published count, {len(different)} of them differ")
    print("\n".join(different))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
