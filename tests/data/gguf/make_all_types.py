#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write all_types.gguf with the Python package gguf, as a second opinion on the format (see ../README.md)."""
import sys

import numpy as np
from gguf import GGUFValueType as T
from gguf import GGUFWriter

w = GGUFWriter(sys.argv[1], "test")
w.add_custom_alignment(64)
w.add_uint8("u8", 200)
w.add_int8("i8", -100)
w.add_uint16("u16", 60000)
w.add_int16("i16", -30000)
w.add_uint32("u32", 4000000000)
w.add_int32("i32", -2000000000)
w.add_float32("f32", 0.5)
w.add_bool("bool", True)
w.add_string("string", "h\u00e9llo \u4e16\u754c")
w.add_uint64("u64", 2**63 + 1)
w.add_int64("i64", -(2**62))
w.add_float64("f64", 1e100)
w.add_array("strings", ["a", "", "\u4e16"])
w.add_array("integers", [1, -2, 3])
w.add_array("floats", [0.25, -8.0])
w.add_array("bools", [True, False, True])
w.add_key_value("bytes", b"\x01\xff", T.ARRAY, sub_type=T.UINT8)
w.add_array("nested", [[1, 2], [3]])
w.add_tensor("matrix", np.arange(6, dtype=np.float32).reshape(2, 3))
w.add_tensor("half", np.arange(4, dtype=np.float16))
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
