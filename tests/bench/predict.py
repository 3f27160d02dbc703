#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Predicts how fast this machine runs models, then measures it, in turn, and prints both.

usage: predict.py COMMAND [-m MODEL]... [--rounds N] [--prompt N] [--generate N]

In each round, for each model, the machine is calibrated for its formats, speed and memory are predicted from that, and
only then is the model run. Medians of the rounds are compared: a machine that drifts makes single ones differ.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile


class Command:
    """The command under test, with a cache of its own: what the user has calibrated stays as it is."""

    def __init__(self, path, cache):
        self.path, self.cache = path, cache

    def __call__(self, *arguments):
        environment = dict(os.environ, XDG_CACHE_HOME=self.cache)
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, env=environment)
        if done.returncode:
            sys.exit(f"{' '.join(arguments)}: {done.stderr.strip()}")
        return json.loads(done.stdout)


def types_of(command, model):
    return set(command("info", "-m", model, "--json")["tensor_types"]) - {"F32"}


def figure(report, path):
    node = report
    for part in path.split("."):
        node = node[part]
    return node


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command")
    parser.add_argument("-m", "--model", action="append")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=64)
    options = parser.parse_args()
    models = options.model or ["default"]
    context = options.prompt + options.generate
    found = {}
    with tempfile.TemporaryDirectory() as cache:
        command = Command(options.command, cache)
        for _ in range(options.rounds):
            for model in models:
                command("estimate", "calibrate", "--types", ",".join(sorted(types_of(command, model))), "--json")

                def fit(tokens):
                    return command("estimate", "fit", "-m", model, "--context", str(tokens), "--json")
                predicted = {"decode": (fit(options.generate), "decode.tokens_per_second"),
                             "prefill": (fit(options.prompt), "prefill.tokens_per_second"),
                             "memory": (fit(context), "memory.needed")}
                run = command("bench", "-m", model, "-p", str(options.prompt), "-n", str(options.generate), "-r", "3",
                              "--json")
                speed = {test["test"][:2]: test["tokens_per_second"]["median"] for test in run["tests"]}
                measured = {"decode": speed["tg"], "prefill": speed["pp"], "memory": run["peak_rss_bytes"]}
                for kind, (report, path) in predicted.items():
                    value = figure(report, path)
                    found.setdefault((model, kind), []).append(
                        (value["value"], value.get("low", value["value"]), value.get("high", value["value"]),
                         measured[kind]))
    print(f"{'model':34} {'figure':8} {'predicted':>10} {'P10':>9} {'P90':>9} {'measured':>10} {'ratio':>6}  inside  rounds")
    for (model, kind), rounds in found.items():
        value, low, high, measured = (statistics.median(column) for column in zip(*rounds))
        scale, unit = (2**20, "MiB") if kind == "memory" else (1, "t/s")
        inside = "yes" if low <= measured <= high else "no"
        ratios = " ".join(f"{m / v:.2f}" for v, _, _, m in rounds)
        print(f"{pathlib.Path(model).name[:34]:34} {kind:8} {value / scale:10.1f} {low / scale:9.1f} {high / scale:9.1f} "
              f"{measured / scale:10.1f} {measured / value:6.3f}  {inside if kind != 'memory' else '-':6}  {ratios}  {unit}")


if __name__ == "__main__":
    main()
