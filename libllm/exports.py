#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Read the list of exported functions from the public header.

usage: exports.py HEADER MAP

Writes MAP, the linker's version script: one node for each release in which functions appeared, after their `Since:`.
Tests import functions() for the same list.
"""
import re
import sys
from collections import namedtuple

Function = namedtuple("Function", "name result parameters doc since")

# A doc block, directly followed by LIBLLM_API and a prototype. The block ends at its first "*/".
DECLARATION = re.compile(
    r"/\*\*((?:(?!\*/).)*)\*/\s*^LIBLLM_API$\s*([^;{}]*?)\b(libllm_\w+)\((.*?)\);", re.DOTALL | re.MULTILINE)


def split_parameters(text):
    """The parameters as written; commas inside the parentheses of annotations do not separate."""
    parts, depth = [""], 0
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    parts = [" ".join(part.split()) for part in parts]
    return [] if parts in (["void"], [""]) else parts


def functions(header_text):
    """Every function of the interface, in the order of the header. What cannot be read is an error, never left out."""
    found = []
    for doc, result, name, parameters in DECLARATION.findall(header_text):
        since = re.search(r"\bSince:\s*(\d+\.\d+)", doc)
        if not since:
            raise ValueError(f"{name}: its description lacks 'Since:'")
        found.append(Function(name, result.strip(), split_parameters(parameters), doc, since.group(1)))
    marked = len(re.findall(r"^LIBLLM_API\b", header_text, re.MULTILINE))
    if marked != len(found):
        raise ValueError(f"{marked} lines start with LIBLLM_API, but {len(found)} documented functions were found")
    return found


def version_script(header_text):
    releases = {}
    for function in functions(header_text):
        releases.setdefault(function.since, []).append(function.name)
    nodes, previous = [], ""
    for release in sorted(releases, key=lambda text: [int(part) for part in text.split(".")]):
        names = "".join(f"        {name};\n" for name in sorted(releases[release]))
        local = "" if previous else "    local:\n        *;\n"
        nodes.append(f"LIBLLM_{release} {{\n    global:\n{names}{local}}}{previous};\n")
        previous = f" LIBLLM_{release}"
    return "\n".join(nodes)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as header:
        script = version_script(header.read())
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write(script)
