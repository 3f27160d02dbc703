# SPDX-License-Identifier: MIT
"""Finds and opens libllm.so: LIBLLM_LIBRARY, the one inside this package, or the system's, in this order."""
from __future__ import annotations

import ctypes
import os

from . import _ffi


def _candidates() -> list[str]:
    named = os.environ.get("LIBLLM_LIBRARY")
    if named:
        return [named]
    inside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_lib", "libllm.so.0")
    return [inside, "libllm.so.0"] if os.path.exists(inside) else ["libllm.so.0"]


def _open() -> _ffi.Library:
    problems = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
            number = library.libllm_version()
        except (OSError, AttributeError) as error:  # none, or another library
            problems.append(str(error))
            continue
        found = (number // 10000, number // 100 % 100)
        expected = tuple(int(part) for part in _ffi.VERSION.split(".")[:2])
        if found == expected:
            return _ffi.declare(library)
        problems.append(f"{path} is libllm {found[0]}.{found[1]}, this package needs {expected[0]}.{expected[1]}")
    raise ImportError("libllm.so could not be loaded; LIBLLM_LIBRARY can name it: " + "; ".join(problems))


lib = _open()
