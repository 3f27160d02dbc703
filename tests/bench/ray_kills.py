#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Workers, nodes and the driver of a run on Ray are killed at random moments; nothing may be lost or doubled.

usage: ray_kills.py [--kills N] [--embeddings N] [--generations N] [--seed N] [--minutes N] [--folder FOLDER]

With a Python that has ray[data] of tests/bindings/ray/requirements.txt; LIBLLM_LIBRARY names the library. Three nodes, as processes
of this machine, made by Ray's own cluster utilities. Runs follow one another until each kind of kill happened N times;
every output is compared with that of the plain processes, and what was computed more than once is counted. What the plain
processes gave stays in FOLDER for the next call.
"""
import argparse
import collections
import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "bindings/python"
TINY = ROOT / "tests/data/tiny"
KINDS = ("worker", "node", "driver")


def rows_of(task, count, generator):
    """Documents of many lengths; prompts, of which two thirds share a beginning with others."""
    for number in range(count):
        words = " ".join(f"w{generator.randrange(1000)}" for _ in range(generator.randrange(1, 24)))
        shared = f"Read what follows and go on, in the manner of author {number % 7}. " * 2 if number % 3 else ""
        yield {"text": f"{number} {words}"} if task == "embed" else {"prompt": f"{shared}{number} {words[:40]}"}


def command_of(task, source, output, executor, trace):
    model = TINY / ("bert.gguf" if task == "embed" else "llama.gguf")
    more = [] if task == "embed" else ["--max-tokens", "16"]
    return [sys.executable, "-m", "libllm.ray", task, str(source), str(output), "--model", str(model), "--quiet",
            "--executor", executor, "--trace", str(trace), *more]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def offspring():
    """The processes below this one, with their command lines: other clusters of the machine are nobody's business here."""
    parents, commands = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                commands[int(entry.name)] = (entry / "cmdline").read_bytes()
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue

    def is_below(number):
        while number in parents and number != os.getpid():
            number = parents[number]
        return number == os.getpid()

    return {number: (parents[number], commands[number]) for number in parents if is_below(number)}


def patient(start):
    """What starts a node, again where a busy machine took longer than the half minute that Ray waits."""
    def children():
        return {number for number, (parent, _) in offspring().items() if parent == os.getpid()}

    for _ in range(5):
        before = children()
        try:
            return start()
        except Exception as error:  # pylint: disable=broad-except
            if "timed out during startup" not in str(error):
                raise
            for number in children() - before:  # what was started of it stays otherwise
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
    return start()


class Cluster:
    """Three nodes with a processor each, and a head without."""

    def __init__(self):
        from ray.cluster_utils import Cluster as Utility

        os.environ["PYTHONPATH"] = str(PACKAGE)  # for what the nodes start
        os.environ.setdefault("RAY_worker_niceness", "0")  # by default workers give way to everything else
        self.utility = patient(lambda: Utility(initialize_head=True, head_node_args={
            "num_cpus": 0, "include_dashboard": False, "object_store_memory": 80 << 20}))
        self.nodes = [self.add() for _ in range(3)]

    def add(self):
        return patient(lambda: self.utility.add_node(num_cpus=1, object_store_memory=80 << 20, wait=False))

    @property
    def address(self):
        return self.utility.address

    def kill_node(self, generator):
        node = self.nodes.pop(generator.randrange(len(self.nodes)))
        self.utility.remove_node(node, allow_graceful=False)
        self.nodes.append(self.add())

    def stop(self):
        self.utility.shutdown()


def actors():
    """The processes of this cluster's workers."""
    return [number for number, (_, command) in offspring().items() if command.startswith(b"ray::Actor")]


class Chaos:
    """One run under kills, until it ends by itself."""

    def __init__(self, cluster, generator, left, pause):
        self.cluster, self.generator, self.left, self.pause = cluster, generator, left, pause
        self.done = collections.Counter()

    def start(self, command):
        environment = {**os.environ, "RAY_ADDRESS": self.cluster.address, "PYTHONPATH": str(PACKAGE)}
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, command, trace):
        driver = self.start(command)
        moment = self.next(trace)
        while True:
            code = driver.poll()
            if code == 0:
                return self.done
            if code is not None:
                raise SystemExit(f"the driver ended with {code}: {driver.stderr.read()[-2000:]}")
            if self.left and self.progress(trace) >= moment:
                kind = self.generator.choice(sorted(self.left.elements()))
                if self.kill(kind, driver):
                    self.left[kind] -= 1
                    self.left += collections.Counter()
                    self.done[kind] += 1
                    if kind == "driver":
                        driver = self.start(command)
                moment = self.next(trace)
            time.sleep(0.02)

    @staticmethod
    def progress(trace):
        return trace.stat().st_size if trace.exists() else 0

    def next(self, trace):
        """Random moments are places in the work, which also a busy machine reaches."""
        return self.progress(trace) + self.generator.randrange(self.pause * 5)

    def kill(self, kind, driver):
        if kind == "driver":
            driver.kill()
            driver.wait()
        elif kind == "node":
            self.cluster.kill_node(self.generator)
        else:
            found = actors()
            if not found:
                return False
            os.kill(self.generator.choice(found), signal.SIGKILL)
        return True


def check(task, expected, output, trace, count, problems):
    """Rows once and in order, the same bytes as without kills; gives back how many rows were computed again."""
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    if [row["row_id"] for row in rows] != list(range(count)):
        problems.append(f"{task}: rows are missing, doubled or out of order")
    if any(row["error"] for row in rows):
        problems.append(f"{task}: {[row['error'] for row in rows if row['error']][:3]}")
    if digest(output) != digest(expected):
        problems.append(f"{task}: the output is not that of the plain processes")
    return len(trace.read_bytes().splitlines()) - count


def prepare(folder, counts, seed):
    """What goes in, and what the plain processes make of it, unless it is there."""
    generator = random.Random(seed)
    for task, count in counts.items():
        source, output = folder / f"{task}.jsonl", folder / f"{task}-plain.jsonl"
        rows = [json.dumps(row) + "\n" for row in rows_of(task, count, generator)]
        if output.exists() and source.read_text(encoding="utf-8") == "".join(rows):
            continue
        source.write_text("".join(rows), encoding="utf-8")
        subprocess.run(command_of(task, source, output, "processes", folder / f"{task}-plain.trace") + ["--workers", "1", "--restart"],
                       check=True, env={**os.environ, "PYTHONPATH": str(PACKAGE)}, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50, help="of each kind")
    parser.add_argument("--embeddings", type=int, default=20000)
    parser.add_argument("--generations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further run after so long")
    parser.add_argument("--of-each-run", type=int, default=12, help="kills of a run, about")
    parser.add_argument("--folder", type=pathlib.Path, help="for inputs and outputs without kills, which stay there")
    asked = parser.parse_args()
    counts = {task: count for task, count in (("embed", asked.embeddings), ("generate", asked.generations)) if count}
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="ray-kills-"))
    folder, problems, started = asked.folder or scratch, [], time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder, counts, seed=3)
    generator = random.Random(asked.seed)
    cluster = Cluster()
    left = collections.Counter({kind: asked.kills for kind in KINDS})
    total, number = collections.Counter(), 0
    try:
        while left and not problems and time.monotonic() - started < asked.minutes * 60:
            task = list(counts)[number % len(counts)]
            output, trace = scratch / f"{task}-{number}.jsonl", scratch / f"{task}-{number}.trace"
            now = collections.Counter()
            for _ in range(min(asked.of_each_run, sum(left.values()))):
                now[generator.choice(sorted((left - now).elements()))] += 1
            left -= now
            chaos = Chaos(cluster, generator, now, max(1, 2 * counts[task] // asked.of_each_run))
            done = chaos.run(command_of(task, folder / f"{task}.jsonl", output, "ray", trace), trace)
            left += chaos.left  # what the run was over before
            total += done
            again = check(task, folder / f"{task}-plain.jsonl", output, trace, counts[task], problems)
            print(f"run {number}: {counts[task]} rows ({task}), kills {dict(done)}, {again} rows computed again, "
                  f"{100 * again / counts[task] / max(1, sum(done.values())):.2f} % for each kill", flush=True)
            number += 1
    finally:
        print(f"{number} runs, kills {dict(total)}: " + ("; ".join(problems) or "nothing lost, nothing doubled, all as without"))
        cluster.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
