#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Put the templates into the command.

usage: embed.py OUT FILE...
"""
import pathlib
import sys


def main(out, *paths):
    lines = ['/* Made by deploy/embed.py. */', '#include "deploy/template.h"', "", "const struct template templates[] = {"]
    for path in sorted(map(pathlib.Path, paths), key=lambda p: p.name):
        lines.append(f'    {{"{path.name}",')
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
            lines.append('     "' + line.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '\\n"')
        lines.append("    },")
    lines += ["    {0},", "};", ""]
    pathlib.Path(out).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
