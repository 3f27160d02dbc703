#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure `libllm serve` and llama.cpp's server in turn, on the same file, threads and minutes.

usage: compare_servers.py PROGRAM [-m MODEL]... [--clients 1,4,8] [--rounds N] [--tokens N] [--requests N] [--ours]

Each client asks --requests times (3), one after the other, for --tokens tokens (64) after a prompt of its own of about
a hundred, as a stream. Printed are medians of the rounds of all clients' tokens per second and of the time to the first
token, and our ratio to the better one of the peer's builds: above 1 means that we are better. --ours leaves the peer out.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

import peer
from peer import Missing, say

PATIENCE = 120
WORDS = ("river stone winter engine paper garden silver window market thunder copper island mirror bridge candle "
         "forest harbor letter orange planet").split()


class Server:
    """A server that listens on a port of 127.0.0.1 until the block ends."""

    def __init__(self, words, environment=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.words, self.environment = [*map(str, words), "--port", str(self.port)], environment

    def __enter__(self):
        self.process = subprocess.Popen(self.words, env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        end = time.monotonic() + PATIENCE
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise Missing(f"{self.words[0]} does not answer")
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def prompt_of(number):
    """About a hundred tokens that no other number begins with."""
    digits = " ".join(WORDS[int(digit)] for digit in f"{number:06d}")
    return f"{digits}. " + " ".join(WORDS[(number * 7 + i * i) % len(WORDS)] for i in range(90)) + "."


def ask(port, number, n_tokens):
    """Seconds to the first token, and the number of tokens."""
    body = {"prompt": prompt_of(number), "max_tokens": n_tokens, "temperature": 0, "ignore_eos": True, "stream": True,
            "stream_options": {"include_usage": True}}
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    if response.status != 200:
        raise Missing(f"status {response.status}: {response.read()[:200]}")
    first, text = None, b""
    while chunk := response.read1(65536):
        first = first or time.perf_counter() - start
        text += chunk
    connection.close()
    return first, int(re.findall(rb'"completion_tokens": ?(\d+)', text)[-1])


class Load:
    """Clients that ask at the same time; every prompt is a new one."""

    def __init__(self):
        self.number = 0

    def __call__(self, port, n_clients, n_requests, n_tokens):
        firsts, counts, failures = [], [], []

        def client(numbers):
            try:
                for number in numbers:
                    first, count = ask(port, number, n_tokens)
                    firsts.append(first)
                    counts.append(count)
            except (OSError, Missing) as failure:
                failures.append(failure)

        threads = []
        for _ in range(n_clients):
            threads.append(threading.Thread(target=client, args=(range(self.number, self.number + n_requests),)))
            self.number += n_requests
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise Missing(str(failures[0]))
        return {"tokens/s": sum(counts) / (time.perf_counter() - start), "first ms": statistics.median(firsts) * 1e3}


def contestants(program, model, threads, n_parallel, with_peer):
    """{name: a server that is to be started}"""
    context = 1024
    found = {"ours": lambda: Server([program, "serve", "-m", model, "-t", threads, "--parallel", n_parallel, "--context",
                                     context])}
    if not with_peer:
        return found
    for name in ("native", "native-noomp"):
        try:
            folder, tools = peer.build(name), peer.build("native")
        except Missing as reason:
            say(f"left out: {name}: {reason}")
            continue
        words = [tools / "llama-server", "-m", model, "-t", threads, "-np", n_parallel, "-c", context * n_parallel]
        environment = {**os.environ, "LD_LIBRARY_PATH": f"{folder}:{tools}"}
        found[name] = lambda words=words, environment=environment: Server(words, environment)
    return found


def compare(options, model):
    load, found = Load(), {}
    servers = contestants(os.path.abspath(options.program), model, options.threads, max(options.clients),
                          not options.ours)
    for _ in range(options.rounds):
        for name, start in servers.items():
            try:
                with start() as server:
                    load(server.port, 1, 1, 8) # what is opened late is opened now
                    for n_clients in options.clients:
                        result = load(server.port, n_clients, options.requests, options.tokens)
                        for key, value in result.items():
                            found.setdefault((n_clients, key), {}).setdefault(name, []).append(value)
            except Missing as reason:
                say(f"{name}: {reason}")
    print(f"{pathlib.Path(model).name}, {options.threads} threads, {options.rounds} rounds")
    print(f"{'clients':>7} {'figure':9} {'ours':>9} {'peer':>9} {'ratio':>6}  rounds")
    for (n_clients, key), by_name in found.items():
        medians = {name: statistics.median(values) for name, values in by_name.items()}
        own, less = medians.pop("ours", None), key == "first ms"
        every = " ".join(f"{value:.0f}" for value in by_name.get("ours", []))
        if own is None or not medians:
            print(f"{n_clients:7} {key:9} {own or 0:9.1f} {'-':>9} {'-':>6}  {every}")
            continue
        best = (min if less else max)(medians, key=medians.get)
        ratio = medians[best] / own if less else own / medians[best]
        peers = " ".join(f"{value:.0f}" for value in by_name[best])
        print(f"{n_clients:7} {key:9} {own:9.1f} {medians[best]:9.1f} {ratio:6.2f}  {every} | {peers} ({best})")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("-m", "--model", action="append")
    parser.add_argument("--clients", type=lambda text: [int(word) for word in text.split(",")], default=[1, 4, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--requests", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ours", action="store_true")
    options = parser.parse_args()
    for model in options.model or [peer.models_folder() / "SmolLM2-135M-Instruct.Q4_1.gguf"]:
        compare(options, os.path.abspath(model))


if __name__ == "__main__":
    sys.exit(main())
