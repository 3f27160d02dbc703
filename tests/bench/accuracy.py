#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How far estimates are from what was measured: every usable point of tests/data/estimate/measured.csv through the
library, as tables and as docs/accuracy.md.

usage: accuracy.py LIBRARY

Figures "held out" come from tests/data/estimate/held_out.csv: predicted over measured for each point, by constants that
were fitted again without its hardware, its source or its family of models.
"""
import collections
import csv
import ctypes
import json
import pathlib
import statistics
import sys

import measured_desktop
import measured_memory
import measured_serving

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/data/estimate"
LEAST = 30  # points below which a figure is not compared with a target

# The best rates that anybody measured and no latency at all: what is faster was not that set-up.
FLOOR = {"k.weight_bandwidth": .92, "k.kv_bandwidth": .92, "k.expert_bandwidth": 1, "k.gemm": .8, "k.gemm_fp4": .8,
         "k.prefill_attention": .75, "k.link": .9, "k.grouped_gemm": 1, "k.latency": 1, "k.bandwidth": 1,
         **{"k." + name: 0 for name in ("host", "host_sequence", "host_offline", "layer_experts", "collective",
                                        "collective_doubling", "collective_far", "stage", "layer", "layer_latent",
                                        "layer_index", "layer_linear", "layer_fp4", "elementwise", "tile",
                                        "gemm_half")}}


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("message", ctypes.c_char * 508)]


class Estimator:
    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.runtime, self.error = ctypes.c_void_p(), Error()
        self.buffer = ctypes.create_string_buffer(1 << 20)
        self.facts = {}
        if self.library.libllm_runtime_create(None, ctypes.byref(self.runtime), ctypes.byref(self.error)):
            sys.exit(self.error.message.decode())

    def __call__(self, scenario):
        text = json.dumps(scenario).encode()
        needed = ctypes.c_size_t()
        if self.library.libllm_estimate_run(self.runtime, text, ctypes.c_size_t(len(text)), self.buffer,
                                            ctypes.c_size_t(len(self.buffer)), ctypes.byref(needed),
                                            ctypes.byref(self.error)):
            raise ValueError(self.error.message.decode())
        return json.loads(self.buffer.raw[:needed.value])

    def facts_of(self, preset):
        if preset not in self.facts:
            model = self({"model": preset})["model"]
            self.facts[preset] = {key: model.get(key, {"value": 0})["value"] for key in ("heads", "experts", "layers")}
        return self.facts[preset]


def at(report, path):
    for part in path.split("."):
        report = report[part]
    return report


def floor_of(estimate, point):
    scenario = point["scenario"]
    constants = dict(FLOOR, **{"k.prefill_share": .5 if point["engine"] == "sglang" else 1})
    return estimate({**scenario, "constants": constants,
                     "hardware": {**scenario["hardware"], "measured_bf16": 0}})


def select(estimate, point):
    """The reason why a point of serving cannot be used; rules d to g, which need a prediction."""
    report = point["report"] = estimate(point["scenario"])
    if not report["feasible"]:
        return "d: the weights do not fit"
    if point["kind"] == "serve" and point["tpot"] is None:
        return None
    floor = floor_of(estimate, point)
    if point["kind"] == "throughput":
        ratio = point["throughput"] / at(floor, "replica.output_tokens_per_second")["value"]
    else:
        ratio = at(floor, "latency.tpot")["value"] / point["tpot"]
    if ratio > 1:
        return "e: faster than the roofline of the best rates that were ever measured"
    if point["kind"] == "throughput":
        return None
    if point["tpot"] > 1e-3 * estimate.facts_of(point["model"])["layers"] and ratio < 0.35:
        return "f: bound by the host, more than 1 ms a layer (no CUDA graphs)"
    if not point["is_pool"] and point["ttft"] and point["concurrency"] <= at(report, "concurrency.most")["value"] and \
            point["ttft"] > 10 * point["concurrency"] * at(floor, "prefill.time")["value"] + 2:
        return "g: the first token waits for more than ten times all prompts in flight (not a steady state)"
    return None


def unloaded(point):
    load = point["scenario"]["load"]
    busy = point["concurrency"] * at(point["report"], "prefill.time")["value"]
    return point["concurrency"] <= 8 and busy < 0.3 * load["output_tokens"] * at(point["report"],
                                                                                 "latency.tpot")["value"]


Sample = collections.namedtuple("Sample", "id kind ratio low high")  # predicted over measured; ends over predicted


def sample(point, row_id, path, measured):
    figure = at(point["report"], path)
    value = figure["value"]
    return Sample(row_id, path, value / measured, figure["low"] / value, figure["high"] / value)


def inside(samples, ratios):
    """How many in a hundred measurements lie within the interval around a prediction."""
    return f"{100 * statistics.fmean(s.low <= 1 / r <= s.high for s, r in zip(samples, ratios)):.0f}"


def serving_samples(point):
    """(class, sample) of a usable point of serving."""
    kind = "MoE" if point["has_experts"] else "dense"
    row = point["ids"][0]
    if point["kind"] == "throughput":
        one = sample(point, row, "replica.output_tokens_per_second", point["throughput"])
        return [(f"throughput, {kind}", one)]
    out = []
    if point["tpot"] is not None:
        one = sample(point, row, "latency.tpot", point["tpot"])
        out.append((f"TPOT, {kind}", one))
        if point["has_experts"]:
            out.append((f"TPOT, MoE, {point['engine']}", one))
    if point["ttft"] and not point["is_pool"] and point["source"] == "InferenceX" and \
            point["concurrency"] <= at(point["report"], "concurrency.most")["value"]:
        one = sample(point, row, "latency.ttft", point["ttft"])
        out.append((f"TTFT, {kind}", one))
        if unloaded(point):
            out += [("TTFT, unloaded", one), (f"TTFT, {kind}, unloaded", one)]
    return out


def desktop_samples(estimate, point):
    point["report"] = estimate(point["scenario"])
    path = "decode.tokens_per_second" if point["kind"] == "desktop decode" else "prefill.tokens_per_second"
    one = sample(point, point["ids"][0], path, point["value"])
    out = [(point["kind"], one)]
    if point["kind"] == "desktop decode" and point["n"] == 1:
        out.append(("desktop decode, one device", one))
    return out


def collect(estimate, rows):
    """Samples by class, rejected rows by reason, and how many set-ups fit as measured."""
    classes, rejected, fits = collections.OrderedDict(), collections.Counter(), {}
    for point in measured_serving.points(rows, estimate.facts_of):
        point["reason"] = point["reason"] or select(estimate, point)
        if point["reason"]:
            rejected[point["reason"]] += len(point["ids"])
            continue
        for name, one in serving_samples(point):
            classes.setdefault(name, []).append(one)
    for point in measured_desktop.points(rows):
        set_up = (point["device"], point["n"], point["scenario"]["weights"], point["scenario"]["model"])
        if set_up not in fits:
            needs = {**point["scenario"], "load": {"input_tokens": 1024, "output_tokens": 1024}}
            fits[set_up] = estimate(needs)["feasible"] == (point["kind"] != "desktop fits")
        if point["kind"] == "desktop fits":
            continue
        if point["reason"]:
            rejected[point["reason"]] += 1
            continue
        for name, one in desktop_samples(estimate, point):
            classes.setdefault(name, []).append(one)
    return classes, rejected, fits


def memory_table(estimate):
    """Weights, and KV memory with what its constants were fitted to apart from the rest."""
    classes = collections.OrderedDict((name, []) for name in (
        "weights on a device", "KV memory, all", "KV memory, runs that it was fitted to",
        "KV memory, other sources and releases"))
    for row, scenario in measured_memory.points(csv.DictReader(open(DATA / "serving_memory.csv", encoding="utf-8"))):
        memory = estimate(scenario)["memory"]
        kv = "KV memory, " + ("runs that it was fitted to" if row["version"] == "0.19.0" else
                              "other sources and releases")
        for name, path, column in (("weights on a device", "weights", "weights_gib"),
                                   ("KV memory, all", "kv_pool", "kv_gib"), (kv, "kv_pool", "kv_gib")):
            if row[column]:
                classes[name].append(memory[path]["value"] / 2 ** 30 / float(row[column]))
    yield ["class", "n", "median %", "MAPE %", "p90 %", "bias %"]
    for name, ratios in classes.items():
        yield [name, str(len(ratios)), *row_of(ratios)]


def quantile(values, share):
    values = sorted(values)
    at_ = share * (len(values) - 1)
    low = int(at_)
    return values[low] + (at_ - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def row_of(ratios):
    errors = [100 * abs(r - 1) for r in ratios]
    bias = 100 * (statistics.median(ratios) - 1)
    return [f"{statistics.median(errors):.1f}", f"{statistics.fmean(errors):.1f}", f"{quantile(errors, 0.9):.1f}",
            f"{bias:+.1f}"]


def held_out(samples, by, table):
    """Ratios of the same points by constants fitted without their group; times, so speeds are turned round."""
    figure = "ttft" if samples[0].kind == "latency.ttft" else "tpot"
    ratios = [table.get((s.id, by, figure)) for s in samples]
    if None in ratios:
        return None
    return [1 / r for r in ratios] if "per_second" in samples[0].kind else ratios


def table_of(classes, held):
    yield ["class", "constants", "n", "median %", "MAPE %", "p90 %", "bias %", "inside P10-P90 %"]
    for name, samples in classes.items():
        shipped = [s.ratio for s in samples]
        yield [name, "as shipped", str(len(samples)), *row_of(shipped), inside(samples, shipped)]
        for by in ("hardware", "source", "family"):
            ratios = held_out(samples, by, held)
            if ratios:
                yield ["", f"without its {by}", str(len(ratios)), *row_of(ratios), inside(samples, ratios)]


def markdown(rows):
    head, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])


def main(library):
    estimate = Estimator(library)
    rows = list(csv.DictReader(open(DATA / "measured.csv", encoding="utf-8")))
    held = {(r["id"], r["by"], r["figure"]): float(r["ratio"])
            for r in csv.DictReader(open(DATA / "held_out.csv", encoding="utf-8"))}
    classes, rejected, fits = collect(estimate, rows)
    table = list(table_of(classes, held))
    for row in table:
        print("%-28s %-22s %5s %9s %8s %8s %8s %17s" % tuple(row))
    print("rows left out:")
    for reason, n in sorted(rejected.items()):
        print(f"{n:5} {reason}")
    print(f"fits or not, as measured: {sum(fits.values())} of {len(fits)} set-ups")
    memory = list(memory_table(estimate))
    for row in memory:
        print("%-40s %4s %9s %8s %8s %8s" % tuple(row))
    text = (ROOT / "tests/bench/accuracy.md.in").read_text(encoding="utf-8")
    text = text.replace("@MEMORY@", markdown(memory))
    text = text.replace("@TABLE@", markdown(table)).replace("@FITS@", f"{sum(fits.values())} of {len(fits)}").replace(
        "@REJECTED@", markdown([["rows", "rule"]] + [[str(n), r] for r, n in sorted(rejected.items())]))
    text = text.replace("@SMALL@", ", ".join(n for n, s in classes.items() if len(s) < LEAST))
    (ROOT / "docs/accuracy.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
