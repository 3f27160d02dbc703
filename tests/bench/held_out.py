# SPDX-License-Identifier: MIT
"""Points predicted by constants that were fitted without their hardware, their source or their family of models: rows
(id, by, figure, predicted over measured time) of tests/data/estimate/held_out.csv."""
import collections

import refit

FAMILIES = ("Llama-2", "Llama-3", "Llama-4", "Qwen", "DeepSeek", "Kimi", "GLM", "MiniMax", "gpt-oss")


def family(name):
    return next((f for f in FAMILIES if name.startswith(f)), name)


def at(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def shipped_constants(estimate, points, priors):
    """The library's own, by the names of priors; what it does not have is not fitted."""
    out = {}
    for point in points:
        known = None
        for name in priors:
            path, _, whose = name.partition(" ")
            if name not in out and (not whose or whose == point.get("engine")):
                known = known or estimate(point["scenario"])["k"]
                if path[2:] in known:
                    out[name] = known[path[2:]]["value"]
    return out


def refit_all(estimate, points, priors, scale, time_of, figure, keys, fixed=None):
    """Rows of all folds, and the constants of each: {by: {group: constants}}."""
    if not points:
        return [], {}
    shipped = shipped_constants(estimate, points, priors)
    predict = lambda point, constants: time_of(point, estimate({**point["scenario"], "constants": constants}))
    fit = refit.Fit(predict, points, priors, shipped, scale)
    rows, constants = [], {}
    for by, key in keys.items():
        constants[by] = dict(fit.held_out(key, (fixed or {}).get(by)))
        for point in points:
            group = key(point)
            values = {**((fixed or {}).get(by, {}).get(group) or {}), **constants[by][group]}
            ratio = predict(point, refit.constants_of(values, point.get("engine")))
            rows.append((point["ids"][0], by, figure, ratio))
    return rows, constants


def serving(estimate, points):
    """Times of tokens and throughput; then, with the constants of the same fold, first tokens."""
    keys = {"hardware": lambda p: p["device"], "source": lambda p: p["source"], "family": lambda p: family(p["model"])}

    def token_time(point, report):
        if point["kind"] == "throughput":
            return point["throughput"] / at(report, "replica.output_tokens_per_second")
        return at(report, "latency.tpot") / point["tpot"]

    timed = [p for p in points if p["kind"] == "throughput" or p["tpot"] is not None]
    for p in timed:
        p["weight"] = ((0.25 if p["has_experts"] else 0.35) if p["kind"] == "throughput" else
                       (1.0 if p["has_experts"] else 1.4))
    rows, constants = refit_all(estimate, timed, refit.SERVING, 0.12, token_time, "tpot", keys)
    first = [p for p in points if p.get("has_first")]
    for p in first:
        p["weight"] = 1.5 if p["concurrency"] <= 8 else 1.0
    more, _ = refit_all(estimate, first, refit.FIRST, 0.12, lambda p, r: at(r, "latency.ttft") / p["ttft"], "ttft",
                        keys, constants)
    return rows + more


def desktop(estimate, points):
    def time_of(point, report):
        path = "decode.tokens_per_second" if point["kind"] == "desktop decode" else "prefill.tokens_per_second"
        return point["value"] / at(report, path)

    for p in points:
        p["weight"] = 1.0
    keys = {"hardware": lambda p: p["device"], "family": lambda p: p["model"]}
    return refit_all(estimate, points, refit.DESKTOP, 0.1, time_of, "tpot", keys)[0]


def training(estimate, points):
    sizes = collections.Counter((p["source"], p["device"]) for p in points)
    for p in points:
        p["weight"] = sizes[p["source"], p["device"]] ** -0.5
    keys = {"hardware": lambda p: p["device"], "source": lambda p: p["source"]}
    time_of = lambda p, report: p["speed"] / at(report, "train.tokens_per_second_per_device")
    return refit_all(estimate, points, refit.TRAINING, 0.1, time_of, "step", keys)[0]
