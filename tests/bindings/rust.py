#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build the Rust crates, without a network, and run what is asked for.

usage: rust.py BUILD-FOLDER (scenario | examples | misuse)       (LIBLLM_LIBRARY names the library)
"""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
WORKSPACE = HERE.parents[1] / "bindings/rust"
SKIPPED = 77


def main(folder, task):
    if not shutil.which("cargo") or not shutil.which("rustc"):
        print("skipped: cargo and rustc are not installed")
        return SKIPPED
    library = str(pathlib.Path(os.environ["LIBLLM_LIBRARY"]).resolve().parent)
    environment = {**os.environ, "CARGO_TARGET_DIR": folder, "LIBLLM_LIB_DIR": library, "LD_LIBRARY_PATH": library}

    def cargo(*arguments):
        return subprocess.run(["cargo", *arguments, "--offline", "--quiet"], cwd=WORKSPACE, env=environment,
                              check=False).returncode

    if task == "misuse":
        return cargo("test", "--package", "libllm", "--test", "misuse")
    status = cargo("build", "--workspace", "--examples", "--bins")
    if status:
        return status
    programs = pathlib.Path(folder).resolve() / "debug"
    commands = {"scenario": [["scenario.py", programs / "scenario"]],
                "examples": [["examples.py", programs / "examples/chat", "--", programs / "examples/estimate"],
                             ["programs.py", "commit", programs / "examples/commit_message"]]}
    return max(subprocess.run([sys.executable, HERE / script, *arguments], env=environment, check=False).returncode
               for script, *arguments in commands[task])


sys.exit(main(*sys.argv[1:]))
