#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Estimates against what is published, and their explanations against arithmetic.

usage: estimates.py LIBRARY DATA_FOLDER MODELS_JSON

- data/estimate/seed_rows.csv: every computed figure of the reports 000 and 004, to the printed digit.
- data/estimate/parameters.csv: parameters of every preset, counted by transformers (see make_parameters.py).
- data/estimate/training.json: training runs through an independent implementation of the closed form.
- data/estimate/serving_cases.json: latency, throughput and memory of serving, by another implementation of the model.
- estimate_flops.py: FLOPs by each convention, as others published them.
- estimate_scaling.py: scaling laws.
- estimate_stored.py: what weights are published in.
- estimate_tuning.py: fine-tuning, and states and weights that are not on the device.
- estimate_money.py: power, energy, carbon and money.
- Searches, against trying every combination one by one.
- Every formula that a report prints, evaluated here with the numbers that it prints, gives the figure.
"""
import csv
import ctypes
import itertools
import json
import math
import pathlib
import re
import sys
import tempfile

import estimate_flops  # which finds the modules of tests/bench
import estimate_money
import measured_memory
import refit
import estimate_scaling
import estimate_stored
import estimate_tuning

class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("message", ctypes.c_char * 508)]


class Estimator:
    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.runtime, self.error = ctypes.c_void_p(), Error()
        if self.library.libllm_runtime_create(None, ctypes.byref(self.runtime), ctypes.byref(self.error)):
            sys.exit(self.error.message.decode())

    def __call__(self, scenario):
        text = json.dumps(scenario).encode()
        needed, buffer = ctypes.c_size_t(), ctypes.create_string_buffer(1 << 20)
        status = self.library.libllm_estimate_run(
            self.runtime, text, ctypes.c_size_t(len(text)), buffer, ctypes.c_size_t(len(buffer)), ctypes.byref(needed),
            ctypes.byref(self.error))
        if status:
            raise ValueError(self.error.message.decode())
        return json.loads(buffer.raw[:needed.value])


def at(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def half_up(x, digits=0):
    return math.floor(x * 10 ** digits + 0.5 + 1e-9) / 10 ** digits


def scientific(x, digits):
    """x with so many significant digits, rounded half up, as a float."""
    exponent = math.floor(math.log10(x))
    return float(f"{half_up(x / 10 ** exponent, digits - 1)}e{exponent}")


def training(row):
    size = float(row["params"])
    tokens = {"per_parameter": 38.5}
    scenario = {"task": "train", "model": {"parameters": size}, "tokens": tokens}
    if "B tokens" in row["conditions"]:
        per, billions = re.match(r"(\d+) FLOP/param/token, (\d+)B tokens", row["conditions"]).groups()
        scenario["tokens"] = {"total": float(billions) * 1e9}
        scenario["conventions"] = {"flops_per_parameter_token": float(per)}
    return scenario


def device(row):
    return {"device": re.match(r"\w+", row["hardware"]).group(), "peak": "sparse"}


def serving(row, hardware=None):
    return {"task": "serve", "method": "flops", "mfu": 0.3, "hardware": hardware or {"device": "A100"},
            "model": {"parameters": float(row["params"] or 1e9)},
            "load": {"visits_per_month": 14e8, "questions_per_visit": 15, "tokens_per_query": 600, "peak_factor": 10}}


def table(document, name):
    return next(t for t in document["tables"] if t["id"] == name)["rows"]


def seed_value(row, estimate, reports):
    """The figure of a row, in the row's unit."""
    metric = row["metric"]
    if metric == "train_flops":
        return at(estimate(training(row)), "flops.total") / (1e15 if row["unit"] == "PFLOP" else 1)
    if metric == "train_pf_days":
        rows = table(reports["seed-000"], "gpt3_paper")
        return next(r for r in rows if r[0] == row["model"])[1]["value"]
    if metric == "n_accelerators":
        days = float(re.search(r"(\d+) days", row["conditions"]).group(1))
        return at(estimate({**training(row), "mfu": 0.3, "days": days, "hardware": device(row)}),
                  "devices.count")
    if metric == "n_accelerators_inference":
        return at(estimate(serving(row, {**device(row), "precision": "int8"})), "devices.count")
    if metric == "inference_flops_per_day":
        return at(estimate(serving(row)), "flops.per_day") / 1e15
    if metric in ("qps", "tokens_per_s", "peak_tokens_per_day"):
        path = {"qps": "queries_per_second", "tokens_per_s": "tokens_per_second"}.get(metric, metric)
        return at(estimate(serving(row)), "load." + path) / float(
            row["unit"].split()[0])
    if metric in ("n_accelerators_total", "n_servers"):
        rows = table(reports["seed-000"], "total")
        sizes = [cell["value"] for cell in rows[0][1:]]
        return rows[1 if metric == "n_accelerators_total" else 2][1:][sizes.index(float(row["params"]) / 1e8)]["value"]
    if metric == "market_size":
        rows = table(reports["seed-000"], "market")
        size = re.match(r"dense (\d+)B", row["model"])
        found = [r for r in rows[1:] if size and isinstance(r[0], dict) and r[0]["value"] == float(size.group(1)) * 10]
        return (found or [rows[-1]])[0][4]["value"]
    index = {"train_time": 7, "compute_month": 6, "ops_cost_month": 5, "train_cost": 3}[metric]
    value = table(reports["seed-004"], "chatgpt")[index][1]["value"]
    return value * 1e4 if "cost" in metric else value


def check_seeds(estimate, folder):
    reports = {name: estimate({"task": "report", "report": name}) for name in ("seed-000", "seed-001", "seed-004")}
    rows = list(csv.DictReader(open(folder / "seed_rows.csv", encoding="utf-8")))
    for row in rows:
        value, printed = seed_value(row, estimate, reports), row["value"]
        digits = printed.split("e")[0].split("E")[0]
        significant = len(digits.replace(".", "").lstrip("0"))
        if row["metric"] in ("train_flops", "inference_flops_per_day", "train_pf_days"):
            good = scientific(value, 3) == float(printed)
        else:
            good = half_up(value, len(digits.partition(".")[2])) == float(printed) if "e" not in printed.lower() else \
                scientific(value, significant) == float(printed)
        if not good:
            yield f"{row['id']}: {row['model']} {row['metric']}: {value}, printed {printed}"
    if len(rows) != 137:
        yield f"{len(rows)} rows of the reports, expected 137"
    yield from check_corrected(estimate)
    # What nobody printed follows the same formulas.
    for n, days, per, peak in ((7e9, 45, 20, 312e12), (123e9, 12.5, 100, 312e12)):
        report = estimate({"task": "train", "model": {"parameters": n}, "tokens": {"per_parameter": per}, "mfu": 0.37,
                           "days": days, "hardware": "A100"})
        expected = math.ceil(6 * n * n * per / (0.37 * peak * days * 86400))
        if at(report, "devices.count") != expected:
            yield f"{n} in {days} days: {at(report, 'devices.count')}, expected {expected}"


def check_corrected(estimate):
    """Dense peaks double the devices; where memory bounds decoding, no device gives more than its bandwidth allows."""
    printed, corrected = (estimate({"task": "report", "report": "seed-000", "mode": mode})
                          for mode in ("as-printed", "corrected"))
    before, dense, served = (table(one, name) for one, name in (
        (printed, "inference"), (corrected, "inference"), (corrected, "inference_corrected")))
    for device, bandwidth, sparse in (("A100 SXM4 80GB", 2.039e12, 2), ("H100 SXM5 80GB", 3.35e12, 2)):
        for size, parameters in enumerate((10e9, 50e9, 100e9, 300e9, 500e9, 1e12, 2e12), 1):
            old, new = (next(row for row in rows if row[0] == f"{device} INT8")[size]["value"] for rows in (before, dense))
            if not 1.99 * old < new <= sparse * old + 1:
                yield f"{device}, {parameters:g}: {new} devices by the dense peak, {old} by the sparse one"
            replica, tpot, devices, watts = (next(row for row in served if row[0].startswith(f"{device}: {text}"))[size]["value"]
                                             for text in ("devices of", "time per", "devices, decoding", "power"))
            if tpot / 1e3 < 0.85 * parameters / (8 * bandwidth):  # the stages of a pipeline read one after the other
                yield f"{device}, {parameters:g}: {tpot} ms a token, less than reading the weights takes"
            questions = 14e8 * 15 / (30 * 86400) * 10
            if not devices >= questions * 300 * tpot / 1e3 / (64 * replica / 8) * replica:
                yield f"{device}, {parameters:g}: {devices} devices do not generate the answers"
            if not 0.2e-3 < watts / devices < 2e-3:
                yield f"{device}, {parameters:g}: {watts} MW"


def check_parameters(estimate, folder, models):
    path = folder / "parameters.csv"
    counted = {row["name"]: row for row in csv.DictReader(open(path, encoding="utf-8"))}
    names = [model["name"] for model in json.load(open(models, encoding="utf-8"))]
    for name in names:
        if name not in counted:
            yield f"{name}: not in parameters.csv"
            continue
        try:
            report = estimate({"model": {"preset": name}})
        except ValueError as problem:
            yield str(problem)
            continue
        for column, figure in (("total", "parameters.total"), ("active", "parameters.active"),
                               ("kv_bytes_per_token", "kv.bytes_per_token")):
            if at(report, figure) != int(counted[name][column]):
                yield f"{name}: {figure} is {at(report, figure)}, counted {counted[name][column]}"
        mtp = at(report, "parameters.mtp") if "mtp" in report["parameters"] else 0
        if mtp != int(counted[name]["mtp"]):
            yield f"{name}: parameters.mtp is {mtp}, counted {counted[name]['mtp']}"
    if len(names) < 80:
        yield f"{len(names)} presets, expected at least 80"


def erlang_c(n, a):
    """From the definition, in logarithms: independent of the recursion that the library uses."""
    n = math.floor(n)
    if a <= 0 or n <= a:
        return 1 if a > 0 else 0
    terms = [k * math.log(a) - math.lgamma(k + 1) for k in range(n)]
    last = n * math.log(a) - math.lgamma(n + 1) + math.log(n / (n - a))
    most = max(terms + [last])
    return math.exp(last - most) / (sum(math.exp(t - most) for t in terms) + math.exp(last - most))


CSV_COLUMNS = {"bf16_fp16_dense_tflops": ("fp16", 1e12), "fp8_dense_tflops": ("fp8", 1e12), "mamf_bf16_tflops": ("mamf", 1e12),
               "mem_bw_gbs": ("bw", 1e9), "mem_gb": ("mem", 2 ** 30), "scaleup_gbs_per_dir": ("link", 1e9),
               "scaleup_domain": ("domain", 1), "scaleout_gbps": ("nic", 1e9 / 8), "tdp_w": ("tdp", 1)}


def write_devices(cases, folder):
    """The devices as the cases have them, so that better claims in the library's own table change nothing here."""
    with open(folder / "accelerators.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["vendor", "name", "aliases", "kind", "marketing_sparse_factor",
                                       "marketing_fp16_sparse_tflops", "fp32_vector_tflops", "int8_dense_tops",
                                       "fp4_dense_tflops", "launch_price_usd", *CSV_COLUMNS, "confidence", "source"])
        writer.writeheader()
        for name, hardware in {case["device"]: case["hardware"] for case in cases}.items():
            numbers = {column: hardware[key] / unit or "" for column, (key, unit) in CSV_COLUMNS.items()}
            writer.writerow({"vendor": "Maker", "name": name, "confidence": "A", "source": "the case", **numbers})


def training_model(m):
    if "mla" in m:
        q = m["mla"]
        return {"config": {
            "model_type": "deepseek_v3", "hidden_size": m["h"], "num_hidden_layers": m["L"], "vocab_size": m["V"],
            "num_attention_heads": m["a"], "intermediate_size": m["f"], "q_lora_rank": q["q"], "kv_lora_rank": q["kv"],
            "qk_nope_head_dim": q["nope"], "qk_rope_head_dim": q["rope"], "v_head_dim": q["v"],
            "n_routed_experts": m["E"], "num_experts_per_tok": m["k"], "moe_intermediate_size": m["fe"],
            "n_shared_experts": m["shared"] // m["fe"], "first_k_dense_replace": m["dense_layers"], "n_group": 8,
            "topk_group": m["route_groups"], "tie_word_embeddings": m["tied"]}}
    numbers = {"layers": m["L"], "hidden": m["h"], "heads": m["a"], "kv_heads": m["g"], "head_dim": m["d"],
               "ffn": m["f"], "gated": m["gated"], "vocab": m["V"], "tied": m["tied"], "positions": m["pos"]}
    if m.get("window"):
        numbers.update(window=m["window"], windowed_layers=m["win_frac"] * m["L"])
    if m.get("E"):
        numbers.update(experts=m["E"], experts_used=m["k"], expert_ffn=m["fe"], shared_ffn=m["shared"],
                       dense_layers=m["dense_layers"])
    return numbers


def training_scenario(case, folder):
    c, r = case["config"], case["resolved"]
    parallel = {key: r[key] for key in ("tp", "pp", "cp", "ep", "vp", "zero")}
    parallel.update({key: bool(r[key]) for key in ("fsdp", "sp", "async_tp", "flat")})
    scenario = {"task": "train", "data": str(folder), "model": training_model(case["model"]), "tokens": 1e12,
                "sequence": c["seq"], "global_batch": c["batch"], "parallel": parallel, "attention": r["attention"],
                "kernels": "eager" if r["eager"] else "fused", "fused_loss": bool(r["fused_loss"]),
                "hardware": {"device": case["device"], "count": c["n"], "precision": r["precision"]}}
    if c.get("micro") or c.get("micro_rule"):
        scenario["micro_batch"] = r["micro"]
    if c.get("recompute"):
        scenario["recompute"] = c["recompute"]
    return scenario


# What the reference calls it: where the library puts it.
TIMES = {"gemm": "micro.products", "head": "micro.head", "attention": "micro.attention",
         "elementwise": "micro.elementwise", "loss": "micro.loss", "launch": "micro.launch", "experts": "micro.experts",
         "routing": "micro.routing", "all_to_all": "micro.all_to_all", "tp": "micro.tensor_parallel",
         "cp": "micro.context_parallel", "pipeline": "micro.pipeline"}
TOTALS = {"bubble": "step.bubble", "optimizer": "step.update", "total": "step.time",
          "tokens_per_s_per_device": "train.tokens_per_second_per_device"}


def check_training(estimate, folder):
    cases = json.load(open(folder / "training.json", encoding="utf-8"))["cases"]
    with tempfile.TemporaryDirectory() as temporary:
        write_devices(cases, pathlib.Path(temporary))
        for i, case in enumerate(cases):
            report = estimate({**training_scenario(case, temporary), "output": {"explain": True}})
            micros = at(report, "batch.micros")
            found = {f"time.{key}": at(report, path) * micros for key, path in TIMES.items() if case["time"][key] > 0}
            found.update({f"time.{key}": at(report, path) for key, path in TOTALS.items()})
            found.update({f"memory.{key}": at(report, "memory." + key) for key in case["memory"]})
            found.update({"resolved.micro": at(report, "batch.micro"), "goodput": at(report, "goodput.share")})
            if case["resolved"]["recompute"] == "cheap":
                found["resolved.share"] = at(report, "recompute.share")
            for path, value in found.items():
                expected = case
                for part in path.split("."):
                    expected = expected[part]
                if not math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-12):
                    yield f"training case {i} ({case['device']}), {path}: {value}, the reference has {expected}"
            if report["feasible"] != case["resolved"]["fits"]:
                yield f"training case {i}: feasible is {report['feasible']}"
            if at(report, "recompute.kind") != case["resolved"]["recompute"]:
                yield f"training case {i}: recompute is {at(report, 'recompute.kind')}"


def check_layouts(estimate, folder):
    """What is searched for: the layout, and how few devices finish in time."""
    layouts = json.load(open(folder / "training.json", encoding="utf-8"))["layouts"]
    with tempfile.TemporaryDirectory() as temporary:
        write_devices(layouts, pathlib.Path(temporary))
        for case in layouts:
            c, r, m = case["config"], case["resolved"], case["model"]
            scenario = {"task": "train", "data": temporary, "model": training_model(m), "tokens": 1e12,
                        "sequence": c["seq"], "global_batch": c["batch"],
                        "hardware": {"device": case["device"], "count": c["n"],
                                     "precision": c.get("precision", "bf16")},
                        **{key: c[key] for key in ("attention", "recompute") if key in c}}
            report = estimate(scenario)
            found = {**{key: at(report, "parallel." + key) for key in ("tp", "pp", "zero")},
                     "ep": at(report, "parallel.ep") if "E" in m else 1, "micro": at(report, "batch.micro"),
                     "recompute": at(report, "recompute.kind"), "fits": report["feasible"]}
            expected = {key: r[key] for key in found}
            if found != expected or not math.isclose(at(report, "step.time"), case["time"]["total"], rel_tol=1e-9):
                yield f"layout on {c['n']} {case['device']}: {found}, the reference has {expected}"
            if not r["fits"] and not any(remark["kind"] == "change" for remark in report["remarks"]):
                yield f"layout on {c['n']} {case['device']}: no change that would fit is named"
    for model, device, days in (("Llama-3.1-70B", "H100 SXM5 80GB", 90), ("Llama-3.1-8B", "A100 SXM4 80GB", 300),
                                ("DeepSeek-V3", "H800", 60)):
        scenario = {"task": "train", "model": model, "tokens": 5e12, "hardware": {"device": device}, "days": days}
        report = estimate(scenario)
        count, ep = at(report, "devices.count"), at(report, "parallel.ep") if "Deep" in model else 1
        layout = {key: at(report, "parallel." + key) for key in ("tp", "pp", "zero")}
        fixed = {**scenario, "parallel": {**layout, "ep": ep, "fsdp": layout["zero"] == 3},
                 "global_batch": at(report, "batch.sequences")}
        del fixed["days"]
        step = max(8, layout["tp"] * layout["pp"])
        took, fewer = (at(estimate({**fixed, "hardware": {"device": device, "count": n}}), "time.days")
                       for n in (count, count - step))
        if not took <= days < fewer or count % 8:
            yield f"{model} in {days} days: {count} devices take {took}, {step} fewer {fewer}"


FUNCTIONS = {"ceil": lambda x: math.ceil(x - abs(x) * 1e-12), "floor": lambda x: math.floor(x + abs(x) * 1e-12),
             "round": half_up, "min": min, "max": max, "sqrt": math.sqrt, "ln": math.log, "exp": math.exp,
             "erlang_c": erlang_c}


def figures(report, path=""):
    for key, value in report.items():
        if isinstance(value, dict) and "value" in value:
            yield path + key, value
        elif isinstance(value, dict):
            yield from figures(value, path + key + ".")


CALIBRATION = {
    "device": "cpu", "name": "a processor", "threads": 2, "step_ns": 60000, "layer_ns": 15000, "prefill_value_ns": 20,
    "attention_gb_per_second": 12, "attention_gflop_per_second": 70,
    "types": [{"type": "Q4_K", "decode_gb_per_second": 14, "prefill_gflop_per_second": 180},
              {"type": "Q6_K", "decode_gb_per_second": 15, "prefill_gflop_per_second": 160},
              {"type": "Q8_0", "decode_gb_per_second": 18, "prefill_gflop_per_second": 90}]}


def check_fit(estimate):
    """Speed from a calibration, counted anew for Llama 3.1 8B in Q8_0, whose shapes are known."""
    context = 2048
    report = estimate({"task": "fit", "model": "Llama-3.1-8B", "weights": "Q8_0", "context": context,
                       "machine": {"memory": 32e9, "calibration": CALIBRATION}})
    layers, hidden, ffn, vocab, kv, heads, head = 32, 4096, 14336, 128256, 1024, 32, 128
    matrices = layers * (2 * hidden * hidden + 2 * hidden * kv + 3 * hidden * ffn)
    norms = (2 * layers + 1) * hidden
    bytes_read = (matrices + hidden * vocab + norms) * 34 / 32
    token = bytes_read / 18e9 + context * layers * 2 * kv * 2 / 2 / 12e9 + layers * 15e-6 + 60e-6
    attention = 4 * layers * heads * head * (context + 1) / 2
    prompt = 2 * (matrices + norms) / 90e9 + attention / 70e9 + layers * hidden * 20e-9
    for path, expected in (("decode.tokens_per_second", 1 / token), ("prefill.tokens_per_second", 1 / prompt)):
        value = at(report, path)
        if abs(value / expected - 1) > 2e-3:
            yield f"fit: {path} is {value}, expected about {expected}"
    # Serving: eight sequences share a reading of the weights, unless computing takes longer.
    weights, products, cached = bytes_read / 18e9, 2 * (matrices + norms) / 90e9, layers * 2 * kv * 2 * 600
    for n, speed_up in ((1, 1), (8, 1), (8, 100), (12, 100)):
        calibration = {**CALIBRATION, "types": [{**CALIBRATION["types"][2], "prefill_gflop_per_second": 90 * speed_up}]}
        report = estimate({"task": "serve", "engine": "libllm", "model": "Llama-3.1-8B", "weights": "Q8_0",
                           "concurrency": n, "load": {"input_tokens": 500, "output_tokens": 200},
                           "machine": {"memory": 32e9, "calibration": calibration}})
        step = max(weights * math.ceil(n / 8), n * products / speed_up) + n * cached / 12e9 + layers * 15e-6 + 60e-6
        value = at(report, "latency.tpot")
        if abs(value / step - 1) > 2e-3:
            yield f"our own engine, calibrated, {n} sequences: {value} s a token, expected about {step}"


def check_most(estimate, models):
    """The longest context and the most sequences that are said to fit do, and a page or a sequence more does not."""
    for model in [model["name"] for model in json.load(open(models, encoding="utf-8"))]:
        fit = {"task": "fit", "model": model, "weights": "q4_k_m"}
        serve = {"task": "serve", "engine": "libllm", "model": model, "weights": "q4_k_m",
                 "load": {"input_tokens": 900, "output_tokens": 77}}
        whole = estimate({**fit, "machine": {"memory": 1e15}, "context": 1})
        if "most" not in whole["context"]:  # no KV memory
            continue
        for extra in (1e8, 5e9):
            machine = {"memory": math.floor(at(whole, "memory.needed") + extra)}
            most = at(estimate({**fit, "machine": machine}), "context.most")
            more = (most + 64,) if most < at(whole, "context.most") else ()
            for context in (most, *more):
                needed = at(estimate({**fit, "machine": machine, "context": max(1, context)}), "memory.needed")
                if (needed <= machine["memory"]) != (context == most) and context > 0:
                    yield f"{model} in {machine['memory']} bytes: of {most} tokens at most, {context} need {needed}"
            most = at(estimate({**serve, "machine": machine}), "concurrency.most")
            for n in (most, most + 1):
                needed = at(estimate({**serve, "machine": machine, "concurrency": max(1, n)}), "memory.needed")
                if (needed <= machine["memory"]) != (n == most) and n > 0:
                    yield f"{model} in {machine['memory']} bytes: of {most} sequences at most, {n} need {needed}"
    for model in ("Llama-3.1-8B", "Gemma-3-4B", "gpt-oss-20b"):  # of several sequences, each
        served = {"task": "serve", "engine": "libllm", "model": model, "weights": "q4_k_m", "concurrency": 5}
        weights = at(estimate({"task": "fit", "model": model, "machine": {"memory": 1e12}}), "weights.bytes")
        machine = {"memory": math.floor(weights + 4e9)}
        most = at(estimate({**served, "machine": machine}), "context.most")
        report = estimate({**served, "machine": machine, "load": {"input_tokens": most - 12, "output_tokens": 12}})
        if not at(report, "memory.needed") <= machine["memory"]:
            yield f"5 sequences of {most} tokens with {model}, which fit, need {at(report, 'memory.needed')}"


SCENARIOS = [
    {"task": "fit", "model": "Llama-3.1-8B", "context": 8192, "weights": "q4_k_m",
     "machine": {"memory": 32e9, "calibration": CALIBRATION}},
    {"task": "fit", "model": "Qwen3-30B-A3B", "context": 4096, "weights": "Q8_0",
     "machine": {"memory": 64e9, "calibration": CALIBRATION}},
    *({"task": "serve", "engine": "libllm", "model": model, "weights": "q4_k_m", "concurrency": 12,
       "load": {"input_tokens": 500, "output_tokens": 200}, "machine": {"memory": 64e9, "calibration": CALIBRATION}}
      for model in ("Llama-3.1-8B", "Qwen3-30B-A3B")),
    {"model": "Llama-3.1-8B"},
    {"model": "DeepSeek-V3", "context": 32768},
    {"task": "train", "model": "Llama-3.1-8B", "tokens": {"total": 15e12}, "days": 30, "hardware": "H100"},
    *({"task": "train", "model": "Llama-3.1-8B", "conventions": {"flops": name}, "hardware": {"device": "A100",
                                                                                                "count": 512}}
      for name in ("6nd", "kaplan", "chinchilla", "palm", "megatron", "megatron_selective", "megatron_full", "nvidia",
                   "profiler", "exact")),
    *({"task": task, "model": model, "conventions": {"compare": True}, "hardware": {"device": "H100 SXM5 80GB", "count": 8}}
      for task in ("train", "serve") for model in ("Qwen3-30B-A3B", "gpt-oss-20b", "Gemma-3-4B")),
    {"model": "DeepSeek-V3", "conventions": {"compare": True}},
    {"task": "train", "model": {"parameters": 1e9}, "conventions": {"compare": True}, "days": 9, "mfu": 0.4,
     "hardware": {"peak_flops": 1e15}},
    {"task": "serve", "engine": "llamacpp", "model": "Llama-3.1-8B", "hardware": "RTX 4090", "conventions": {"compare": True}},
    serving({"params": "7e9"}),
    *({"task": "train", "model": "Llama-3.1-70B", "tokens": 1e12,
       "hardware": {"device": "H100 SXM5 80GB", "count": 64, "precision": precision}, "parallel": parallel, **how}
      for precision in ("bf16", "fp8") for parallel in ({"tp": 4, "pp": 4, "vp": 5}, {"fsdp": True}, {"tp": 8, "cp": 2})
      for how in ({"recompute": "full"}, {"kernels": "eager", "attention": "generic", "recompute": "sac"},
                  {"attention": "unfused", "optimizer": "adam8bit"})),
    *({"task": "train", "model": model, "tokens": 1e12, "hardware": {"device": "H800", "count": 1024}, "days": 90,
       "parallel": {"pp": 2, "ep": 16}} for model in ("DeepSeek-V3", "Qwen3-30B-A3B", "gpt-oss-120b")),
    {"task": "train", "model": "Qwen3-Next-80B-A3B", "tokens": 1e12, "hardware": {"device": "B200", "count": 64}},
    *({"task": "serve", "model": model, "engine": engine, "hardware": {"device": "H200", "count": 8}, "concurrency": 64,
       "load": {"users": 30000, "input_tokens": tokens}, "capacity": {"ttft_limit": 3}}
      for model in ("Llama-3.1-70B", "DeepSeek-V3", "Gemma-3-27B", "DeepSeek-V3.2", "Qwen3-Next-80B-A3B")
      for engine in ("vllm", "trtllm", "other") for tokens in (500, 20000)),
    *({"task": "serve", "model": "DeepSeek-V3", "hardware": {"device": "H200", "count": 8}, "concurrency": n, **how}
      for n in (4, 400)
      for how in ({"speculation": {}, "prefix_hit": 0.5}, {"speculation": {"draft": "Qwen3-0.6B"}, "kv_block": 64},
                  {"speculation": {"draft": 0.1, "tokens": 3}, "eager": True, "chunked_prefill": False},
                  {"prefix_hit": {"tokens": 800, "rate": 0.9}, "speculation": {"draft": "lookup", "acceptance": 1}})),
    *({"task": "serve", "engine": engine, "model": "Qwen3-30B-A3B", "hardware": "RTX 4090", "weights": weights,
       "offload": {"device": "EPYC 9654", "experts": True, "memory": 1e11}}
      for engine, weights in (("vllm", "bf16"), ("llamacpp", "q8_0"))),
    {"task": "serve", "engine": "llamacpp", "model": "Llama-3.1-70B", "hardware": "RTX 4090", "offload": {}},
    *({"task": "serve", "engine": "libllm", "model": model, "machine": {"memory": 64e9}, "concurrency": 4}
      for model in ("Llama-3.1-8B", "Qwen3-30B-A3B")),
    {"task": "serve", "engine": "llamacpp", "model": "Llama-3.1-8B", "hardware": {"device": "EPYC 9654", "memory": 4e11}},
    {"task": "serve", "model": "Llama-3.1-70B", "hardware": {"device": "H100", "count": 2}, "offload": {"share": 0.3}},
    {"task": "serve", "model": "Gemma-3-27B", "hardware": "H100", "targets": {"tpot": 0.03, "ttft": 1, "total": 20},
     "prefix_hit": {"tokens": 500, "prefixes": 20}, "load": {"users": 1e5}, "capacity": {"simulate": True}},
    {"task": "serve", "model": "Llama-3.1-8B", "hardware": "H100", "targets": {"tpot": 1e-4}},
    *({"task": "serve", "model": model, "engine": "llamacpp", "hardware": {"device": device, "count": n},
       "weights": weights}
      for model in ("Llama-3.1-8B", "Qwen3-30B-A3B") for device in ("RTX 4090", "M2 Ultra", "H100")
      for n in (1, 3) for weights in ("q4_k_m", "f16")),
    *estimate_tuning.SCENARIOS,
    *estimate_scaling.SCENARIOS,
    *({"task": "serve", "model": "Llama-3.1-8B", "engine": engine, "hardware": "RTX 4090", "measured": measured}
      for engine in ("llamacpp", "vllm") for measured in ({"tpot": 0.02}, {"tokens_per_second": 50}, {"factor": 1.1})),
    estimate_money.SCENARIO,
    *({"task": "serve", "model": "Llama-3.1-70B", "hardware": {"device": "H100", "count": 8}, "load": load,
       "cost": {"mode": mode, "region": "CHN", "api": ["DeepSeek-V3.2", "gpt-5 mini"], "utilization": 0.3}}
      for load in ({"input_tokens": 0, "output_tokens": 8}, {"users": 0}, {"users": 1e5, "profile": "consumer"})
      for mode in ("own", "tco", "on_demand")),
]


def without_vision(models):
    """Configurations of the text part alone, of the presets that have a tower."""
    presets = {model["name"]: model["config"] for model in json.load(open(models, encoding="utf-8"))}
    return {name: {"config": {key: value for key, value in config.items() if key != "vision_config"}}
            for name, config in presets.items() if "vision_config" in config}


def check_serving(estimate, folder, models):
    paths = {"cap": "concurrency.most", "tpot": "latency.tpot", "ttft": "latency.ttft", "prefill": "prefill.time",
             "decode_step": "round_2.time", "throughput": "replica.output_tokens_per_second",
             "weights": "memory.weights", "memory": "memory.used", "pool": "memory.kv_pool"}
    cases = json.load(open(folder / "serving_cases.json", encoding="utf-8"))["cases"]
    text = without_vision(models)  # of which the other implementation is
    for case in cases:
        scenario = case["scenario"]
        report = estimate({**scenario, "model": text.get(scenario["model"], scenario["model"]), "task": "serve", "output": {"explain": True}})
        if report["feasible"] != case["fits"]:
            yield f"{scenario}: feasible is {report['feasible']}"
        for key, expected in case["expected"].items() if case["fits"] else ():
            if key == "memory" and scenario["engine"] == "trtllm":
                continue  # here what it reserves counts, there what is in use on average
            # The bill has the norms of the indexer in GLM-5; in Qwen3.5 also the gates, and the state of convolutions.
            tolerance = {"GLM-5": 1e-3, "Qwen3.5-397B-A17B": 0.04 if key == "cap" else 1e-2}.get(scenario["model"], 1e-6)
            value = at(report, paths[key])
            if not math.isclose(value, expected, rel_tol=tolerance):
                yield f"{scenario}: {key} is {value}, expected {expected}"
    if len(cases) < 30:
        yield f"only {len(cases)} cases of serving"


def check_weights_of_servers(estimate, folder):
    """Towers and tables of positions lie on the devices, too: all parameters but norms and routers."""
    for model in ("Mistral-Small-3.1-24B", "Gemma-3-4B", "Gemma-3n-E4B", "Qwen2.5-VL-7B", "Llama-4-Scout", "GPT-2"):
        for tp in (1, 2) if model != "GPT-2" else (1,):
            report = estimate({"task": "serve", "model": model, "hardware": "H200", "parallel": {"tp": tp},
                               "weights": "bf16", "output": {"explain": True}})
            weights, total = at(report, "memory.weights"), 2 * at(report, "parameters.total") / tp
            if not 0.998 * total < weights <= total:
                yield f"{model}: {weights} bytes of weights on each of {tp}, expected {total}"
    rows = csv.DictReader(open(folder / "serving_memory.csv", encoding="utf-8"))
    for row, scenario in measured_memory.points(rows):
        if row["model"] == "Mistral-Small-3.1-24B":  # as start-up logs have it
            weights = at(estimate(scenario), "memory.weights") / 2 ** 30
            if abs(weights / float(row["weights_gib"]) - 1) > 0.01:
                yield f"{row['id']}: {weights} GiB of weights on a device, the log says {row['weights_gib']}"


def check_first_token(estimate):
    """Launching a prompt by kinds of layers, counted by hand, and what waiting adds to it."""
    for model, engine, device, dense, experts, latent, linear, scaled, launches in (
            ("Llama-3.1-70B", "vllm", "H200", 80, 0, 0, 0, 0, 0.694),
            ("DeepSeek-V3", "sglang", "H200", 3, 58, 61, 0, 58, 1.03),  # FP8: Hopper leaves scales to software
            ("DeepSeek-V3", "sglang", "B200", 3, 58, 61, 0, 0, 1.03),
            ("Qwen3-Next-80B-A3B", "trtllm", "H200", 0, 48, 0, 36, 0, 1.36),
            ("Llama-4-Maverick", "other", "H200", 24, 24, 0, 0, 0, 0.991)):
        scenario = {"task": "serve", "model": model, "engine": engine, "hardware": {"device": device, "count": 8},
                    "concurrency": 4, "load": {"input_tokens": 2000, "output_tokens": 500}}
        launch = dense * 247e-6 + experts * 567e-6 + latent * 1.05e-3 + linear * 3.88e-3 + scaled * 833e-6
        launch *= launches
        for held, more in ((0, {}), (30, {"hold_steps": 30})):
            report = estimate({**scenario, **more, "output": {"explain": True}})
            prompt = at(report, "prefill.time") * (1.25 if experts else 0.957)
            expected = 0.00317 + launch + prompt + 0.147 * 3 / 2 * prompt + (0.659 + held) * at(report, "round_2.time")
            for path, value in (("first.launch", launch), ("latency.ttft", expected)):
                if not math.isclose(at(report, path), value, rel_tol=1e-9):
                    yield f"{model}, {engine}, held for {held}: {path} is {at(report, path)}, expected {value}"


def check_guards(estimate):
    """What is refused or told because it cannot be, or nobody has done it."""
    serve = {"task": "serve", "model": "Llama-3.1-70B", "hardware": {"device": "H100"}}
    train = {"task": "train", "model": {"parameters": 70e9}, "tokens": 15e12, "hardware": {"device": "H100"}, "days": 30}
    for scenario, refusal in (
            ({**serve, "hardware": {"device": "H100", "count": 3}}, "3 devices cannot share 64 attention heads"),
            ({**serve, "parallel": {"tp": 1.5}}, "parallel.tp: expected a whole number"),
            ({**serve, "model": "BERT-base"}, "an encoder generates nothing"),
            ({**serve, "hardware": "EPYC 9654"}, "the memory of the device is not known")):
        try:
            estimate(scenario)
            yield f"{scenario} is not refused"
        except ValueError as error:
            if refusal not in str(error):
                yield f"{scenario}: {error}"
    for scenario, code in (
            ({**serve, "parallel": {"tp": 4}, "load": {"input_tokens": 200000}}, "beyond_context"),
            ({**train, "mfu": 0.9}, "mfu_unheard_of"), ({**train, "mfu": 0.4}, None),
            ({**train, "mfu": 0.4, "hardware": {"device": "H100", "peak": "sparse"}}, "mfu_unheard_of"),
            ({**train, "mfu": 0.3, "tokens": 7e14}, "devices_unheard_of")):
        codes = [remark["code"] for remark in estimate(scenario)["remarks"]]
        if codes != ([code] if code else []):
            yield f"{scenario}: remarks {codes}, expected {code}"
    alone = estimate({"task": "serve", "model": "Qwen3-32B", "engine": "vllm", "hardware": "RTX 4090",
                      "load": {"input_tokens": 100, "output_tokens": 100}})["remarks"]
    joined = estimate({**serve, "parallel": {"tp": 1}})["remarks"]
    for remarks, code in ((alone, "fewer_bits"), (joined, "more_devices")):
        if [remark["code"] for remark in remarks if remark["kind"] == "change"] != [code]:
            yield f"the nearest change is {remarks}, expected {code}"


def check_desktop(estimate):
    """llama.cpp on a card and on four with HBM: the formulas of its closed form, written once more."""
    weights, layers, hidden, vocab, kv = 8030261248, 32, 4096, 128256, 2 * 32 * 8 * 128 * 2
    read = weights - vocab * hidden
    for name, n, bits, bandwidth, vector, matrix, has_hbm in (
            ("RTX 4090", 1, 4.89, 1008e9, 82.6e12, 330.4e12, False),
            ("A100 SXM4 80GB", 4, 16, 2039e9, 19.5e12, 312e12, True)):
        report = estimate({"task": "serve", "engine": "llamacpp", "model": "Llama-3-8B", "weights":
                           "q4_k_m" if bits < 16 else "f16", "hardware": {"device": name, "count": n},
                           "load": {"input_tokens": 1500, "output_tokens": 500}})
        loaded = read * bits / 8 + kv * 1750
        time = loaded / (0.903 * bandwidth)
        if has_hbm:
            time = (time ** 4 + (loaded / 1.15e12) ** 4) ** 0.25
        quantized = bits < 16
        time += (read * 1.33 / vector if quantized else 0) + layers * 8.48e-5 + (n - 1) * 0.000247
        overlap = 1 - (3 + n - 1) / (3 * n)  # three batches of 512
        prompt = 2 * read * 1500 / 0.579 * (1 / matrix + 1 / 5.6e14) * (1.37 if quantized else 1)
        prompt = prompt * (1 - 0.856 * overlap) + (n - 1) * 0.000885
        memory = weights * bits / 8 + kv * 2000 + n * (512 * (vocab + 8 * hidden) * 4 + 3e8)
        for path, expected in (("latency.tpot", time), ("decode.tokens_per_second", 1 / time), ("latency.ttft", prompt),
                               ("prefill.tokens_per_second", 1500 / prompt), ("memory.needed", memory)):
            if not math.isclose(at(report, path), expected, rel_tol=1e-9):
                yield f"llama.cpp on {n} {name}: {path} is {at(report, path)}, expected {expected}"


def check_measured(estimate):
    """A measured point is reproduced; what it says of another load keeps half of the interval."""
    for engine in ("llamacpp", "vllm"):
        scenario = {"task": "serve", "model": "Llama-3.1-8B", "engine": engine, "hardware": "RTX 4090"}
        before = estimate(scenario)
        here = estimate({**scenario, "measured": {"tokens_per_second": 40}})
        factor = at(here, "measured.factor")
        elsewhere = estimate({**scenario, "measured": {"factor": factor}})
        tpot = here["latency"]["tpot"]
        if not math.isclose(tpot["value"], 1 / 40, rel_tol=1e-9) or not math.isclose(tpot["high"], 1.05 / 40) or \
                not math.isclose(factor, 1 / 40 / at(before, "latency.tpot"), rel_tol=1e-9):
            yield f"{engine}: measured 25 ms, reported {tpot}"
        widths = [math.log(r["latency"]["tpot"]["high"] / r["latency"]["tpot"]["low"]) for r in (before, elsewhere)]
        if not math.isclose(at(elsewhere, "latency.tpot"), 1 / 40, rel_tol=1e-9) or widths[1] > 0.8 * widths[0]:
            yield f"{engine}: a factor of {factor} gives {elsewhere['latency']['tpot']}; before {before['latency']}"


def set_at(scenario, path, value):
    *groups, last = path.split(".")
    for group in groups:
        scenario = scenario.setdefault(group, {})
    scenario[last] = value


def one_by_one(estimate, scenario, axes, target, limits, is_possible):
    """(value, choices) of what is feasible and within the limits, the best first."""
    found = []
    for choices in itertools.product(*axes.values()):
        one = json.loads(json.dumps(scenario))
        for path, value in zip(axes, choices):
            set_at(one, path, value)
        if not is_possible(dict(zip(axes, choices))):
            continue
        try:
            report = estimate(one)
        except ValueError:
            continue
        try:
            if report["feasible"] and all(at(report, path) <= most for path, most in limits.items()):
                found.append((at(report, target), choices))
        except KeyError:
            continue
    return sorted(found, key=lambda pair: pair[0])  # stable: of equal ones the first


def check_search(estimate):
    serving = {"task": "serve", "model": "Qwen3-30B-A3B", "load": {"users": 20000}}
    axes = {"weights": ["bf16", "fp8"], "engine": ["vllm", "sglang", "trtllm"], "hardware.device":
            ["H100 SXM5 80GB", "L40S", "RTX 4090"], "hardware.count": [1, 2, 4], "parallel.tp": [1, 2, 4],
            "concurrency": [4, 32, 256]}
    limits = {"latency.tpot": 0.03, "latency.ttft": 1}
    expected = one_by_one(estimate, serving, axes, "cost.million_tokens", limits, lambda choices: True)
    over = {path: values for path, values in axes.items() if not path.startswith("hardware.")}
    order = ["weights", "engine", "parallel.tp", "concurrency", "hardware.device", "hardware.count"]
    report = estimate({**serving, "search": {"over": over, "devices": axes["hardware.device"],
                                             "counts": axes["hardware.count"], "limits": limits, "keep": 20}})
    rows = table(report, "search")[1:]
    for row, (value, choices) in zip(rows, expected):
        found = {path: cell["value"] if isinstance(cell, dict) else cell for path, cell in zip(order, row[1:])}
        if found != dict(zip(axes, choices)) or row[7]["value"] != value:
            yield f"search: {found} with {row[7]}, one by one {choices} with {value}"
    counts = {row[0]: row[1]["value"] for row in table(report, "outcomes")[1:]}
    if len(rows) != 20 or counts["feasible and within the limits"] != len(expected) or not expected or \
            sum(counts.values()) != 2 * counts["all combinations"] or counts["all combinations"] != 486:
        yield f"search: {len(rows)} rows, {counts}; one by one {len(expected)}"
    if at(report["top"]["report"], "cost.million_tokens") != expected[0][0]:
        yield "search: the report on the best is of another one"

    training = {"task": "train", "model": "Llama-3.1-8B", "tokens": 1e12, "sequence": 8192, "global_batch": 128}
    axes = {"hardware.device": ["A100 SXM4 80GB", "H100 SXM5 80GB"], "hardware.count": [32, 64],
            "parallel.tp": [1, 2, 4, 8], "parallel.pp": [1, 2, 4, 8, 16], "parallel.cp": [1, 2, 4],
            "parallel.fsdp": [False, True], "micro_batch": [1, 2, 4, 8]}
    for target, limits in (("cost.total", {"time.days": 60}), ("time.days", {}), ("devices.count", {"time.days": 45})):
        expected = one_by_one(
            estimate, training, axes, target, limits, lambda c: not (c["parallel.fsdp"] and c["parallel.pp"] > 1) and
            c["hardware.count"] % (c["parallel.tp"] * c["parallel.pp"] * c["parallel.cp"]) == 0)
        report = estimate({**training, "search": {
            "devices": axes["hardware.device"], "counts": axes["hardware.count"], "layouts": True, "minimize": target,
            "limits": limits, "against": "devices.hours"}})
        row = table(report, "search")[1]
        found = tuple(c["value"] if isinstance(c, dict) else {"true": True, "false": False}.get(c, c) for c in row[1:8])
        if (row[8]["value"], found) != expected[0]:
            yield f"search for {target}: {found} with {row[8]}, one by one {expected[0]}"
        front = [(row[8]["value"], row[9]["value"]) for row in table(report, "tradeoffs")[1:]]
        if front != sorted(front) or [b for _, b in front] != sorted((b for _, b in front), reverse=True) or not front:
            yield f"search for {target}: trade-offs {front}"


def check_constants(estimate):
    """All fitted constants, said by the scenario, change nothing; one that is changed does."""
    for scenario, path, name in (
            ({"task": "serve", "model": "Llama-3.1-8B", "engine": "sglang", "hardware": "H100"}, "latency.tpot", "k.layer"),
            ({"task": "serve", "model": "Llama-3.1-8B", "engine": "llamacpp", "hardware": "RTX 4090"}, "latency.tpot",
             "k.desktop_layer"),
            ({"task": "train", "model": "Llama-3.1-8B", "tokens": 1e12, "hardware": {"device": "H100", "count": 8}},
             "step.time", "k.train_product")):
        report = estimate(scenario)
        constants = {f"k.{key}": figure["value"] for key, figure in report["k"].items()}
        if at(estimate({**scenario, "constants": constants}), path) != at(report, path):
            yield f"{scenario}: {path} is another with the same constants"
        constants[name] *= 1.1
        if at(estimate({**scenario, "constants": constants}), path) == at(report, path):
            yield f"{scenario}: {name} has no effect"


def check_refit(estimate):
    """A fit finds the constants that points were made with, whatever group is left out."""
    truth = {"k.train_product": 0.6, "k.train_attention": 0.4}
    speed = lambda scenario, constants: at(estimate({**scenario, "constants": constants}),
                                           "train.tokens_per_second_per_device")
    points = [{"scenario": {"task": "train", "model": model, "tokens": 1e12, "sequence": sequence, "micro_batch": 1,
                            "recompute": "full", "hardware": {"device": "H100 SXM5 80GB", "count": 64},
                            "parallel": {"tp": 4, "zero": 1}}, "weight": 1, "group": sequence}
              for model in ("Llama-3.1-8B", "Llama-2-13B", "Qwen3-8B") for sequence in (2048, 8192, 32768)]
    for point in points:
        point["speed"] = speed(point["scenario"], truth)
    own = estimate(points[0]["scenario"])["k"]
    fit = refit.Fit(lambda point, constants: point["speed"] / speed(point["scenario"], constants), points,
                    {name: (1, 10) for name in truth}, {name: own[name[2:]]["value"] for name in truth}, 0.1)
    for group, found in fit.held_out(lambda point: point["group"]):
        for name, value in truth.items():
            if abs(found[name] / value - 1) > 0.01:
                yield f"fitted without {group}: {name} is {found[name]}, made with {value}"


def check_explanations(estimate):
    n = 0
    for scenario in SCENARIOS:
        report = estimate({**scenario, "output": {"explain": True}})
        for path, figure in figures(report):
            if "formula" not in figure:
                if "source" not in figure:
                    yield f"{path}: neither formula nor source"
                continue
            n += 1
            text = figure["substituted"].replace("^", "**")
            value = eval(text, {"__builtins__": {}}, FUNCTIONS)  # of our own library's output
            if not math.isclose(value, figure["value"], rel_tol=1e-8, abs_tol=1e-18):
                yield f"{path}: {figure['substituted']} is {value}, printed {figure['value']}"
    if n < 50:
        yield f"only {n} formulas were checked"


def main(library, folder, models):
    estimate, folder = Estimator(library), pathlib.Path(folder)
    problems = [*check_seeds(estimate, folder), *check_parameters(estimate, folder, models),
                *check_training(estimate, folder), *check_layouts(estimate, folder),
                *check_serving(estimate, folder, models), *check_weights_of_servers(estimate, folder),
                *check_first_token(estimate), *check_guards(estimate), *check_desktop(estimate),
                *check_measured(estimate), *estimate_money.check(estimate), *estimate_flops.check(estimate, folder),
                *check_constants(estimate), *check_refit(estimate), *check_fit(estimate), *check_most(estimate, models),
                *estimate_stored.check(estimate), *estimate_tuning.check(estimate, folder),
                *estimate_scaling.check(estimate), *check_search(estimate), *check_explanations(estimate)]
    print(*problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
