#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`libllm serve` against clients that mean no good, or leave: always a reply that says why or a closed connection, in
bounded time, while everybody else is served.

usage: server_hostile.py LIBLLM DATA [--slow N] [--requests N]

Cases NW06, and the rules on hosts, origins, limits and disconnects. --requests makes so many random requests.
"""
import argparse
import json
import pathlib
import random
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
from serving import PATIENCE, SANITIZED, Server  # noqa: E402

LONG = {"model": "llama", "prompt": "a", "temperature": 0, "max_tokens": 390000, "ignore_eos": True}
# Within which a client that has left must free its place: 100 ms, and as much again for a machine that is busy.
GONE = 2 if SANITIZED else 0.5

# Of which the 99th percentile is judged, and what a busy machine may add to it, in seconds.
FIRST_TOKENS = 200
NOISE = 0.1


def raw(server, data, wait=True):
    """What comes back for these bytes, until the server closes or says nothing for a while."""
    connection = server.socket()
    answer = b""
    try:
        connection.sendall(data)
        connection.settimeout(PATIENCE if wait else 0.2)
        while piece := connection.recv(65536):
            answer += piece
    except OSError:
        pass
    connection.close()
    return answer


def status_of(answer):
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None


def post(body, path="/v1/completions", headers=""):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
            .encode() + body)


def wait_requests(s, n):
    deadline = time.monotonic() + PATIENCE
    while s.good("/health")["requests"] < n:
        assert time.monotonic() < deadline, f"{n} requests do not get there"
        time.sleep(0.01)


def check_json(s):
    for body in (b"", b"{", b"[]", b"null", b"1", b'"a"', b"\xff\xfe", b'{"prompt": "\xff"}', b'{"a": 1, "a": 2}', b"{} x",
                 b'{"prompt": "a\\u0000"}', b'{"prompt": "a", "temperature": 1e400}', b'{"prompt": "a", "seed": 1' +
                 b"0" * 30 + b"}", b'{"prompt": ' + b"[" * 100000, b'{"prompt": ' + b"[" * 70 + b"]" * 70 + b"}",
                 b'{"x": ' + b'{"x":' * 1000000, b'{"prompt": "' + b"a" * 1000000, b"\0" * 100, b'{"prompt": "\\ud800"}',
                 b'{"messages": {}}', b'{"prompt": {}}', b'{"prompt": [[]]}', b'{"prompt": [1.5]}',
                 b'{"prompt": ["a", 1]}', b'{"prompt": "a", "stop": [[]]}', b'{"prompt": "a", "stop": ' +
                 json.dumps(["a"] * 1000).encode() + b"}", b'{"prompt": "a", "logit_bias": {"99999": 1}}'):
        for path in "/v1/completions", "/v1/chat/completions", "/v1/embeddings", "/tokenize", "/apply-template":
            answer = raw(s, post(body, path))
            fine = path == "/tokenize" and status_of(answer) == 200  # which looks at a text and no more
            assert fine or (status_of(answer) in (400, 404) and b'"message"' in answer), (path, body[:60], answer)
    deep = b'{"content": "a", "other": ' + b"[" * 64 + b"]" * 64 + b"}"
    assert b"nested" in raw(s, post(deep, "/tokenize")), "what nobody reads may be as deep as it likes"
    assert status_of(raw(s, post(deep.replace(b"[[]]", b"[]"), "/tokenize"))) == 200


def check_http(s):
    long = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100000 + b"\r\n\r\n"
    assert status_of(raw(s, long)) in (413, 431), "headers without end"
    many = b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X%d: a\r\n" % i for i in range(20000)) + b"\r\n"
    assert status_of(raw(s, many)) in (413, 431, None), "headers without number"
    for length in b"-1", b"99999999999999999999999", b"1e3", b"8388609", b"0x10", b"":
        answer = raw(s, b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + length +
                     b"\r\n\r\n", wait=False)
        assert status_of(answer) in (400, 413), (length, answer)
    for data in (b"\r\n\r\n", b"GET\r\n\r\n", b"\0" * 1000, b"\x16\x03\x01" + b"a" * 200, b"GET /%00 HTTP/1.1\r\n\r\n",
                 b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n",
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        status = status_of(raw(s, data, wait=False))
        assert status is None or 400 <= status < 600, (data[:60], status)
    # Two lengths that differ could be two requests for whoever stands between.
    both = (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\nTransfer-Encoding: "
            b"chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert raw(s, both, wait=False).count(b"HTTP/1.1 ") <= 1, "a request within a request"
    # A body that says no length ends at the limit, 8 MiB; a busy machine may hold more than as much again on the way.
    connection = s.socket()
    connection.sendall(b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        for _ in range(1000):
            connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
        raise AssertionError("a body without end is taken")
    except OSError:
        connection.close()


def check_hosts(s):
    """Against DNS rebinding and pages of others. A reply to a page says that it may read it."""
    for host, good in (("localhost", 1), (f"127.0.0.1:{s.port}", 1), ("[::1]:80", 1), ("LOCALHOST:1", 1), ("127.9.9.9", 1),
                       ("evil.com", 0), ("localhost.evil.com", 0), ("127.0.0.1.evil.com", 0), ("10.0.0.1", 0), ("", 0),
                       ("[::1", 0), ("a" * 300, 0), ("evil.com:80", 0), ("friend.example", 1)):
        for origin, may in ((None, 1), ("http://localhost:3000", 1), ("https://127.0.0.1", 1), ("null", 0),
                            ("http://evil.com", 0), ("http://localhost.evil.com", 0), ("file://", 0), ("app://own", 1),
                            ("http://evil.com@localhost", 0), ("", 0)):
            headers = f"Host: {host}\r\n" + (f"Origin: {origin}\r\n" if origin is not None else "")
            answer = raw(s, f"GET /v1/models HTTP/1.1\r\n{headers}Connection: close\r\n\r\n".encode())
            assert status_of(answer) == (200 if good and may else 403), (host, origin, answer)
            allowed = f"Access-Control-Allow-Origin: {origin}\r\n".encode() in answer
            assert allowed == bool(good and may and origin), (host, origin, answer)
    preflight = raw(s, b"OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:1\r\n"
                       b"Connection: close\r\n\r\n")
    assert status_of(preflight) == 204 and b"Access-Control-Allow-Methods" in preflight, preflight
    # Libraries send headers of their own: pages that may ask may send any.
    wanted = b"authorization,content-type,x-stainless-lang,x-stainless-os"
    for origin, status in (b"http://localhost:1", 204), (b"http://evil.com", 403):
        preflight = raw(s, b"OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: " + origin +
                        b"\r\nAccess-Control-Request-Headers: " + wanted + b"\r\nConnection: close\r\n\r\n")
        assert status_of(preflight) == status, preflight
        assert (b"Access-Control-Allow-Headers: " + wanted in preflight) == (status == 204), preflight
        assert b"Vary: Origin, Access-Control-Request-Headers" in preflight or status == 403, preflight


def check_disconnects(s):
    """Who leaves while queued, at the prompt or while text comes frees the place at once, and nobody else notices."""
    slowest = 0
    expected = s.good("/v1/completions", {**LONG, "max_tokens": 30})["choices"]
    for stream in True, False:
        for prompt in "a", "word " * 4000:
            for delay in 0, 0.02, 0.2:
                connection = s.socket()
                connection.sendall(post({**LONG, "prompt": prompt, "stream": stream}))
                time.sleep(delay)
                connection.close()
                seconds = s.wait_idle()
                slowest = max(slowest, seconds)
                assert seconds < GONE, f"{seconds:.3f} s after the client left (stream {stream}, after {delay} s)"
    # Four run and four wait; all leave.
    connections = [s.socket() for _ in range(8)]
    for connection in connections:
        connection.sendall(post(LONG))
    wait_requests(s, 8)
    start = time.monotonic()
    health = s.good("/health")
    assert health["status"] == "ok" and time.monotonic() - start < 1, "health waits for others"
    for connection in connections:
        connection.close()
    seconds = s.wait_idle()
    assert seconds < GONE, f"{seconds:.3f} s after eight clients left"
    assert s.good("/v1/completions", {**LONG, "max_tokens": 30})["choices"] == expected
    print(f"places are free {max(slowest, seconds) * 1000:.0f} ms after a client has left, at most")


def check_queue(s):
    connections = [s.socket() for _ in range(4 + 8)]
    for i, connection in enumerate(connections):
        connection.sendall(post(LONG))
        if i == 3:  # all that run at once
            wait_requests(s, 4)
            time.sleep(0.1)
    wait_requests(s, 12)
    status, text, response = s.ask_raw("/v1/completions", {**LONG, "max_tokens": 1})
    assert status == 429 and json.loads(text)["error"]["code"] == "queue_full", (status, text)
    assert response.getheader("retry-after"), "no word of when to come back"
    assert s.good("/tokenize", {"model": "llama", "content": "a"})["count"] == 1, "short work waits for long"
    for connection in connections:
        connection.close()
    s.wait_idle()


def resident(s):
    text = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) << 10


def first_token(s):
    """Seconds until the first piece of a stream."""
    connection = s.connect()
    start = time.monotonic()
    connection.request("POST", "/v1/completions", json.dumps({**LONG, "max_tokens": 4, "stream": True}))
    line = connection.getresponse().readline()
    seconds = time.monotonic() - start
    connection.close()
    assert line.startswith(b"data: "), line
    return seconds


def check_slow(s, n):
    """Clients that send or read slowly hold no thread, hardly delay the first token of others, and are given up."""
    quiet = sorted(first_token(s) for _ in range(FIRST_TOKENS))
    before = resident(s)
    connections = []
    for i in range(n):
        connection = s.socket()
        connection.sendall([b"GET /he", b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
                            b"", b"GET /health HTTP/1.1\r\nHost: localhost\r\n"][i % 4])
        connections.append(connection)
    # They do not read: what the sockets hold fills up, and then the server's patience.
    for _ in range(2):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((s.host, s.port))
        connection.sendall(post({**LONG, "stream": True}))
        connections.append(connection)
    times = sorted(first_token(s) for _ in range(FIRST_TOKENS))
    s.wait_idle(2 * PATIENCE)  # until what they leave unread is much, and has been for 30 seconds
    at = FIRST_TOKENS * 99 // 100 - 1
    grown = resident(s) - before
    print(f"{n} slow clients: p99 of the first token of one that is not {times[at] * 1000:.1f} ms, quiet {quiet[at] * 1000:.1f} ms, "
          f"{times[at] / quiet[at]:.2f} x; {grown / 2**20:.1f} MiB more")
    assert times[at] < 1.2 * quiet[at] + NOISE, (times[at], quiet[at])
    deadline = time.monotonic() + PATIENCE
    for connection in connections[:n]:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        while connection.recv(4096):  # ends: the server gives them up
            pass
    for connection in connections:
        connection.close()


def check_bodies(command, models):
    """All bodies together are bounded, however they are sent; who comes too late is told so, and those who only say
    that much is to come keep nobody out."""
    size, n, room = 1 << 20, 40, 8
    body = b'{"x": "' + b"a" * (size - 9) + b'"}'
    plain = b"POST /detokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    with Server(command, models, "--max-body", "1") as s:
        for head, begin, end in ((plain + b"Content-Length: %d\r\n\r\n" % size, body[:-1], body[-1:]),
                                 (plain + b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % size + body, b"\r\n0\r\n\r\n")):
            before = resident(s)
            connections = [s.socket() for _ in range(n)]
            for connection in connections:
                connection.sendall(head)
            assert status_of(raw(s, post({}, "/detokenize"))) == 400, "what is only announced takes room"
            for connection in connections:
                connection.sendall(begin)
            time.sleep(0.2)
            grown = resident(s) - before
            for connection in connections:
                connection.sendall(end)
            statuses = [status_of(connection.recv(4096)) for connection in connections]
            for connection in connections:
                connection.close()
            assert 1 <= statuses.count(400) <= room and statuses.count(429) == n - statuses.count(400), statuses
            assert SANITIZED or grown < 4 * room * size, grown
            s.wait_idle()
            deadline = time.monotonic() + PATIENCE
            while status_of(raw(s, post(body, "/detokenize"))) == 429:
                assert time.monotonic() < deadline, "the room is not given back"


def check_models_apart(command, models):
    """A model that has no place left keeps nobody from another one, and who leaves while waiting for a place is gone."""
    with Server(command, models, "--parallel", "1", "--queue", "8", "-c", "400000") as s:
        connections = [s.socket() for _ in range(6)]
        for connection in connections:
            connection.sendall(post(LONG))
        wait_requests(s, 6)
        start = time.monotonic()
        for path, body in (("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}], "max_tokens": 2}),
                           ("/tokenize", {"content": "a"})):
            s.good(path, {"model": "scripted", **body})
        assert time.monotonic() - start < 5, "one model waits for another"
        for left in range(5, 0, -1):  # the last first, so that none of them has got a place
            connections[left].close()
            start = time.monotonic()
            while s.good("/health")["requests"] > left:
                assert time.monotonic() - start < GONE, f"request {left} waits on"
        connections[0].close()
        assert s.wait_idle() < GONE
        assert s.good("/v1/completions", {**LONG, "max_tokens": 3})["usage"]["completion_tokens"] == 3


def check_random(s, n):
    """Requests out of parts that are often right: no reply is the server's fault, and none is missing."""
    draw = random.Random(1)
    values = [None, True, 0, 1, -1, 3, 1e300, 0.5, "", "a", "llama", "scripted", [], {}, ["a"], [1, 2], [[1], [2]],
              {"type": "text"}, [{"role": "user", "content": "a"}], [{"role": "user"}], [{}], "none", {"include_usage": True}]
    names = ["model", "prompt", "messages", "input", "content", "tokens", "max_tokens", "temperature", "top_p", "seed", "stop",
             "n", "stream", "stream_options", "tools", "tool_choice", "logit_bias", "response_format", "echo", "options",
             "dimensions", "encoding_format", "reasoning_effort", "chat_template_kwargs", "scenario"]
    paths = [p for p in PATHS if p != "/metrics"]
    counts = {}
    for _ in range(n):
        body = {name: draw.choice(values) for name in draw.sample(names, draw.randrange(8))}
        body.setdefault("max_tokens", 4)
        text = json.dumps(body).encode()
        if draw.random() < 0.2:
            at = draw.randrange(len(text))
            text = text[:at] + bytes([draw.randrange(256)]) + text[at + 1:]
        status = status_of(raw(s, post(text, draw.choice(paths))))
        assert status is not None and status < 500, (body, status)
        counts[status] = counts.get(status, 0) + 1
    print("random requests:", dict(sorted(counts.items())))


PATHS = ["/v1/completions", "/v1/responses", "/v1/chat/completions", "/v1/embeddings", "/tokenize", "/detokenize", "/apply-template", "/v1/estimate", "/api/show",
         "/api/chat", "/api/generate", "/api/embed"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--slow", type=int, default=100)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    models = {"llama": options.data / "tiny/llama.gguf", "scripted": options.data / "chat/scripted.gguf"}
    with Server(options.command, models, "--parallel", "4", "--queue", "8", "-c", "400000", "--allow-host", "friend.example",
                "--allow-origin", "app://own") as s:
        for check in check_json, check_http, check_hosts, check_disconnects, check_queue:
            check(s)
        check_random(s, options.requests)
        check_slow(s, options.slow)
        assert s.good("/health")["requests"] == 0
    check_bodies(options.command, models)
    check_models_apart(options.command, models)


if __name__ == "__main__":
    main()
