#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library, stripped, stays below 2 MB, and says so some time before it does not.

usage: library_size.py LIBRARY
"""
import pathlib
import tempfile

import abi

LIMIT = 1_996_000


def main(library):
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "stripped"
        abi.run("strip", "--strip-all", "-o", str(stripped), library)
        size = stripped.stat().st_size
    if size <= LIMIT:
        return []
    symbols = abi.run("nm", "--size-sort", "--reverse-sort", "--radix=d", library).splitlines()
    return [f"{size} bytes, expected at most {LIMIT}; the largest of what is in it:", *symbols[:30]]


abi.report(main)
