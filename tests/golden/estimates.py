#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Estimates against what is published, and their explanations against arithmetic.

usage: estimates.py LIBRARY DATA_FOLDER MODELS_JSON

- data/estimate/seed_rows.csv: every computed figure of the reports 000 and 004, to the printed digit.
- data/estimate/parameters.csv: parameters of every preset, counted by transformers (see make_parameters.py).
- Every formula that a report prints, evaluated here with the numbers that it prints, gives the figure.
"""
import csv
import ctypes
import json
import math
import pathlib
import re
import sys


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
    # What nobody printed follows the same formulas.
    for n, days, per, peak in ((7e9, 45, 20, 312e12), (123e9, 12.5, 100, 312e12)):
        report = estimate({"task": "train", "model": {"parameters": n}, "tokens": {"per_parameter": per}, "mfu": 0.37,
                           "days": days, "hardware": "A100"})
        expected = math.ceil(6 * n * n * per / (0.37 * peak * days * 86400))
        if at(report, "devices.count") != expected:
            yield f"{n} in {days} days: {at(report, 'devices.count')}, expected {expected}"


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


FUNCTIONS = {"ceil": lambda x: math.ceil(x - abs(x) * 1e-12), "floor": lambda x: math.floor(x + abs(x) * 1e-12),
             "round": half_up, "min": min, "max": max, "sqrt": math.sqrt, "ln": math.log, "exp": math.exp,
             "erlang_c": erlang_c}


def figures(report, path=""):
    for key, value in report.items():
        if isinstance(value, dict) and "value" in value:
            yield path + key, value
        elif isinstance(value, dict):
            yield from figures(value, path + key + ".")


SCENARIOS = [
    {"model": "Llama-3.1-8B"},
    {"model": "DeepSeek-V3", "context": 32768},
    {"task": "train", "model": "Llama-3.1-8B", "tokens": {"total": 15e12}, "days": 30, "hardware": "H100"},
    *({"task": "train", "model": "Llama-3.1-8B", "conventions": {"flops": name}, "hardware": {"device": "A100",
                                                                                                "count": 512}}
      for name in ("6nd", "kaplan", "chinchilla", "palm", "megatron", "nvidia", "exact")),
    serving({"params": "7e9"}),
    *({"task": "serve", "model": model, "engine": engine, "hardware": {"device": "H200", "count": 8}, "concurrency": 64,
       "load": {"users": 30000, "input_tokens": tokens}, "capacity": {"ttft_limit": 3}}
      for model in ("Llama-3.1-70B", "DeepSeek-V3", "Gemma-3-27B", "DeepSeek-V3.2", "Qwen3-Next-80B-A3B")
      for engine in ("vllm", "trtllm", "other") for tokens in (500, 20000)),
]


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
                *check_explanations(estimate)]
    print(*problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
