#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the READMEs show is there: their C example is examples/chat.c, which is built and run as a test and has at most
20 lines, and the files that documents link to exist.

usage: readme.py ROOT
"""
import pathlib
import re

import abi

MAX_LINES = 20


def main(root):
    root = pathlib.Path(root)
    example = (root / "examples" / "chat.c").read_text(encoding="utf-8")
    problems = []
    if len(example.splitlines()) > MAX_LINES:
        problems.append(f"examples/chat.c has {len(example.splitlines())} lines, at most {MAX_LINES} are wanted")
    for name in ("README.md", "README.zh.md"):
        blocks = re.findall(r"^```c\n(.*?)^```$", (root / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        if blocks != [example]:
            problems.append(f"{name}: its C example is not examples/chat.c")
    for document in root.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (root / target).exists():
                problems.append(f"{document.name}: links to {target}, which does not exist")
    return problems


abi.report(main)
