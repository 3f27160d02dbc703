#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What Python adds to a token of a stream, against the loop of a C program, bench_stream.c. Exit status 1: too much.

usage: LIBLLM_LIBRARY=build/libllm/libllm.so.0.1.0 python_stream.py [BENCH-STREAM]

Both continue the same prompt in turn, on one thread, and medians are compared. With a model so small that most of what a
token takes is not arithmetic, the difference is Python's work, which is the same for every model; it is also said as a
share of what the default model takes, and beside it what the clock shows of that model, which depends on what else the
machine does.
"""
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
import libllm  # noqa: E402

SMALL = str(ROOT / "tests/data/tiny/llama.gguf")
N_TOKENS = 100
ROUNDS = {SMALL: 60, "default": 15}
PERCENT, MICROSECONDS = 3.0, 20.0  # that are too much
PROMPT = "Once upon a time"
# Each token of the small model is a piece of text.
OPTIONS = {"max_tokens": N_TOKENS, "temperature": 0, "ignore_end": True, "logit_bias": {97: 100}}


def in_python(pieces):
    """Microseconds of a token behind the first: of the clock, and of the processor."""
    assert next(pieces)
    wall, processor = time.perf_counter(), time.process_time()
    n_pieces = 0
    for _ in pieces:
        n_pieces += 1
    assert n_pieces >= N_TOKENS - 2, n_pieces
    return (1e6 * (time.perf_counter() - wall) / (N_TOKENS - 1), 1e6 * (time.process_time() - processor) / (N_TOKENS - 1))


def generate(model):
    return in_python(iter(model.generate_stream(PROMPT, **OPTIONS)))


def chat(model):
    stream = iter(model.chat_stream(PROMPT, template="{{ messages[0].content }}", **OPTIONS))
    next(stream)  # says whose message it is
    return in_python(stream)


def measure(name, program):
    """For each stream, the medians of C and of Python."""
    path = libllm._runtime.locate(name)
    found = {}
    with libllm.Model.open(path, runtime=libllm.make_runtime(threads=1)) as model, subprocess.Popen(
            [program, path, "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for stream in generate, chat:
            def in_c():
                process.stdin.write(f"{stream.__name__} {N_TOKENS}\n")
                process.stdin.flush()
                return tuple(map(float, process.stdout.readline().split()))

            runs = [], []
            for number in range(ROUNDS[name] + 1):
                for kind in (0, 1) if number % 2 else (1, 0):
                    times = stream(model) if kind else in_c()
                    if number:  # the first one warms up
                        runs[kind].append(times)
            found[stream.__name__] = [[statistics.median(column) for column in zip(*times)] for times in runs]
        process.stdin.close()
    return found


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/tests/bench/bench-stream")
    small, default = (measure(name, program) for name in ROUNDS)
    is_too_much = False
    for name in small:
        added = small[name][1][1] - small[name][0][1]
        (clock, processor), (shown, _) = default[name]
        percent = 100 * added / processor
        print(f"{name:8}  Python adds {added:4.1f} us to a token, {percent:.2f} % of the {processor:.0f} us that the default model "
              f"takes; the clock shows {100 * (shown - clock) / clock:+.1f} %")
        is_too_much |= added > MICROSECONDS or percent > PERCENT
    sys.exit(is_too_much)


main()
