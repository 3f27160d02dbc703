#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two replicas on Ray Serve: how much of a shared prefix is known to the one that is asked, and what becomes of streams when
one replica is killed.

usage: ray_serve.py LIBLLM [--streams N]

With a Python that has the packages of tests/bindings/ray/requirements.txt; LIBLLM_LIBRARY names the library.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings/python"))
os.environ["PYTHONPATH"] = str(ROOT / "bindings/python")
os.environ.setdefault("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "120")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_worker_niceness", "0")  # by default Ray's workers give way to everything else
DATA = ROOT / "tests/data"
TOKENS = 150


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def servers():
    """The processes of `libllm serve` that replicas of this program's cluster started, by the process that did."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if b"\0serve\0--socket\0" in command and b"libllm-serve-" in command:
                found[parent] = int(entry.name)
    return found


class Service:
    """An application on a cluster of its own."""

    def __init__(self, command, replicas, **options):
        import ray
        from ray import serve

        from libllm.ray import serve as ours

        self.ray, self.port = ray, free_port()
        before = set(servers())
        ray.init(address="local", num_cpus=replicas + 1, include_dashboard=False, log_to_driver=False,
                 object_store_memory=100 << 20)
        for tries in range(5):  # Ray waits a minute, in which a busy machine has not started it
            try:
                serve.start(http_options={"host": "127.0.0.1", "port": self.port})
                break
            except TimeoutError:
                if tries == 4:
                    raise
        models = {"scripted": DATA / "chat/scripted.gguf", "llama": DATA / "tiny/llama.gguf", "bert": DATA / "tiny/bert.gguf"}
        serve.run(ours.build({name: str(path) for name, path in models.items()}, replicas=replicas,
                             command=os.path.abspath(command), **options), name="llm", route_prefix="/")
        self.replicas = set(servers()) - before

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, path, body):
        connection = self.connect()
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(text), answer
        except ValueError:
            return answer.status, text, answer

    def cached_share(self, n_prefixes, n_each):
        """Tokens that were known, over those that one replica would know: all of a prefix but its first time."""
        generator, known, could = random.Random(7), 0, 0
        prefixes = ["".join(generator.choice("abcdefgh ") for _ in range(160)) for _ in range(n_prefixes)]
        asked = [(prefix, number) for number in range(n_each) for prefix in prefixes]
        for prefix, number in asked:
            body = {"model": "llama", "prompt": f"{prefix}{number}", "max_tokens": 1, "temperature": 0}
            status, answer, _ = self.ask("/v1/completions", body)
            assert status == 200, answer
            if number:
                known += answer["usage"]["prompt_tokens_details"]["cached_tokens"]
                could += len(prefix)
        return known / could

    def stream(self, number, begun):
        """"whole", "broken" or what is odd about a stream."""
        connection = self.connect()
        connection.request("POST", "/v1/completions", json.dumps({
            "model": "llama", "prompt": f"{number} goes on", "max_tokens": TOKENS, "temperature": 0, "ignore_eos": True,
            "stream": True, "stream_options": {"include_usage": True}}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status == 503:
            body = json.loads(answer.read())
            return "broken" if body["error"]["code"] == "replica_lost" and answer.getheader("Retry-After") else f"503 {body}"
        if answer.status != 200:
            return f"{answer.status} {answer.read()[:200]}"
        events = []
        try:
            for line in answer:
                if line.startswith(b"data: "):
                    events.append(line[6:].strip())
                    begun.release()
        except (http.client.HTTPException, OSError) as error:
            return f"no end: {error!r}"
        finally:
            connection.close()
        last = json.loads(events[-1]) if events and events[-1] != b"[DONE]" else None
        if last is not None:
            return "broken" if last.get("error", {}).get("code") == "replica_lost" else f"ended with {events[-1][:200]}"
        usage = [json.loads(event) for event in events[:-1]][-1].get("usage")
        return "whole" if usage and usage["completion_tokens"] == TOKENS else f"ended with {usage}"

    def kill_one_during(self, count):
        """Streams that ended in full, and with the error that says to ask again; and what is neither."""
        begun = threading.Semaphore(0)
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            streams = [pool.submit(self.stream, number, begun) for number in range(count)]
            for _ in range(count * 2):
                begun.acquire(timeout=120)
            victims = sorted(self.replicas & set(servers()))
            os.kill(victims[0], signal.SIGKILL)
            found = [one.result() for one in streams]
        return found.count("whole"), found.count("broken"), [one for one in found if one not in ("whole", "broken")]

    def stop(self):
        self.ray.shutdown()  # its servers end with their replicas


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--streams", type=int, default=500)
    asked = parser.parse_args()
    service = Service(asked.command, 2, queue=asked.streams, spill=asked.streams)
    try:
        print(f"shared prefixes: {100 * service.cached_share(20, 10):.1f} % of what one replica would know", flush=True)
        started = time.monotonic()
        whole, broken, odd = service.kill_one_during(asked.streams)
        print(f"{asked.streams} streams, one of two replicas killed: {whole} in full, {broken} with the error to ask again, "
              f"{len(odd)} otherwise {odd[:3]}; {time.monotonic() - started:.0f} s")
    finally:
        service.stop()
    sys.exit(bool(odd))


if __name__ == "__main__":
    main()
