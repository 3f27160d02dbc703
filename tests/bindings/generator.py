# SPDX-License-Identifier: MIT
"""What the tests of the generator share: run it on a header, in a folder of its own."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "libllm/include/libllm/libllm.h"


def generate(header, output, *options):
    """(exit status, what it printed)"""
    command = [sys.executable, "-B", str(ROOT / "bindings/gen"), "--header", str(header), "--output", str(output),
               *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def finish(problems):
    print("\n".join(problems) or "as expected")
    sys.exit(1 if problems else 0)
