#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two replicas on Ray Serve, asked through its router.

usage: ray_serve.py LIBLLM [--streams N] [--without-clients]

- The server's own client tests (golden/server.py) pass, and those of clients as people have them (clients/python_clients.py).
- Requests that begin alike keep at least 80 % of the cached tokens that they have with one server.
- A server that is killed during N streams (500), and then a whole replica: every stream ends in full, with the text that it
  has when nothing is killed, or with an error that says to ask again; asked again, these have that text too.

With a Python that has the packages of tests/bindings/ray/requirements.txt, and of tests/clients/requirements.txt for the
clients; LIBLLM_LIBRARY names the library.
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
for folder in "bindings/python", "tests/golden", "tests/clients":
    sys.path.insert(0, str(ROOT / folder))
os.environ["PYTHONPATH"] = str(ROOT / "bindings/python")
os.environ.setdefault("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "120")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_worker_niceness", "0")  # by default Ray's workers give way to everything else

from ray_kills import offspring, patient  # noqa: E402
from serving import PATIENCE, Server, run_all  # noqa: E402

DATA = ROOT / "tests/data"
MODELS = {"scripted": DATA / "chat/scripted.gguf", "llama": DATA / "tiny/llama.gguf", "bert": DATA / "tiny/bert.gguf"}
TOKENS = 150
PARALLEL = 8


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def servers():
    """The processes of `libllm serve` that replicas of this program's cluster started, by the process that did, with their
    sockets."""
    found = {}
    for number, (parent, command) in offspring().items():
        words = command.split(b"\0")
        if b"--socket" in words and b"libllm-serve-" in command:
            found[parent] = (number, words[words.index(b"--socket") + 1].decode())
    return found


class Direct(Server):
    """One replica's server, past the router."""

    def __init__(self, path):  # pylint: disable=super-init-not-called
        self.path = path


def cached_tokens(server, n_prefixes, n_each):
    """Tokens that were known of requests, of which many begin alike."""
    generator, known = random.Random(7), 0
    prefixes = ["".join(generator.choice("abcdefgh ") for _ in range(160)) for _ in range(n_prefixes)]
    for number in range(n_each):
        for prefix in prefixes:
            body = {"model": "llama", "prompt": f"{prefix}{number}", "max_tokens": 1, "temperature": 0}
            known += server.good("/v1/completions", body)["usage"]["prompt_tokens_details"]["cached_tokens"]
    return known


class Service(Server):
    """An application on a cluster of its own; each request is for one of its replicas."""

    def __init__(self, command, replicas, **options):  # pylint: disable=super-init-not-called
        import ray
        from ray import serve

        from libllm.ray import serve as ours

        self.ray, self.count = ray, replicas
        self.host, self.port, self.path = "127.0.0.1", free_port(), None
        self.command = [os.path.abspath(command), "serve", *(word for name, path in MODELS.items() for word in ("-m", f"{name}={path}"))]
        patient(lambda: ray.init(address="local", num_cpus=replicas + 1, include_dashboard=False, log_to_driver=False,
                                 object_store_memory=100 << 20))
        for tries in range(5):  # Ray waits a minute, in which a busy machine has not started it
            try:
                serve.start(http_options={"host": self.host, "port": self.port})
                break
            except TimeoutError:
                if tries == 4:
                    raise
        serve.run(ours.build({name: str(path) for name, path in MODELS.items()}, replicas=replicas, command=self.command[0],
                             parallel=PARALLEL, deterministic=True, **options), name="llm", route_prefix="/")

    def stop(self):
        self.ray.shutdown()  # its servers end with their replicas

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=10 * PATIENCE)  # the last of many streams waits long

    def wait_idle(self, patience=PATIENCE):
        """Seconds until nothing is queued or worked on by any replica."""
        return max(Direct(path).wait_idle(patience) for _, path in servers().values())

    def wait_whole(self):
        """Until all replicas are there, also in place of one that was killed."""
        end = time.monotonic() + 4 * PATIENCE
        while True:
            found = servers()
            try:
                if len(found) == self.count and all(Direct(path).ask("/health")[0] == 200 for _, path in found.values()):
                    return
            except OSError:
                pass  # it has not begun to listen
            assert time.monotonic() < end, f"there are {len(found)} replicas of {self.count}"
            time.sleep(0.2)

    def cached_share(self, n_prefixes, n_each):
        """Cached tokens, over those of one server with the same settings that has all requests."""
        with Server(self.command[0], MODELS, "--parallel", str(PARALLEL), "--deterministic", "--threads", "1") as alone:
            one = cached_tokens(alone, n_prefixes, n_each)
            assert one > 0.8 * 160 * n_prefixes * (n_each - 1), f"one server keeps no beginnings of so many: {one} tokens"
        return cached_tokens(self, n_prefixes, n_each) / one

    def stream(self, number, begun):
        """The text of a stream, or None when it ended with an error that says to ask again; anything else is an exception."""
        connection = self.connect()
        connection.request("POST", "/v1/completions", json.dumps({
            "model": "llama", "prompt": f"{number} goes on", "max_tokens": TOKENS, "temperature": 0, "ignore_eos": True,
            "stream": True, "stream_options": {"include_usage": True}}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status == 503:
            error = json.loads(answer.read())["error"]
            assert error["code"] == "replica_lost" and answer.getheader("Retry-After"), error
            return None
        assert answer.status == 200, (answer.status, answer.read()[:200])
        events = []
        for line in answer:
            if line.startswith(b"data: "):
                events.append(line[6:].strip())
                begun.release()
        connection.close()
        if events[-1] != b"[DONE]":
            error = json.loads(events[-1])["error"]
            assert error["code"] == "replica_lost" and "again" in error["message"], error
            return None
        *pieces, usage = map(json.loads, events[:-1])
        assert usage["usage"]["completion_tokens"] == TOKENS, usage
        return "".join(piece["choices"][0]["text"] for piece in pieces)

    def streams(self, numbers, while_running=None):
        """What became of each stream."""
        begun = threading.Semaphore(0)
        with concurrent.futures.ThreadPoolExecutor(len(numbers)) as pool:
            running = {number: pool.submit(self.stream, number, begun) for number in numbers}
            if while_running:
                for _ in range(len(numbers) // 8):  # servers are soon ahead of what has come through
                    begun.acquire(timeout=PATIENCE)
                while_running()
            return {number: one.result() for number, one in running.items()}

    def kill_one_during(self, count, kind="server"):
        """What streams have without a kill, and those that broke off. Killed is a server, or the replica that has it."""
        whole = self.streams(range(count))
        replica, (server, _) = sorted(servers().items())[0]
        found = self.streams(range(count), lambda: os.kill(server if kind == "server" else replica, signal.SIGKILL))
        wrong = [number for number, text in found.items() if text not in (None, whole[number])]
        assert not wrong, f"streams that have another text than without a kill: {wrong}"
        return whole, [number for number, text in found.items() if text is None]


def prompts():
    """Tokens of prompts that each replica has seen."""
    lines = [line for _, path in sorted(servers().values()) for line in Direct(path).good("/metrics").splitlines()]
    return [int(float(line.split()[1])) for line in lines if line.startswith("libllm_prompt_tokens_total ")]


def client_tests(module):
    """All of a module but what counts one server's work."""
    return argparse.Namespace(**{name: value for name, value in vars(module).items()
                                 if name.startswith("test_") and name != "test_metrics"})


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("command")
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--without-clients", action="store_true", help="where their packages are not installed")
    asked = parser.parse_args()
    service = Service(asked.command, 2, queue=asked.streams, spill=asked.streams)
    try:
        import server

        run_all(client_tests(server), service)
        print(f"the server's client tests pass: {len(vars(client_tests(server)))}", flush=True)
        if not asked.without_clients:
            import python_clients

            run_all(client_tests(python_clients), service)
            print(f"clients as people have them pass: {len(vars(client_tests(python_clients)))}", flush=True)
        before = prompts()
        share = service.cached_share(8, 10)
        each = [after - tokens for after, tokens in zip(prompts(), before)]
        print(f"shared prefixes: {100 * share:.1f} % of the cached tokens of one server; tokens of the replicas {each}", flush=True)
        assert share >= 0.8
        for kind in "server", "replica":
            started = time.monotonic()
            whole, broken = service.kill_one_during(asked.streams, kind)
            assert broken, "nothing broke: it was killed too late"
            service.wait_whole()
            again = service.streams(broken)
            assert all(again[number] == whole[number] for number in broken), "what broke is not whole when asked again"
            print(f"{asked.streams} streams, a {kind} of two killed: {len(whole) - len(broken)} in full, {len(broken)} with the error "
                  f"to ask again, in full when asked again; {time.monotonic() - started:.0f} s", flush=True)
    finally:
        service.stop()


if __name__ == "__main__":
    main()
