#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Man pages and HTML of the interface: every function has its page with all its parameters, HTML is well-formed, its
links lead somewhere, and `man` has no complaint where it is installed."""
import html.parser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import generator

VOID = {"meta", "br"}


class Checker(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.problems, self.text = [], set(), set(), [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids.add(found.get("id"))
        self.links.add(found.get("href", "").lstrip("#"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes something else")

    def handle_data(self, data):
        self.text.append(data)


def main():
    api = json.loads((generator.ROOT / "bindings/api.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-B", str(generator.ROOT / "bindings/gen/reference.py"), folder], check=True)
        checker = Checker()
        checker.feed(pathlib.Path(folder, "doc/libllm/reference.html").read_text(encoding="utf-8"))
        problems = checker.problems + [f"a link to {link}" for link in checker.links - checker.ids - {""}]
        said = "".join(checker.text)
        for function in api["functions"]:
            page = pathlib.Path(folder, "man/man3", function["name"] + ".3").read_text(encoding="utf-8")
            for param in function["params"]:
                if f".I {param['name']}\n" not in page:
                    problems.append(f"{function['name']}(3) says nothing about {param['name']}")
            if function["name"] not in checker.ids or function["summary"] not in said:
                problems.append(f"the HTML says nothing about {function['name']}")
        if shutil.which("man"):
            for page in sorted(pathlib.Path(folder, "man/man3").glob("*.3"))[:8]:
                done = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True, check=False,
                                      env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "100"})
                if done.returncode or done.stderr:
                    problems.append(f"{page.name}: {done.stderr[:200]}")
    generator.finish(problems)


main()
