# SPDX-License-Identifier: MIT
"""The same as libllm.batch on a Ray cluster; without Ray, on this machine. `pip install libllm[ray]`.

    import libllm.ray
    report = libllm.ray.generate("s3-mount/questions/*.parquet", "answers", model="/models/qwen3-8b.gguf", max_tokens=200)
    print(report.table()); report.dataset().show(3)

libllm.ray.serve has a deployment for Ray Serve. Nothing imports Ray until it is needed.
"""
from __future__ import annotations

import importlib.util
import sys
from typing import Any, Callable, Optional

from .. import batch
from .._runtime import locate
from ..batch import BatchError, Choices, Report, Settings
from ..batch.driver import Executor
from ..batch.rows import is_dataset

__all__ = ["BatchError", "Report", "Settings", "classify", "embed", "executor_of", "generate"]


def executor_of(kind: str, model: str, settings: Optional[Settings] = None, spare: int = 0) -> Optional[Executor]:
    """Where workers run.

    Args:
        kind: "ray", "processes" of this machine, or "auto": Ray where it is installed
        spare: CPUs of each node that are left to other tasks
    """
    if kind not in ("auto", "ray", "processes"):
        raise BatchError(f"executor: expected auto, ray or processes; this is {kind}")
    if kind == "processes" or (kind == "auto" and importlib.util.find_spec("ray") is None):
        return None
    try:
        from .cluster import Cluster
    except ImportError as error:
        raise BatchError(f"Ray cannot be imported ({error}): pip install 'libllm[ray]', or executor=\"processes\"") from None
    settings = settings or Settings()
    return Cluster(locate(model), settings.threads, settings.workers, settings.parallel, spare, settings.device)


def _run(call: Callable[..., Report], dataset: Any, output: Any, model: str, executor: str, settings: Optional[Settings],
         arguments: Any) -> Report:
    settings = settings or Settings()
    try:
        # What makes a Dataset are tasks that run while workers do: with all CPUs taken they would wait for ever.
        where = executor_of(executor, model, settings, spare=int(is_dataset(dataset)))
        return call(dataset, output, model=model, settings=settings, executor=where, **arguments)
    except KeyboardInterrupt:
        print(f"\nlibllm: stopped; the same call goes on with {output}", file=sys.stderr)
        raise


def generate(dataset: Any, output: Any, *, model: str = "default", executor: str = "auto",
             settings: Optional[Settings] = None, **arguments: Any) -> Report:
    """libllm.batch.generate() on a cluster; see there. executor: "auto", "ray" or "processes"."""
    return _run(batch.generate, dataset, output, model, executor, settings, arguments)


def embed(dataset: Any, output: Any, *, model: str = "default", executor: str = "auto",
          settings: Optional[Settings] = None, **arguments: Any) -> Report:
    """libllm.batch.embed() on a cluster; see there."""
    return _run(batch.embed, dataset, output, model, executor, settings, arguments)


def classify(dataset: Any, output: Any, *, choices: Choices, model: str = "default", executor: str = "auto",
             settings: Optional[Settings] = None, **arguments: Any) -> Report:
    """libllm.batch.classify() on a cluster; see there."""
    return _run(batch.classify, dataset, output, model, executor, settings, {"choices": choices, **arguments})
