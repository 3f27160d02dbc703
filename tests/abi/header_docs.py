#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Everything in the public header is described the way the generator of the bindings needs it.

usage: header_docs.py HEADER STRUCT-LAYOUT

Functions: a summary, @param for each parameter in order, @return unless void, then Ownership, Thread safety, Errors,
Since. Types: a description with Since, and a line in struct_layout.c. Enumerators and fields: a description each.
"""
import pathlib
import re

import abi

SECTIONS = ["Ownership", "Thread safety", "Errors", "Since"]
DOC_BEFORE = r"(?:/\*\*((?:(?!\*/).)*)\*/\s*)?"
TYPES = re.compile(DOC_BEFORE + r"^typedef (enum|struct) (libllm_\w+) \{\n(.*?)^\} \3;", re.DOTALL | re.MULTILINE)
OPAQUE = re.compile(DOC_BEFORE + r"^typedef struct (libllm_\w+) \2;", re.DOTALL | re.MULTILINE)
MEMBERS = re.compile(DOC_BEFORE + r"^    ([A-Za-z_][^;=,]*?(?:\([^)]*\)[^;=,]*?)*?)\s*(?:[;,]|=[^,\n]*,?$)",
                     re.DOTALL | re.MULTILINE)


def parameter_name(parameter):
    return re.search(r"(\w+)$", parameter).group(1)


def check_function(function):
    doc = re.sub(r"^[ \t]*\*[ \t]?", "", function.doc, flags=re.MULTILINE)
    described = re.findall(r"^@param (\w+) +\S", doc, re.MULTILINE)
    expected = [parameter_name(parameter) for parameter in function.parameters]
    if described != expected:
        yield f"{function.name}: describes the parameters {described}, has {expected}"
    if (re.search(r"^@return \S", doc, re.MULTILINE) is None) != (function.result == "void"):
        yield f"{function.name}: @return and the result type {function.result} do not match"
    found = [name for name in re.findall(r"^([A-Z][a-z ]+): *\S", doc, re.MULTILINE) if name in SECTIONS]
    if found != SECTIONS:
        yield f"{function.name}: has the sections {found}, expected are {SECTIONS}"
    if not re.match(r"\s*[A-Z]", doc):
        yield f"{function.name}: has no summary"


def check_types(text, layout):
    for doc, _, name, body in TYPES.findall(text):
        if f"SIZE({name}, " not in layout:
            yield f"{name}: struct_layout.c says nothing about it"
        if "Since:" not in doc:
            yield f"{name}: has no description with Since"
        for member_doc, member in MEMBERS.findall(body):
            if not member_doc.strip():
                yield f"{name}: no description of {member}"
    for doc, name in OPAQUE.findall(text):
        if "Since:" not in doc:
            yield f"{name}: has no description with Since"


def main(header, layout):
    text, layout = (pathlib.Path(path).read_text(encoding="utf-8") for path in (header, layout))
    problems = [problem for function in abi.functions(header) for problem in check_function(function)]
    return problems + list(check_types(text, layout))


abi.report(main)
