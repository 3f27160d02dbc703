#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Teacher-forced references of the two real models over real text, small enough to be committed.

    make_real_references.py [--models FOLDER] [--data tests/data] [--keep FOLDER]

writes data/golden/MODEL.gold from data/text/mixed.txt; --keep also saves all logits as FOLDER/MODEL.npy (large).

Layout of a .gold file, little-endian, no padding:
    char     magic[8]                "LLMGOLD1"
    uint32   n_tokens, n_vocab, n_top, n_rows
    int32    ids[n_tokens]
    float32  logsumexp[n_tokens]                 of all logits of the position
    int32    top_ids[n_tokens][n_top]            most probable first
    float32  top_logits[n_tokens][n_top]
    then n_rows times the whole row of one position:
    int32    position
    float32  low, step
    uint16   level[n_vocab]                      log-probability = low + step * level, clipped below LOWEST
"""
import argparse
import pathlib
import struct
import sys

import numpy as np

from reference import Model
from tokenizers_of_gguf import ids_of

MODELS = {  # file: (tokens, whole rows); Gemma's text is longer than its window of 512, and its rows are long
    "SmolLM2-135M-Instruct.Q4_1": (512, 8),
    "gemma-3-270m-q4_k_m": (640, 2),
}
N_TOP = 64
LOWEST = -40.0


def log_sum_exp(logits):
    top = logits.max(axis=-1)
    return top + np.log(np.exp(logits - top[:, None]).sum(axis=-1))


def write_gold(path, ids, logits, n_rows):
    lse = log_sum_exp(logits)
    top = np.argsort(-logits, axis=-1, kind="stable")[:, :N_TOP]
    with open(path, "wb") as out:
        out.write(b"LLMGOLD1" + struct.pack("<4I", *logits.shape, N_TOP, n_rows))
        out.write(np.asarray(ids, "<i4").tobytes())
        out.write(lse.astype("<f4").tobytes())
        out.write(top.astype("<i4").tobytes())
        out.write(np.take_along_axis(logits, top, axis=-1).astype("<f4").tobytes())
        for row in range(n_rows):
            position = (2 * row + 1) * len(ids) // (2 * n_rows)
            logp = np.maximum(logits[position] - lse[position], LOWEST)
            low, step = logp.min(), (logp.max() - logp.min()) / 65535
            out.write(struct.pack("<iff", position, low, step))
            out.write(np.rint((logp - low) / step).astype("<u2").tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path.home() / ".local/share/libllm/models")
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent / "data")
    parser.add_argument("--keep", type=pathlib.Path)
    args = parser.parse_args()
    text = (args.data / "text/mixed.txt").read_text(encoding="utf-8")
    for name, (n_tokens, n_rows) in MODELS.items():
        model = Model(args.models / (name + ".gguf"), np.float64)
        ids = ids_of(model.hp.fields, text)[:n_tokens]
        if len(ids) != n_tokens:
            raise ValueError(f"the text has {len(ids)} tokens, expected at least {n_tokens}")
        logits = model.forward(ids, lambda done, of: print(f"\r{name}: layer {done}/{of}", end="", file=sys.stderr))
        if args.keep:
            np.save(args.keep / (name + ".npy"), logits.astype(np.float32))
        write_gold(args.data / "golden" / (name + ".gold"), ids, logits, n_rows)
        nll = (log_sum_exp(logits)[:-1] - logits[np.arange(n_tokens - 1), ids[1:]]).mean()
        gap = -np.diff(np.sort(logits, axis=-1)[:, ::-1][:, :2], axis=-1)
        print(f"\n{name}: {n_tokens} tokens, perplexity {np.exp(nll):.2f}, top-two gap over 0.5 at "
              f"{(gap > 0.5).mean():.0%} of the positions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
