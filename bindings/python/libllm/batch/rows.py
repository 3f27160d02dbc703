# SPDX-License-Identifier: MIT
"""The rows of a run: read from files, lists, tables or a Ray Dataset, one after another and never all at once."""
from __future__ import annotations

import glob
import gzip
import hashlib
import json
import os
import zlib
from dataclasses import dataclass
from typing import IO, Any, Dict, Iterable, Iterator, List, Mapping, Optional

Row = Dict[str, Any]
Json = Dict[str, Any]
ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".parquet")
BLOCK = 1 << 20
TABLE_ROWS = 8192


class BatchError(RuntimeError):
    """What is wrong with a run as a whole. What is wrong with one row is in its column `error`."""


@dataclass
class Item:
    """A row with its number in the input."""
    row_id: int
    row: Row
    #: Why it is no row.
    bad: Optional[str] = None


def format_of(path: str) -> Optional[str]:
    """"jsonl", "jsonl.gz" or "parquet", by the name; None for a folder."""
    if path.endswith(".parquet"):
        return "parquet"
    if path.endswith((".jsonl.gz", ".ndjson.gz")):
        return "jsonl.gz"
    return "jsonl" if path.endswith((".jsonl", ".ndjson")) else None


def pyarrow(purpose: str) -> Any:
    try:
        import pyarrow  # type: ignore[import-not-found,import-untyped,unused-ignore]
        import pyarrow.json  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: F401
        import pyarrow.parquet  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: F401
    except ImportError:
        raise BatchError(f"{purpose} needs pyarrow: pip install 'libllm[batch]', or use a name that ends in .jsonl.gz") from None
    return pyarrow


class Source:
    """Where rows come from."""

    def identity(self) -> Json:
        """What the run is about, for its manifest. The rows themselves are compared as they are read."""
        return {}

    def count(self) -> Optional[int]:
        """How many rows there are, where that is known without reading them."""
        return None

    def items(self) -> Iterator[Item]:
        raise NotImplementedError


class Given(Source):
    """Rows that the caller has: texts or dicts."""

    def __init__(self, rows: Iterable[Any], column: str):
        self.rows, self.column = rows, column

    def count(self) -> Optional[int]:
        return len(self.rows) if hasattr(self.rows, "__len__") else None  # type: ignore[arg-type]

    def items(self) -> Iterator[Item]:
        for row_id, row in enumerate(self.rows):
            if isinstance(row, str):
                yield Item(row_id, {self.column: row})
            elif isinstance(row, dict):
                yield Item(row_id, row)
            else:
                yield Item(row_id, {}, f"expected a text or a dict, this is a {type(row).__name__}")


class Files(Source):
    """JSON lines, also compressed, and Parquet."""

    def __init__(self, paths: List[str]):
        self.paths = paths
        self._count: Optional[int] = None

    def identity(self) -> Json:
        return {"files": [{"name": os.path.basename(path), "bytes": os.path.getsize(path), "sha256": file_hash(path)}
                          for path in self.paths]}

    def count(self) -> Optional[int]:
        if self._count is None:
            self._count = sum(pyarrow(f"reading {path}").parquet.ParquetFile(path).metadata.num_rows
                              if path.endswith(".parquet") else sum(1 for line in lines(path) if line.strip())
                              for path in self.paths)
        return self._count

    def items(self) -> Iterator[Item]:
        row_id = 0
        for path in self.paths:
            for row, bad in (parquet_rows(path) if path.endswith(".parquet") else json_rows(path)):
                yield Item(row_id, row, bad)
                row_id += 1


def file_hash(path: str) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            found.update(block)
    return found.hexdigest()


def parquet_rows(path: str) -> Iterator[Any]:
    for batch in pyarrow(f"reading {path}").parquet.ParquetFile(path).iter_batches(1024):
        for row in batch.to_pylist():
            yield row, None


def tables_of(path: str) -> Iterator[Any]:
    """A file as tables of pyarrow, of a size that can be passed around; at least one, which has the columns."""
    arrow = pyarrow(f"reading {path}")
    if path.endswith(".parquet"):
        file = arrow.parquet.ParquetFile(path)
        found = (arrow.Table.from_batches([batch]) for batch in file.iter_batches(TABLE_ROWS))
        yield from found if file.metadata.num_rows else [file.schema_arrow.empty_table()]
        return
    with gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb") as opened:
        whole = arrow.json.read_json(opened) if opened.peek(1) else arrow.table({})
    yield from (whole.slice(first, TABLE_ROWS) for first in range(0, whole.num_rows, TABLE_ROWS)) if whole.num_rows else [whole]


def lines(path: str) -> Iterator[bytes]:
    opened: IO[bytes] = gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")  # type: ignore[assignment]
    with opened as file:
        try:
            yield from file
        except (OSError, EOFError, zlib.error) as error:
            raise BatchError(f"{path}: {error}") from None


def json_rows(path: str) -> Iterator[Any]:
    for number, line in enumerate(lines(path), 1):
        if not line.strip():
            continue
        where = f"{os.path.basename(path)}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield {}, f"{where}: no JSON: {error}"
            continue
        yield (row, None) if isinstance(row, dict) else ({}, f"{where}: expected an object, this is a {type(row).__name__}")


def source_of(dataset: Any, column: str) -> Source:
    """Rows of whatever a caller has."""
    if isinstance(dataset, (str, os.PathLike)):
        return Files(paths_of(os.fspath(dataset)))
    if isinstance(dataset, (list, tuple)) and dataset and all(isinstance(one, os.PathLike) for one in dataset):
        return Files([path for one in dataset for path in paths_of(os.fspath(one))])
    if is_dataset(dataset):
        return Given(RayRows(dataset), column)
    table: Any = dataset
    if hasattr(table, "to_pylist"):  # pyarrow's
        return Given(table.to_pylist(), column)
    if hasattr(table, "to_dict") and hasattr(table, "columns"):  # a DataFrame of pandas
        return Given(table.to_dict("records"), column)
    if isinstance(dataset, Iterable) and not isinstance(dataset, (bytes, dict)):
        return Given(dataset, column)
    raise BatchError(f"expected a path, a list of texts or dicts, a table or a Ray Dataset; this is a {type(dataset).__name__}")


class Renamed(Source):
    """Rows some of whose columns have other names, or are left out."""

    def __init__(self, source: Source, names: Mapping[str, Optional[str]]):
        self.source, self.names = source, dict(names)

    def identity(self) -> Json:
        return {**self.source.identity(), "rename": self.names}

    def count(self) -> Optional[int]:
        return self.source.count()

    def items(self) -> Iterator[Item]:
        for item in self.source.items():
            row: Row = {}
            for name, value in item.row.items():
                new = self.names.get(name, name)
                if new in row:
                    raise BatchError(f"rename: two columns of row {item.row_id} would be {new}")
                if new is not None:
                    row[new] = value
            yield Item(item.row_id, row, item.bad)


def renamed(source: Source, names: Optional[Mapping[str, Optional[str]]]) -> Source:
    return Renamed(source, names) if names else source


def is_dataset(rows: Any) -> bool:
    """Of Ray, which need not be there."""
    return hasattr(rows, "iter_rows") and hasattr(rows, "map_batches")


class RayRows:
    """The rows of a Ray Dataset in its order."""

    def __init__(self, dataset: Any):
        self.dataset = dataset

    def __iter__(self) -> Iterator[Row]:
        options = self.dataset.context.execution_options
        before, options.preserve_order = options.preserve_order, True
        try:
            for row in self.dataset.iter_rows():
                yield {name: value.tolist() if hasattr(value, "tolist") else value for name, value in row.items()}
        finally:
            options.preserve_order = before


def paths_of(name: str) -> List[str]:
    """A file, all files of a folder, or those that a pattern names."""
    if os.path.isdir(name):
        found = sorted(os.path.join(name, one) for one in os.listdir(name) if one.endswith(ENDINGS))
    elif os.path.exists(name):
        found = [name]
    else:
        found = sorted(glob.glob(name))
    if not found:
        raise BatchError(f"{name}: there is no such file, or none in it that ends in {', '.join(ENDINGS)}")
    wrong = [path for path in found if not path.endswith(ENDINGS)]
    if wrong:
        raise BatchError(f"{wrong[0]}: expected a name that ends in {', '.join(ENDINGS)}")
    return found


def rows_hash(items: List[Item]) -> str:
    """Of what rows say, to tell whether an input is still the same."""
    found = hashlib.sha256()
    for item in items:
        found.update(json.dumps([item.row_id, item.row, item.bad], sort_keys=True, default=str).encode("utf-8", "replace"))
    return found.hexdigest()
