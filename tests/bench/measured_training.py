# SPDX-License-Identifier: MIT
"""Measured points of training as scenarios: what a row of measured.csv says, and what the paper behind it adds."""
import re

GIB = 2 ** 30


def gpt(layers, hidden, heads, vocab, positions=2048, tied=True):
    return {"layers": layers, "hidden": hidden, "heads": heads, "head_dim": hidden // heads, "ffn": 4 * hidden,
            "gated": False, "vocab": vocab, "tied": tied, "positions": positions}


def llama(layers, hidden, heads, kv_heads, ffn, vocab):
    return {"layers": layers, "hidden": hidden, "heads": heads, "kv_heads": kv_heads, "head_dim": hidden // heads,
            "ffn": ffn, "gated": True, "vocab": vocab, "tied": False}


# Layers, width and heads of the models of llm-foundry.
MPT = {"125m": (12, 768, 12), "350m": (24, 1024, 16), "760m": (24, 1536, 12), "1b": (24, 2048, 16),
       "3b": (32, 2560, 20), "7b": (32, 4096, 32), "13b": (40, 5120, 40), "30b": (48, 7168, 56), "70b": (80, 8192, 64)}
GPT_3, GPT_530B = gpt(96, 12288, 96, 51200), gpt(105, 20480, 128, 51200)
MODELS = {
    "GPT 22B": gpt(48, 6144, 64, 51200), "GPT-3 175B": GPT_3, "GPT-3 174.6B": GPT_3, "MT-NLG 530B": GPT_530B,
    "GPT 529.6B": GPT_530B, "GPT 1T": gpt(128, 25600, 160, 51200), "BLOOM 176B": gpt(70, 14336, 112, 250880, 0),
    "OPT-175B": gpt(96, 12288, 96, 50272), "GPT-NeoX-20B": gpt(44, 6144, 64, 50432, tied=False),
    "LLaMA-65B": llama(80, 8192, 64, 64, 22016, 32000), "DeepSeek-67B": llama(95, 8192, 64, 8, 22016, 102400),
    "Llama-2-7B": "Llama-2-7B", "Llama-3.1-8B": "Llama-3.1-8B", "Llama-3.1-70B": "Llama-3.1-70B",
    "Llama-3.1-405B": "Llama-3.1-405B", "LLAMA3_8B": "Llama-3.1-8B", "LLAMA3_70B": "Llama-3.1-70B",
    "LLAMA3.1_405B": "Llama-3.1-405B", "DeepSeekV3": "DeepSeek-V3", "DeepSeek-V3 671B-A37B": "DeepSeek-V3",
    "DeepSeek-V2 236B-A21B": "DeepSeek-V2", "GPT-OSS-120B": "gpt-oss-120b", "Qwen3_30B_a3B": "Qwen3-30B-A3B",
    "Qwen3_235B_a22B": "Qwen3-235B-A22B"}
WITH_EXPERTS = ("DeepSeekV3", "DeepSeek-V3 671B-A37B", "DeepSeek-V2 236B-A21B", "GPT-OSS-120B", "Qwen3_30B_a3B",
                "Qwen3_235B_a22B")
DEVICES = {"a100_40gb": "A100 SXM4 40GB", "a100_80gb": "A100 SXM4 80GB", "A100-SXM-80G": "A100 SXM4 80GB",
           "A100-80G": "A100 SXM4 80GB", "h100_80gb": "H100 SXM5 80GB", "H100-SXM": "H100 SXM5 80GB",
           "H100": "H100 SXM5 80GB", "H100-80G": "H100 SXM5 80GB", "A100-40G": "A100 SXM4 40GB",
           "H100-96G 2.4TB/s 500W": "H100 SXM 96GB HBM2e (500 W)", "H200": "H200 SXM 141GB", "B200": "B200 SXM 180GB",
           "GB200": "GB200 (per GPU, NVL72)", "H800": "H800 SXM5 80GB"}


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def model_of(row):
    """The member "model" of a scenario, or None."""
    name = row["model"]
    if "llm-foundry" in row["source"]:
        return gpt(*MPT[name.split("-")[1].lower()], 50368, int(row["seq_or_isl"]))
    shape = re.match(r"GPT L(\d+) h(\d+) a(\d+)", name)
    return gpt(*map(int, shape.groups()), 51200) if shape else MODELS.get(name)


def degree(row, name):
    found = re.search(name + r"(\d+)", row["parallelism"])
    return int(found.group(1)) if found else 1


def kernels(row):
    """What a framework's name says about its kernels."""
    name = (row["framework"] or ("torchtitan" if "titan" in row["source"] else "")).lower()
    if "llm-foundry" in name:
        return {"kernels": "eager", "attention": "generic"}
    if "torchtitan" in name:
        return {"attention": "generic", "fused_loss": False}
    if DEVICES[row["hardware"]].startswith("A100") and (row["precision"] == "fp16" or name in (
            "megatron-lm", "megatron-deepspeed", "deepspeed")):
        return {"attention": "unfused"}  # software of before 2022
    return {}


def precision(row):
    return "fp8" if "fp8" in row["precision"].lower() else "bf16"


def by_convention(teraflops, convention):
    """Printed TFLOP/s, and how they were counted."""
    return teraflops * 1e12, convention


def from_foundry(row, value):
    micro = int(re.search(r"micro (\d+)", row["conditions"]).group(1))
    return {"speed": value, "micro_batch": micro, "recompute": "full" if "ckpt=True" in row["parallelism"] else "none",
            "parallel": {"zero": 3 if "FULL" in row["parallelism"] else 2, "fsdp": True}}


def from_2021(row, value):
    """Narayanan et al. 2021, tables 1 and 2."""
    return {"speed": by_convention(value, "megatron_full"), "recompute": "full",
            "parallel": {"tp": degree(row, "TP"), "pp": degree(row, "PP"), "flat": row["framework"] == "DeepSpeed",
                         "zero": 3 if "ZeRO-3" in row["parallelism"] else 0}}


def from_steps(row, value):
    tokens = number(row["batch_or_conc"]) * int(row["seq_or_isl"])
    return tokens / value / int(row["n_dev"])


def from_mt_nlg(row, value):
    return {"speed": from_steps(row, value), "recompute": "full", "parallel": {"tp": 8, "pp": 35, "zero": 0}}


def from_korthikanti(row, value):
    return {"speed": from_steps(row, value), "recompute": "full" if "full" in row["metric"] else "selective",
            "micro_batch": 4 if row["model"] == "GPT 22B" else 1,
            "parallel": {"tp": 8, "pp": degree(row, "PP"), "sp": "SP" in row["parallelism"].split(), "zero": 0,
                         "vp": 3 if row["model"] in ("GPT-3 175B", "MT-NLG 530B") else 1}}  # interleaved: the paper


def from_bloom(row, value):
    return {"speed": from_steps(row, value), "recompute": "full", "micro_batch": 2,
            "parallel": {"tp": 4, "pp": 12, "zero": 1}}


def from_torchtitan(row, value):
    by = row["parallelism"]
    tp, pp, cp = (degree(row, key) for key in ("TP", "PP", "CP"))
    ranks = int(row["n_dev"]) // (tp * pp * cp)
    batch = row["batch_or_conc"]
    sequences = int(batch.split()[1]) * ranks if batch.startswith("local") else int(number(batch) or 2 * ranks)
    point = {"speed": value, "global_batch": sequences, "micro_batch": max(1, sequences / ranks / pp),
             "recompute": "full" if "fullAC" in by or row["model"] == "Llama-3.1-405B" else "sac",
             "parallel": {"tp": tp, "pp": pp, "cp": cp, "zero": 3, "fsdp": True, "async_tp": "async" in by,
                          "vp": 2 if "interl" in by else 1}}
    if by == "FSDP SAC":  # without compilation
        point["kernels"] = "eager"
    return point


def from_megatron_bridge(row, value):
    is_sharded = "FSDP" in row["parallelism"]
    sequence = int(row["seq_or_isl"])
    return {"speed": value, "global_batch": number(row["batch_or_conc"]) or 2 ** 22 // sequence,
            "parallel": {**{key: degree(row, key.upper()) for key in ("tp", "pp", "cp", "ep", "vp")},
                         "zero": 3 if is_sharded else 1, "fsdp": is_sharded}}


def from_llama_3(row, value):
    sequence = int(row["seq_or_isl"])
    return {"speed": by_convention(value, "nvidia"), "global_batch": 16 * 2 ** 20 // sequence,
            "parallel": {"tp": 8, "cp": degree(row, "CP"), "pp": 16, "zero": 2, "vp": 8}}  # a layer a chunk: the paper


def from_deepseek(row, value):
    speed = 1e12 / value / 3600
    if row["model"].startswith("DeepSeek-V3"):
        return {"speed": speed, "count": 2048, "sequence": 4096, "global_batch": 15360, "precision": "fp8",
                "parallel": {"pp": 16, "ep": 64, "zero": 1}}
    return {"speed": speed, "count": 2048, "sequence": 4096,
            "global_batch": 9216 if "V2" in row["model"] else 4608}  # neither devices nor batch are printed


def from_neox(row, value):
    return {"speed": by_convention(value, "megatron_full"), "count": 96, "sequence": 2048, "global_batch": 1536, "recompute": "full",
            "attention": "unfused", "parallel": {"tp": 2, "pp": 4, "zero": 1}}  # the paper


def from_opt(row, value):
    return {"speed": by_convention(value, "megatron_full"), "count": 992, "sequence": 2048, "global_batch": 1024,
            "recompute": "full", "parallel": {"tp": 8, "zero": 3, "fsdp": True}}


def from_llama_1(row, value):
    return {"speed": value, "count": 2048, "sequence": 2048, "global_batch": 2048}


# What the source has in its name, the metric that begins so, who reads it, and what the source is called.
READERS = (
    ("llm-foundry", "tokens_per_s", from_foundry, "llm-foundry"), ("SC21", "tflops", from_2021, "SC21"),
    ("2201.11990", "iter_time", from_mt_nlg, "MT-NLG"), ("Korthikanti", "iter_time", from_korthikanti, "Korthikanti"),
    ("tr11", "iter_time", from_bloom, "BLOOM"), ("torchtitan", "tokens_per_s", from_torchtitan, "torchtitan"),
    ("Megatron-Bridge", "tokens_per_s", from_megatron_bridge, "Megatron-Bridge"),
    ("Llama 3 paper", "tflops", from_llama_3, "Llama 3"), ("", "gpu_hours_per_T", from_deepseek, "DeepSeek"),
    ("NeoX", "tflops", from_neox, "GPT-NeoX"), ("OPT", "tflops", from_opt, "OPT"),
    ("llm-analysis README", "tokens_per_s", from_llama_1, "LLaMA"))


def scenario_of(row, point):
    """A scenario of a run with fixed tokens, which only its speed is read from."""
    sequence = point.get("sequence") or int(row["seq_or_isl"] or 8192)
    return {"task": "train", "model": model_of(row), "tokens": 1e12, "sequence": sequence,
            "global_batch": point.get("global_batch") or number(row["batch_or_conc"]), **kernels(row),
            "hardware": {"device": DEVICES[row["hardware"]], "count": point.get("count") or int(row["n_dev"]),
                         "precision": point.get("precision") or precision(row)},
            **{key: point[key] for key in ("parallel", "micro_batch", "recompute", "kernels", "attention")
               if key in point}}


def points(rows, per_token):
    """Runs whose speed is known: {"ids", "kind", "source", "device", "scenario", "speed" per device, "row"}. per_token:
    FLOPs of a token of a scenario by a convention."""
    for row in rows:
        if row["category"] != "train":
            continue
        reader = next((r for r in READERS if r[0] in row["source"] and row["metric"].startswith(r[1])), None)
        if not reader or (reader[3] == "DeepSeek" and row["metric"] != "gpu_hours_per_T_tokens"):
            continue
        point = reader[2](row, float(row["value"]))
        scenario = scenario_of(row, point)
        speed = point["speed"]
        if isinstance(speed, tuple):
            speed = speed[0] / per_token(scenario, speed[1])
        yield {"ids": [row["id"]], "kind": "MoE" if row["model"] in WITH_EXPERTS else "dense", "source": reader[3],
               "device": DEVICES[row["hardware"]], "scenario": scenario, "speed": speed, "row": row}


def memory_points(rows):
    """Runs whose largest memory of a device is known, in bytes."""
    for row in rows:
        if not row["metric"].startswith("peak_train_memory"):
            continue
        value = float(row["value"]) * (1e9 if row["unit"] == "GB" else GIB)
        if "Llama-2" in row["model"]:
            scenario = {"task": "train", "model": "Llama-2-7B", "tokens": 1e12, "sequence": 4096, "global_batch": 2048,
                        "micro_batch": 2, "recompute": "none", "parallel": {"pp": 2, "zero": 1},
                        "hardware": {"device": "A100 SXM4 80GB", "count": 16}}
        else:
            point = from_torchtitan(row, 0)
            point["recompute"] = "full" if degree(row, "PP") > 1 else "sac"
            scenario = scenario_of(row, point)
            scenario["fused_loss"] = row["hardware"] == "H200"  # compiled since 2025
        yield {"ids": [row["id"]], "kind": "dense", "source": row["source"], "device": scenario["hardware"]["device"],
               "scenario": scenario, "memory": value, "row": row}


def run(model, device, count, sequence, batch_tokens, tokens, precision="bf16", **more):
    return {"task": "train", "model": model, "tokens": tokens, "sequence": sequence, "batch_tokens": batch_tokens,
            "hardware": {"device": device, "count": count, "precision": precision}, **more}


A100, H100 = "A100 SXM4 80GB", "H100 SXM5 80GB"
# Whole runs whose set-up is known well enough: what the row or the paper behind it says.
RUNS = {
    "train-0050": run("LLaMA-7B", A100, 2048, 2048, 4e6, 1e12),
    "train-0051": run("LLaMA-13B", A100, 2048, 2048, 4e6, 1e12),
    "train-0052": run("LLaMA-33B", A100, 2048, 2048, 4e6, 1.4e12),
    "train-0053": run("LLaMA-65B", A100, 2048, 2048, 4e6, 1.4e12),
    "train-0058": run("Llama-2-13B", A100, 2048, 4096, 4e6, 2e12),
    "train-0064": run("Llama-3.1-405B", H100, 16384, 8192, 16e6, 15.6e12,
                      parallel={"tp": 8, "pp": 16, "zero": 2, "vp": 8}),
    "train-0077": run("DeepSeek-V3", "H800 SXM5 80GB", 2048, 4096, 15360 * 4096, 14.8e12, "fp8",
                      parallel={"pp": 16, "ep": 64, "zero": 1}),
    "train-0089": run(MODELS["BLOOM 176B"], A100, 384, 2048, 2048 * 2048, 341e9, recompute="full", micro_batch=2,
                      attention="unfused", parallel={"tp": 4, "pp": 12, "zero": 1}),
    "train-0095": run(gpt(48, 1600, 25, 50257, 1024), H100, 8, 1024, 2 ** 20, 32e9, parallel={"zero": 1}),
    "train-0414": run("Nemotron-4-340B", H100, 6144, 4096, 2304 * 4096, 9e12,
                      parallel={"tp": 8, "pp": 12, "zero": 1, "vp": 8})}
HOURS = {"GPU-h": lambda value, count: value, "h": lambda value, count: value * count,
         "s": lambda value, count: 98.8 * 24 * count}  # BLOOM: a step is printed; the run took 98.8 days


def run_points(rows):
    """Whole runs whose device hours are known, interruptions and all."""
    by_id = {row["id"]: row for row in rows}
    for name, scenario in RUNS.items():
        row = by_id[name]
        hours = HOURS[row["unit"]](float(row["value"]), scenario["hardware"]["count"])
        if name == "train-0077":
            hours *= 2664 / 2788  # without the longer context and what came after
        yield {"ids": [name], "scenario": scenario, "hours": hours}
