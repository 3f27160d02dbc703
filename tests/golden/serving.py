# SPDX-License-Identifier: MIT
"""Starting `libllm serve` in tests, and asking it: Python's standard library only, on 127.0.0.1 or a Unix socket."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

PATIENCE = 60  # seconds for anything; what takes longer hangs
# Sanitizers keep what is freed for a while, take memory of their own, and have no limit on addresses.
SANITIZED = bool(os.environ.get("ASAN_OPTIONS") or os.environ.get("TSAN_OPTIONS"))


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


class Server:
    """A server with these models, {name: path}, until the block ends."""

    def __init__(self, command, models, *options, port="0"):
        self.command = [command, "serve", *options]
        if port is not None:
            self.command += ["--port", port]
        for name, path in models.items():
            self.command += ["-m", f"{name}={path}"]
        self.lines = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        listening = threading.Event()

        def read():
            for line in self.process.stderr:
                self.lines.append(line)
                if "listening on" in line:
                    listening.set()
            listening.set()

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        listening.wait(PATIENCE)
        found = re.search(r"listening on (?:http://([^:]*|\[.*\]):(\d+)|unix:(.*))\n", "".join(self.lines))
        assert found, f"{' '.join(self.command)} does not listen: {''.join(self.lines)}"
        self.host, self.port, self.path = found[1], int(found[2] or 0), found[3]
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        self.code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        assert kind or self.code == 0, f"exit status {self.code}: {''.join(self.lines)[-4000:]}"

    def connect(self):
        return Unix(self.path) if self.path else http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def ask(self, path, body=None, headers=None, method=None):
        """(status, JSON or text)"""
        status, text, _ = self.ask_raw(path, body, headers, method)
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def ask_raw(self, path, body=None, headers=None, method=None):
        connection = self.connect()
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        connection.request(method or ("GET" if body is None else "POST"), path, data, headers or {})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text, response

    def good(self, path, body=None, **more):
        status, value = self.ask(path, body, **more)
        assert status == 200, f"{path} {body}: {status} {value}"
        return value

    def events(self, path, body):
        """The chunks of a stream of server-sent events, without the [DONE] that ends it."""
        status, text, response = self.ask_raw(path, {**body, "stream": True})
        assert status == 200 and response.getheader("content-type") == "text/event-stream", text
        lines = [line for line in text.split("\n") if line]
        assert all(line.startswith("data: ") for line in lines), text
        assert lines[-1] == "data: [DONE]", lines[-1]
        return [json.loads(line[6:]) for line in lines[:-1]]

    def lines_of(self, path, body):
        """The objects of a stream of lines."""
        status, text, response = self.ask_raw(path, body)
        assert status == 200 and response.getheader("content-type") == "application/x-ndjson", text
        return [json.loads(line) for line in text.splitlines()]

    def socket(self):
        connection = socket.create_connection((self.host, self.port), PATIENCE)
        return connection

    def wait_idle(self, patience=PATIENCE):
        """Seconds until nothing is queued or worked on."""
        start = time.monotonic()
        while self.good("/health")["requests"]:
            assert time.monotonic() - start < patience, "requests go on although nobody waits"
            time.sleep(0.005)
        return time.monotonic() - start


def run_all(module, *arguments):
    """Call every test_... of a module; its name is printed when it fails."""
    for name, function in sorted(vars(module).items()):
        if name.startswith("test_"):
            try:
                function(*arguments)
            except BaseException:
                print(f"in {name}:", file=sys.stderr)
                raise
