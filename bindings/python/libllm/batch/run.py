# SPDX-License-Identifier: MIT
"""From the arguments of generate(), embed() and classify() to a run: what its results depend on, sizes, and progress."""
from __future__ import annotations

import itertools
import json
import os
import sys
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Union

from .._options import KNOWN
from .._runtime import locate
from ..schemas import schema_of
from .driver import Executor, Report, Run
from .plan import DEPTH, WINDOW_ROWS, depth_of, unit_rows
from .rows import Item, Json, Source, renamed, source_of
from .sizing import Layout, Machine, count_tokens, layout_of, on_device, predict, speed_of
from .store import Store
from .worker import Spec, model_hash
from .writing import Writer

#: The columns of a task; what depends on how rows are put together, such as cached tokens, is in the report alone.
ADDED = {"generate": ["finish_reason", "prompt_tokens", "completion_tokens"], "embed": ["prompt_tokens"],
         "classify": ["score", "prompt_tokens"]}
TYPES = {"generate": "string", "embed": "vector", "classify": "string"}
Names = Mapping[str, Optional[str]]
#: Options that are no data, and cannot be sent to workers or written into a manifest.
LOCAL = ("logits_processor", "adapters", "cancel")
LINE_EVERY = 30.0  # seconds


@dataclass
class Settings:
    """How a run is carried out."""
    #: Throw away what the output has, instead of going on with it.
    restart: bool = False
    #: Workers of a node, their threads, and rows at a time of each; 0: by the estimator.
    workers: int = 0
    threads: int = 0
    parallel: int = 0
    #: Tokens of a prompt with its answer; 0: what the model was trained for, at most 8192.
    context: int = 0
    device: Optional[str] = None
    #: The same results, however rows are put together. Without, they may differ where words are equally probable.
    deterministic: bool = True
    #: Rows of a unit and of a window; 0: by the number of rows.
    unit_rows: int = 0
    window_rows: int = 0
    #: Tell standard error (every half minute where that is no terminal), or a function(report, total) every second.
    progress: Union[bool, Callable[[Report, Optional[int]], object]] = True
    #: Tokens of an answer on average, where they are known, for the prediction.
    expected_tokens: Optional[float] = None
    trace: Optional[str] = None


def run(task: str, dataset: Any, output: Any, model: str, column: str, answer: str, rename: Optional[Names],
        settings: Optional[Settings], executor: Optional[Executor], more: Dict[str, Any]) -> Report:
    settings = settings or Settings()
    source = renamed(source_of(dataset, column), rename)
    fixed = model_hash(locate(model))
    spec = Spec(task, model, column, answer, context=settings.context, device=settings.device,
                deterministic=settings.deterministic, trace=settings.trace, model_hash=fixed["sampled_sha256"],
                **{**more, "options": plain_options(more.get("options", {}))})
    store = Store(os.fspath(output))
    try:
        resumed = store.open({"input": source.identity(), "model": fixed, **spec.key()}, settings.restart)
        if resumed and store.complete:
            return finished(store)
        return carry_out(source, store, spec, settings, executor)
    finally:
        store.close()


def finished(store: Store) -> Report:
    """A run that had ended before: nothing is to be done."""
    rows = sum(window["rows"] for window in store.manifest["windows"])
    return Report(store.output, rows, store.manifest.get("errors", 0), rows)


def plain_options(options: Dict[str, Any]) -> Dict[str, Any]:
    """Options as data: checked here, so that a wrong one is no error of every row."""
    unknown = [name for name in options if name not in KNOWN or name in LOCAL]
    if unknown:
        raise TypeError(f"unknown option {', '.join(unknown)}; known are {', '.join(name for name in KNOWN if name not in LOCAL)}")
    found = dict(options)
    if found.get("json_schema") is not None:
        found["json_schema"] = schema_of(found["json_schema"])
    result: Dict[str, Any] = json.loads(json.dumps({name: value for name, value in found.items() if value is not None}))
    if "logit_bias" in result:
        result["logit_bias"] = {int(token): value for token, value in result["logit_bias"].items()}
    return result


def carry_out(source: Source, store: Store, spec: Spec, settings: Settings, executor: Optional[Executor]) -> Report:
    if executor is None:
        from .processes import Processes

        executor = Processes(settings.threads)
    added = list(dict.fromkeys(["row_id", spec.answer, *ADDED[spec.task], "error"]))
    writer = Writer(store.format, spec.answer, TYPES[spec.task], added, store.manifest.get("schema"))
    report = Report(store.output)
    try:
        machines = executor.machines()
        # Vectors share no reading of the weights: two at a time keep a worker busy.
        spec.parallel = settings.parallel or (2 if spec.task == "embed" else 0)
        layouts = [layout_of(spec.model, machine, settings.workers, spec.parallel, spec.device) for machine in machines]
        if "unit_rows" not in store.manifest:
            count = sum(layout.workers for layout in layouts)
            store.manifest["window_rows"] = settings.window_rows or WINDOW_ROWS
            store.set("unit_rows", settings.unit_rows or unit_rows(
                source.count(), count, DEPTH, max(layout.parallel for layout in layouts)))
        first = list(itertools.islice(source.items(), 512)) if source.count() is not None else []
        report.layout = "; ".join(f"{layout.workers} x {layout.threads} threads, {layout.parallel} rows at a time"
                                  for layout in layouts)
        if first:
            foretell(report, (source.count() or 0) - store.rows_done(), first, spec, settings, machines, layouts)
        executor.start(spec, layouts)
        work = Run(source, store, writer, executor, spec.column, store.manifest["unit_rows"], store.manifest["window_rows"],
                   report, progress_of(settings), depth_of(store.manifest["unit_rows"], max(one.parallel for one in layouts)))
        work.go()
        store.set("errors", report.errors)
        return report
    finally:
        executor.stop()


def foretell(report: Report, rows: int, first: List[Item], spec: Spec, settings: Settings, machines: List[Machine],
             layouts: List[Layout]) -> None:
    """What the estimator says of the rows that are left."""
    prompt = count_tokens(spec.model, first, spec.column)
    limit = spec.options.get("max_tokens") or 256
    output = {"generate": settings.expected_tokens or limit, "embed": 0, "classify": 4}[spec.task]
    speeds = [speed_of(spec.model, machine, layout, int(prompt), int(output)) for machine, layout in zip(machines, layouts)
              if not on_device(spec.device)]
    report.predicted = predict(speeds, rows * prompt, rows * output)


def progress_of(settings: Settings) -> Optional[Callable[[Report, Optional[int]], object]]:
    if callable(settings.progress):
        return settings.progress
    if not settings.progress:
        return None
    return tell if sys.stderr.isatty() else Lines()


def state_of(report: Report, total: Optional[int]) -> str:
    done = report.resumed + report.computed
    share = f" of {total} ({100 * done / total:.0f} %)" if total else ""
    left = ""
    if total and report.computed:
        left = f", {report.seconds * (total - done) / report.computed:.0f} s left"
    return f"{done}{share} rows, {report.errors} with an error{left}"


def tell(report: Report, total: Optional[int]) -> None:
    end = "\n" if total and report.resumed + report.computed == total else ""
    print(f"\r{state_of(report, total)}\x1b[K", end=end, file=sys.stderr, flush=True)


class Lines:
    """For what keeps standard error, such as the log of a job: a line every half minute."""

    def __init__(self) -> None:
        self.next = LINE_EVERY

    def __call__(self, report: Report, total: Optional[int]) -> None:
        if report.seconds >= self.next:
            self.next = report.seconds + LINE_EVERY
            print(f"libllm: {state_of(report, total)}", file=sys.stderr, flush=True)
