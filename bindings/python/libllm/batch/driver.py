# SPDX-License-Identifier: MIT
"""The run itself: reads windows, gives units to workers, keeps what they give, finds rows that end workers, and goes on
where an earlier run ended. Knows nothing of how workers are started: that is an executor's matter."""
from __future__ import annotations

import collections
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Deque, Dict, Hashable, Iterator, List, Optional, Protocol, Tuple

from .plan import DEPTH, Unit, units, windows
from .rows import BatchError, Item, Json, Source, rows_hash, tables_of
from .sizing import Layout, Machine, Prediction
from .store import Store, results_by_row
from .worker import Spec
from .writing import Writer

CRASHES = 2  # ends of workers with a unit, from which on the unit is looked at alone
STARTS = 4  # workers that end one after another before any has done anything
WINDOWS_AHEAD = 2


@dataclass
class Done:
    """A unit's rows."""
    worker: Hashable
    unit: Unit
    results: List[Json]


@dataclass
class Failed:
    """A worker could not compute a unit, and goes on."""
    worker: Hashable
    unit: Unit
    reason: str


@dataclass
class Gone:
    """A worker ended, with these units."""
    worker: Hashable
    units: List[Unit]
    reason: str
    #: The node went, or the worker had never begun: no row is to blame.
    blameless: bool = False
    #: A message that the run ends with: no worker can be started.
    fatal: Optional[str] = None


class Executor(Protocol):
    """Starts workers and carries units to them."""

    def machines(self) -> List[Machine]: ...

    def start(self, spec: Spec, layouts: List[Layout]) -> None: ...

    def workers(self) -> Dict[Hashable, int]:
        """The workers that take units, and how many each has."""
        ...

    def submit(self, worker: Hashable, unit: Unit) -> None: ...

    def wait(self, seconds: float) -> List[Any]:
        """What happened: Done, Failed, Gone. Starts workers anew where some went."""
        ...

    def stop(self) -> None: ...


@dataclass
class Report:
    """What became of a run."""
    output: str
    rows: int = 0
    #: Rows whose column `error` says why they have no answer.
    errors: int = 0
    #: Rows that an earlier run had done.
    resumed: int = 0
    computed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    #: Workers that ended, and rows that were found to end them.
    crashes: int = 0
    poisonous: List[int] = field(default_factory=list)
    seconds: float = 0.0
    predicted: Optional[Prediction] = None
    layout: str = ""

    def table(self) -> str:
        """Predicted and actual, side by side."""
        expected = self.predicted
        interval = f"{clock(expected.seconds)} ({clock(expected.low)} to {clock(expected.high)})" if expected else "unknown"
        lines = [("", "predicted", "actual"), ("duration", interval, clock(self.seconds))]
        if expected and self.computed and self.seconds:
            lines.append(("rows a second", f"{self.computed / max(expected.seconds, 1e-9):.4g}",
                          f"{self.computed / self.seconds:.4g}"))
        width = [max(len(line[column]) for line in lines) for column in range(3)]
        text = "\n".join("  ".join(cell.ljust(size) for cell, size in zip(line, width)).rstrip() for line in lines)
        more = f"{self.rows} rows, {self.errors} with an error, {self.resumed} done before; {self.crashes} workers ended"
        return f"{text}\n{more}\n{self.layout}".rstrip()

    def dataset(self) -> Any:
        """The output as a Ray Dataset. Its files need be on this machine alone: their rows go to Ray's object store."""
        from ray import data, put  # type: ignore[import-not-found,import-untyped,unused-ignore]

        return data.from_arrow_refs([put(table) for name in part_names(self.output) for table in tables_of(name)])


def part_names(output: str) -> List[str]:
    import os

    if not os.path.isdir(output):
        return [output]
    return sorted(os.path.join(output, name) for name in os.listdir(output) if name.startswith("part-"))


def clock(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


@dataclass
class Window:
    """Rows that were read, until all of them are done."""
    number: int
    items: List[Item]
    names: List[str]
    left: int
    results: Dict[int, Json] = field(default_factory=dict)


Progress = Callable[[Report, Optional[int]], object]


class Run:
    """One run, from its beginning or from where it was killed."""

    def __init__(self, source: Source, store: Store, writer: Writer, executor: Executor, column: str, size: int,
                 window_rows: int, report: Report, progress: Optional[Progress] = None, depth: int = DEPTH):
        self.source, self.store, self.writer, self.executor = source, store, writer, executor
        self.column, self.size, self.report, self.progress = column, size, report, progress
        self.total, self.depth = source.count(), depth
        self.reader: Iterator[Tuple[int, List[Item]]] = enumerate(windows(source.items(), window_rows))
        self.exhausted = False
        self.open: Dict[int, Window] = {}
        self.waiting: Deque[Unit] = collections.deque()
        self.suspects: Deque[Unit] = collections.deque()
        self.last_group: Dict[Hashable, Tuple[int, int]] = {}
        self.alone: Dict[Hashable, Unit] = {}
        self.starts = 0
        self.n_windows = 0
        self.told = 0.0

    def go(self) -> Report:
        started = time.monotonic()
        while True:
            self._read()
            if self.exhausted and not self.open:
                break
            self._give()
            for event in self.executor.wait(1.0):
                self._take(event)
            self.report.seconds = time.monotonic() - started
            self._tell()
        self.store.finish(self.n_windows, self.writer)
        self.report.seconds = time.monotonic() - started
        self._tell(True)
        return self.report

    def _tell(self, last: bool = False) -> None:
        now = time.monotonic()
        if self.progress and (last or now - self.told >= 1):
            self.told = now
            self.progress(self.report, self.total)

    # --- Reading --------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read on while there is too little for the workers to do. What was done before is passed over."""
        enough = (self.depth + 1) * max(1, len(self.executor.workers()))
        while not self.exhausted and len(self.waiting) < enough and len(self.open) < WINDOWS_AHEAD + 1:
            number, items = next(self.reader, (-1, []))
            if number < 0:
                self.exhausted = True
                return
            refuse_names(items, self.writer.added)
            self.n_windows = number + 1
            self.store.window(number, len(items), rows_hash(items))
            if self.writer.kind == "parquet" and self.writer.schema is None:
                self.store.set("schema", self.writer.decide([item.row for item in items]))
            self._open(number, items)

    def _open(self, number: int, items: List[Item]) -> None:
        found = units(number, items, self.column, self.size)
        names = [unit.name for unit in found]
        self.report.rows += len(items)
        if self.store.part_is_done(number):
            self.store.drop_units(names)
            self.report.resumed += len(items)
            return
        window = self.open[number] = Window(number, items, names, len(found))
        for unit in found:
            known = self.store.kept(unit.name, unit.items)
            if known is None:
                self.waiting.append(unit)
                continue
            self.report.resumed += len(unit.items)
            self._add(window, known)
        if not window.left:
            self._close(window)

    # --- Giving ---------------------------------------------------------------------------------------------------------

    def _give(self) -> None:
        workers = self.executor.workers()
        for worker, load in sorted(workers.items(), key=lambda pair: pair[1]):
            if worker in self.alone:
                continue
            if self.suspects:
                if load:
                    continue  # it will be free for one
                unit = self.alone[worker] = self.suspects.popleft()
                self.executor.submit(worker, unit)
                continue
            while load < self.depth and self.waiting:
                self.executor.submit(worker, self._choose(worker))
                load += 1

    def _choose(self, worker: Hashable) -> Unit:
        """The next unit; if there is one, of the group whose prefix the worker knows."""
        last = self.last_group.get(worker)
        for place, unit in enumerate(self.waiting):
            if place >= 64:
                break
            if unit.group == last:
                del self.waiting[place]
                return unit
        unit = self.waiting.popleft()
        self.last_group[worker] = unit.group
        return unit

    # --- Taking ---------------------------------------------------------------------------------------------------------

    def _take(self, event: Any) -> None:
        if isinstance(event, Done):
            self.starts = 0
            self.alone.pop(event.worker, None)
            self._done(event.unit, event.results)
        elif isinstance(event, Failed):
            self.alone.pop(event.worker, None)
            self._suspect(event.unit, event.reason)
        elif isinstance(event, Gone):
            self._gone(event)

    def _gone(self, event: Gone) -> None:
        if event.fatal:
            raise BatchError(event.fatal)
        self.report.crashes += 1
        self.last_group.pop(event.worker, None)
        self.alone.pop(event.worker, None)
        if not event.units:
            self.starts += 1
            if self.starts >= STARTS:
                raise BatchError(f"{self.starts} workers ended one after another before they had done anything: {event.reason}")
        for unit in event.units:
            if event.blameless:
                (self.suspects if unit.alone else self.waiting).appendleft(unit)
            else:
                self._suspect(unit, event.reason)

    def _suspect(self, unit: Unit, reason: str) -> None:
        """A worker ended with this unit. It may be a row's doing: what happens twice is looked at alone, half by half."""
        unit.crashes += 1
        if not unit.alone:
            if unit.crashes < CRASHES:
                self.waiting.appendleft(unit)
            else:
                unit.alone, unit.crashes = True, 0
                self.suspects.append(unit)
        elif len(unit.items) > 1:
            self.suspects.extend(unit.halves())
        elif unit.crashes < CRASHES:
            self.suspects.appendleft(unit)
        else:
            row_id = unit.items[0].row_id
            self.report.poisonous.append(row_id)
            print(f"libllm: row {row_id} ended its worker {unit.crashes} times alone ({reason}); it is left out", file=sys.stderr)
            self._done(unit, [{"row_id": row_id, "error": f"the worker ended while it computed this row alone: {reason}"}])

    def _done(self, unit: Unit, results: List[Json]) -> None:
        self.report.computed += len(results)
        whole = unit.whole or unit
        if unit.whole:
            whole.results.extend(results)
            if len(whole.results) < len(whole.items):
                return
            results = whole.results
        self.store.keep(whole.name, results)
        window = self.open[whole.window]
        self._add(window, results)
        if not window.left:
            self._close(window)

    def _add(self, window: Window, results: List[Json]) -> None:
        window.results.update(results_by_row(results))
        window.left -= 1
        for one in results:
            self.report.errors += one.get("error") is not None
            for name in ("prompt_tokens", "completion_tokens", "cached_tokens"):
                setattr(self.report, name, getattr(self.report, name) + (one.get(name) or 0))

    def _close(self, window: Window) -> None:
        """All rows of a window are done: write them in the order of the input."""
        rows = [{**item.row, **{name: window.results[item.row_id].get(name) for name in self.writer.added}}
                for item in window.items]
        self.store.finish_part(window.number, rows, self.writer, window.names)
        # A file may not hold what a row has, which is an error of the row.
        self.report.errors += sum(row.get("error") is not None and window.results[item.row_id].get("error") is None
                                  for item, row in zip(window.items, rows))
        del self.open[window.number]


def refuse_names(items: List[Item], added: List[str]) -> None:
    """What a run writes stands beside what the input has, and never in its place."""
    clash = [name for name in added if any(name in item.row for item in items)]
    if clash:
        raise BatchError(f"the input has a column {clash[0]} already, which the run would write; rename= (--rename "
                         f"{clash[0]}=NAME) gives it another name or leaves it out")
