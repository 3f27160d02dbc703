#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A day of `libllm serve` in minutes: it grows no more, and answers at the end as fast as at the beginning.

usage: server_soak.py LIBLLM DATA [--share X] [--growth MIB]

A day is 288 openings of models and 2,880 requests: 1,440 for 600 tokens each, and 1,440 that their client leaves.
--share takes a part of it (1). Between a tenth of the time and its end memory may grow by --growth (1), file descriptors
and threads not at all; the 99th percentile of the time to the first token by a tenth, where enough requests were made
to tell.
"""
import argparse
import http.client
import json
import pathlib
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
from serving import PATIENCE, Server  # noqa: E402

OPENINGS, REQUESTS, TOKENS = 288, 10, 600  # a day; for each opening; for each request that is not left
CLIENTS = 5
MODELS = ["llama", "qwen3", "gemma3", "mixtral", "phi3", "lfm2"]
MIB = 1 << 20
# A drift is told from chance only among many requests.
ENOUGH = 1000


def footprint(process):
    """Resident bytes of memory of its own, file descriptors, threads."""
    folder = pathlib.Path(f"/proc/{process}")
    fields = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024, len(list((folder / "fd").iterdir())), int(fields["Threads"])


def settled_footprint(process, before):
    """The footprint once connections that clients have left are closed, for which nobody is told: as few as ever before."""
    few = min((descriptors for _, descriptors, _ in before), default=0)
    deadline = time.monotonic() + 2
    now = footprint(process)
    while now[1] > few and time.monotonic() < deadline:
        time.sleep(0.02)
        now = min(now, footprint(process), key=lambda of: of[1])
    return now


def ask(server, model, number, leaves):
    """Seconds to the first token of a request whose client reads it all, or leaves after a few pieces."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE)
    body = {"model": model, "prompt": f"{number} " + "abc " * (number % 50), "max_tokens": TOKENS, "seed": number,
            "ignore_eos": True, "stream": True}
    start = time.perf_counter()
    connection.request("POST", "/v1/completions", json.dumps(body))
    response = connection.getresponse()
    assert response.status == 200, response.read()
    response.readline()
    first = time.perf_counter() - start
    if leaves:
        for _ in range(number % 100):
            response.readline()
    else:
        text = response.read()
        assert text.endswith(b"data: [DONE]\n\n"), text[-200:]
    connection.close()
    return first


def wait_closed(server):
    """Until the model whose turn it is has been given up."""
    end = time.monotonic() + PATIENCE
    while f"libllm_models_loaded {len(MODELS)}\n" in server.good("/metrics"):
        assert time.monotonic() < end, "no model is given up"
        time.sleep(0.05)


def opening(server, model, number):
    """The requests for a model that nobody has used for a while; the times to first tokens after it is open."""
    firsts, failures = [], []

    def client(own):
        try:
            for at in own:
                firsts.append(ask(server, model, number + at, leaves=at % 2 == 1))
        except BaseException as failure:
            failures.append(failure)

    ask(server, model, number, leaves=False)
    threads = [threading.Thread(target=client, args=(range(1 + i, REQUESTS, CLIENTS),)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return firsts


def p99(values):
    return statistics.quantiles(values, n=100)[98]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("command")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--share", type=float, default=1)
    parser.add_argument("--growth", type=int, default=1)
    options = parser.parse_args()
    n, firsts, footprints = max(20, round(OPENINGS * options.share)), [], []
    models = {name: options.data / "tiny" / f"{name}.gguf" for name in MODELS}
    with Server(options.command, models, "--unload-after", "1", "--parallel", str(CLIENTS)) as server:
        for i in range(n):
            wait_closed(server)
            firsts.append(opening(server, MODELS[i % len(MODELS)], i * REQUESTS))
            server.wait_idle()
            footprints.append(settled_footprint(server.process.pid, footprints))
    tenth = max(len(MODELS), n // 10)
    early, late = footprints[tenth:tenth * 2 + 1], footprints[-tenth - 1:]
    for i, (name, most) in enumerate((("memory", options.growth * MIB), ("file descriptors", 0), ("threads", 0))):
        # What is open and what is computed differ from moment to moment: the largest are compared.
        before, after = (max(values[i] for values in some) for some in (early, late))
        print(f"{name}: {before} after a tenth, {after} at the end")
        assert after <= before + most, f"{name} grew from {before} to {after}"
    halves = [sum(some, []) for some in (firsts[tenth:n // 2], firsts[n // 2:])]
    if min(map(len, halves)) >= ENOUGH:
        before, after = map(p99, halves)
        print(f"first token, 99th percentile: {before * 1e3:.1f} ms, then {after * 1e3:.1f} ms")
        assert after <= before * 1.1, f"the time to the first token rose from {before} to {after} s"


if __name__ == "__main__":
    main()
