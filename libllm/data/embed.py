#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compile data files into the library.

usage: embed.py OUT FILE...

Writes OUT, C source of the table that estimate/data.h describes: each file's name, its bytes compressed by zlib (of the
repetitive ones a tenth is left), and its size. Left out are columns that are for the readers of a file only; keys of
models are in one order, as they compress better so.
"""
import collections
import csv
import io
import json
import pathlib
import sys
import zlib

FOR_READERS = {"accelerators.csv": ("year", "scaleup_link", "note"), "prices.csv": ("note",)}


def without(text, columns):
    rows = list(csv.reader(io.StringIO(text, newline="")))
    kept = [i for i, column in enumerate(rows[0]) if column not in columns]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([row[i] for i in kept] for row in rows)
    return out.getvalue()


def in_order(text):
    """A list of models, one a line, with the keys that most of them have first."""
    models = json.loads(text)
    often = collections.Counter(key for model in models for key in model["config"])
    for model in models:
        model["config"] = dict(sorted(model["config"].items(), key=lambda item: (-often[item[0]], item[0])))
    lines = (json.dumps(model, ensure_ascii=False, separators=(",", ":")) for model in models)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def embedded(path):
    text = path.read_text(encoding="utf-8")
    if path.name in FOR_READERS:
        text = without(text, FOR_READERS[path.name])
    return (in_order(text) if path.suffix == ".json" else text).encode("utf-8")


def main(out, *paths):
    lines = ['/* Made by data/embed.py. */', '#include "estimate/data.h"', ""]
    rows = []
    for i, path in enumerate(sorted(map(pathlib.Path, paths), key=lambda p: p.name)):
        data = embedded(path)
        compressed = zlib.compress(data, 9)
        lines.append(f"static const char bytes_{i}[] = {{")
        for start in range(0, len(compressed), 24):
            lines.append(",".join(str(b if b < 128 else b - 256) for b in compressed[start:start + 24]) + ",")
        lines.append("};")
        rows.append(f'    {{"{path.name}", {{bytes_{i}, {len(compressed)}}}, {len(data)}}},')
    lines += ["", "const ll_data_file ll_data_files[] = {", *rows, "    {0},", "};", ""]
    pathlib.Path(out).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
