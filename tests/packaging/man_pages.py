#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every command and option that the help has is in the man pages, with its text, and they are laid out without warnings.

usage: man_pages.py ROOT COMMAND
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import packaging

OPTION = re.compile(r"^ {2}(?:-\S, | {4})(--[\w-]+)(?: \S+)? {2,}(.*)", re.MULTILINE)


def laid_out(path):
    """The page as text in long lines, and the warnings about it."""
    environment = {**os.environ, "MANWIDTH": "1000", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": "", "MANOPT": ""}
    result = subprocess.run(["man", "--warnings", "--no-hyphenation", "--no-justification", "-l", str(path)],
                            capture_output=True, text=True, env=environment, check=True)
    return result.stdout, result.stderr.strip()


def same(text):
    """Dashes and quotes as typed, spaces as one."""
    return " ".join(text.replace("‐", "-").split())


def main(root, command):
    root = pathlib.Path(root)
    if not shutil.which("man"):
        packaging.skip("there is no man")
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        packaging.run(sys.executable, "-B", str(root / "libllm/cli/man.py"), command, folder)
        pages = {path.stem: path for path in pathlib.Path(folder, "man1").iterdir()}
        pages["libllm-gui"] = root / "gui/data/libllm-gui.1"
        texts = {}
        for name, path in pages.items():
            texts[name], warnings = laid_out(path)
            texts[name] = same(texts[name])
            problems += [f"{name}(1): {warnings}"] if warnings else []
    top = packaging.run(command, "--help")
    for name, summary in re.findall(r"^  ([a-z]+) +(.*)", top.partition("Commands:")[2].partition("\n\n")[0], re.MULTILINE):
        if f"{name} {summary}" not in texts["libllm"]:
            problems.append(f"libllm(1) does not name {name}")
        options = OPTION.findall(packaging.run(command, name, "--help"))
        if not options:
            problems.append(f"libllm {name} --help has no options")
        page = texts.get(f"libllm-{name}", "")
        for option, text in options:
            if option not in page or same(text) not in page:
                problems.append(f"libllm-{name}(1) lacks {option} {text}")
    return problems


packaging.report(main)
