#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`libllm bench --endpoint` and another generator on the same trace, in turn, against a server that streams tokens at
known times: their figures must be within 2 % of each other and of the truth. Then 500 streams at once.

The other one is that of `vllm bench serve` itself where its wheel is given (see vllm_bench.py). Otherwise it is written here
from the same definitions: TTFT is from sending to the first chunk with choices, the latency to the last chunk, TPOT
(latency - TTFT) / (tokens - 1), and percentiles are numpy's. Neither shares code with the command.

usage: load_agreement.py LIBLLM [--vllm WHEEL] [--requests N] [--rate R] [--streams N] [--slower F]   (on a machine that does little else)
"""
import argparse
import asyncio
import json
import math
import multiprocessing
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import vllm_bench

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "endpoint"))
from endpoint_environment import environment  # noqa: E402
from scripted import Scripted, timed  # noqa: E402

TOLERANCE = 0.02
slower = 1.0


def schedule(n):
    """Seconds to the first token and between tokens, of an answer of n tokens."""
    return slower * (0.06 + 0.002 * (n * 37 % 100)), slower * (0.015 + 0.001 * (n * 13 % 10))


async def script(request, reply):
    if not request.body:  # such as /metrics
        await reply.whole({}, 404)
        return
    await timed(*schedule(request.json["max_tokens"]))(request, reply)


def serve(pipe):
    with Scripted(script) as server:
        pipe.send(server.url)
        pipe.recv()


class Server:
    """In a process of its own, so that neither generator waits for it."""

    def __enter__(self):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=serve, args=(other,), daemon=True)
        self.process.start()
        return self.pipe.recv()

    def __exit__(self, *_):
        self.pipe.send(None)
        self.process.join(10)


def percentile(values, percent):
    values, at = sorted(values), (len(values) - 1) * percent / 100
    low = math.floor(at)
    return values[low] + (at - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def figures(ttft, tpot, e2e, duration, tokens):
    found = {"requests/s": len(e2e) / duration, "tokens/s": tokens / duration}
    for name, values in ("TTFT", ttft), ("TPOT", tpot), ("E2E", e2e):
        found[f"{name} mean"] = sum(values) / len(values)
        found.update({f"{name} p{p}": percentile(values, p) for p in (50, 90, 99)})
    return found


# --- The other generator ------------------------------------------------------------------------------------------------


async def ask(url, line):
    host, port = url.split("/")[2].split(":")
    body = json.dumps({"model": "scripted", "stream": True, "max_tokens": line["output_length"], "prompt": "x " * line["input_length"],
                       "stream_options": {"include_usage": True}}).encode()
    reader, writer = await asyncio.open_connection(host, int(port))
    start = time.perf_counter()
    writer.write(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
    ttft, recent, tokens, buffer = 0.0, start, 0, b""
    while b"[DONE]" not in buffer:
        data = await reader.read(65536)
        assert data, "the answer broke off"
        buffer += data
        while b"\n\n" in buffer:
            message, buffer = buffer.split(b"\n\n", 1)
            text = message[message.find(b"data: ") + 6:]
            if text.startswith(b"[DONE]"):
                buffer = b"[DONE]"
                break
            event, now = json.loads(text), time.perf_counter()
            if event["choices"]:
                ttft = ttft or now - start
            elif event.get("usage"):
                tokens = event["usage"]["completion_tokens"]
            recent = now
    writer.close()
    return ttft, recent - start, tokens


async def replay(url, trace):
    start, tasks = time.perf_counter(), []
    for line in trace:
        await asyncio.sleep(max(0, start + line["timestamp"] - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(url, line)))
    answers = await asyncio.gather(*tasks)
    duration = time.perf_counter() - start
    return figures([a[0] for a in answers], [(a[1] - a[0]) / (a[2] - 1) for a in answers], [a[1] for a in answers], duration,
                   sum(a[2] for a in answers))


# --- Ours, and the truth ------------------------------------------------------------------------------------------------


def bench(command, url, *arguments):
    done = subprocess.run([command, "bench", "--endpoint", url, "--json", *arguments], env=environment, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ours(report):
    found = {"requests/s": report["throughput"]["requests_per_second"], "tokens/s": report["throughput"]["output_tokens_per_second"]}
    for name, member in ("TTFT", "ttft_s"), ("TPOT", "tpot_s"), ("E2E", "e2e_s"):
        found[f"{name} mean"] = report[member]["mean"]
        found.update({f"{name} p{p}": report[member][f"p{p}"] for p in (50, 90, 99)})
    return found


def truth(trace):
    times = [(*schedule(line["output_length"]), line["output_length"]) for line in trace]
    e2e = [first + (n - 1) * gap for first, gap, n in times]
    duration = max(line["timestamp"] + total for line, total in zip(trace, e2e))
    return figures([t[0] for t in times], [t[1] for t in times], e2e, duration, sum(t[2] for t in times))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--vllm", metavar="WHEEL", help="compare with the generator in this wheel of vLLM")
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--slower", type=float, default=1, help="all times of the server, for a machine that is late by itself")
    options = parser.parse_args()
    global slower
    slower = options.slower
    draw, at, trace = random.Random(1), 0.0, []
    for _ in range(options.requests):
        trace.append({"timestamp": at, "input_length": draw.randint(1, 300), "output_length": draw.randint(5, 60)})
        at += draw.expovariate(options.rate)
    wrong = 0
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file, Server() as url:
        file.writelines(json.dumps(line) + "\n" for line in trace)
        file.flush()
        other = asyncio.run(vllm_bench.replay(options.vllm, url, trace) if options.vllm else replay(url, trace))
        report = bench(options.command, url, "--trace", file.name, "--api", "completions")
        print(f"{'':<12} {'libllm':>10} {'other':>10} {'true':>10} {'to other':>9} {'to true':>9}")
        real = truth(trace)
        for name, value in ours(report).items():
            to_other, to_true = value / other[name] - 1, value / real[name] - 1
            bad = abs(to_other) > TOLERANCE or abs(to_true) > TOLERANCE
            wrong += bad
            print(f"{name:<12} {value:10.4f} {other[name]:10.4f} {real[name]:10.4f} {to_other:9.2%} {to_true:9.2%}{'  WRONG' if bad else ''}")
        late = report["generator"]["lateness_s"]
        print(f"sent late: mean {late['mean'] * 1e3:.2f} ms, p99 {late['p99'] * 1e3:.2f} ms")
        many = bench(options.command, url, "--concurrency", str(options.streams), "--requests", str(2 * options.streams), "-p", "64",
                     "-n", "40")
        print(f"{options.streams} streams: {many['requests']['completed']} of {many['requests']['sent']} answered, "
              f"{many['throughput']['output_tokens_per_second']:.0f} tokens/s, at most {many['concurrency']['most']} open, "
              f"{many['generator']['processor_share']:.3f} of a processor")
        wrong += many["requests"]["completed"] != 2 * options.streams
    print("agrees" if not wrong else f"{wrong} figures differ")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
