# SPDX-License-Identifier: MIT
"""FLOPs by each convention against published figures: 0.5 % for dense models, 1 % with experts, and what the last
printed digit leaves open. The figures are in rows of measured.csv (kinds "train" and "flops"), which print an efficiency
or TFLOP/s beside a speed; those of Hoffmann et al. and Chowdhery et al. stand here."""
import csv
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import measured_training

DENSE, EXPERTS = 0.005, 0.01
PEAKS = {"a100_40gb": 312e12, "a100_80gb": 312e12, "h100_80gb": 989.5e12}  # as llm-foundry has them; FP8: twice


def by_convention(estimate, model, sequence, convention):
    """Training FLOPs of a token, and the parameters that a token uses."""
    report = estimate({"task": "train", "model": model, "tokens": 1, "sequence": sequence,
                       "conventions": {"flops": convention}})
    return report["flops"]["per_token"]["value"], report["parameters"]["active"]["value"]


def from_rows(rows):
    """(id, convention, model, sequence, published FLOPs of a token, what rounding leaves open, kind)"""
    korthikanti = {r["model"]: float(r["value"]) for r in rows if r["metric"] == "iter_time_selective+SP"}
    speeds = {(r["model"], r["n_dev"], r["parallelism"]): float(r["value"]) for r in rows
              if r["metric"] == "tflops_per_gpu" and "Table 2" in r["source"]}
    sizes = {"GPT 22B": 4, "GPT-3 175B": 64, "MT-NLG 530B": 280, "GPT 1T": 512}  # sequences of a step
    for row in rows:
        model, sequence = measured_training.model_of(row), int(row["seq_or_isl"] or 2048)
        kind = "MoE" if row["model"] in measured_training.WITH_EXPERTS else "dense"
        value = float(row["value"])
        if "llm-foundry" in row["source"]:
            share = re.search(r"MFU ([\d.]+)", row["note"]).group(1)
            peak = 1979e12 if "fp8" in row["precision"] else PEAKS[row["hardware"]]
            yield row["id"], "palm", model, sequence, float(share) / 100 * peak / value, 0.005 / float(share), kind
        elif "Megatron-Bridge" in row["source"]:
            teraflops = float(re.match(r"(\d+) model", row["note"]).group(1))
            yield row["id"], "nvidia", model, sequence, teraflops * 1e12 / value, 0.5 / teraflops, kind
        elif row["metric"] == "days_for_300B_tokens":
            teraflops = speeds.get((row["model"], row["n_dev"], row["parallelism"]))
            if teraflops:
                work = value * 86400 * int(row["n_dev"]) * teraflops * 1e12
                yield row["id"], "megatron_full", model, sequence, work / 300e9, 0.5 / value, kind
        elif "Korthikanti" in row["source"] and row["metric"] == "mfu":
            rate = sizes[row["model"]] * sequence / korthikanti[row["model"]] / int(row["n_dev"])
            yield row["id"], "megatron", model, sequence, value / 100 * 312e12 / rate, 0.05 / value, kind
            hardware = re.search(r"HFU ([\d.]+)", row["note"])
            if hardware:
                share = float(hardware.group(1))
                yield row["id"], "megatron_selective", model, sequence, share / 100 * 312e12 / rate, 0.05 / share, kind


def check_rows(estimate, rows):
    known, counts = {}, {}
    for name, convention, model, sequence, published, rounding, kind in from_rows(rows):
        key = (convention, repr(model), sequence)
        if key not in known:
            known[key] = by_convention(estimate, model, sequence, convention)[0]
        counts[convention, kind] = counts.get((convention, kind), 0) + 1
        if abs(known[key] / published - 1) > (DENSE if kind == "dense" else EXPERTS) + rounding:
            yield f"{name}: {convention} is {known[key]:.5g} FLOP a token, published {published:.5g}"
    for key, least in ((("palm", "dense"), 190), (("nvidia", "dense"), 9), (("nvidia", "MoE"), 10),
                       (("megatron_full", "dense"), 9), (("megatron", "dense"), 4), (("megatron_selective", "dense"), 3)):
        if counts.get(key, 0) < least:
            yield f"{key}: {counts.get(key, 0)} published figures, expected {least}"


PROFILED = {  # without the output matrix where the class is the base model
    "bloom-1b7": (measured_training.gpt(24, 2048, 16, 250880, 0), False),
    "bloom-7b1": (measured_training.gpt(30, 4096, 32, 250880, 0), False),
    "baichuan-7B": (measured_training.llama(32, 4096, 32, 32, 11008, 64000), True),
    "chatglm-6b": (measured_training.gpt(28, 4096, 32, 130528, 0), True),
    "chatglm2-6b": (measured_training.llama(28, 4096, 32, 2, 13696, 65024), True), "llama2-7b": ("Llama-2-7B", True),
    "pythia-12b": (measured_training.gpt(36, 5120, 40, 50688, 0, tied=False), False),
    "moss-moon-003-sft": (measured_training.gpt(34, 6144, 24, 107008, 0, tied=False), True)}


def check_profiled(estimate, rows):
    """Of 128 tokens forward, by calflops. It misses one of BLOOM's two products of attention, as Kaplan et al. do."""
    rows = [r for r in rows if r["category"] == "flops"]
    for row in rows:
        model, has_head = PROFILED[row["model"]]
        if row["model"].startswith("bloom"):
            value = by_convention(estimate, model, 128, "kaplan")[0] / 3 * 128
        else:
            value = by_convention(estimate, model, 128, "profiler")[0] / 3 * 128
            value -= 0 if has_head else 128 * 2 * model["vocab"] * model["hidden"]
        if abs(value / 1e9 / float(row["value"]) - 1) > DENSE:
            yield f"{row['id']}: {row['model']} takes {value / 1e9:.2f} GFLOP, published {row['value']}"
    if len(rows) != 8:
        yield f"{len(rows)} profiled models, expected 8"


# Hoffmann et al. 2022, table A4: layers, width, heads, width of heads, FLOPs over 6 N D. The embedding and the logits are
# left out of it, and N has a matrix of relative positions.
TABLE_A4 = ((10, 640, 10, 64, 1.03), (20, 1024, 16, 64, 1.10), (24, 1280, 10, 128, 1.08), (26, 1792, 14, 128, 1.04),
            (28, 2048, 16, 128, 1.03), (40, 3584, 28, 128, 0.99))


def check_papers(estimate):
    for layers, hidden, heads, width, ratio in TABLE_A4:
        model = {**measured_training.gpt(layers, hidden, heads, 32000, 0), "head_dim": width}
        flops, parameters = by_convention(estimate, model, 2048, "chinchilla")
        found = (flops - 3 * 4 * 32000 * hidden) / (6 * (parameters + layers * hidden ** 2))
        if abs(found - ratio) > 0.005 + 1e-3:
            yield f"Hoffmann et al., table A4, {layers} layers: {found:.4f} of 6 N D, published {ratio}"
    # Chowdhery et al. 2022, section 4.1: 238.3 thousand tokens a second on 6144 TPU v4 are an MFU of 46.2 %.
    palm = {"layers": 118, "hidden": 18432, "heads": 48, "kv_heads": 1, "head_dim": 256, "ffn": 73728, "gated": True,
            "vocab": 256000, "tied": True}
    share = by_convention(estimate, palm, 2048, "palm")[0] * 238.3e3 / (6144 * 275e12)
    if abs(share / 0.462 - 1) > DENSE:
        yield f"PaLM: an MFU of {share:.4f}, published 0.462"


def check_side_by_side(estimate):
    """The same run by all conventions: each as if it had been chosen, and what follows from it."""
    scenario = {"task": "train", "model": "Llama-3.1-8B", "tokens": 15e12, "sequence": 8192,
                "hardware": {"device": "H100 SXM5 80GB", "count": 512}, "mfu": 0.4}
    report = estimate({**scenario, "conventions": {"flops": "nvidia", "compare": True}})
    used = report["flops"]["per_token"]["value"]
    names = [name for name, one in report["conventions"].items() if "per_token" in one]
    for name in names:
        one = report["conventions"][name]
        alone = by_convention(estimate, "Llama-3.1-8B", 8192, name)[0]
        for key, expected in (("per_token", alone), ("forward", alone / 3), ("total", alone * 15e12),
                              ("ratio", alone / used), ("mfu", 0.4 * alone / used)):
            if abs(one[key]["value"] / expected - 1) > 1e-12:
                yield f"conventions.{name}.{key} is {one[key]['value']}, expected {expected}"
    if len(names) != 10:
        yield f"side by side are {names}"
    peaks = report["conventions"]["dense"], report["conventions"]["sparse"]
    if [p["mfu"]["value"] for p in peaks] != [0.4, 0.4 * peaks[0]["peak"]["value"] / peaks[1]["peak"]["value"]]:
        yield f"peaks side by side: {peaks}"
    tuning = {"task": "tune", "model": "Llama-3.1-8B", "hardware": "H100 SXM5 80GB"}
    for lora, known in ({}, 10), ({"lora": 16}, 2):  # others say nothing of frozen weights
        report = estimate({**tuning, **lora, "conventions": {"compare": True}})
        names = [name for name, one in report["conventions"].items() if "per_token" in one]
        if len(names) != known:
            yield f"side by side of fine-tuning with {lora} are {names}"
        for name in names:
            alone = estimate({**tuning, **lora, "conventions": {"flops": name}})["flops"]["per_token"]["value"]
            if abs(report["conventions"][name]["per_token"]["value"] / alone - 1) > 1e-12:
                yield f"conventions.{name}.per_token of fine-tuning with {lora} differs from {alone}"
    report = estimate({"task": "serve", "model": "Llama-3.1-8B", "hardware": "H100", "concurrency": 8,
                       "conventions": {"compare": True}, "load": {"input_tokens": 1000, "output_tokens": 10}})
    one, latency = report["conventions"], report["latency"]
    expected = {"inclusive": (latency["ttft"]["value"] + 9 * latency["tpot"]["value"]) / 10,
                "without_first": latency["tpot"]["value"], "speed": 1 / latency["tpot"]["value"]}
    for key, value in expected.items():
        if abs(one["tpot"][key]["value"] / value - 1) > 1e-9:
            yield f"conventions.tpot.{key} is {one['tpot'][key]['value']}, expected {value}"
    if abs(one["throughput"]["all"]["value"] / one["throughput"]["output"]["value"] / 101 - 1) > 1e-9:
        yield f"conventions.throughput: {one['throughput']}"
    if abs(one["memory"]["gb"]["value"] / one["memory"]["gib"]["value"] / 1.073741824 - 1) > 1e-9:
        yield f"conventions.memory: {one['memory']}"


def check(estimate, folder):
    rows = list(csv.DictReader(open(folder / "measured.csv", encoding="utf-8")))
    yield from check_rows(estimate, rows)
    yield from check_profiled(estimate, rows)
    yield from check_papers(estimate)
    yield from check_side_by_side(estimate)
