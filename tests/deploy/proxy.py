#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two `libllm serve` behind HAProxy, with the configuration that `libllm estimate deploy` writes.

usage: proxy.py LIBLLM DATA [--streams N] [--clients]

- The server's own client tests (golden/server.py) pass through it; with --clients those of clients as people have them
  (clients/python_clients.py), for which Python needs the packages of tests/clients/requirements.txt.
- A server that is killed during N streams (40): every stream of the other one is whole, and so is each that had no byte
  yet; what broke off ends without [DONE], and asking again gives it whole.
- Requests that begin alike keep at least 80 % of the cached tokens that they have with one server.
- A server that is drained finishes what it has and gets nothing new.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
import server as client_tests  # noqa: E402
from serving import PATIENCE, Server, run_all  # noqa: E402
from written import Written  # noqa: E402

SKIPPED = 77
TOKENS = 300
PREFIXES, ROUNDS = 6, 3


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Proxy(Server):
    """HAProxy before these servers; what it is asked is asked of them."""

    def __init__(self, program, libllm, data, servers):
        self.servers, self.program = servers, program
        self.host, self.port, self.path = "127.0.0.1", free_port(), None
        self.command = servers[0].command
        call = ["--engine", "libllm", "--on", "haproxy", "--set", f"model.file={data / 'chat/babbler.gguf'}", "--set",
                "load.input_tokens=40", "--set", "load.output_tokens=20"]
        for server in servers:
            call += ["--server", f"127.0.0.1:{server.port}"]
        self.written = Written(libllm, *call)
        self.socket_path = str(self.written.folder / "admin.sock")

    def __enter__(self):
        environment = dict(os.environ, LISTEN=f"127.0.0.1:{self.port}", HAPROXY_SOCKET=self.socket_path)
        self.log = open(self.written.folder / "log", "wb")
        self.process = subprocess.Popen([self.program, "-db", "-f", self.written.folder / "haproxy.cfg"], env=environment,
                                        stdout=self.log, stderr=subprocess.STDOUT)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self.ask("/proxy-health")[0] == 200:
                    return self
            except OSError:
                pass
            assert self.process.poll() is None and time.monotonic() < until, self.read_log()
            time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()

    def read_log(self):
        return (self.written.folder / "log").read_text(errors="replace")[-3000:]

    def command_line(self, text):
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(PATIENCE)
            admin.connect(self.socket_path)
            admin.sendall(text.encode() + b"\n")
            answer = b""
            while piece := admin.recv(65536):
                answer += piece
        return answer.decode()


def stream(proxy, number, out, begun):
    """(whole text or None, how it ended) of one stream."""
    body = {"model": "babbler", "messages": [{"role": "user", "content": f"number {number}"}], "max_tokens": TOKENS,
            "temperature": 0, "stream": True}
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=PATIENCE)
    text, ended = "", "cut"
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        response = connection.getresponse()
        ended = str(response.status) if response.status != 200 else "cut"
        for line in response if response.status == 200 else ():
            if line.startswith(b"data: [DONE]"):
                ended = "done"
            elif line.startswith(b"data: "):
                event = json.loads(line[6:])
                assert "error" not in event, event
                text += event["choices"][0]["delta"].get("content") or "" if event["choices"] else ""
                if text:
                    begun.set()
    except (http.client.HTTPException, OSError) as error:
        ended = ended if ended != "done" else "done"
        text += f"  [{type(error).__name__}]" if ended != "done" else ""
    connection.close()
    out[number] = (text if ended == "done" else None, ended)


def run_streams(proxy, numbers, while_running=None):
    out, begun = {}, [threading.Event() for _ in numbers]
    threads = [threading.Thread(target=stream, args=(proxy, n, out, e)) for n, e in zip(numbers, begun)]
    for thread in threads:
        thread.start()
    if while_running:
        while_running(begun)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a stream hangs"
    return out


def check_clients(proxy, with_packages):
    """test_metrics counts what one server did."""
    modules = [client_tests]
    if with_packages:
        sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "clients"))
        import python_clients

        modules.append(python_clients)
    for module in modules:
        tests = {name: value for name, value in vars(module).items() if name.startswith("test_") and name != "test_metrics"}
        run_all(argparse.Namespace(**tests), proxy)
        print(f"{module.__name__}: {len(tests)} pass")


def check_killing(proxy, n_streams):
    numbers = range(n_streams)
    whole = {n: text for n, (text, _) in run_streams(proxy, numbers).items()}
    assert all(whole.values()), "not even without a failure"

    def kill(begun):
        for event in begun[: n_streams // 8]:
            event.wait(PATIENCE)
        proxy.servers[1].process.kill()

    out = run_streams(proxy, numbers, kill)
    broken = [n for n, (text, _) in out.items() if text is None]
    for n, (text, ended) in out.items():
        assert ended in ("done", "cut", "503"), f"{n}: {ended}"
        assert text is None or text == whole[n], f"stream {n} is another: {text!r} instead of {whole[n]!r}"
    assert broken, "nothing broke: the server was killed too late"
    again = run_streams(proxy, broken)
    assert all(again[n][0] == whole[n] for n in broken), {n: again[n][1] for n in broken}
    print(f"{n_streams} streams, a server killed: {n_streams - len(broken)} whole, {len(broken)} broke off and were "
          "whole when asked again")


def cached(server):
    total = 0
    for turn in range(ROUNDS):
        for prefix in range(PREFIXES):
            system = f"{prefix} is the number of this assistant. " + "It answers politely and in short. " * 6
            answer = server.good("/v1/chat/completions", {
                "model": "babbler", "max_tokens": 2, "temperature": 0,
                "messages": [{"role": "system", "content": system}, {"role": "user", "content": f"turn {turn}?"}]})
            total += answer["usage"]["prompt_tokens_details"]["cached_tokens"]
    return total


def check_affinity(proxy, alone):
    one, two = cached(alone), cached(proxy)
    asked = [server.good("/metrics").count("\n") > 0 and requests_of(server) for server in proxy.servers]
    print(f"cached tokens: {one} with one server, {two} with two behind the proxy ({100 * two / one:.0f} %); "
          f"requests {asked}")
    assert one > 0 and two >= 0.8 * one
    assert min(asked) > 0, "one server had it all"


def check_spreading(proxy):
    """Chats that share a short beginning are spread, and each stays where it is; so are those of /v1/responses."""
    def where():
        return [requests_of(server) for server in proxy.servers]

    def ask(path, body):
        before = where()
        proxy.good(path, {"model": "babbler", **body})
        return [now > then for now, then in zip(where(), before)].index(True)

    def chat(number, turns):
        said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"chat {number}"}]
        said += [{"role": "assistant", "content": "a"}, {"role": "user", "content": "and?"}] * turns
        return ask("/v1/chat/completions", {"messages": said, "max_tokens": 1})

    def response(number, turns):
        said = [{"role": "user", "content": f"asked {number}"}] + [{"role": "assistant", "content": "a"}, {"role": "user", "content": "and?"}] * turns
        return ask("/v1/responses", {"instructions": "Be brief.", "input": said, "max_output_tokens": 1})

    for call in (chat, response):
        first = [call(number, 0) for number in range(12)]
        assert 2 <= first.count(0) <= 10, f"{call.__name__}: not spread: {first}"
        again = [call(number, 1) for number in range(12)]
        assert sum(a == b for a, b in zip(first, again)) >= 10, f"{call.__name__}: {first}, then {again}"


def requests_of(server):
    lines = server.good("/metrics").splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("libllm_prompt_tokens_total "))


def check_draining(proxy):
    before = requests_of(proxy.servers[0])
    for backend in ("by_prefix", "by_load"):
        assert not proxy.command_line(f"set server {backend}/s1 state drain").strip()
    for number in range(6):
        proxy.good("/v1/chat/completions", {"model": "babbler", "max_tokens": 2,
                                            "messages": [{"role": "user", "content": f"drained {number}"}]})
    assert requests_of(proxy.servers[0]) == before, "a drained server was asked"
    for backend in ("by_prefix", "by_load"):
        assert not proxy.command_line(f"set server {backend}/s1 state ready").strip()


def check_load_test(proxy, libllm):
    """The script that was written beside the configuration asks through it."""
    environment = dict(os.environ, PATH=f"{pathlib.Path(libllm).resolve().parent}:{os.environ['PATH']}", DURATION="1")
    with tempfile.TemporaryDirectory() as elsewhere:
        pathlib.Path(elsewhere, "key").write_text("none\n")  # named from where it is called
        script, lenient = (proxy.written.folder / name for name in ("loadtest.sh", "lenient.sh"))
        text = script.read_text(encoding="utf-8")
        lenient.write_text(re.sub(r"--target \S+", "--target ttft=60s,tpot=60s", text), encoding="utf-8")
        script.write_text(re.sub(r"--target \S+", "--target ttft=0.001ms", text), encoding="utf-8")
        kept, missed = (subprocess.run(["sh", path, f"http://{proxy.host}:{proxy.port}/v1", "key"], env=environment, cwd=elsewhere,
                                       capture_output=True, text=True, timeout=PATIENCE, check=False) for path in (lenient, script))
    assert kept.returncode == 0 and kept.stderr.startswith("kept: 100 %") and kept.stderr.endswith("90 % asked\n"), kept.stderr
    assert missed.returncode == 1 and missed.stderr.startswith("not kept: 0 %"), missed.stderr
    report = json.loads(kept.stdout)
    print("load test:", {key: value for key, value in report.items() if not isinstance(value, (dict, list))})


def main(libllm, data, n_streams, with_packages):
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if not program:
        print("skipped: there is no haproxy (on Debian: apt install haproxy)")
        return SKIPPED
    models = {"scripted": data / "chat/scripted.gguf", "llama": data / "tiny/llama.gguf", "bert": data / "tiny/bert.gguf"}
    with Server(libllm, models, "--parallel", "8") as a, Server(libllm, models, "--parallel", "8") as b, \
            Proxy(program, libllm, data, [a, b]) as proxy:
        check_clients(proxy, with_packages)
    babbler = {"babbler": data / "chat/babbler.gguf"}
    more = ("--parallel", "16", "--queue", "512", "--deterministic")
    with Server(libllm, babbler, *more) as alone, Server(libllm, babbler, *more) as a:
        b = Server(libllm, babbler, *more).__enter__()
        with Proxy(program, libllm, data, [a, b]) as proxy:
            try:
                check_affinity(proxy, alone)
                check_spreading(proxy)
                check_draining(proxy)
                check_load_test(proxy, libllm)
                check_killing(proxy, n_streams)
            except BaseException:
                print(proxy.read_log(), file=sys.stderr)
                raise
            finally:
                b.process.kill()
                b.process.wait(PATIENCE)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("libllm")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--clients", action="store_true")
    arguments = parser.parse_args()
    sys.exit(main(arguments.libllm, arguments.data.resolve(), arguments.streams, arguments.clients))
