#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes all_types.safetensors with the Python package safetensors, so that our reader agrees with someone else's writer.

usage: make_all_types.py OUT.safetensors
"""
import ctypes
import sys

import safetensors

TYPES = {"bool": 1, "uint8": 1, "int8": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2, "int32": 4,
         "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8, "float8_e4m3fn": 1, "float8_e5m2": 1}
tensors = {f"of.{name}": (name, [2, 3], bytes(range(6 * size))) for name, size in TYPES.items()}
tensors["of.bool"] = ("bool", [2, 3], b"\0\1\1\0\0\1")
tensors["scalar"] = ("float32", [], b"\0\0\x80?")
tensors["none"] = ("float32", [4, 0], b"")
tensors["\u4e16"] = ("uint8", [1, 1, 1, 1, 1], b"x")
buffers = {name: ctypes.create_string_buffer(data, len(data)) for name, (_, _, data) in tensors.items()}
specs = {name: safetensors.TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffers[name]),
                                      data_len=len(data)) for name, (dtype, shape, data) in tensors.items()}
safetensors.serialize_file(specs, sys.argv[1], {"format": "pt", "by": f"safetensors {safetensors.__version__}"})
