#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The symbols file of libllm0 lists exactly what the header declares and the library exports, each since its release.

usage: debian_symbols.py ROOT LIBRARY
"""
import pathlib

import packaging


def main(root, library):
    root = pathlib.Path(root)
    lines = (root / "packaging/debian/libllm0.symbols").read_text(encoding="utf-8").splitlines()
    listed = {tuple(line.split()) for line in lines if line.startswith(" ")}
    declared = {(f"{function.name}@LIBLLM_{function.since}", function.since)
                for function in packaging.functions(root / "libllm/include/libllm/libllm.h")}
    releases = {since for _, since in declared}
    declared |= {(f"LIBLLM_{since}@LIBLLM_{since}", since) for since in releases}
    exported = {name.replace("@@", "@") for _, name in packaging.dynamic_symbols(library, "--defined-only")}
    exported = {name if "@" in name else f"{name}@{name}" for name in exported}
    problems = [f"is not in the symbols file as it should be: {' '.join(entry)}" for entry in sorted(declared - listed)]
    problems += [f"is in the symbols file, not in the header: {' '.join(entry)}" for entry in sorted(listed - declared)]
    problems += [f"is in the symbols file, not exported: {name}" for name in sorted({name for name, _ in listed} - exported)]
    problems += [f"is exported, not in the symbols file: {name}" for name in sorted(exported - {name for name, _ in listed})]
    if lines[0] != "libllm.so.0 libllm0 #MINVER#":
        problems.append(f"the symbols file begins with {lines[0]!r}")
    return problems


packaging.report(main)
