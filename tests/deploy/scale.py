#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tables of docs/scale.md, made by the commands that stand there.

usage: scale.py LIBLLM ROOT [--write]

Without --write: an error where the document has other figures than the estimator.
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys

# Replicas of four devices, two on a machine. Mean requests a second that 1, 10, ... machines take in the busiest hour.
RATES = {1: 6.4, 10: 64.5, 100: 647, 1000: 6470, 10000: 64700}
SERVE = ("libllm estimate serve -m Llama-3.3-70B --on \"H100 SXM5 80GB\" --engine vllm --set parallel.tp=4 "
         "--set targets='{{\"ttft\":2,\"tpot\":0.05}}' --set load='{{\"queries_per_second\":{rate},\"profile\":\"consumer\"}}' "
         "--set capacity.simulate='{{\"requests\":{requests},\"replicas\":{replicas}{more}}}'")
# 419 unexpected interruptions in 54 days of 16,384 devices: "The Llama 3 Herd of Models" (arXiv 2407.21783), 3.3.4.
DEVICE_HOURS = 54 * 24 * 16384 / 419
MTBF = round(DEVICE_HOURS / 4)


def run(libllm, command):
    words = shlex.split(command)
    done = subprocess.run([libllm, *words[1:], "--json"], check=True, capture_output=True, text=True, timeout=1000)
    return json.loads(done.stdout)


def value(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def number(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def table(head, rows):
    return "\n".join(["| " + " | ".join(row) + " |" for row in [head, ["---:"] * len(head), *rows]])


def sizes(libllm):
    rows = []
    for nodes, rate in RATES.items():
        command = SERVE.format(rate=rate, requests=100000, replicas=2 * nodes, more="")
        r = run(libllm, command)
        replicas = value(r, "capacity.replicas")
        rows.append([f"{replicas / 2:,.0f}", f"{value(r, 'devices.count'):,.0f}", number(rate * value(r, "load.peak_factor")),
                     number(value(r, "capacity.load")), f"{1000 * value(r, 'simulation.ttft_p95'):.0f} ms",
                     number(value(r, "cost.total") / 1000), f"{value(r, 'cost.million_tokens'):.3f}",
                     number(value(r, "power.total") / 1000), number(replicas * 24 / MTBF),
                     number(replicas * value(r, "memory.weights") * 4 / 1e12)])
    return table(["machines", "GPUs", "requests/s at the peak", "open at once", "TTFT, 95 %", "1,000 USD a month",
                  "USD for a million tokens", "kW", "failures a day", "TB of weights to load"], rows)


def troubles(libllm):
    rows = []
    for name, more in [
            ("nothing", ""), ("a failure of a replica each 10 h", ",\"mtbf_hours\":10,\"repair_hours\":0.25"),
            ("each hour", ",\"mtbf_hours\":1,\"repair_hours\":0.25"),
            ("all restarted again and again, a tenth at once", ",\"restart_every_hours\":0.02,\"restart_seconds\":20,\"restart_share\":0.1"),
            ("the same, half at once", ",\"restart_every_hours\":0.02,\"restart_seconds\":20,\"restart_share\":0.5")]:
        r = run(libllm, SERVE.format(rate=647, requests=500000, replicas=200, more=more))
        rows.append([name, f"{100 * r['simulation'].get('available', {'value': 1})['value']:.1f} %",
                     f"{1000 * value(r, 'simulation.ttft_median'):.0f} ms", f"{1000 * value(r, 'simulation.ttft_p99'):.0f} ms",
                     f"{1e6 * r['simulation'].get('broken', {'value': 0})['value']:.0f}"])
    return table(["what happens", "replicas there", "TTFT, half", "TTFT, 99 %", "broken answers of a million"], rows)


def costs(libllm):
    rows = []
    for replicas, requests in [(64, 10000), (64, 100000), (64, 1000000), (2000, 100000), (20000, 100000)]:
        r = run(libllm, SERVE.format(rate=64700, requests=requests, replicas=replicas, more=""))
        rows.append([f"{replicas:,}", f"{requests:,}", f"{value(r, 'simulation.events'):,.0f}",
                     f"{value(r, 'simulation.events') / requests:.2f}"])
    return table(["replicas simulated", "requests", "events", "of a request"], rows)


def main(libllm, root, write=None):
    path = pathlib.Path(root) / "docs/scale.md"
    text = before = path.read_text(encoding="utf-8")
    makers = {"sizes": lambda: sizes(libllm), "troubles": lambda: troubles(libllm), "costs": lambda: costs(libllm),
              "command": lambda: "```sh\n" + SERVE.format(rate=647, requests=100000, replicas=200, more="") + "\n```"}
    for name, make in makers.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
        assert pattern.search(text), f"docs/scale.md has no place for the table {name}"
        made = make()
        text = pattern.sub(lambda match: match[1] + made + "\n" + match[2], text)
    if write:
        path.write_text(text, encoding="utf-8")
    elif text != before:
        for old, new in zip(before.splitlines(), text.splitlines()):
            if old != new:
                print(f"docs/scale.md has\n{old}\nbut the estimator says\n{new}\n(tests/deploy/scale.py --write)")
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
