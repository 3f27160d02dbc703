#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make adapters/: low-rank adapters with random weights for models of tiny-hf/, which are those of tiny/, too, and for
some of families/.

    make_adapters.py [-o FOLDER] [NAME...]     (all of them when none is named)

NAME/ is what PEFT writes, NAME.gguf the same with the names and row orders of llama.cpp's converter, and NAME.npy has
the logits, or the last hidden states of an encoder, of the model with the adapter merged into its weights by PEFT,
computed by `transformers` (eager attention, float32) for the ids of the model. See README.md.
"""
import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
import transformers as hf
from gguf import GGMLQuantizationType, GGUFWriter, quants
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

DATA = Path(__file__).parent
PREFIX = "base_model.model."


def load(name):
    kind = hf.AutoModel if name == "bert" else hf.AutoModelForCausalLM
    return kind.from_pretrained(DATA / "tiny-hf" / name, attn_implementation="eager", dtype=torch.float32).eval()


def reference(name, model):
    folders = [DATA / folder for folder in ("tiny", "tiny-hf", "families")]
    file = next(folder / f"{name}.json" for folder in folders if (folder / f"{name}.json").exists())
    ids = torch.tensor([json.loads(file.read_text())["ids"]])
    with torch.no_grad():
        out = model(ids, use_cache=False) if name != "bert" else model(ids)
    return (out.last_hidden_state if name == "bert" else out.logits)[0].numpy()


def normal(shape, deviation, generator):
    return deviation * torch.randn(shape, generator=generator)


def wrap(name, seed, model=None, **config):
    """The model with an adapter of which every weight matters."""
    model = get_peft_model(model or load(name), LoraConfig(**config))
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for path, p in model.named_parameters():
            if "lora_" in path:
                is_b = "lora_B" in path or "lora_embedding_B" in path
                p.copy_(normal(p.shape, 0.3 if is_b else p.shape[-1] ** -0.5, g))
                if "lora_embedding_A" in path:
                    p.copy_(normal(p.shape, 0.5, g))
    return model.eval()


def write(out, name, model, folder):
    """What PEFT saves, without its empty keys, and the logits of what it merges."""
    target = out / folder
    shutil.rmtree(target, ignore_errors=True)
    model.save_pretrained(target, save_embedding_layers=False)
    (target / "README.md").unlink(missing_ok=True)
    config = json.loads((target / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = name
    config["target_modules"] = sorted(config["target_modules"])
    (target / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    (target / "adapter_model.safetensors").chmod(0o644)
    np.save(out / f"{folder}.npy", reference(name, model.merge_and_unload()))


# --- GGUF -------------------------------------------------------------------------------------------------------------

LLAMA_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "mlp.gate": "ffn_gate_inp",
}  # fmt: skip


def in_pairs(b, n_heads):
    """Rows of heads from the order of halves to that of pairs, as llama's are in GGUF."""
    return b.reshape(n_heads, 2, b.shape[0] // n_heads // 2, b.shape[1]).swapaxes(1, 2).reshape(b.shape)


def in_halves(b, n_heads):
    """Back again."""
    return b.reshape(n_heads, b.shape[0] // n_heads // 2, 2, b.shape[1]).swapaxes(1, 2).reshape(b.shape)


def write_gguf(path, architecture, alpha, tensors):
    """Values of uint8 are blocks of Q8_0."""
    writer = GGUFWriter(path, architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, value in tensors.items():
        blocks = GGMLQuantizationType.Q8_0 if value.dtype == np.uint8 else None
        writer.add_tensor(name, np.ascontiguousarray(value), raw_dtype=blocks)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gguf_tensors(folder, config, permutes):
    tensors = {}
    for name, value in load_file(folder / "adapter_model.safetensors").items():
        which = "lora_a" if ".lora_A." in name else "lora_b"
        module = name[len(PREFIX) + len("model.") :].rsplit(".lora_", 1)[0]
        if not module.startswith("layers."):
            continue
        _, layer, of_layer = module.split(".", 2)
        if of_layer not in LLAMA_NAMES:
            continue
        value = value.numpy()
        if which == "lora_b" and permutes and of_layer.endswith(("q_proj", "k_proj")):
            heads = config.num_attention_heads if of_layer.endswith("q_proj") else config.num_key_value_heads
            value = in_pairs(value, heads)
        tensors[f"blk.{layer}.{LLAMA_NAMES[of_layer]}.weight.{which}"] = value
    return tensors


# --- The adapters -----------------------------------------------------------------------------------------------------

LLAMA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def llama(out):
    model = wrap("llama", 1, r=4, lora_alpha=8, target_modules=LLAMA_TARGETS)
    config = model.config
    write(out, "llama", model, "llama")
    write_gguf(out / "llama.gguf", "llama", 8, gguf_tensors(out / "llama", config, True))


def llama_types(out):
    """The first once more, A in blocks of Q8_0 and B as F16, and the logits of the values that these stand for."""
    config, model = hf.AutoConfig.from_pretrained(DATA / "tiny-hf" / "llama"), load("llama")
    weights, tensors = model.state_dict(), gguf_tensors(out / "llama", config, True)
    for name in [name for name in tensors if name.endswith("lora_a")]:
        a = quants.quantize(tensors[name], GGMLQuantizationType.Q8_0)
        b = tensors[name[:-1] + "b"].astype(np.float16)
        tensors[name], tensors[name[:-1] + "b"] = a, b
        _, layer, rest = name.split(".", 2)
        of_layer = next(k for k, v in LLAMA_NAMES.items() if rest.startswith(v + "."))
        a, b = quants.dequantize(a, GGMLQuantizationType.Q8_0), b.astype(np.float32)
        if of_layer.endswith(("q_proj", "k_proj")):
            heads = config.num_attention_heads if of_layer.endswith("q_proj") else config.num_key_value_heads
            b = in_halves(b, heads)
        weights[f"model.layers.{layer}.{of_layer}.weight"] += 8 / 4 * torch.from_numpy(b @ a)
    write_gguf(out / "llama-types.gguf", "llama", 8, tensors)
    np.save(out / "llama-types.npy", reference("llama", model))


def llama_2(out):
    """Another for the same model, and both at once with scales, which add up to what is merged one after the other."""
    scales = {"llama": 0.5, "llama-2": -0.75}
    model = wrap("llama", 2, r=3, lora_alpha=4, use_rslora=True, target_modules=["q_proj", "v_proj", "down_proj"])
    write(out, "llama", model, "llama-2")
    model = load("llama")
    weights = model.state_dict()
    for folder, scale in scales.items():
        pairs = load_file(out / folder / "adapter_model.safetensors")
        config = json.loads((out / folder / "adapter_config.json").read_text())
        scale *= config["lora_alpha"] / config["r"] ** (0.5 if config["use_rslora"] else 1)
        for name, a in pairs.items():
            if ".lora_A." in name:
                weight = name[len(PREFIX) :].replace(".lora_A", "")
                weights[weight] += scale * pairs[name.replace("lora_A", "lora_B")] @ a
    np.save(out / "llama-both.npy", reference("llama", model))


def qwen2(out):
    """Embedding and output, ranks and scales of single modules."""
    model = wrap("qwen2", 3, r=4, lora_alpha=6, target_modules=[*LLAMA_TARGETS, "embed_tokens", "lm_head"],
                 rank_pattern={"layers.0.self_attn.q_proj": 7, "gate_proj": 5},
                 alpha_pattern={"down_proj": 3, "model.layers.1.mlp.up_proj": 10})  # fmt: skip
    write(out, "qwen2", model, "qwen2")


def gpt2(out):
    """Weights that are stored transposed."""
    model = wrap("gpt2", 4, r=4, lora_alpha=8, fan_in_fan_out=True,
                 target_modules=["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"])  # fmt: skip
    write(out, "gpt2", model, "gpt2")


def phi3(out):
    """Fused matrices, of which all parts share an A."""
    model = wrap("phi3", 5, r=4, lora_alpha=8, target_modules=["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])
    write(out, "phi3", model, "phi3")


def bert(out):
    model = wrap("bert", 6, r=4, lora_alpha=8, target_modules=["query", "key", "value", "dense"],
                 exclude_modules=["pooler.dense"])  # fmt: skip
    write(out, "bert", model, "bert")


def deepseek3(out):
    """Latent attention with its expansion of keys and values, experts that all tokens have, and such that PEFT adapts as
    parameters of one module."""
    model = wrap("deepseek3", 7, r=4, lora_alpha=8,
                 target_modules=["q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj", "gate_proj",
                                 "up_proj", "down_proj"])  # fmt: skip
    write(out, "deepseek3", model, "deepseek3")


def gptoss(out):
    """Rows of gate and up in turn."""
    model = wrap("gptoss", 10, r=4, lora_alpha=8, target_modules=["q_proj", "o_proj"],
                 target_parameters=["experts.gate_up_proj", "experts.down_proj"])  # fmt: skip
    write(out, "gptoss", model, "gptoss")


def qwen3moe(out):
    """A router, and experts with a pair of matrices each, as PEFT wrote them for modules of their own."""
    model = wrap("qwen3moe", 8, r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"])
    write(out, "qwen3moe", model, "qwen3moe")
    file = out / "qwen3moe" / "adapter_model.safetensors"
    pairs, g = load_file(file), torch.Generator().manual_seed(9)
    base = load("qwen3moe")
    weights, scale, stacks = base.state_dict(), 2.0, {}

    def add(module, target):
        """A pair for a module whose weight is `target`, and the delta added there."""
        rows, k = target.shape
        a, b = normal((4, k), k**-0.5, g), normal((rows, 4), 0.3, g)
        pairs[f"{PREFIX}{module}.lora_A.weight"], pairs[f"{PREFIX}{module}.lora_B.weight"] = a, b
        target += scale * b @ a
        return a.numpy(), b.numpy()

    for i in range(base.config.num_hidden_layers):
        mlp = f"model.layers.{i}.mlp"
        add(f"{mlp}.gate", weights[f"{mlp}.gate.weight"])
        gate_up, down = weights[f"{mlp}.experts.gate_up_proj"], weights[f"{mlp}.experts.down_proj"]
        n_ff = gate_up.shape[1] // 2
        for e in range(gate_up.shape[0]):
            parts = {"gate": gate_up[e, :n_ff], "up": gate_up[e, n_ff:], "down": down[e]}
            for part, target in parts.items():
                a, b = add(f"{mlp}.experts.{e}.{part}_proj", target)
                name = f"blk.{i}.ffn_{part}_exps.weight.lora_"
                stacks.setdefault(name + "a", []).append(a)
                stacks.setdefault(name + "b", []).append(b)
    for module in ("q_proj", "v_proj"):
        for i in range(base.config.num_hidden_layers):
            name = f"model.layers.{i}.self_attn.{module}"
            a, b = (pairs[f"{PREFIX}{name}.lora_{x}.weight"] for x in "AB")
            weights[f"{name}.weight"] += scale * b @ a
    save_file(pairs, file)
    config = json.loads((out / "qwen3moe" / "adapter_config.json").read_text())
    config["target_modules"] = ["down_proj", "gate", "gate_proj", "q_proj", "up_proj", "v_proj"]
    (out / "qwen3moe" / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    np.save(out / "qwen3moe.npy", reference("qwen3moe", base))
    tensors = gguf_tensors(out / "qwen3moe", base.config, False)
    tensors.update({name: np.stack(values) for name, values in stacks.items()})
    write_gguf(out / "qwen3moe.gguf", "qwen3moe", 8, tensors)


def of_family(name):
    """The model of a fixture of families/, whose weights its maker's seed gives."""
    import make_family_fixtures as families

    made, build = [], families.build
    families.build = lambda *args, **more: made.append(build(*args, **more)) or made[-1]
    families.write = lambda *args, **more: None
    families.FIXTURES[name]()
    families.build = build
    return made[-1]


def gptneox(out):
    """Heads of q, k and v in turn."""
    model = wrap("gptneox", 11, of_family("gptneox"), r=4, lora_alpha=8,
                 target_modules=["query_key_value", "attention.dense", "dense_h_to_4h", "dense_4h_to_h"])  # fmt: skip
    write(out, "gptneox", model, "gptneox")


def deepseek2_kv_b(out):
    """A file that has keys and values of all heads in one matrix, which the model takes apart."""
    model = wrap("deepseek2-kv-b", 12, of_family("deepseek2-kv-b"), r=4, lora_alpha=8,
                 target_modules=["kv_b_proj", "o_proj"])  # fmt: skip
    write(out, "deepseek2-kv-b", model, "deepseek2-kv-b")


def falcon_mamba(out):
    model = wrap("falcon-mamba", 13, of_family("falcon-mamba"), r=4, lora_alpha=8,
                 target_modules=["in_proj", "x_proj", "dt_proj"])  # fmt: skip
    write(out, "falcon-mamba", model, "falcon-mamba")


def mamba2(out):
    model = wrap("mamba2", 14, of_family("mamba2"), r=4, lora_alpha=8, target_modules=["in_proj"])
    write(out, "mamba2", model, "mamba2")


def lfm2moe(out):
    """Short convolutions."""
    model = wrap("lfm2moe", 15, of_family("lfm2moe"), r=4, lora_alpha=8,
                 target_modules=["in_proj", "out_proj", "q_proj", "w2"])  # fmt: skip
    write(out, "lfm2moe", model, "lfm2moe")


ALL = [llama, llama_types, llama_2, qwen2, gpt2, phi3, bert, deepseek3, gptoss, qwen3moe, gptneox, deepseek2_kv_b, falcon_mamba,
       mamba2, lfm2moe]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=DATA / "adapters")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    args.output.mkdir(exist_ok=True)
    for make in ALL:
        if not args.names or make.__name__ in args.names:
            make(args.output)
            print(make.__name__)


if __name__ == "__main__":
    main()
