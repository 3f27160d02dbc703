#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What speed costs in quality: the KL divergence from arithmetic in F32 on the same weights, ours and llama.cpp's.

usage: quality.py PROGRAM [-m MODEL]... [--windows N] [--cpu SET]...

PROGRAM is our libllm; peer.py has fetched llama.cpp. The weights of each MODEL (default, gemma) are written out as F32,
and what each program finds with them, keys and values in F32 too, is what its way to compute with the file as it is is
compared with. The text is this project's documentation, in windows of 512 tokens of which the second halves count
(16: 4,096 tokens). Ours are reading prompts (256 tokens at a time), few columns (4) and decoding (1), with each
instruction set. Exits with 1 when one of ours has a larger mean divergence than llama.cpp's default path.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import peer

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDOW = 512
BATCHES = {"reading prompts": 256, "few columns": 4, "decoding": 1}


def run(words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        sys.exit(f"{words[0]}: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout + done.stderr


def peer_divergence(tools, model, plain, text, windows, folder):
    """Of llama.cpp's default path."""
    base = folder / "peer.base"
    common = [tools / "llama-perplexity", "-f", text, "-c", WINDOW, "--chunks", windows, "-t", os.cpu_count(),
              "--kl-divergence-base", base]
    run([*common, "-m", plain, "-ctk", "f32", "-ctv", "f32", "-fa", "off"])
    said = run([*common, "-m", model, "--kl-divergence"])
    found = re.search(r"Mean\s+KLD:\s+([0-9.e+-]+)", said)
    if not found:
        sys.exit("llama-perplexity printed no mean KLD")
    return float(found.group(1))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("-m", action="append", dest="models")
    parser.add_argument("--windows", type=int, default=16)
    parser.add_argument("--cpu", action="append")
    args = parser.parse_args()
    program = os.path.abspath(args.program)
    tools = next((one.tools for one in peer.configurations()[0] if one.tools and not one.isa), None)
    if not tools:
        sys.exit("llama.cpp is not there: python3 tests/bench/peer.py fetches and builds it")
    files = peer.models()[0]
    worse = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text = folder / "text"
        text.write_text("\n".join(path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))))
        for model in args.models or ["default", "gemma"]:
            path, plain, base = files.get(model, model), folder / "plain.gguf", folder / "base"
            run([tools / "llama-quantize", "--allow-requantize", path, plain, "F32"])
            ours = [program, "perplexity", "-f", text, "-c", WINDOW, "--windows", args.windows, "--json"]
            run([*ours, "-m", plain, "--kv", "f32", "--save-base", base])
            theirs = peer_divergence(tools, path, plain, text, args.windows, folder)
            print(f"{model}: llama.cpp's default path: mean KL {theirs:.2e}", flush=True)
            for kind, batch in BATCHES.items():
                for cpu in args.cpu or ["native", "avx512_vnni", "avx2"]:
                    said = run([*ours, "-m", path, "--kl-base", base, "--batch", batch, "--cpu", cpu])
                    found = json.loads(said[said.index("{"):said.rindex("}") + 1])
                    divergence = found["mean_kl"]
                    worse = worse or divergence > theirs
                    print(f"{model}: {kind}, {cpu}: mean KL {divergence:.2e}, {divergence / theirs:.2f} of theirs",
                          flush=True)
    sys.exit(worse)


if __name__ == "__main__":
    main()
