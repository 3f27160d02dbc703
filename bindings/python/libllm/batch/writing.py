# SPDX-License-Identifier: MIT
"""Rows to JSON lines, compressed or not, and to Parquet; and several such files into one."""
from __future__ import annotations

import array
import base64
import gzip
import json
import shutil
from typing import IO, Any, List, Optional

from .rows import BatchError, Json, pyarrow

#: The types of what a run adds to a row, for Parquet.
ADDED = {"row_id": "int64", "error": "string", "finish_reason": "string", "prompt_tokens": "int64",
         "completion_tokens": "int64", "label": "string", "score": "float64"}


class Writer:
    """Writes rows in one format. The types of Parquet's columns are those of the first rows."""

    def __init__(self, kind: str, answer: str, answer_type: str, added: List[str], schema: Optional[str] = None):
        self.kind, self.answer, self.answer_type, self.added = kind, answer, answer_type, added
        self.schema: Any = None
        if kind == "parquet":
            self.arrow = pyarrow("writing Parquet")
            if schema:
                self.schema = self.arrow.ipc.read_schema(self.arrow.py_buffer(base64.b64decode(schema)))

    def write(self, file: IO[bytes], rows: List[Json]) -> None:
        if self.kind == "parquet":
            self.arrow.parquet.write_table(self._table(rows), file)
        elif self.kind == "jsonl.gz":
            # Without a name and a time, so that the same rows are the same bytes.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
                for row in rows:
                    packed.write(line(row))
        else:
            for row in rows:
                file.write(line(row))

    def join(self, parts: List[str], file: IO[bytes]) -> None:
        if self.kind != "parquet":  # also what gzip made stays what it is, one behind another
            for path in parts:
                with open(path, "rb") as part:
                    shutil.copyfileobj(part, file, 1 << 20)
            return
        schema = self.schema
        if schema is None:
            schema = self.arrow.parquet.read_schema(parts[0]) if parts else self.arrow.schema([])
        with self.arrow.parquet.ParquetWriter(file, schema) as writer:
            for path in parts:
                for batch in self.arrow.parquet.ParquetFile(path).iter_batches(8192):
                    writer.write_batch(batch)

    # --- Parquet --------------------------------------------------------------------------------------------------------

    def decide(self, rows: List[Json]) -> Optional[str]:
        """Decide on the types of columns, by the first rows of an input; as text, for the manifest."""
        if self.kind != "parquet":
            return None
        names = list(dict.fromkeys(name for row in rows for name in row if name not in self.added))
        fields = [self.arrow.field(name, self._type([row.get(name) for row in rows])) for name in names]
        fields += [self.arrow.field(name, self._added(name)) for name in self.added]
        self.schema = self.arrow.schema(fields)
        return base64.b64encode(self.schema.serialize().to_pybytes()).decode()

    def _added(self, name: str) -> Any:
        kind = self.answer_type if name == self.answer else ADDED[name]
        return self.arrow.list_(self.arrow.float32()) if kind == "vector" else self.arrow.type_for_alias(kind)

    def _type(self, values: List[Any]) -> Any:
        try:
            found = self.arrow.array(values).type
        except (self.arrow.ArrowInvalid, self.arrow.ArrowTypeError, OverflowError):
            return self.arrow.string()  # of several types: as JSON
        return self.arrow.string() if found == self.arrow.null() else found

    def _table(self, rows: List[Json]) -> Any:
        if self.schema is None:
            raise BatchError("the types of the columns are not known yet")
        self._note_lost(rows)
        columns = [self._column(field, rows) for field in self.schema]
        return self.arrow.Table.from_arrays(columns, schema=self.schema)

    def _note_lost(self, rows: List[Json]) -> None:
        """What the first rows did not have has no place in the file: that is an error of its row."""
        nested = {field.name: field.type for field in self.schema if self.arrow.types.is_nested(field.type)}
        known = set(self.schema.names)
        for row in rows:
            lost = [name for name, value in row.items() if name not in known and value is not None]
            for name, kind in nested.items():
                lost += [name + path for path in self._unknown(row.get(name), kind)]
            if lost:
                row["error"] = row.get("error") or f"the column {lost[0]} is lost: the rows that the file began with had none"

    def _unknown(self, value: Any, kind: Any) -> List[str]:
        """Where an object has members that its type has not."""
        types, found = self.arrow.types, []
        if types.is_struct(kind) and isinstance(value, dict):
            for name, one in value.items():
                index = kind.get_field_index(name)
                if index >= 0:
                    found += [f".{name}{path}" for path in self._unknown(one, kind.field(index).type)]
                elif one is not None:
                    found.append(f".{name}")
        elif (types.is_list(kind) or types.is_large_list(kind)) and isinstance(value, list):
            if types.is_nested(kind.value_type):
                found = [f"[]{path}" for one in value for path in self._unknown(one, kind.value_type)]
        return found

    def _column(self, field: Any, rows: List[Json]) -> Any:
        values = [row.get(field.name) for row in rows]
        if field.type == self.arrow.string():
            values = [value if value is None or isinstance(value, str) else json.dumps(value, default=str) for value in values]
        try:
            return self.arrow.array(values, field.type)
        except (self.arrow.ArrowInvalid, self.arrow.ArrowTypeError, OverflowError, TypeError):
            return self.arrow.array([self._one(field, row) for row in rows], field.type)

    def _one(self, field: Any, row: Json) -> Any:
        """A value, or None and an error of its row where the column cannot hold it; `error` is a later column."""
        value = row.get(field.name)
        try:
            self.arrow.array([value], field.type)
            return value
        except (self.arrow.ArrowInvalid, self.arrow.ArrowTypeError, OverflowError, TypeError):
            row["error"] = row.get("error") or f"the column {field.name} has {field.type}; here is a {type(value).__name__}"
            return None


def line(row: Json) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=plain).encode("utf-8", "backslashreplace") + b"\n"


def plain(value: Any) -> Any:
    if isinstance(value, array.array):
        return [float(f"{number:.9g}") for number in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
