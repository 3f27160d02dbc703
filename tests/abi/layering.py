#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The arrows of the house: a room of libllm/src includes only rooms before it; everybody else sees the public header.

usage: layering.py ROOT
"""
import pathlib
import re

import abi

ROOMS = "base format quant tokenizer model plan backend grammar sampling session chat estimate api".split()
OUTSIDE = ["libllm/cli", "examples", "gui", "bindings"]
PUBLIC = ("libllm/libllm.h", "libllm/libllm.hpp")
ONLY_IN_GUI = re.compile(r"^(glib|gio|gobject|gtk|gdk|adwaita|gtksourceview)\b")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
SOURCES = {".c", ".h", ".cc", ".hh", ".cpp", ".hpp", ".inc"}


def includes(root, folder):
    """(file, is_quoted, included name) for each #include below a folder."""
    for path in sorted((root / folder).rglob("*")):
        if "node_modules" in path.parts:  # fetched by a test
            continue
        if path.suffix in SOURCES:
            for quote, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
                yield path, quote == '"', name


def resolve(path, name, *bases):
    """The file that a quoted include names, looked for beside the including file and then in the bases."""
    return next((found for base in (path.parent, *bases) if (found := (base / name).resolve()).is_file()), None)


def check_rooms(root):
    src = root / "libllm" / "src"
    for path, quoted, name in includes(root, "libllm/src"):
        here = path.relative_to(src).parts[0]
        if here not in ROOMS:
            yield f"{path}: {here}/ is not one of the rooms"
        elif not quoted and ONLY_IN_GUI.match(name):
            yield f"{path}: <{name}> belongs to gui/"
        elif quoted:
            target = resolve(path, name, src)
            if target is None or src not in target.parents:
                yield f"{path}: includes {name}, which is not in libllm/src"
            elif ROOMS.index(target.relative_to(src).parts[0]) > ROOMS.index(here):
                yield f"{path}: {here}/ includes {name}, which comes after it"


def check_outside(root):
    for folder in OUTSIDE:
        for path, quoted, name in includes(root, folder):
            target = resolve(path, name, root / folder, root / folder / "src") if quoted else None
            if quoted and (target is None or root / folder not in target.parents):
                yield f"{path}: includes {name}, which is not in {folder}/"
            elif not quoted and name.startswith("libllm/") and name not in PUBLIC:
                yield f"{path}: includes <{name}> instead of the public header"
            elif not quoted and folder != "gui" and ONLY_IN_GUI.match(name):
                yield f"{path}: <{name}> belongs to gui/"


def main(root):
    root = pathlib.Path(root).resolve()
    return [*check_rooms(root), *check_outside(root)]


abi.report(main)
