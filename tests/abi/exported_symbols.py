#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shared library exports exactly the functions of the public header, each in the version node of its `Since:`.

usage: exported_symbols.py LIBRARY HEADER
"""
import abi


def main(library, header):
    expected = {f"{function.name}@@LIBLLM_{function.since}" for function in abi.functions(header)}
    nodes = {name.split("@@")[1] for name in expected}
    exported = {name for kind, name in abi.dynamic_symbols(library, "--defined-only") if name not in nodes}
    return [f"is exported but not in the header: {name}" for name in sorted(exported - expected)] + \
           [f"is in the header but not exported: {name}" for name in sorted(expected - exported)]


abi.report(main)
