#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The types of the Python package and its examples hold under mypy --strict, and pyright where it is installed.

Runs with the packages of requirements.txt: what mypy objects to changes with its version.
"""
import shutil
import subprocess
import sys
import tempfile

import generator


def main():
    package = generator.ROOT / "bindings/python"
    examples = [str(path) for path in sorted((package / "examples").glob("*.py"))]
    problems = []
    with tempfile.TemporaryDirectory() as cache:
        commands = [[sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, "libllm", *examples]]
        if shutil.which("pyright"):
            commands.append(["pyright", "libllm", "examples"])
        for command in commands:
            done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
            if done.returncode:
                problems.append(done.stdout + done.stderr)
    generator.finish(problems)


main()
