# SPDX-License-Identifier: MIT
"""Fine-tuning once more: adapters as PEFT counts them (data/estimate/adapters.csv, see make_adapters.py), memory against
measured peaks (tuning_measured.csv) and from shapes alone, what is said to fit, and states and weights on the host."""
import csv
import json
import math
import re

SCENARIOS = [
    *({"task": "tune", "model": model, "hardware": {"device": "RTX 4090", "count": n}, **how}
      for model in ("Llama-3.1-8B", "Qwen3-30B-A3B") for n in (1, 4)
      for how in ({}, {"lora": 16}, {"lora": {"rank": 8, "targets": "q,v", "precision": "bf16"}, "base": "nf4"},
                  {"lora": {"experts": True}, "base": "int8", "paged": True, "parallel": {"zero": 3}},
                  {"trained": "bf16", "optimizer": "lion", "offload": {"optimizer": "host", "weights": "nvme"}},
                  {"lora": 4, "conventions": {"flops": "exact"}, "loss_chunks": 8, "kernels": "fused"})),
]


def at(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def check_adapters(estimate, folder):
    rows = list(csv.DictReader(open(folder / "adapters.csv", encoding="utf-8")))
    for row in rows:
        experts = row["targets"] == "experts"
        lora = {"rank": int(row["rank"]), "targets": "all" if experts else row["targets"], "experts": experts}
        value = at(estimate({"task": "tune", "model": row["name"], "lora": lora}), "parameters.trainable")
        if value != int(row["parameters"]):
            yield f"{row['name']}, adapters of {row['targets']}: {value}, PEFT has {row['parameters']}"
    if len(rows) < 400:
        yield f"only {len(rows)} counts of adapters"
    # Hu et al. 2021, table 4: GPT-3 with adapters of queries and values.
    for rank, printed in ((1, 4.7e6), (8, 37.7e6)):
        value = at(estimate({"task": "tune", "model": "GPT-3-175B", "lora": {"rank": rank, "targets": "q,v"}}),
                   "parameters.trainable")
        if round(value / 1e6, 1) * 1e6 != printed:
            yield f"GPT-3 with adapters of rank {rank}: {value}, printed {printed}"


def check_tuning(estimate):
    """QLoRA of Llama 3.1 8B on one card, counted anew; its shapes are known."""
    hidden, layers, ffn, vocab, kv, heads, tokens, rank = 4096, 32, 14336, 128256, 1024, 32, 2 * 1024, 16
    body = layers * (2 * hidden * hidden + 2 * hidden * kv + 3 * hidden * ffn)
    adapters = layers * rank * (2 * (hidden + hidden) + 2 * (hidden + kv) + 3 * (hidden + ffn))
    report = estimate({"task": "tune", "model": "Llama-3.1-8B", "lora": rank, "base": "nf4", "sequence": 1024,
                       "micro_batch": 2, "recompute": "full", "examples": 1e4, "example_tokens": 300, "epochs": 3,
                       "hardware": {"device": "RTX 4090"}, "output": {"explain": True}})
    active = 8030261248
    kept = (8 + 16) * hidden + (2 * (heads * 128 + 2 * kv + heads * 128) + 4 * heads) + 2 * 3 * ffn * 4 / 3
    kept += 3 * (2 * hidden + heads * 128 + ffn)  # inputs of products with quantized weights
    expected = {
        "parameters.trainable": adapters, "tokens.total": 1e4 * 300 * 3,
        "flops.per_token": 4 * active + 6 * adapters, "flops.total": (4 * active + 6 * adapters) * 9e6,
        "memory.weights": body * (4 + 8 / 64 + 32 / 64 / 256) / 8 + 2 * 2 * hidden * vocab,
        "memory.adapters": 4 * adapters, "memory.gradients": 4 * adapters, "memory.optimizer": 8 * adapters,
        "memory.activations": 2 * hidden * tokens * layers,
        "memory.working": (kept - 2 * hidden) * tokens + 2 * 2 * hidden * tokens + 2 * hidden * ffn,
        "memory.logits": 12 * tokens * vocab,
    }
    bandwidth = 0.8 * 1008e9
    width = report["micro"]["product_rate"]["value"]
    expected.update({
        "micro.products": 2 * body * (2 + 1) * tokens / width,
        "micro.adapters": 8 * adapters / rank * tokens / bandwidth,
        "micro.unpack": 1.6 * ((4 + 8 / 64 + 32 / 64 / 256) / 8 + 4) * body * 3 / bandwidth,
        "step.update": 30 * adapters / bandwidth,
    })
    for path, value in expected.items():
        if not math.isclose(at(report, path), value, rel_tol=1e-9):
            yield f"fine-tuning: {path} is {at(report, path)}, expected {value}"
    if at(report, "memory.total") > 24 * 2 ** 30 or not report["feasible"]:
        yield "8B in 4 bits does not fit on 24 GiB"
    # Dettmers et al. 2023: 65B on one device of 48 GB, 33B on one of 24 GB.
    for model, device, fits in (("LLaMA-65B", "RTX A6000", True), ("LLaMA-30B", "RTX 4090", True),
                                ("LLaMA-65B", "RTX 4090", False)):
        report = estimate({"task": "tune", "model": model, "lora": {"rank": 64, "precision": "bf16"}, "base": "nf4",
                           "paged": True, "sequence": 512, "hardware": device})
        if report["feasible"] != fits:
            yield f"fine-tuning {model} in 4 bits on {device}: feasible is {report['feasible']}"
    whole = estimate({"task": "tune", "model": "Llama-3.1-8B", "hardware": "RTX 4090"})
    codes = {remark["code"] for remark in whole["remarks"] if remark["kind"] == "change"}
    if whole["feasible"] or not codes & {"adapters", "quantized"}:
        yield f"8B as a whole on 24 GiB: feasible is {whole['feasible']}, changes {codes}"


def check_heads(estimate):
    """A head of its own, which the tied one of Gemma 2B is not: its bytes, what it is unpacked to, and its adapters."""
    hidden, vocab, layers, ffn, q, kv = 2048, 256000, 18, 16384, 2048, 256
    body, rank = layers * (2 * hidden * (q + kv) + 3 * hidden * ffn), 16
    scenario = {"task": "tune", "model": "Gemma-2B", "lora": {"rank": rank, "targets": "all,head"}, "micro_batch": 1,
                "sequence": 512, "recompute": "none", "hardware": "H100 SXM5 80GB", "output": {"explain": True}}
    adapters = layers * rank * (2 * (hidden + q) + 2 * (hidden + kv) + 3 * (hidden + ffn)) + rank * (hidden + vocab)
    for base, own, frozen, unpacked in (
            ("bf16", False, 2 * (body + hidden * vocab), None), ("bf16", True, 2 * (body + 2 * hidden * vocab), None),
            ("int8", False, body + 2 * hidden * vocab, hidden * ffn), ("int8", True, body + 3 * hidden * vocab, hidden * vocab)):
        report = estimate({**scenario, "base": base, "own_head": own})
        for path, value in (("parameters.trainable", adapters), ("memory.weights", frozen),
                            ("base.unpacked", unpacked and 2 * unpacked)):
            if value and at(report, path) != value:
                yield f"Gemma 2B, {base}, own_head {own}: {path} is {at(report, path)}, expected {value}"
    kept = {}
    for norms in ("Gemma-2B", "Gemma-2-2B"):  # two norms in a layer, and four
        explained = [estimate({**scenario, "model": norms, "constants": {"k.tune_norms": bytes}})["memory"]["layer_whole"]["value"]
                     for bytes in (0, 1)]
        kept[norms] = explained[1] - explained[0]
    if kept != {"Gemma-2B": 2 * 2048, "Gemma-2-2B": 4 * 2304}:
        yield f"inputs of norms in a layer: {kept}"
    for wrong in ({"own_head": True}, {"lora": {"targets": "head,tail"}}):
        try:
            estimate({"task": "tune", "model": "Gemma-2B", "hardware": "H100 SXM5 80GB", **wrong})
            yield f"{wrong} is taken"
        except ValueError as error:
            if not re.search(r"own_head: frozen weights need adapters|lora.targets: \"tail\" is none of", str(error)):
                yield f"{wrong}: {error}"


def check_changes(estimate):
    """What is said to fit does."""
    base = {"task": "tune", "model": "Llama-3.1-8B", "hardware": {"device": "RTX 4090", "count": 1}}
    changes = {"adapters": {"lora": 16}, "quantized": {"lora": 16, "base": "nf4"}, "paged": {"paged": True}}
    for scenario in (base, {**base, "lora": 16, "sequence": 16384}, {**base, "model": "Llama-3.1-70B", "lora": 16},
                     {**base, "trained": "bf16", "sequence": 1024}, {**base, "model": "Qwen3-0.6B", "sequence": 65536}):
        report = estimate(scenario)
        said = [remark for remark in report["remarks"] if remark["kind"] == "change"]
        if report["feasible"] == bool(said):
            yield f"{scenario}: feasible is {report['feasible']}, changes {said}"
        for remark in said:
            number = re.search(r"(\d+) (tokens|devices)", remark["text"])
            if remark["code"] == "shorter":
                changed = {**scenario, "sequence": int(number[1])}
            elif remark["code"] == "more_devices":
                changed = {**scenario, "hardware": {**base["hardware"], "count": int(number[1])}}
            elif remark["code"] == "offload":
                changed = {**scenario, "offload": json.loads(re.search(r"\{.*\}", remark["text"])[0])}
            else:
                changed = {key: value for key, value in {**scenario, **changes[remark["code"]]}.items()
                           if key != "trained" or "lora" not in changes[remark["code"]]}
            if not estimate(changed)["feasible"]:
                yield f"{scenario}: it does not fit with {remark['text']}"


def check_offload(estimate):
    """DeepSpeed's tables of bytes for a model on one host of 8 devices (docs/code-docs/source/memory.rst), for each
    parameter; and the time that moving takes."""
    shape = {"layers": 24, "hidden": 3072, "heads": 24, "vocab": 32000}
    n = 24 * 12 * 3072 ** 2 + 32000 * 3072
    scenario = {"task": "train", "model": shape, "tokens": 1e9, "global_batch": 64, "micro_batch": 2, "sequence": 1024,
                "recompute": "full", "output": {"explain": True}, "hardware": {"device": "A100 SXM4 80GB", "count": 8}}
    printed = {  # GiB for 2,851 million parameters
        (2, "host", "device"): (5.31, None), (3, "host", "device"): (0.78 - 0.12, 63.72),
        (3, "host", "host"): (0, 71.69), (3, "device", "device"): (6.09 - 0.12, None)}
    for (stage, states, weights), (device, host) in printed.items():
        report = estimate({**scenario, "parallel": {"zero": stage},
                           "offload": {"optimizer": states, "weights": weights}})
        held = sum(at(report, "memory." + part) for part in ("weights", "optimizer"))
        if states == "device":
            held += at(report, "memory.gradients")
        if abs(held / n - device * 2 ** 30 / 2851e6) > 0.01:
            yield f"offload {stage} {states} {weights}: {held / n} bytes a parameter, printed {device} GiB"
        if host and abs(at(report, "host.needed") / n / (host * 2 ** 30 / 2851e6) - 1) > 2e-3:
            yield f"offload {stage} {states} {weights}: host {at(report, 'host.needed') / n}, printed {host} GiB"
    report = estimate({**scenario, "parallel": {"zero": 3}, "offload": {
        "optimizer": "nvme", "weights": "host", "link": 4e8, "bandwidth": 50e9, "drive": 4e9}})
    micros, micro = 64 / 8 / 2, at(report, "micro.time")
    moved = max(0, 2 * micros * 2 * n / 8 / 4e8 - micros * micro)
    moved += max(0, 2 * micros * n / 8 / 4e8 - 2 / 3 * micros * micro) + 2 * 12 * n / 4e9
    for path, expected in (("step.offload", moved), ("step.update", 30 * n / 50e9), ("host.drive_needed", 16 * n)):
        if not math.isclose(at(report, path), expected, rel_tol=1e-9):
            yield f"offload to a drive: {path} is {at(report, path)}, expected {expected}"


def check_tuning_memory(estimate, folder):
    """Live bytes against measured peaks, which are the allocator's and have no context in them."""
    errors = {"": [], "nf4": []}
    for row in csv.DictReader(open(folder / "tuning_measured.csv", encoding="utf-8")):
        scenario = {"task": "tune", "model": row["model"], "sequence": int(row["sequence"]),
                    "micro_batch": int(row["micro_batch"]), "recompute": row["recompute"], "kernels": row["kernels"],
                    "fused_loss": row["kernels"] == "fused", "loss_chunks": int(row["loss_chunks"]),
                    "optimizer": row["optimizer"], "paged": row["paged"] == "yes",
                    "free_gradients": row["paged"] == "yes", "hardware": "A100 SXM4 80GB",
                    "output": {"explain": True}}
        if row["rank"]:
            scenario.update(lora={"rank": int(row["rank"]), "targets": row["targets"], "precision": "bf16"},
                            base=row["base"] or "bf16", double_quantization=row["double"] == "yes",
                            own_head=row["own_head"] == "yes")
        else:
            scenario["trained"] = "bf16"
        if row["attention"]:
            scenario["attention"] = row["attention"]
        report = estimate(scenario)
        live = at(report, "memory.total") - at(report, "memory.overhead")
        errors[row["base"] if row["base"] == "nf4" else ""].append(live / float(row["bytes"]) - 1)
    for kind, most in (("", 0.03), ("nf4", 0.07)):
        values = sorted(map(abs, errors[kind]))
        if len(values) < 10 or values[len(values) // 2] > most or values[-1] > 0.15:
            yield f"memory of fine-tuning {kind}: {len(values)} points, errors {[round(x, 3) for x in errors[kind]]}"


def check(estimate, folder):
    yield from check_adapters(estimate, folder)
    yield from check_tuning(estimate)
    yield from check_heads(estimate)
    yield from check_changes(estimate)
    yield from check_offload(estimate)
    yield from check_tuning_memory(estimate, folder)
