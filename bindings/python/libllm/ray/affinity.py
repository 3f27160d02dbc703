# SPDX-License-Identifier: MIT
"""Which replica a request should go to: one that has seen how it begins, unless that has much more to do than others."""
from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any, Dict, List, Optional, Tuple

#: Lengths of beginnings that are remembered, in characters: each a quarter more than the one before, to about 60,000.
LENGTHS = [int(64 * 1.25 ** step) for step in range(32)]
SHARE = 0.5  # of a request that has to be known for it to follow
SHORT = 128  # characters of instructions that cost little to read again
KEPT = 1 << 18
#: Length and hash of each beginning of a request, the longest last; its own length; and what stays the same while a
#: conversation goes on, by which doors that know nothing of one another choose alike.
Marks = Tuple[List[Tuple[int, str]], int, str]
NONE: Marks = ([], 0, "")


def parts_of(asked: Dict[str, Any]) -> List[str]:
    """What a request says, from its beginning: instructions, messages in their order, or a prompt."""
    before = [words(asked.get("instructions") or asked.get("system"))]
    for name in ("messages", "input", "prompt"):
        said = asked.get(name)
        if isinstance(said, list):
            before += [f"\0{one.get('role')}\0{words(one.get('content'))}" if isinstance(one, dict) else f"{one} " for one in said]
        elif said:
            before.append(words(said))
        if said:
            break
    return [part for part in before if part]


def head_of(parts: List[str]) -> str:
    """What a conversation began with: its first part, where others share it and it is half or more of that; or the first two.
    Of one part alone the most, as far as others of about its length may share it."""
    if len(parts) == 1:
        length = len(parts[0])
        return parts[0][:max((one for one in LENGTHS if one <= 0.8 * length), default=length)]
    return parts[0] if len(parts[0]) >= SHARE * len("".join(parts[:2])) and len(parts[0]) > SHORT else "".join(parts[:2])


def words(content: Any) -> str:
    if isinstance(content, list):
        return "".join(words(part.get("text")) if isinstance(part, dict) else str(part) for part in content)
    return "" if content is None else str(content)


def marks_of(body: bytes) -> Marks:
    """The beginnings of a request; none of what is no request for text."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return NONE
    parts = parts_of(asked) if isinstance(asked, dict) else []
    if not parts:
        return NONE
    text = "".join(parts)
    state = hashlib.blake2b(f"{asked.get('model')}\0".encode("utf-8", "replace"), digest_size=12)
    key = state.copy()
    key.update(head_of(parts).encode("utf-8", "replace"))
    found, before = [], 0
    for length in [*(one for one in LENGTHS if one < len(text)), len(text)]:
        state.update(text[before:length].encode("utf-8", "replace"))
        found.append((length, state.copy().hexdigest()))
        before = length
    return found, len(text), key.hexdigest()


def rendezvous(key: str, names: List[str]) -> List[str]:
    """Names in the order in which they would take a key; when one goes or comes, only its own keys move."""
    return sorted(names, key=lambda name: hashlib.blake2b(f"{key}\0{name}".encode(), digest_size=8).digest(), reverse=True)


class Memory:
    """Who saw which beginning last."""

    def __init__(self, kept: int = KEPT):
        self.kept = kept
        self.seen: "OrderedDict[str, str]" = OrderedDict()

    def add(self, marks: Marks, name: str) -> None:
        for _, mark in marks[0]:
            self.seen[mark] = name
            self.seen.move_to_end(mark)
        while len(self.seen) > self.kept:
            self.seen.popitem(last=False)

    def known(self, marks: Marks, names: Dict[str, int]) -> Optional[str]:
        """Who knows enough of a request."""
        for length, mark in reversed(marks[0]):
            if length < SHARE * marks[1]:
                return None
            name = self.seen.get(mark)
            if name in names:
                return name
        return None

    def order(self, marks: Marks, loads: Dict[str, int], spill: int) -> List[str]:
        """The replicas in the order in which a request should try them.

        Args:
            marks: how the request begins; without, only load counts
            loads: the requests that each replica has
            spill: how many more the favourite may have than the least busy one
        """
        if not marks[0]:
            return sorted(loads, key=lambda name: loads[name])
        found = rendezvous(marks[2], list(loads))
        favourite = self.known(marks, loads)
        if favourite is not None:
            found.remove(favourite)
            found.insert(0, favourite)
        least = min(loads.values(), default=0)
        return sorted(found, key=lambda name: loads[name] - least > spill)  # stable: the busy ones come last
