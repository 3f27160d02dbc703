#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure this library and llama.cpp in turn, on the same files, threads and minutes.

usage: compare.py PROGRAM [--rows PATTERN] [--quick] [--rounds N] [--threads N] [--list]

PROGRAM is our libllm. A pilot round runs all configurations of the peer; its fastest two and ours then run in turn
--rounds times (3), and medians are compared: a ratio above 1 means that we are better. --quick makes do with the
pilot. --rows takes a regular expression for the names of rows, which --list prints. The results are kept beside the
models, and all that this machine has are written to tests/bench/RESULTS.md and docs/speed.svg.

The share of the processors that others used meanwhile is measured along. A run waits up to --patience seconds (20)
for them to be quiet, and is repeated up to --retries times (2) when they were not; where that does not help the figures
are not to be trusted, and the table says so. Rows below their goal are named with the phases that take our time.
"""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import peer
import report
from peer import Missing, say

PROMPT = ("The library opens a model file in a few milliseconds and then answers a short question like this, "
          "I hope.")[:100]
TIMEOUT = 1200
# A run of the peer that takes this many times as long as ours cannot be its best, and is given up. (With OpenMP it
# stands nearly still while another process uses one of the processors.) Seconds that it gets in any case:
TIMES, LEAST = 6, 30
# Filling a long context takes minutes, so fewer configurations are tried with it.
DEEP = 4096
# Of a row that does not reach its goal, so many phases are named.
PHASES = 4
DEEP_CONFIGURATIONS = ("native", "native, --no-repack", "native, no flash attention", "npm")
# What a row must reach (floor) and should (goal), as ratios to the best peer.
AIMS = {
    "prefill": (1.7, 3.0), "prefill avx512": (1.7, 3.0), "prefill avx2": (1.3, 2.0),
    "prefill amx": (2.5, 5.0), "prefill amx small": (2.0, 4.0), "prefill deep": (3.0, 6.0),
    "decode small": (1.5, 2.0), "decode 1b": (1.3, 1.8), "decode 3b": (1.3, 1.8), "decode deep": (1.5, 3.0),
    "decode 8": (2.0, 4.0), "start": (3.0, 8.0), "memory": (1 / 0.7, 1 / 0.62),
}


class Row:
    """A figure of a measurement: `key` of what measure_ours() and measure_peer() return."""

    def __init__(self, name, title, key, aim, unit="tokens/s", less=False):
        self.name, self.title, self.key, self.unit, self.less = name, title, key, unit, less
        self.floor, self.goal = AIMS[aim]


class Measurement:
    """Runs that give one or more rows: of `model`, with `p` tokens read and `n` decoded after `d` in the context."""

    def __init__(self, model, rows, kind="speed", isa="", p=0, n=0, d=0, sequences=1, kv="f16"):
        self.model, self.rows, self.kind, self.isa = model, rows, kind, isa
        self.p, self.n, self.d, self.sequences, self.kv = p, n, d, sequences, kv


def measurements(amx):
    small = {"default": "SmolLM2-135M Q4_1", "gemma": "Gemma 3 270M Q4_K_M"}
    kinds = ("Q4_0", "Q4_K_M", "Q8_0")
    every = []

    def prefill(model, title, isa=""):
        aim = f"prefill {isa}" if isa else "prefill" if not amx else "prefill amx" + " small" * (model in small)
        suffix = {"": "", "avx512": ", AVX-512 without AMX", "avx2": ", AVX2"}[isa]
        return Row(f"prefill/{model}" + (f"/{isa}" if isa else ""), f"prefill 512, {title}{suffix}", "pp", aim)

    def decode(model, title, aim):
        return Row(f"decode/{model}", f"decode, {title}", "tg", aim)

    for model, title in small.items():
        every.append(Measurement(model, [prefill(model, title), decode(model, title, "decode small")], p=512, n=128))
    for kind in kinds:
        title = f"1B {kind}"
        every.append(Measurement(f"1b-{kind}", [prefill(f"1b-{kind}", title), decode(f"1b-{kind}", title, "decode 1b")],
                                 p=512, n=32))
    for kind in ("F16", "BF16"):
        every.append(Measurement(f"1b-{kind}", [prefill(f"1b-{kind}", f"1B {kind}")], p=512))
    for isa in ("avx512", "avx2"):
        for model, title in [*((f"1b-{kind}", f"1B {kind}") for kind in kinds), *small.items()]:
            every.append(Measurement(model, [prefill(model, title, isa)], p=512, isa=isa))
    for kind in kinds:
        every.append(Measurement(f"3b-{kind}", [decode(f"3b-{kind}", f"3B {kind}", "decode 3b")], n=24))
    for model, title in [*small.items(), ("1b-Q4_K_M", "1B Q4_K_M")]:
        every.append(Measurement(model, [Row(f"decode8/{model}", f"decode of 8 sequences at once, {title}", "tg",
                                             "decode 8")], n=32, d=128, sequences=8))
    for kv in ("f16", "q8_0"):
        deep = [Row(f"decode-8192/{kv}", f"decode at 8192 tokens of context, 1B Q4_K_M, {kv.upper()} KV", "tg",
                    "decode deep")]
        if kv == "f16":
            deep.append(Row("prefill-8192", "prefill 512 at 8192 tokens of context, 1B Q4_K_M", "pp", "prefill deep"))
        every.append(Measurement("1b-Q4_K_M", deep, p=512 * (kv == "f16"), n=16, d=8192, kv=kv))
    for model, title in [*small.items(), ("1b-Q4_K_M", "1B Q4_K_M")]:
        every.append(Measurement(model, [Row(f"start/{model}", f"start of the process to the first token, {title}",
                                             "ms", "start", "ms", less=True)], kind="start"))
    every.append(Measurement("1b-Q4_K_M", [Row("memory/1b-Q4_K_M", "peak memory, 1B Q4_K_M, context of 512", "bytes",
                                               "memory", "MiB", less=True)], kind="memory", p=512))
    return every


# --- Running ----------------------------------------------------------------------------------------------------------

def busy_seconds():
    """Processor time that anything on this machine, or on its host's account, has used."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = (int(word) for word in stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Outcome:
    """What a process printed, how long it took, its peak memory, and the share of the processors others used."""

    def __init__(self, words, environment=None, timeout=TIMEOUT):
        # Not the present folder: the peer would take libraries that lie there.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as said:
            before, busy = time.perf_counter(), busy_seconds()
            process = subprocess.Popen([str(word) for word in words], stdout=out, stderr=said, env=environment,
                                       stdin=subprocess.DEVNULL, cwd="/")
            signal.signal(signal.SIGALRM, lambda *_: process.kill())
            signal.alarm(timeout)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.perf_counter() - before
            signal.alarm(0)
            process.returncode = os.waitstatus_to_exitcode(status)
            own = usage.ru_utime + usage.ru_stime
            capacity = self.seconds * os.cpu_count()
            self.others = max(0.0, (busy_seconds() - busy - own) / capacity) if self.seconds > 0.2 else 0.0
            self.peak_bytes = usage.ru_maxrss * 1024
            out.seek(0)
            self.text = out.read()
            if process.returncode == -signal.SIGKILL:
                raise Missing(f"given up after {self.seconds:.0f} s")
            if process.returncode != 0:
                said.seek(0)
                last = (said.read().strip().splitlines() or ["no message"])[-1]
                raise Missing(f"{os.path.basename(str(words[0]))} ended with {process.returncode}: {last[:100]}")


def wait_for_quiet(seconds):
    """Until others have used little of the processors for a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = busy_seconds()
        time.sleep(1)
        if (busy_seconds() - before) / os.cpu_count() <= report.NOISE:
            return


class Bench:
    def __init__(self, program, threads, patience, retries):
        self.program, self.threads, self.patience, self.retries = program, threads, patience, retries
        self.help = Outcome([program, "bench", "--help"]).text
        # The largest share of others in the runs of a row that count
        self.others = 0.0
        self.bytes_per_token = {}
        self.timeout = TIMEOUT

    def run(self, words, environment=None):
        """The quietest of a few runs; the first one that is quiet enough."""
        best = None
        for _ in range(1 + self.retries):
            wait_for_quiet(self.patience)
            outcome = Outcome(words, environment, self.timeout)
            if best is None or outcome.others < best.others:
                best = outcome
            if best.others <= report.NOISE:
                break
        self.others = max(self.others, best.others)
        return best

    def command(self, m, path):
        """Our `bench` of a measurement."""
        words = [self.program, "bench", "-m", path, "-t", self.threads, "-p", m.p, "-n", m.n, "-r", 1, "--json",
                 *self.mask(m)]
        words += ["-d", m.d] if m.d else []
        words += ["--sequences", m.sequences] if m.sequences > 1 else []
        return words + (["--kv", m.kv] if m.kv != "f16" else [])

    @staticmethod
    def mask(m):
        return ["--cpu", {"avx512": "avx512_bf16"}.get(m.isa, m.isa)] if m.isa else []

    def ours(self, m, path):
        """Our figures, {key: value}."""
        if m.kind == "start":
            outcome = self.run([self.program, "generate", "-m", path, "-t", self.threads, "-n", 1, "--temp", 0, "-p",
                                PROMPT, *self.mask(m)])
            return {"ms": outcome.seconds * 1e3}
        outcome = self.run(self.command(m, path))
        if m.kind == "memory":
            return {"bytes": outcome.peak_bytes}
        figures = {}
        for test in json.loads(outcome.text)["tests"]:
            figures[test["test"][:2]] = test["tokens_per_second"]["median"]
            if "gb_per_second" in test:
                gb = test["gb_per_second"] / test["tokens_per_second"]["median"]
                self.bytes_per_token[m.model] = gb * m.sequences
        return figures

    def profile(self, m, path, key):
        """The phases that take most of our time: [{name, share, and the shares of it waiting and of the limits}]."""
        tests = json.loads(self.run([*self.command(m, path), "--profile"]).text)["tests"]
        profile = next(test["profile"] for test in tests if test["test"][:2] == key)
        seconds = sum(phase["seconds"] for phase in profile["phases"])
        phases = sorted(profile["phases"], key=lambda phase: -phase["seconds"])[:PHASES]
        return [{"phase": phase["phase"], "share": phase["seconds"] / seconds,
                 "waiting": phase["waiting_seconds"] / (phase["seconds"] * profile["threads"]),
                 "read": phase["fraction_of_read"], "peak": phase["fraction_of_peak"]} for phase in phases]

    def peer(self, one, m, path):
        """The figures of a configuration of the peer, as above."""
        repack = "1" if one.repack else "0"
        if m.kind == "start" or (one.tools is None and m.kind == "speed"):
            words = [sys.executable, peer.HERE / "libllama_speed.py", one.tools or one.folder, path, "-t",
                     self.threads, "--repack", repack]
            words += ["--backend", one.backend] if one.backend else []
            if m.kind == "start":
                figures = json.loads(self.run([*words, "--first-token", PROMPT], one.environment()).text)
                return {"ms": figures["first_token_ms"]}
            words += ["-p", m.p, "-n", m.n, "-d", m.d, "--sequences", m.sequences, "--kv", m.kv]
            return json.loads(self.run(words, one.environment()).text)
        if m.sequences > 1:
            return self.peer_sequences(one, m, path)
        words = [one.tools / "llama-bench", "-m", path, "-t", self.threads, "-p", m.p, "-n", m.n, "-d", m.d, "-r", 1,
                 "-o", "json", "--repack", repack, "-ctk", m.kv, "-ctv", m.kv, "-fa", "auto" if one.flash else "off"]
        outcome = self.run(words, one.environment())
        if m.kind == "memory":
            return {"bytes": outcome.peak_bytes}
        return {"pp" if test["n_prompt"] else "tg": test["avg_ts"] for test in json.loads(outcome.text)}

    def peer_sequences(self, one, m, path):
        words = [one.tools / "llama-batched-bench", "-m", path, "-t", self.threads, "-npp", m.d, "-ntg", m.n, "-npl",
                 m.sequences, "-c", m.sequences * (m.d + m.n), "--output-format", "jsonl"]
        words += [] if one.repack else ["--no-repack"]
        words += [] if one.flash else ["-fa", "off"]
        for line in self.run(words, one.environment()).text.splitlines():
            if line.startswith("{"):
                return {"tg": json.loads(line)["speed_tg"]}
        raise Missing("llama-batched-bench printed no figure")

    def read_bandwidth(self):
        """GB/s, the best of several numbers of streams."""
        limits = json.loads(self.run([self.program, "bench", "--limits", "-t", self.threads, "--json"]).text)
        return max(row["gb_per_second"] for row in limits["read"])


# --- Comparing --------------------------------------------------------------------------------------------------------

def applies(one, m):
    """Whether a configuration is one that a measurement is compared with."""
    if one.isa != m.isa or (m.kind == "memory" and one.tools is None):
        return False
    if m.d >= DEEP and one.name not in DEEP_CONFIGURATIONS:
        return False
    return one.flash or (m.p > 0 and m.kind == "speed" and m.kv == "f16")


def compare(bench, m, path, found, rounds):
    """{row name: result} of one measurement."""
    bench.others = 0.0
    ours, theirs = [], {}

    def ours_once():
        bench.timeout = TIMEOUT
        start = time.monotonic()
        ours.append(bench.ours(m, path))
        bench.timeout = max(LEAST, int(TIMES * (time.monotonic() - start)))

    def peer_once(one):
        try:
            figures = bench.peer(one, m, path)
            theirs.setdefault(one.name, []).append(figures)
        except Missing as reason:
            say(f"{one.name}: {reason}")

    candidates = [one for one in found if applies(one, m)]
    if not candidates:
        raise Missing("no peer to compare with")
    ours_once()
    for one in candidates:
        peer_once(one)
    if not theirs:
        raise Missing("no peer could be measured")
    if m.kind == "start" and not rounds:
        ours_once()  # the first one found the file no longer in memory, where others had been
        ours.pop(0)
    if rounds:
        best = set()
        for row in m.rows:
            ranked = sorted(theirs, key=lambda name: theirs[name][0][row.key], reverse=not row.less)
            best.update(ranked[:2])
        ours.clear()
        theirs.clear()
        bench.others = 0.0
        for _ in range(rounds):
            ours_once()
            for one in candidates:
                if one.name in best:
                    peer_once(one)
    if not theirs:
        raise Missing("no peer could be measured again")
    results = {}
    for row in m.rows:
        values = {name: statistics.median(run[row.key] for run in runs) for name, runs in theirs.items()}
        which = (min if row.less else max)(values, key=values.get)
        own = statistics.median(run[row.key] for run in ours)
        scale = 1 / (1 << 20) if row.unit == "MiB" else 1
        results[row.name] = {
            "title": row.title, "unit": row.unit, "ours": own * scale, "peer": values[which] * scale, "which": which,
            "ratio": values[which] / own if row.less else own / values[which], "floor": row.floor, "goal": row.goal,
            "runs": len(ours), "others": bench.others, "date": time.strftime("%Y-%m-%d"),
            "all": {name: value * scale for name, value in sorted(values.items())}}
        if m.kind == "memory":
            results[row.name]["file"] = os.path.getsize(path) * scale
        if m.kind == "speed" and report.reached(results[row.name]) != "goal":
            results[row.name]["profile"] = bench.profile(m, path, row.key)
        if row.key == "tg" and m.model in bench.bytes_per_token:
            per_token = bench.bytes_per_token[m.model] / m.sequences
            results[row.name].update(gb_ours=own * per_token, gb_peer=values[which] * per_token)
    return results


def main():
    parser = argparse.ArgumentParser(prog="./dev bench --peer", usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("--rows", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--patience", type=int, default=20)
    parser.add_argument("--retries", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    amx = "amx_int8" in peer.cpu()[1]
    chosen = [m for m in measurements(amx) if any(re.search(args.rows, row.name) for row in m.rows)]
    if args.list:
        print("\n".join(row.name for m in chosen for row in m.rows))
        return
    bench = Bench(os.path.abspath(args.program), args.threads, args.patience, args.retries)
    found, reasons = peer.configurations()
    files, missing = peer.models()
    for reason in reasons + missing:
        say(f"left out: {reason}")
    store = report.Store(peer.cache() / "results.json")
    store.set_machine(peer.cpu()[0], args.threads, Outcome([bench.program, "--version"]).text.strip(), peer.SDIST,
                      peer.NPM)
    bandwidth = bench.read_bandwidth()
    for m in chosen:
        names = ", ".join(row.name for row in m.rows)
        try:
            if m.isa == "avx512" and not amx:
                raise Missing("this processor has no AMX to leave out: the rows without a mask are these already")
            if m.model not in files:
                raise Missing(f"the model {m.model} is not there")
            say(f"measuring {names}")
            for name, result in compare(bench, m, files[m.model], found, 0 if args.quick else args.rounds).items():
                result["bandwidth"] = bandwidth
                store.put(name, result)
                print(report.line(result), flush=True)
        except Missing as reason:
            say(f"left out: {names}: {reason}")
            for row in m.rows:
                store.leave_out(row.name, row.title, str(reason))
    order = [row.name for m in measurements(amx) for row in m.rows]
    report.write(store, order, peer.HERE / "RESULTS.md", peer.HERE.parent.parent / "docs" / "speed.svg")
    print()
    print(report.table(store, [row.name for m in chosen for row in m.rows]))


if __name__ == "__main__":
    main()
