# SPDX-License-Identifier: MIT
"""How a machine is used for a run, and how long the run will take, by the estimator: workers, threads, and batches."""
from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from .. import _errors, api
from .._runtime import devices, locate, make_runtime
from ..estimates import estimate
from .rows import Item, Json

WEEK = 7 * 24 * 3600.0
PHASES = 5  # of a layer, each with a barrier of the threads
#: From this share of a token's time that threads wait for each other, each works on its own.
WAITING = 0.15
BATCH = 8  # sequences that share one reading of the weights


@dataclass
class Machine:
    """What a node is, as the estimator takes it."""
    scenario: Json
    threads: int


@dataclass
class Layout:
    """How many workers a node has, with how many threads and rows at a time each."""
    workers: int
    threads: int
    parallel: int


@dataclass
class Speed:
    """Tokens a second of a node, with the interval that the estimator gives."""
    prompt: float
    prompt_low: float
    prompt_high: float
    output: float
    output_low: float
    output_high: float


def cache_file(name: str) -> str:
    home = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(home if os.path.isabs(home) else os.path.join(os.path.expanduser("~"), ".cache"), "libllm", name)


def kept(name: str, cpu: Any) -> Optional[Json]:
    """What the command `libllm estimate` keeps of this processor, with as many threads."""
    try:
        with open(cache_file(name), encoding="utf-8") as file:
            found: Json = json.load(file)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and (found.get("name"), found.get("threads")) == (cpu.name, cpu.threads) else None


def measure(threads: int = 0) -> Machine:
    """This machine: by its calibration where `libllm estimate calibrate` made one, else by its limits, measured in a
    second or known from this week."""
    runtime = make_runtime(threads=threads)
    cpu = devices(runtime)[0]
    machine: Json = {"name": cpu.name, "memory": cpu.available_bytes}
    calibration = kept("calibration.json", cpu)
    limits = kept("limits.json", cpu)
    if calibration:
        machine["calibration"] = calibration
    elif limits and 0 <= time.time() - limits.get("time", 0) < WEEK:
        machine["limits"] = limits["limits"]
    else:
        machine["limits"] = json.loads(runtime.measure_limits())
        keep_limits(cpu, machine["limits"])
    return Machine(machine, cpu.threads)


def keep_limits(cpu: Any, limits: Json) -> None:
    path = cache_file("limits.json")
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        beside = f"{path}.{os.getpid()}"
        with open(beside, "w", encoding="utf-8") as file:
            json.dump({"name": cpu.name, "threads": cpu.threads, "time": int(time.time()), "limits": limits}, file)
        os.replace(beside, path)
    except OSError:
        pass  # it is measured again


SPLIT = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf")


def files_of(path: str) -> List[str]:
    """A model's files: those of a folder, all parts of one that is split, or the one."""
    if os.path.isdir(path):
        names = sorted(os.path.join(path, name) for name in os.listdir(path))
    else:
        split = SPLIT.fullmatch(path)
        names = [f"{split[1]}-{part:05d}-of-{split[2]}.gguf" for part in range(1, int(split[2]) + 1)] if split else [path]
    return [name for name in names if os.path.isfile(name)]


def figures_of(model: str, machine: Machine, parallel: int, prompt: int, output: int) -> Optional[Dict[str, Any]]:
    try:
        report = estimate({"file": locate(model)}, "serve", engine="libllm", machine=machine.scenario, concurrency=parallel,
                          load={"input_tokens": max(1, prompt), "output_tokens": max(1, output)})
    except _errors.Error:
        return None  # such as an encoder, or a folder of Hugging Face
    return dict(report.figures)


def on_device(device: Optional[str]) -> bool:
    """Something else than the processor computes, of which Machine says nothing."""
    return device not in (None, "", "cpu")


def layout_of(model: str, machine: Machine, workers: int = 0, parallel: int = 0, device: Optional[str] = None) -> Layout:
    """One worker with all threads, whose rows share the reading of the weights; or as many workers with one thread, where
    the model is so small that threads would wait for each other. The file is mapped once, whoever has it open; but a device
    has a copy for each worker, so it gets one."""
    path = locate(model)
    size = sum(os.path.getsize(name) for name in files_of(path)) if os.path.isfile(path) else 0
    memory = machine.scenario["memory"]
    figures = figures_of(model, machine, BATCH, 256, 64)
    if figures:
        layers = figures["model.layers"].value
        barrier = machine.scenario.get("limits", {}).get("barrier_ns", machine.scenario.get("calibration", {}).get("layer_ns", 1e3))
        token = BATCH / figures["decode.tokens_per_second"].value
        small = layers * PHASES * min(barrier, 2e3) * 1e-9 > WAITING * token
        sequence = figures["kv.bytes_per_sequence"].value
    else:
        small, sequence = size < 200 << 20, 0
    small = small and not on_device(device)
    count = workers or (machine.threads if small else 1)
    threads = max(1, machine.threads // count)
    most = BATCH if not sequence else max(1, int(0.5 * max(0, memory - size) / (sequence * count)))
    return Layout(count, threads, parallel or max(1, min(BATCH, most)))


def speed_of(model: str, machine: Machine, layout: Layout, prompt: int, output: int) -> Optional[Speed]:
    """What a node does, if the estimator knows such models."""
    figures = figures_of(model, machine, layout.parallel, prompt, output)
    if not figures or "prefill.tokens_per_second" not in figures:
        return None
    read, write = figures["prefill.tokens_per_second"], figures["decode.tokens_per_second"]
    return Speed(read.value, read.low or read.value, read.high or read.value,
                 write.value, write.low or write.value, write.high or write.value)


@dataclass
class Prediction:
    """Seconds that a run takes, and between which they lie in eight of ten cases."""
    seconds: float
    low: float
    high: float


def predict(speeds: List[Optional[Speed]], prompt_tokens: float, output_tokens: float) -> Optional[Prediction]:
    """How long all nodes together need for tokens of prompts and of answers."""
    known = [speed for speed in speeds if speed is not None]
    if not known or len(known) < len(speeds):
        return None

    def seconds(read: str, write: str) -> float:
        each = [prompt_tokens / float(getattr(one, read)) + output_tokens / float(getattr(one, write)) for one in known]
        return 1 / sum(1 / max(one, 1e-12) for one in each)

    return Prediction(seconds("prompt", "output"), seconds("prompt_high", "output_high"), seconds("prompt_low", "output_low"))


def count_tokens(model: str, items: List[Item], column: str, sample: int = 64) -> float:
    """Tokens of a prompt, on average, by some of them."""
    from .plan import text_of

    texts = [text_of(item.row.get(column)) for item in items[::max(1, len(items) // sample)]]
    with api.Model.open(make_runtime(threads=1), locate(model)) as handle:
        counts = []
        for text in texts:
            try:
                counts.append(len(handle.tokenize(text.replace("\0", " "), api.TOKENIZE_ADD_BOS)))
            except (_errors.Error, UnicodeEncodeError):
                pass
    return sum(counts) / max(1, len(counts))
