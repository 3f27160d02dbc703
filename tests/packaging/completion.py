#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bash completes commands, options and choices of libllm.

usage: completion.py ROOT COMMAND
"""
import os
import pathlib
import shutil
import subprocess

import packaging

CASES = [(["t"], {"tokenize"}), (["chat", "--json"], {"--json-schema"}), (["help", "con"], {"convert"}),
         (["chat", "--device", ""], {"auto", "cpu", "blas", "vulkan"}), (["chat", "--kv", "f"], {"f32", "f16"}), (["chat", "story"], set())]


def completed(script, command, words):
    program = """source "$1"; shift; COMP_WORDS=(libllm "$@"); COMP_CWORD=$#
        _libllm libllm "${!#}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null; printf '%s\\n' "${COMPREPLY[@]}\""""
    environment = {**os.environ, "PATH": f"{pathlib.Path(command).parent}:{os.environ['PATH']}"}
    result = subprocess.run(["bash", "-c", program, "-", str(script), *words], capture_output=True, text=True,
                            env=environment, check=True)
    return set(result.stdout.split())


def main(root, command):
    if not shutil.which("bash"):
        packaging.skip("there is no bash")
    script = pathlib.Path(root) / "libllm/cli/libllm.bash"
    problems = []
    for words, expected in CASES:
        found = completed(script, command, words)
        if found != expected:
            problems.append(f"libllm {' '.join(words)}: {sorted(found)}, expected were {sorted(expected)}")
    return problems


packaging.report(main)
