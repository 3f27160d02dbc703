#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is installed is enough to build and run a program: header, pkg-config file, library with its SONAME, command.

usage: install.py BUILD-FOLDER VERSION COMPILER...
"""
import os
import pathlib
import subprocess
import tempfile

import abi

PROGRAM = """
#include <libllm/libllm.h>
#include <stdio.h>
int main(void)
{
    uint32_t version = libllm_version();
    printf("%u.%u.%u\\n", version / 10000, version / 100 % 100, version % 100);
}
"""


def main(build, version, *compiler):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        abi.run("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", str(folder / "root"))
        pkgconfig = next((folder / "root").rglob("libllm.pc")).parent
        environment = {**os.environ, "PKG_CONFIG_PATH": str(pkgconfig), "PKG_CONFIG_SYSROOT_DIR": str(folder / "root")}

        def flags(*options):
            command = ["pkg-config", *options, "libllm"]
            return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.split()

        source, program = folder / "program.c", folder / "program"
        source.write_text(PROGRAM, encoding="utf-8")
        subprocess.run([*compiler, str(source), "-o", str(program), *flags("--cflags", "--libs")], check=True)
        library = next((folder / "root").rglob("libllm.so.0"))
        environment["LD_LIBRARY_PATH"] = str(library.parent)
        printed = subprocess.run([program], check=True, capture_output=True, text=True, env=environment).stdout.strip()
        needed = abi.run("readelf", "--dynamic", "--wide", str(program))
        command = next((folder / "root").rglob("bin/libllm"))
        subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL, env=environment)
        described = " ".join(flags("--modversion"))
        headers = {path.name for path in (folder / "root").rglob("include/libllm/*")}
    problems = []
    if headers != {"libllm.h", "libllm.hpp", "api.hpp", "core.hpp"}:
        problems.append(f"the headers that are installed are {', '.join(sorted(headers))}")
    if not printed == described == version:
        problems.append(f"the library says {printed}, the pkg-config file {described}, the build {version}")
    if "[libllm.so.0]" not in needed:
        problems.append("the program does not ask for libllm.so.0")
    return problems


abi.report(main)
