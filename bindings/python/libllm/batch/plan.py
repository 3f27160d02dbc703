# SPDX-License-Identifier: MIT
"""Which rows are computed together: those of a window of the input, by shared prefix and by length, in units."""
from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .rows import Item

WINDOW_ROWS, WINDOW_BYTES = 8192, 32 << 20
UNIT_ROWS = 256
DEPTH, DEPTH_MOST = 2, 32  # units on their way to a worker: it never waits for the next one
#: Of all rows, what may be on its way, and lost when everything is killed.
AT_RISK = 0.01
SHARED = 128  # characters that make a prefix worth keeping together


@dataclass
class Unit:
    """Rows that one worker computes and that are kept at once."""
    window: int
    index: int
    items: List[Item]
    #: Units of the same group share a prefix.
    group: Tuple[int, int] = (0, 0)
    #: How often a worker ended while it had this unit.
    crashes: int = 0
    #: Computed with nothing else on its worker, to find the row that ends it.
    alone: bool = False
    #: What parts of a unit that was taken apart gave so far.
    results: List[Dict[str, Any]] = field(default_factory=list)
    whole: Optional["Unit"] = None

    @property
    def name(self) -> str:
        return f"{self.window:05d}-{self.index:05d}"

    def halves(self) -> List["Unit"]:
        """The unit in two, each to be computed alone."""
        middle = (len(self.items) + 1) // 2
        return [Unit(self.window, self.index, part, self.group, alone=True, whole=self.whole or self)
                for part in (self.items[:middle], self.items[middle:]) if part]


def text_of(value: Any) -> str:
    """What prompts are compared by: messages as they follow one another."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(f"\0{one.get('role')}\0{one.get('content')}" if isinstance(one, dict) else str(one) for one in value)
    return "" if value is None else json.dumps(value, default=str)


def unit_rows(rows: Optional[int], workers: int, depth: int, parallel: int) -> int:
    """How many rows a unit has: few enough that little is computed again after a kill, if possible a batch full."""
    if rows is None:
        return min(UNIT_ROWS, max(parallel, 16))
    return max(1, min(UNIT_ROWS, int(rows * AT_RISK / max(1, workers * depth))))


def depth_of(size: int, parallel: int) -> int:
    """How many units a worker has: two, or as many as give all that it computes at a time something to do, and a quarter."""
    return min(DEPTH_MOST, max(DEPTH, math.ceil(1.25 * parallel / size)))


def windows(items: Iterator[Item], rows: int = WINDOW_ROWS, size: int = WINDOW_BYTES) -> Iterator[List[Item]]:
    """The input in parts that fit into memory. They depend on nothing but the input."""
    window: List[Item] = []
    held = 0
    for item in items:
        window.append(item)
        held += sum(len(value) if isinstance(value, str) else len(text_of(value)) for value in item.row.values())
        if len(window) == rows or held >= size:
            yield window
            window, held = [], 0
    if window:
        yield window


def units(number: int, window: List[Item], column: str, size: int) -> List[Unit]:
    """A window's rows in units: neighbours share a prefix, the others are of similar length; the longest come first."""
    keyed = sorted(((text_of(item.row.get(column)), item) for item in window), key=lambda pair: (pair[0], pair[1].row_id))
    groups: List[List[Tuple[str, Item]]] = []
    for pair in keyed:
        if groups and len(os.path.commonprefix([groups[-1][-1][0], pair[0]])) >= SHARED:
            groups[-1].append(pair)
        else:
            groups.append([pair])
    lonely = [group[0] for group in groups if len(group) == 1]
    shared = [group for group in groups if len(group) > 1]
    found: List[Unit] = []
    for index, group in enumerate([*shared, lonely]):
        group.sort(key=lambda pair: (-len(pair[0]), pair[1].row_id))
        for start in range(0, len(group), size):
            found.append(Unit(number, len(found), [item for _, item in group[start:start + size]], (number, index)))
    return found
