#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiled shaders as a C file: packed one after the other, with a table of them.

usage: embed.py OUTPUT SPIRV...
"""
import hashlib
import pathlib
import sys
import zlib


def main(output, *files):
    packed, rows = b"", []
    digest = hashlib.sha256()
    for path in map(pathlib.Path, files):
        words = path.read_bytes()
        data = zlib.compress(words, 9)
        digest.update(words)
        rows.append(f'    {{"{path.name.split(".")[0]}", {len(packed)}, {len(data)}, {len(words)}}},')
        packed += data
    lines = [", ".join(map(str, packed[i : i + 32])) for i in range(0, len(packed), 32)]
    pathlib.Path(output).write_text(
        "/* Written by shaders/embed.py. */\n"
        '#include "backend/vulkan/shaders.h"\n\n'
        f"_Static_assert(LL_VK_SHADERS == {len(rows)}, \"shaders.h names every shader\");\n"
        f'const char ll_vk_spirv_hash[] = "{digest.hexdigest()}";\n'
        "const ll_vk_spirv ll_vk_spirvs[] = {\n" + "\n".join(rows) + "\n};\n"
        f"const uint8_t ll_vk_spirv_bytes[{len(packed)}] = {{\n" + ",\n".join(lines) + "};\n",
        encoding="ascii")


main(*sys.argv[1:])
