#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library, stripped, stays below 2 MB, and says so some time before it does not. Compiled shaders, which the processor
does not run, are not counted: they are one object of known size.

usage: library_size.py LIBRARY
"""
import pathlib
import tempfile

import abi

LIMIT = 1_996_000
SHADERS = "ll_vk_spirv_bytes"


def shader_bytes(library):
    """0 where the library was built without them."""
    lines = (line.split() for line in abi.run("nm", "--print-size", "--radix=d", library).splitlines())
    return sum(int(words[1]) for words in lines if words[-1] == SHADERS and len(words) == 4)


def main(library):
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "stripped"
        abi.run("strip", "--strip-all", "-o", str(stripped), library)
        size = stripped.stat().st_size - shader_bytes(library)
    if size <= LIMIT:
        return []
    symbols = abi.run("nm", "--size-sort", "--reverse-sort", "--radix=d", library).splitlines()
    return [f"{size} bytes, expected at most {LIMIT}; the largest of what is in it:", *symbols[:30]]


abi.report(main)
