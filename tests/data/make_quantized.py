#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make quantized/: models with experts, latent attention and constant states in block formats, from those of tiny/ and
families/, with the logits of F32 arithmetic on the dequantized weights, and how far from these they are when the inputs of
quantized matrices are rounded to 8 bits, as prompts have them: routers then choose otherwise here and there.

    make_quantized.py [-o FOLDER]

Weights are quantized and dequantized by the Python package gguf, and computed in float64 by check_family_fixtures.py,
which has nothing of our code. Vectors, routers, convolutions and rows that are no multiple of a block stay F32.
"""
import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, quants

import check_family_fixtures as check

DATA = Path(__file__).parent
MODELS = [("tiny/mixtral", "Q8_0"), ("tiny/qwen2moe", "Q4_0"), ("tiny/qwen3moe", "Q5_0"), ("tiny/deepseek2", "Q8_0"),
          ("tiny/deepseek3", "Q4_1"), ("tiny/lfm2", "Q4_0"), ("tiny/mamba", "Q8_0"), ("families/mamba2", "Q5_1")]
FLOATS = ("_norm", "ffn_gate_inp", "conv1d", "shortconv.conv", "ssm_a", "ssm_d", "exp_probs_b")


def is_quantized(tensor, block):
    return (tensor.name.endswith(".weight") and len(tensor.shape) > 1 and tensor.shape[0] % block == 0 and
            not any(part in tensor.name for part in FLOATS))


def rounded(x):
    """To 8 bits, with a scale for every 32 values."""
    blocks = x.reshape(-1, 32)
    scale = np.maximum(abs(blocks).max(-1, keepdims=True) / 127, 1e-30)
    return (np.round(blocks / scale) * scale).reshape(x.shape)


class RoundedMatrix:
    def __init__(self, values):
        self.values = values

    T = property(lambda self: RoundedMatrix(self.values.T))
    __array_ufunc__ = None  # so that numpy asks __rmatmul__()

    def __getitem__(self, expert):
        return RoundedMatrix(self.values[expert])

    def __matmul__(self, x):
        return self.values @ rounded(x)

    def __rmatmul__(self, x):
        return rounded(x) @ self.values


class RoundedModel(check.Model):
    """What it multiplies is rounded where the matrix is quantized."""
    def __init__(self, path, about):
        super().__init__(path, about)
        for t in GGUFReader(path).tensors:
            is_head = t.name.endswith(("attn_k_b.weight", "attn_v_b.weight"))  # stays in the other form of the product
            if t.tensor_type != GGMLQuantizationType.F32 and t.name != "token_embd.weight" and not is_head:
                self.t[t.name] = RoundedMatrix(self.t[t.name])

    def projected(self, x):
        return super().projected(x if self.has("output") else rounded(x))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=DATA / "quantized")
    out = parser.parse_args().out
    out.mkdir(exist_ok=True)
    for source, kind in MODELS:
        reader, kind = GGUFReader(DATA / f"{source}.gguf"), GGMLQuantizationType[kind]
        name = f"{Path(source).name}-{kind.name.lower()}"
        architecture = reader.get_field("general.architecture").contents()
        writer = GGUFWriter(out / f"{name}.gguf", architecture)
        for key, field in reader.fields.items():
            if key.startswith("GGUF.") or key == "general.architecture":
                continue
            sub = field.types[1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), field.types[0], sub)
        n = 0
        for t in reader.tensors:
            data = np.array(t.data, np.float32)
            if is_quantized(t, 32):
                data, n = quants.quantize(data, kind), n + 1
                writer.add_tensor(t.name, data, raw_dtype=kind)
            else:
                writer.add_tensor(t.name, data)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        shutil.copy(DATA / f"{source}.json", out / f"{name}.json")
        about = json.loads((out / f"{name}.json").read_text())
        logits = check.Model(out / f"{name}.gguf", about).run()
        np.save(out / f"{name}.npy", logits.astype(np.float32))
        away = RoundedModel(out / f"{name}.gguf", about).run() - logits
        about["rms_in_8_bits"] = round(float(np.sqrt((away ** 2).mean() / (logits ** 2).mean())), 4)
        (out / f"{name}.json").write_text(json.dumps(about))
        plain = np.load(DATA / f"{source}.npy")
        print(f"{name:24} {n} tensors, {abs(logits - plain).max():.3f} from F32, {about['rms_in_8_bits']} rms in 8 bits, margin {check.margin:.1e}")
        check.margin = float("inf")


if __name__ == "__main__":
    main()
