#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The validation layer has nothing to say while models of each kind compute, nor when it looks at how dispatches and
copies of buffers follow each other. (It does not see what shaders do through addresses: hazards_test.cc does. Its
checks of the addresses themselves crash when they are to be put into matvec.comp, in 1.3.239.)

usage: validation.py COMMAND MISUSE DATA
"""
import json
import os
import pathlib
import subprocess
import sys

LAYER = "VK_LAYER_KHRONOS_validation"
SYNCHRONIZATION = "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT"
MODELS = ["tiny/llama", "tiny/qwen2moe", "tiny/deepseek2", "tiny/lfm2", "families/mamba2", "random/llama-kquants"]
DIVIDED = ["tiny/llama", "tiny/lfm2"]
SKIPPED = 77


def run(environment, *command):
    whole = {**os.environ, "VK_INSTANCE_LAYERS": LAYER, **environment}
    return subprocess.run(command, env=whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240)


def main(command, misuse, data):
    enabled = {"VK_LAYER_ENABLES": SYNCHRONIZATION}
    heard = run(enabled, misuse)
    if heard.returncode == SKIPPED:
        print("skipped:", heard.stdout)
        return SKIPPED
    if "VUID" not in heard.stdout:
        print(f"skipped: {LAYER} says nothing of a mistake; is it installed?\n", heard.stdout)
        return SKIPPED
    if "SYNC-HAZARD-WRITE" not in heard.stdout:
        print(f"{LAYER} does not see that a copy does not wait for another\n", heard.stdout)
        return 1
    failed = 0
    for name, layers in [(name, "auto") for name in MODELS] + [(name, "1") for name in DIVIDED]:
        path = pathlib.Path(data) / name
        ids = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["ids"][:12]
        found = run(enabled, command, "eval", "-m", f"{path}.gguf", "--ids",
                    ",".join(map(str, ids)), "--batch", "9", "--device", "vulkan", "--gpu-layers", layers, "--logits",
                    os.devnull)
        told = [line for line in found.stdout.splitlines() if "the others on the processor" not in line]
        if found.returncode or told or (layers == "1") == (len(found.stdout.splitlines()) == 0):
            print(f"{name}, {layers} layers: exit status {found.returncode}\n{found.stdout}")
            failed += 1
    print(f"{len(MODELS) + len(DIVIDED) - failed} of {len(MODELS) + len(DIVIDED)} runs computed without a message")
    return failed != 0


sys.exit(main(*sys.argv[1:]))
