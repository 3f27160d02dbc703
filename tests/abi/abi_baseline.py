#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The binary interface is still that of the last release, which tests/abi/libllm.abi records.

usage: abi_baseline.py LIBRARY INCLUDE-FOLDER            compare
       abi_baseline.py --update LIBRARY INCLUDE-FOLDER   record, when a release is made

Additions are fine. Until 1.0 any other change needs a line that starts with "- ABI:" in the topmost section of NEWS.md,
which says what programs have to do; after 1.0 it needs a new SONAME.
"""
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import abi

BASELINE = pathlib.Path(__file__).with_name("libllm.abi")
CHANGED = 4


def record(library, include, out):
    """Opaque structs are left out: their contents are in private headers. So is what the library itself needs."""
    command = ["abidw", "--headers-dir", include, "--exported-interfaces-only", "--drop-private-types",
               "--drop-undefined-syms", "--no-elf-needed", "--no-show-locs", "--no-comp-dir-path", "--no-corpus-path",
               "--out-file", str(out), library]
    subprocess.run(command, check=True)


def announced():
    sections = re.split(r"^## ", (abi.ROOT / "NEWS.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return len(sections) > 1 and re.search(r"^- ABI:", sections[1], re.MULTILINE) is not None


def compare(library, include):
    if not shutil.which("abidiff"):
        abi.skip("abidiff is not installed (package abigail-tools)")
    if platform.machine() != "x86_64":
        abi.skip(f"the record is of x86_64, this is {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        present = pathlib.Path(folder) / "present.abi"
        record(library, include, present)
        result = subprocess.run(["abidiff", "--no-added-syms", str(BASELINE), str(present)],
                                capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return []
    if result.returncode & CHANGED and announced():
        print("the interface has changed, and NEWS.md says so")
        return []
    return [result.stdout, result.stderr, "The interface has changed; see the head of tests/abi/abi_baseline.py."]


if sys.argv[1] == "--update":
    record(*sys.argv[2:], BASELINE)
else:
    abi.report(compare)
