#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a Python test that needs packages from the registry, in an environment of its own.

usage: with_packages.py FOLDER REQUIREMENTS SCRIPT [ARGUMENTS]

FOLDER keeps the environment for the next run. Where the packages cannot be had, the test is skipped (77).
"""
import pathlib
import subprocess
import sys
import venv

SKIPPED = 77


def make(folder, requirements):
    """The environment's Python, or None and why there is none."""
    python, stamp = folder / "bin/python", folder / "made-of"
    wanted = requirements.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python, None
    try:
        venv.create(folder, clear=True, with_pip=True)
    except subprocess.CalledProcessError as error:
        return None, f"Python makes no environments here: {error}"
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r",
                           requirements], capture_output=True, text=True, check=False)
    if done.returncode:
        return None, f"the packages cannot be had: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
    stamp.write_text(wanted, encoding="utf-8")
    return python, None


def main(folder, requirements, script, *arguments):
    python, reason = make(pathlib.Path(folder).resolve(), pathlib.Path(requirements))
    if reason:
        print(reason)
        return SKIPPED
    return subprocess.run([python, script, *arguments], check=False).returncode


sys.exit(main(*sys.argv[1:]))
