#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sizes, offsets and values in api.json are those that the compiler writes into its debugging information (DWARF).

usage: layout.py COMPILER...
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import generator

TAG = re.compile(r"^ <(\d+)><[0-9a-f]+>: Abbrev Number: \d+ \((DW_TAG_\w+)\)", re.MULTILINE)
NAME = re.compile(r"DW_AT_name\s*:.*?(\S+)$", re.MULTILINE)


def number(entry, attribute):
    match = re.search(attribute + r"\s*:.*?(-?(?:0x)?[0-9a-f]+)$", entry, re.MULTILINE)
    return int(match.group(1), 0) if match else None


def debugging_information(compiler):
    """Structs: name to (size, {field: offset}). Enums: name to {value name: value}."""
    with tempfile.TemporaryDirectory() as folder:
        source, compiled = (pathlib.Path(folder, name) for name in ("header.c", "header.o"))
        source.write_text("#include <libllm/libllm.h>\n", encoding="ascii")
        subprocess.run([*compiler, "-g", "-fno-eliminate-unused-debug-types", "-I", str(generator.HEADER.parents[1]),
                        "-c", str(source), "-o", str(compiled)], check=True)
        text = subprocess.run(["readelf", "--debug-dump=info", "--wide", str(compiled)], check=True,
                              capture_output=True, text=True).stdout
    structs, enums = {}, {}
    marks = list(TAG.finditer(text))
    inside = {}
    for mark, following in zip(marks, marks[1:] + [None]):
        entry = text[mark.end():following.start() if following else len(text)]
        name = NAME.search(entry)
        if mark.group(2) in ("DW_TAG_structure_type", "DW_TAG_union_type", "DW_TAG_enumeration_type"):
            inside = {}
            kinds = enums if mark.group(2) == "DW_TAG_enumeration_type" else structs
            size = number(entry, "DW_AT_byte_size")
            if name and size is not None:
                kinds[name.group(1)] = inside if kinds is enums else (size, inside)
        elif mark.group(2) == "DW_TAG_member":
            inside[name.group(1)] = number(entry, "DW_AT_data_member_location")
        elif mark.group(2) == "DW_TAG_enumerator":
            inside[name.group(1)] = number(entry, "DW_AT_const_value")
    return structs, enums


def main(compiler):
    api = json.loads((generator.ROOT / "bindings/api.json").read_text(encoding="utf-8"))
    structs, enums = debugging_information(compiler)
    problems = []
    for struct in api["structs"]:
        described = (struct["size"], {field["name"]: field["offset"] for field in struct["fields"]})
        if structs.get(struct["name"]) != described:
            problems.append(f"{struct['name']}: api.json has {described}, the compiler {structs.get(struct['name'])}")
    for enum in api["enums"]:
        described = {value["name"]: value["value"] for value in enum["values"]}
        found = {name: value for name, value in enums.get(enum["name"], {}).items() if not name.endswith("_FORCE32")}
        if found != described:
            problems.append(f"{enum['name']}: api.json has {described}, the compiler {found}")
    missing = {name for name in {*structs, *enums} if name.startswith("libllm_")} - {
        item["name"] for item in api["structs"] + api["enums"]}
    problems += [f"{name} is not in api.json" for name in sorted(missing)]
    if len(api["structs"]) < 10 or len(api["enums"]) < 5:
        problems.append("api.json has hardly anything to compare")
    generator.finish(problems)


main(sys.argv[1:])
