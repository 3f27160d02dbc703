#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write quant_golden.bin: random valid blocks of every format that libllm decodes, and what the `gguf` package makes
of them. Needs: pip install gguf numpy.

For each format: u32 type, u32 number of elements, u32 number of bytes, the bytes, the elements as float32."""
import pathlib
import struct

import gguf
import numpy as np

ELEMENTS = 512  # two super-blocks, so that a decoder that does not step to the next block is seen
# Where the F16 scales lie in a block: random bits there could be NaN, which compares equal to nothing.
SCALES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}

random = np.random.default_rng(20240607)
with open(pathlib.Path(__file__).with_name("quant_golden.bin"), "wb") as out:
    for name in ["F32", "F16", "BF16", *SCALES]:
        kind = gguf.GGMLQuantizationType[name]
        block_elements, block_bytes = gguf.GGML_QUANT_SIZES[kind]
        n_blocks = (ELEMENTS if name in SCALES else 64) // block_elements
        if name in SCALES:
            blocks = random.integers(0, 256, (n_blocks, block_bytes), dtype=np.uint8)
            for offset in SCALES[name]:
                scale = random.normal(0, 0.02, n_blocks).astype(np.float16)
                scale[0] = np.float16(-3e-6)  # a denormal one
                blocks[:, offset:offset + 2] = scale.view(np.uint8).reshape(n_blocks, 2)
        else:
            values = random.normal(0, 1, n_blocks).astype(np.float32)
            blocks = gguf.quantize(values, kind).view(np.uint8)
        data = blocks.reshape(1, -1)
        decoded = gguf.dequantize(data, kind).astype(np.float32).ravel()
        out.write(struct.pack("<3I", int(kind), decoded.size, data.size))
        out.write(data.tobytes())
        out.write(decoded.tobytes())
