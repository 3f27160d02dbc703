#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Ray costs: documents of the same run by Ray's actors and by plain processes, in turn, with the same workers.

usage: ray_overhead.py [--rows N] [--unit-rows N] [--workers N] [--rounds N] [--model FILE]

With a Python that has the packages of tests/bindings/ray/requirements.txt; LIBLLM_LIBRARY names the library. Counted is from the
first unit that is done to the last: what starting takes is told beside it.
"""
import argparse
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
os.environ["PYTHONPATH"] = str(ROOT / "bindings/python")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_worker_niceness", "0")  # by default Ray's workers give way to everything else

from libllm import batch  # noqa: E402
from libllm.batch import Settings  # noqa: E402
from libllm.batch.processes import Processes  # noqa: E402


class Watch:
    """Keeps the time of an executor's work, without that of starting its workers."""

    def __init__(self, executor):
        self.executor, self.first, self.last, self.rows = executor, None, None, 0

    def __getattr__(self, name):
        return getattr(self.executor, name)

    def wait(self, seconds):
        events = self.executor.wait(seconds)
        now = time.perf_counter()
        for event in events:
            if type(event).__name__ == "Done":
                if self.first is None:
                    self.first = now
                else:
                    self.rows += len(event.unit.items)
                self.last = now
        return events

    @property
    def speed(self):
        return self.rows / (self.last - self.first)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--unit-rows", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default=str(ROOT / "tests/data/tiny/bert.gguf"))
    asked = parser.parse_args()
    generator = random.Random(5)
    texts = [f"{number} " + " ".join(f"w{generator.randrange(999)}" for _ in range(generator.randrange(20, 48)))
             for number in range(asked.rows)]
    import ray

    from libllm.ray.cluster import Cluster

    ray.init(address="local", num_cpus=asked.workers, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.rounds):
            speeds = {}
            for kind in ("processes", "ray") if number % 2 else ("ray", "processes"):
                inner = Processes() if kind == "processes" else Cluster(asked.model, workers=asked.workers)
                watch, started = Watch(inner), time.perf_counter()
                batch.embed(texts, pathlib.Path(folder, f"{number}-{kind}.jsonl"), model=asked.model, executor=watch,
                            settings=Settings(workers=asked.workers, threads=asked.workers, parallel=2,
                                              unit_rows=asked.unit_rows, progress=False))
                speeds[kind] = watch.speed
                print(f"round {number}, {kind}: {watch.speed:.0f} rows a second; begun after {watch.first - started:.1f} s", flush=True)
            ratios.append(speeds["ray"] / speeds["processes"])
    ray.shutdown()
    print(f"Ray to plain processes, {asked.workers} workers: {statistics.median(ratios):.3f} "
          f"({min(ratios):.3f} to {max(ratios):.3f} in {asked.rounds} rounds)")


if __name__ == "__main__":
    main()
