#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library has no variables of its own: .data, .bss and thread-local storage hold only what the C start-up brings.

usage: writable_globals.py LIBRARY

Tables that only the dynamic linker writes (.data.rel.ro) are read-only once it has.
"""
import abi

WRITABLE = {".data", ".bss"}
THREAD_LOCAL = {".tdata", ".tbss"}
OF_THE_COMPILER = {"__dso_handle", "__TMC_END__", "completed.0"}
POINTER = 8


def objects(library):
    """(name, section, size) of each variable in a writable section."""
    for line in abi.run("objdump", "--syms", library).splitlines():
        fields = line.split()
        # VALUE FLAGS... SECTION SIZE NAME
        if len(fields) >= 4 and fields[-3] in WRITABLE | THREAD_LOCAL and fields[-1] not in OF_THE_COMPILER:
            yield fields[-1], fields[-3], int(fields[-2], 16)


def sections(library):
    """(name, size) of each section."""
    for line in abi.run("objdump", "--section-headers", library).splitlines():
        fields = line.split()
        if len(fields) == 7 and fields[0].isdigit():
            yield fields[1], int(fields[2], 16)


def main(library):
    problems = [f"{name} in {section}, {size} bytes" for name, section, size in objects(library) if size > 0]
    for section, size in sections(library):
        if section in THREAD_LOCAL or section in WRITABLE and size > POINTER:
            problems.append(f"section {section} has {size} bytes")
    return problems


abi.report(main)
