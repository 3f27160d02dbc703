#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write quant_golden.bin: what the `gguf` package makes of blocks of every format that libllm decodes.
Needs: pip install gguf numpy.

For each format: u32 type, u32 number of elements, u32 number of bytes, u32 number of random blocks, u64 checksum of what
is decoded from these, the bytes, the elements as float32. The bytes have scales of a usual size. The random blocks are
made of random bytes, so that every pattern of scales, points and signs occurs, infinities and NaN included: the words of
splitmix64 that begins with the type. The checksum is the sum of the bits of element i times 2 i + 1; all NaN count as
one."""
import pathlib
import struct

import gguf
import numpy as np

ELEMENTS = 256
RANDOM_BYTES = 1 << 17
# Where the F16 scales lie in a block; a format without is MXFP4, whose exponents are bytes, or NVFP4.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ2_XXS": [0], "IQ2_XS": [0], "IQ2_S": [0], "IQ3_XXS": [0],
          "IQ3_S": [0], "IQ1_S": [0], "IQ1_M": [], "IQ4_NL": [0], "IQ4_XS": [0], "TQ1_0": [52], "TQ2_0": [64],
          "MXFP4": [], "NVFP4": [], "Q1_0": [0]}
NUMBERS = {"F32": np.float32, "F16": np.float16, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64,
           "F64": np.float64}


def random_bytes(seed, n):
    """n bytes of splitmix64."""
    z = np.uint64(seed) + np.arange(1, (n + 7) // 8 + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).view(np.uint8)[:n].copy()


def decode(name, data):
    if name in NUMBERS:
        return data.view(NUMBERS[name]).astype(np.float32)
    if name == "Q1_0":  # which the package knows by size only
        blocks = data.reshape(-1, 18)
        d = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        return np.where(np.unpackbits(blocks[:, 2:], axis=1, bitorder="little") == 1, d, -d).ravel()
    return gguf.dequantize(data.reshape(1, -1), gguf.GGMLQuantizationType[name]).astype(np.float32).ravel()


def checksum(values):
    bits = np.where(np.isnan(values), np.uint32(0x7FC00000), values.view(np.uint32)).astype(np.uint64)
    return int(np.sum(bits * (2 * np.arange(bits.size, dtype=np.uint64) + np.uint64(1)), dtype=np.uint64))


np.seterr(all="ignore")
random = np.random.default_rng(20240607)
with open(pathlib.Path(__file__).with_name("quant_golden.bin"), "wb") as out:
    for name in [*NUMBERS, "BF16", *SCALES]:
        kind = gguf.GGMLQuantizationType[name]
        block_elements, block_bytes = gguf.GGML_QUANT_SIZES[kind]
        n_blocks = (ELEMENTS if name in SCALES else 64) // block_elements
        if name in SCALES:
            blocks = random.integers(0, 256, (n_blocks, block_bytes), dtype=np.uint8)
            for offset in SCALES[name]:
                scale = random.normal(0, 0.02, n_blocks).astype(np.float16)
                scale[0] = np.float16(-3e-6)  # a denormal one
                blocks[:, offset:offset + 2] = scale.view(np.uint8).reshape(n_blocks, 2)
        elif name.startswith("I"):
            blocks = random.integers(0, 256, (n_blocks, block_bytes), dtype=np.uint8)
        else:
            values = random.normal(0, 1, n_blocks).astype(np.float32)
            blocks = (values.astype(np.float64) if name == "F64" else gguf.quantize(values, kind)).view(np.uint8)
        data = blocks.ravel()
        decoded = decode(name, data)
        n_random = RANDOM_BYTES // block_bytes
        total = checksum(decode(name, random_bytes(int(kind), n_random * block_bytes)))
        out.write(struct.pack("<4IQ", int(kind), decoded.size, data.size, n_random, total))
        out.write(data.tobytes())
        out.write(decoded.tobytes())
