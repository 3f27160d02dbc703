# SPDX-License-Identifier: MIT
"""What the checks of this folder share: run a tool, read symbols, report problems."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77

sys.path.insert(0, str(ROOT / "libllm"))
import exports  # noqa: E402


def functions(header):
    return exports.functions(pathlib.Path(header).read_text(encoding="utf-8"))


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols(library, option):
    """(type letter, name) of each dynamic symbol; names carry their version."""
    return [tuple(line.split()[-2:]) for line in run("nm", "--dynamic", option, str(library)).splitlines()]


def report(check):
    """Run check(*arguments), which returns a list of problems, and exit accordingly."""
    problems = check(*sys.argv[1:])
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


def skip(reason):
    print(reason)
    sys.exit(SKIPPED)
