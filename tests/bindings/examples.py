#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The two examples of a language do what they say: the chat answers a line, the estimate prints a report.

usage: examples.py CHAT... -- ESTIMATE...     (both commands; the model and the scenario are added)
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = "tests/data/chat/scripted.gguf"
SKIPPED = 77


def run(command, argument, text=""):
    return subprocess.run([*command, argument], input=text, capture_output=True, text=True, encoding="utf-8", cwd=ROOT,
                          check=False)


def main(arguments):
    border = arguments.index("--")
    problems = []
    chat = run(arguments[:border], MODEL, "It is sunny.\n")
    if chat.returncode == SKIPPED:
        print(chat.stdout)
        return SKIPPED
    if chat.returncode or chat.stdout.strip() != "It is sunny.":
        problems.append(f"the chat ended with {chat.returncode} and printed {chat.stdout!r} {chat.stderr!r}")
    missing = run(arguments[:border], "no-such-model")
    if missing.returncode != 1 or "no-such-model" not in missing.stderr:
        problems.append(f"without its model the chat ended with {missing.returncode} and printed {missing.stderr!r}")
    estimate = run(arguments[border + 1:], '{"model": "Llama-3.1-8B"}')
    if estimate.returncode or json.loads(estimate.stdout)["parameters"]["total"]["value"] != 8030261248:
        problems.append(f"the estimate ended with {estimate.returncode} and printed {estimate.stdout[:300]!r}")
    print("\n".join(problems) or "as expected")
    return 1 if problems else 0


sys.exit(main(sys.argv[1:]))
