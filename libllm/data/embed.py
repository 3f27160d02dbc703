#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compile data files into the library.

usage: embed.py OUT FILE...

Writes OUT, C source of the table that estimate/data.h describes: each file's name, its bytes compressed by zlib (of the
repetitive ones a tenth is left), and its size.
"""
import pathlib
import sys
import zlib


def main(out, *paths):
    lines = ['/* Made by data/embed.py. */', '#include "estimate/data.h"', ""]
    rows = []
    for i, path in enumerate(sorted(map(pathlib.Path, paths), key=lambda p: p.name)):
        data = path.read_bytes()
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
