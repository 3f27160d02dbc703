#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The types of the Python package and its examples hold, for mypy --strict and for pyright.

usage: types_python.py mypy             with the packages of requirements.txt: what it objects to changes with its version
       types_python.py pyright FOLDER   FOLDER keeps pyright, which runs on Node.js, for the next run
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv

import generator

SKIPPED = 77
PYRIGHT = "pyright@1.1.405"
PACKAGE = generator.ROOT / "bindings/python"
CHECKED = ["libllm", *(str(path) for path in sorted((PACKAGE / "examples").glob("*.py")))]


def mypy(temporary):
    return [sys.executable, "-m", "mypy", "--strict", "--cache-dir", temporary, *CHECKED]


def pyright(temporary, folder):
    kept = pathlib.Path(folder).resolve() / PYRIGHT
    program = kept / "node_modules/pyright/index.js"
    if not program.exists():
        if not shutil.which("npm"):
            skip("there is no npm")
        done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(kept), PYRIGHT],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            skip(f"pyright cannot be fetched: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    venv.create(temporary)  # a Python without the packages that this machine may have
    return ["node", str(program), "--pythonpath", f"{temporary}/bin/python", *CHECKED]


def skip(reason):
    print(reason)
    sys.exit(SKIPPED)


def main(checker, *arguments):
    with tempfile.TemporaryDirectory() as temporary:
        command = {"mypy": mypy, "pyright": pyright}[checker](temporary, *arguments)
        done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, check=False)
    generator.finish([done.stdout + done.stderr] if done.returncode else [])


main(*sys.argv[1:])
