#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares a built `libllm eval` with reference.py on models of random families, shapes, block types and metadata.

    check_random_models.py build/libllm/cli/libllm [--count 50] [--seed 1] [--keep FOLDER]

Every model is evaluated with --batch 1, 7 and 40. F32 models have to be within 5e-5 (llama, qwen2, qwen3) or 2e-4 of
the reference, others within 1.2 % rms. The files of a failure stay in FOLDER.
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np

from make_model import build
from reference import FAMILIES

TYPES_32 = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]
TYPES_256 = ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]


def random_model(rng):
    """Family, shape and metadata; block types limit the widths to multiples of their block."""
    arch = rng.choice(FAMILIES)
    kind = rng.choices(["F32", "F16", "BF16", "32", "256"], [5, 1, 1, 3, 1])[0]
    block = {"32": 32, "256": 256}.get(kind, 1)
    types = {"32": TYPES_32, "256": TYPES_256}.get(kind, [kind])
    shape = dict(n_vocab=rng.randint(300, 400), n_tokens=rng.randint(2, 150), tied=rng.random() < 0.5,
                 n_layer=rng.randint(1, 2 if block == 256 else 8), types=rng.sample(types, len(types)))
    if block == 1:
        n_kv, group = rng.randint(1, 3), rng.randint(1, 7)
        shape.update(n_embd=rng.randint(9, 130), n_ff=rng.randint(9, 150), d_head=2 * rng.randint(2, 48))
    else:
        n_kv, group = rng.choice([(1, 1), (1, 2), (2, 2), (1, 4)])
        shape.update(n_embd=block * rng.randint(1, 3), n_ff=block * rng.randint(1, 4),
                     d_head=32 if block == 32 else 256 // (n_kv * group))
    shape.update(n_kv=n_kv, n_head=n_kv * group)
    metadata = {}
    if rng.random() < 0.5:
        metadata["rope.freq_base"] = rng.choice([1000.0, 50000.0, 1000000.0])
    if rng.random() < 0.3:
        metadata["rope.dimension_count"] = 2 * rng.randint(1, shape["d_head"] // 2)
    if arch in ("gemma2", "gemma3") or (arch == "llama" and rng.random() < 0.4):
        metadata["attention.sliding_window"] = rng.randint(1, 60)
    if arch == "gemma2":
        metadata["attn_logit_softcapping"] = rng.uniform(2, 50)
        metadata["final_logit_softcapping"] = rng.uniform(3, 30)
    if arch == "gemma3" and rng.random() < 0.5:
        metadata.update({"rope.scaling.type": "linear", "rope.scaling.factor": 8.0})
    if arch == "llama" and rng.random() < 0.3:
        metadata.update({"rope.scaling.type": "llama3", "rope.scaling.factor": 8.0,
                         "rope.scaling.original_context_length": rng.randint(16, 100)})
    return arch, rng.randrange(1 << 30), shape, metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", help="the built libllm command")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    args = parser.parse_args()
    rng = random.Random(args.seed)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.count):
            arch, seed, shape, metadata = random_model(rng)
            path = pathlib.Path(folder) / f"{args.seed}-{number}-{arch}.gguf"
            ids, reference = build(path, arch, seed, shape, metadata)
            out = path.with_suffix(".f32")
            worst, rms = 0.0, 0.0
            for batch in (1, 7, 40):
                done = subprocess.run([args.command, "eval", "-m", path, "--ids", ",".join(map(str, ids)), "--logits",
                                       out, "--batch", str(batch)], stderr=subprocess.PIPE, text=True)
                if done.returncode:
                    print(done.stderr)
                    worst = rms = np.inf
                    break
                error = np.abs(np.fromfile(out, "<f4").reshape(reference.shape).astype(np.float64) - reference)
                worst = max(worst, np.nan_to_num(error, nan=np.inf).max())
                rms = max(rms, np.sqrt((np.nan_to_num(error, nan=np.inf) ** 2).mean()) / reference.std())
            if shape["types"] == ["F32"]:
                ok = worst <= (2e-4 if arch.startswith("gemma") else 5e-5)
            else:
                ok = rms <= 0.012
            print(f"  {'ok' if ok else 'FAILED'}: max-abs {worst:.1e}, rms {rms:.1e}, {shape} {metadata}", flush=True)
            if not ok:
                failures += 1
                args.keep.mkdir(parents=True, exist_ok=True)
                for suffix in (".gguf", ".json", ".npy"):
                    (args.keep / (path.stem + suffix)).write_bytes(path.with_suffix(suffix).read_bytes())
    print(f"{args.count - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
