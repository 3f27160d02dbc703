# SPDX-License-Identifier: MIT
"""What a run keeps on disk, so that it can be killed anywhere and go on: a manifest, units, parts, and the output.

Every file is written beside its place, synced and renamed: it is there as a whole or not at all. A unit's file has one name,
whoever computes it and however often, so that no row is there twice.
"""
from __future__ import annotations

import array
import base64
import fcntl
import json
import os
import re
from typing import IO, Any, Callable, Dict, Iterator, List, Optional

from .rows import BatchError, Item, Json, format_of
from .writing import Writer

MANIFEST = "manifest.json"


def sync_folder(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: str, write: Callable[[IO[bytes]], object]) -> None:
    """A file that is there as a whole or not at all, also after a loss of power."""
    beside = f"{path}.{os.getpid()}.tmp"
    with open(beside, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(os.path.dirname(path))


def differences(before: Json, now: Json, path: str = "") -> Iterator[str]:
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from differences(old, new, f"{path}{name}.")
        elif old != new:
            yield f"{path}{name} was {json.dumps(old)[:200]} and is now {json.dumps(new)[:200]}"


class Store:
    """The files of one run."""

    def __init__(self, output: str, default_format: str = "parquet"):
        self.output = os.path.abspath(output)
        self.format = format_of(self.output) or default_format
        self.is_folder = format_of(self.output) is None
        self.work = os.path.join(self.output, "_libllm") if self.is_folder else self.output + ".libllm"
        self.manifest: Json = {}
        self._lock: Optional[int] = None

    # --- Beginning ------------------------------------------------------------------------------------------------------

    def open(self, key: Json, restart: bool = False) -> bool:
        """Begin a run or go on with one. Says whether it was there before.

        Args:
            key: what the results depend on; a run that was begun with another one is refused
            restart: forget what is there
        """
        self._lock_work()
        try:
            return self._begin(key, restart)
        except BaseException:
            if os.listdir(self.work) == ["lock"]:
                os.unlink(os.path.join(self.work, "lock"))
                os.rmdir(self.work)
            self.close()
            raise

    def _begin(self, key: Json, restart: bool) -> bool:
        self._clean()
        if restart:
            self._forget()
        found = self._read_manifest()
        changed = list(differences(found["key"], key)) if found else []
        if found and changed and not found.get("windows"):
            found = None  # it ended before it had read a row, such as for a wrong name
        if found is None:
            self._refuse_others()
            self.manifest = {"libllm": "batch-1", "key": key, "windows": [], "complete": False}
            self._save()
            return False
        if changed:
            raise BatchError(f"{self.output} belongs to a run with another input, model or options: {'; '.join(changed)}. "
                             "Choose another output, or restart=True (--restart) to throw away what is there")
        self.manifest = found
        return True

    def _lock_work(self) -> None:
        os.makedirs(self.work, exist_ok=True)
        self._lock = os.open(os.path.join(self.work, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise BatchError(f"{self.output}: another run is writing there") from None

    def _clean(self) -> None:
        """Remove what a run that was killed had half written."""
        for folder in {self.work, self.output if self.is_folder else os.path.dirname(self.output)}:
            whole = ".*" if folder == self.work else r"part-\d+\.\w+" if self.is_folder else \
                re.escape(os.path.basename(self.output))
            for name in os.listdir(folder):
                if re.fullmatch(whole + r"\.\d+\.tmp", name):
                    os.unlink(os.path.join(folder, name))

    def _read_manifest(self) -> Optional[Json]:
        path = os.path.join(self.work, MANIFEST)
        try:
            with open(path, "rb") as file:
                found = json.load(file)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise BatchError(f"{path} is damaged ({error}); restart=True (--restart) begins anew") from None
        if not isinstance(found, dict) or found.get("libllm") != "batch-1" or not isinstance(found.get("key"), dict):
            raise BatchError(f"{path} is no manifest that this version knows; restart=True (--restart) begins anew")
        return found

    def _refuse_others(self) -> None:
        there = [name for name in os.listdir(self.output) if name != "_libllm"] if self.is_folder else \
            [self.output] if os.path.exists(self.output) else []
        if there:
            raise BatchError(f"{self.output} is there already, and no run of libllm made it; choose another output, or "
                             "restart=True (--restart) to throw it away")

    def _forget(self) -> None:
        for name in os.listdir(self.work):
            if name != "lock":
                os.unlink(os.path.join(self.work, name))
        if self.is_folder:
            for name in os.listdir(self.output):
                if name.startswith("part-"):
                    os.unlink(os.path.join(self.output, name))
        elif os.path.exists(self.output):
            os.unlink(self.output)

    def _save(self) -> None:
        text = json.dumps(self.manifest, indent=1).encode()
        write_whole(os.path.join(self.work, MANIFEST), lambda file: file.write(text))

    def set(self, name: str, value: Any) -> None:
        """Remember something about the run."""
        self.manifest[name] = value
        self._save()

    def window(self, number: int, n_rows: int, digest: str) -> None:
        """A window of the input was read: it has to be what it was when the run began."""
        known: List[Json] = self.manifest["windows"]
        if number < len(known):
            if known[number] != {"rows": n_rows, "sha256": digest}:
                raise BatchError(f"{self.output}: the rows of the input are not those that the run began with (window {number}, "
                                 f"{n_rows} rows). Choose another output, or restart=True (--restart)")
            return
        known.append({"rows": n_rows, "sha256": digest})
        self._save()

    # --- Units ----------------------------------------------------------------------------------------------------------

    def _unit(self, name: str) -> str:
        return os.path.join(self.work, f"unit-{name}.json")

    def keep(self, name: str, results: List[Json]) -> None:
        """A unit is done."""
        text = json.dumps([{key: packed(value) for key, value in one.items()} for one in results]).encode()
        write_whole(self._unit(name), lambda file: file.write(text))

    def kept(self, name: str, items: List[Item]) -> Optional[List[Json]]:
        """What a unit gave, where it is done. What is damaged is computed again."""
        try:
            with open(self._unit(name), "rb") as file:
                found = json.load(file)
            results = [{key: unpacked(value) for key, value in one.items()} for one in found]
            same = {one["row_id"] for one in results} == {item.row_id for item in items} and len(results) == len(items)
            return results if same else None
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def rows_done(self) -> int:
        """How many rows an earlier run has done."""
        parts = [number for number in range(len(self.manifest["windows"])) if self.part_is_done(number)]
        count: int = sum(self.manifest["windows"][number]["rows"] for number in parts)
        for name in os.listdir(self.work):
            if name.startswith("unit-") and int(name[5:10]) not in parts:
                with open(os.path.join(self.work, name), "rb") as file:
                    count += file.read().count(b'"row_id": ')
        return count

    # --- Parts and the output -------------------------------------------------------------------------------------------

    def part(self, number: int) -> str:
        return os.path.join(self.output if self.is_folder else self.work, f"part-{number:05d}.{self.format}")

    def part_is_done(self, number: int) -> bool:
        return os.path.exists(self.part(number))

    def finish_part(self, number: int, rows: List[Json], writer: Writer, names: List[str]) -> None:
        """A window is done; its rows are in their order."""
        write_whole(self.part(number), lambda file: writer.write(file, rows))
        self.drop_units(names)

    def drop_units(self, names: List[str]) -> None:
        for name in names:
            try:
                os.unlink(self._unit(name))
            except FileNotFoundError:
                pass

    def finish(self, n_parts: int, writer: Writer) -> None:
        """All windows are done: for a single file, the parts become it."""
        parts = [self.part(number) for number in range(n_parts)]
        if not self.is_folder:
            write_whole(self.output, lambda file: writer.join(parts, file))
        self.set("complete", True)
        if not self.is_folder:
            for path in parts:
                os.unlink(path)

    @property
    def complete(self) -> bool:
        return bool(self.manifest.get("complete")) and os.path.exists(self.output)

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def packed(value: Any) -> Any:
    """Vectors as text; all else is JSON."""
    return {"f32": base64.b64encode(value.tobytes()).decode()} if isinstance(value, array.array) else value


def unpacked(value: Any) -> Any:
    if isinstance(value, dict) and list(value) == ["f32"]:
        return array.array("f", base64.b64decode(value["f32"]))
    return value


def results_by_row(results: List[Json]) -> Dict[int, Json]:
    return {one["row_id"]: one for one in results}
