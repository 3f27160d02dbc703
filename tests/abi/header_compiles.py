#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The public header compiles on its own, without a warning, in every language that programs include it from.

usage: header_compiles.py INCLUDE-FOLDER LANGUAGE STANDARD COMPILER...
"""
import subprocess
import sys

folder, language, standard, *compiler = sys.argv[1:]
command = [*compiler, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
           "-I", folder, "-"]
source = "#include <libllm/libllm.h>\n#include <libllm/libllm.h>\nint main(void) { return (int)libllm_version(); }\n"
sys.exit(subprocess.run(command, input=source, text=True, check=False).returncode)
