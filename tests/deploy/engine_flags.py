#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The flags of vLLM and SGLang, read from the sources in their wheels without running them.

usage: engine_flags.py vllm|sglang WHEEL_OR_FOLDER > tests/data/deploy/ENGINE_flags.txt
       pip download --no-deps vllm==VERSION   (or sglang; the versions of libllm/cli/deploy/templates/versions.txt)

A line is a flag and, behind it, the words that it takes where they are listed.
"""
import ast
import io
import pathlib
import re
import sys
import zipfile

SOURCES = {"vllm": r"vllm/(engine/arg_utils|entrypoints/common/cli_args|config/\w+)\.py",
           "sglang": r"sglang/srt/(server_args|arg_groups/(choices|fields/\w+))\.py"}


def read(path, engine):
    """{name: syntax tree} of the files that define flags."""
    wanted, path = re.compile(SOURCES[engine]), pathlib.Path(path)
    if path.is_dir():
        texts = {str(p.relative_to(path)): p.read_text(encoding="utf-8") for p in path.rglob("*.py")}
    else:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            texts = {n: archive.read(n).decode() for n in archive.namelist() if wanted.fullmatch(n)}
    return {name: ast.parse(text) for name, text in texts.items() if wanted.fullmatch(name)}


def strings(node):
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def dashed(name):
    return "--" + name.replace("_", "-")


def vllm(trees):
    """add_argument("--name"), and the fields of classes that make frontend flags. Words: the Literal types of fields."""
    literals, fields, flags = {}, {}, {}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript) and \
                    getattr(node.value.value, "id", "") == "Literal":
                literals[node.targets[0].id] = strings(node.value)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                fields.setdefault(node.target.id, ast.unparse(node.annotation))
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument":
                for flag in node.args:
                    if isinstance(flag, ast.Constant) and str(flag.value).startswith("--"):
                        flags[flag.value] = literals.get(fields.get(flag.value[2:].replace("-", "_"), ""), [])
            if isinstance(node, ast.ClassDef) and "cli_args" in name and node.name.endswith("Args"):
                for field in node.body:
                    if isinstance(field, ast.AnnAssign):
                        flags.setdefault(dashed(field.target.id), [])
    return flags


def sglang(trees):
    """Fields A[type, "help" or Arg(...)] of the records; words: Arg's choices."""
    lists, flags = {}, {}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.List) and isinstance(node.targets[0], ast.Name):
                lists[node.targets[0].id] = strings(node.value)
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if "/fields/" in name and isinstance(node, ast.AnnAssign) and isinstance(node.annotation, ast.Subscript) and \
                    getattr(node.annotation.value, "id", "") == "A":
                args = [n for n in ast.walk(node.annotation) if isinstance(n, ast.Call) and
                        getattr(n.func, "id", "") == "Arg"]
                keywords = {k.arg: k.value for k in args[0].keywords} if args else {}
                if "no_cli" in keywords:
                    continue
                choices = keywords.get("choices")
                words = [] if choices is None else lists.get(getattr(choices, "id", ""), strings(choices))
                own = strings(keywords["cli_name"]) if "cli_name" in keywords else [dashed(node.target.id)]
                for flag in own + (strings(keywords["aliases"]) if "aliases" in keywords else []):
                    flags[flag] = words
    return flags


def flags_of(engine, path):
    return {"vllm": vllm, "sglang": sglang}[engine](read(path, engine))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SOURCES:
        sys.exit(__doc__)
    for flag, words in sorted(flags_of(*sys.argv[1:]).items()):
        print(flag, *[word for word in words if " " not in word])
