#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The wheel installs into an empty folder and answers from there, with the library that it carries; importing is quick.

usage: wheel.py LIBRARY
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import generator

SKIPPED = 77
MODULES = 70  # that importing brings in beside what Python has at the start
PROGRAM = """
import libllm, sys
model = libllm.Model.open(sys.argv[1])
for chunk in model.chat_stream("Name three colours.", max_tokens=40):
    print(chunk.text, end="", flush=True)
"""
# Time is told and not tested: a busy machine has more of it. The modules that cost it can be counted.
IMPORT = ("import sys, time; n = len(sys.modules); t = time.process_time(); import libllm; "
          "print((time.process_time() - t) * 1e3, len(sys.modules) - n)")


def python(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if name not in (
        "LIBLLM_LIBRARY", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")}
    command = ["/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable, "-s", *arguments]
    return subprocess.run(command, cwd=folder, env={**environment, "PYTHONPATH": str(folder)}, check=True,
                          capture_output=True, text=True).stdout


def main(library):
    for tool in ("patchelf", "strip", "ldd"):
        if not shutil.which(tool):
            print(f"there is no {tool}, which ./dev wheel installs")
            sys.exit(SKIPPED)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for copy in ("first", "second"):
            subprocess.run(["/usr/bin/python3", "-B", str(generator.ROOT / "packaging/wheel.py"), library, str(folder / copy)],
                           check=True, stdout=subprocess.DEVNULL)
        wheels = [next((folder / copy).glob("*.whl")) for copy in ("first", "second")]
        if wheels[0].read_bytes() != wheels[1].read_bytes():
            problems.append("made twice, the wheel is not the same")
        site = folder / "site"
        python(folder, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(site), str(wheels[0]))
        answer = python(site, "-c", PROGRAM, str(generator.ROOT / "tests/data/chat/scripted.gguf"))
        if answer != "It is sunny.":
            problems.append(f"the README's program answers {answer!r}")
        used = python(site, "-c", "import libllm; print(open('/proc/self/maps').read())")
        for name in ("libllm.so.0", "libjansson.so.4", "libutf8proc.so.2"):
            if f"{site}/libllm/_lib/{name}" not in used:
                problems.append(f"{name} is not the wheel's own")
        runs = [python(site, "-c", IMPORT).split() for _ in range(5)]
        fastest, n_modules = min(float(run[0]) for run in runs), int(runs[0][1])
        print(f"importing takes {fastest:.0f} ms and {n_modules} modules, the wheel has {wheels[0].stat().st_size} bytes")
        if n_modules > MODULES:
            problems.append(f"importing brings in {n_modules} modules, expected at most {MODULES}")
    generator.finish(problems)


main(*sys.argv[1:])
