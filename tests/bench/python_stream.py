#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Python adds to a token of a stream, against a loop that calls the C function and looks at nothing.

usage: LIBLLM_LIBRARY=build/libllm/libllm.so.0.1.0 python_stream.py

Seconds are of the processor, at best of several rounds: whatever else the machine does only adds to them. The model is
so small that most of what a token takes is not arithmetic.
"""
import ctypes
import json
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
import libllm  # noqa: E402
from libllm import _ffi, api  # noqa: E402
from libllm._load import lib  # noqa: E402

TINY = ROOT / "tests/data/tiny"
IDS = json.loads((TINY / "llama.json").read_text(encoding="utf-8"))["ids"]
COUNT, ROUNDS = 200, 15


def microseconds(loop):
    def measure():
        started = time.process_time()
        loop()
        return (time.process_time() - started) / COUNT

    return 1e6 * min(measure() for _ in range(ROUNDS))


def main():
    runtime = api.Runtime.create(api.RuntimeOptions(n_threads=1))
    model = libllm.Model.open(TINY / "llama.gguf", runtime=runtime)
    options = api.StreamOptions(max_tokens=COUNT, ignore_end=1, sampling=api.SamplingOptions(temperature=0))
    with model._sessions.lend() as session:
        handle = session.handle

        def bare():
            with api.Stream.create(handle, IDS, options) as stream:
                event, error = _ffi.StreamEvent(), _ffi.Error()
                event.struct_size = ctypes.sizeof(event)
                function, arguments = lib.libllm_stream_next, (stream._pointer, ctypes.byref(event), ctypes.byref(error))
                while function(*arguments) == 0:
                    pass

        def layer():
            with api.Stream.create(handle, IDS, options) as stream:
                while stream.next()[0]:
                    pass

        in_c, in_layer = microseconds(bare), microseconds(layer)
    in_package = microseconds(lambda: list(model.generate_stream(IDS, max_tokens=COUNT, ignore_end=True, temperature=0)))
    print(f"a token takes {in_c:.1f} us in C; libllm.api adds {in_layer - in_c:.1f} us, "
          f"generate_stream() {in_package - in_c:.1f} us")


main()
