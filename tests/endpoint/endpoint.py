#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command with --endpoint: the same as with a model here, against our own server; and clear errors, in bounded time
and memory, against servers that are slow, broken or hostile. No key goes where it should not.

usage: endpoint.py LIBLLM DATA
"""
import contextlib
import gzip
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
from certificates import OPENSSL, Authority  # noqa: E402
from endpoint_environment import environment  # noqa: E402
from scripted import Scripted, answer_text, chunk, endless_headers, endless_line, last, sse  # noqa: E402
from serving import Server, run_all  # noqa: E402

PATIENCE = 60
KEY = "sk-secret-0123456789"
folder = tempfile.TemporaryDirectory()
key_file = pathlib.Path(folder.name) / "key"
key_file.write_text(KEY + "\n")


def run(command, name, *arguments, text="", env=None, **more):
    done = subprocess.run([command, name, *arguments], input=text, env={**environment, **(env or {})}, capture_output=True,
                          text=True, timeout=PATIENCE, check=False, errors="replace", **more)
    assert KEY not in done.stdout + done.stderr, f"the key is printed: {done.stderr}"
    return done.returncode, done.stdout, done.stderr


def chat(command, server, *arguments, text="Hi\n", **more):
    return run(command, "chat", "--endpoint", server.url, "--retries", "0", *arguments, text=text, **more)


def bad(command, server, *arguments, says, code=1, **more):
    got, out, err = chat(command, server, *arguments, **more)
    assert got == code and says in err, (says, got, out[-300:], err[-600:])
    return out, err


# --- The same as here ---------------------------------------------------------------------------------------------------


def test_equals_local(command, data):
    scripted, tiny = str(data / "chat/scripted.gguf"), str(data / "tiny/llama.gguf")
    with Server(command, {"scripted": scripted, "tiny": tiny}) as server:
        there = ["--endpoint", f"http://{server.host}:{server.port}"]
        for text in ["It is sunny.\n", "One\nTwo\n", "A \\\nB\n/system Be brief.\nC\n"]:
            assert run(command, "chat", *there, "-m", "scripted", "--temp", "0", text=text)[:2] == \
                run(command, "chat", "-m", scripted, "--temp", "0", text=text)[:2], text
        for options in [["--temp", "0"], ["--seed", "7", "--temp", "1.5", "--top-k", "9"], ["--logit-bias", "5=-inf"],
                        ["--json-schema", '{"type": "integer"}'], ["--regex", "[ab]{3,9}"], ["--choice", "yes", "--choice", "no"]]:
            options = ["-p", "Once upon", "-n", "24", "--seed", "3", *options]
            here = run(command, "generate", "-m", tiny, *options)
            assert run(command, "generate", *there, "-m", "tiny", *options)[:2] == here[:2] and here[0] == 0, options
        texts = "".join(f"text number {i}\n" for i in range(130))
        here = run(command, "embed", "-m", tiny, "-f", "-", "--json", text=texts)
        remote = run(command, "embed", *there, "-m", "tiny", "-f", "-", "--json", text=texts)
        one, two = (json.loads(x[1])["embeddings"] for x in (here, remote))
        assert len(one) == len(two) == 130 and all(abs(a - b) < 1e-6 for x, y in zip(one, two) for a, b in zip(x, y))
        code, _, err = run(command, "chat", *there, text="Hi\n")
        assert code == 1 and "has 2 models" in err and "\n  tiny" in err, err
        for option in ["--kv", "f16"], ["--context", "100"], ["--lora", "x"], ["--threads", "1"], ["--session", "x"]:
            code, _, err = run(command, "generate", *there, "-p", "x", *option)
            assert code == 2 and "model on this machine" in err, err


def test_tools_and_reasoning(command, _):
    async def calls(request, reply):
        tools = [{"index": 7, "id": "c1", "function": {"name": "weather", "arguments": '{"pla'}},
                 {"index": 7, "function": {"arguments": 'ce": "Rome"}'}},
                 {"index": 9, "id": "c2", "function": {"name": "time", "arguments": "{}"}},
                 {"index": 12, "function": {"arguments": "of nothing"}}]
        await reply.stream(sse(chunk(reasoning="Hmm"), *(chunk(tool_calls=[t]) for t in tools), last("tool_calls")))

    tools = pathlib.Path(folder.name) / "tools.json"
    tools.write_text('[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]')
    with Scripted(calls, answer_text) as server:
        code, out, err = chat(command, server, "--tools", str(tools), "--tool-choice", "required", text="Hi\nsun\nnoon\n")
        lines = out.splitlines()
        assert code == 0 and json.loads(lines[0]) == {"id": "c1", "name": "weather", "arguments": {"place": "Rome"}}, (out, err)
        assert json.loads(lines[1]) == {"id": "c2", "name": "time", "arguments": {}} and lines[2] == "Hello there."
        first, second = (r.json for r in server.requests)
        assert first["tool_choice"] == "required" and first["tools"] == json.loads(tools.read_text())
        answer, *results = second["messages"][1:]
        assert answer["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"place": "Rome"}'} or \
            json.loads(answer["tool_calls"][0]["function"]["arguments"]) == {"place": "Rome"}
        assert [(r["tool_call_id"], r["content"]) for r in results] == [("c1", "sun"), ("c2", "noon")]
        assert "reasoning_content" not in answer and "tool_choice" not in second
    with Scripted(answer_text) as server:
        chat(command, server, "--system", "Be brief.", "--reasoning", "off", "--stop", "x", "--top-p", "0.7", "-n", "9")
        sent = server.requests[0].json
        assert {k: sent[k] for k in ("model", "stop", "top_p", "max_tokens", "reasoning_effort", "stream")} == {
            "model": "scripted", "stop": ["x"], "top_p": 0.7, "max_tokens": 9, "reasoning_effort": "none", "stream": True}
        assert sent["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
        assert not {"temperature", "seed", "top_k", "min_p"} & set(sent), "nobody asked for these"
        code, out, _ = run(command, "chat", "--endpoint", server.url, "--json-schema", '{"type": "object"}', text="Hi\n")
        assert server.requests[-1].json["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_shows_reasoning(command, _):
    async def thinks(request, reply):
        await reply.stream(sse(chunk(reasoning_content="Let me see."), chunk(content="Yes."), last()))

    with Scripted(thinks) as server:
        assert chat(command, server)[1] == "Yes.\n"
        assert chat(command, server, "--reasoning", "show")[1] == "Let me see.\n\nYes.\n"


# --- Streams ------------------------------------------------------------------------------------------------------------


def test_splits(command, _):
    """Any stream, cut anywhere, says the same."""
    parts = [chunk(role="assistant", content=""), chunk(content="Grüße, "), chunk(content="世界 "), chunk(content="🙂"), last()]
    draw = random.Random(3)
    plain = sse(*parts)
    with_all = (b"\xef\xbb\xbf: a comment\r\n\r\nevent: message\r\nid: 1\r\nretry: 10\r\n" + sse(*parts[:2], done=False, end="\r\n\r\n") +
                b"data: {\"choices\": [{\"index\": 0,\rdata: \"delta\": {\"content\": \"\xe4\xb8\x96\xe7\x95\x8c \"}}]}\r\r" +
                b"data\n\n:\n\n" + sse(*parts[3:], end="\n\n"))
    scripts = []
    for data in (plain, with_all, sse(*parts, done=False), plain[:-2], sse(*parts, done=False)[:-1]):
        for cuts in (None, 1, 5):
            places = range(1, len(data)) if cuts == 1 else sorted(draw.sample(range(1, len(data)), cuts or 0))
            pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)])]

            async def script(request, reply, pieces=pieces):
                await reply.stream(*pieces)

            scripts.append(script)
    with Scripted(*scripts) as server:
        code, out, err = chat(command, server, text="Hi\n" * len(scripts))
        assert code == 0 and out.splitlines() == ["Grüße, 世界 🙂"] * len(scripts), (out, err)


def test_other_forms(command, _):
    async def whole(request, reply):
        await reply.whole({"choices": [{"index": 0, "message": {"role": "assistant", "content": "All at once."},
                                        "finish_reason": "stop"}], "usage": {"completion_tokens": 3}})

    async def latin(request, reply):
        await reply.stream(b'data: {"choices":[{"delta":{"content":"caf\xe9 \\u0000."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')

    async def unframed(request, reply):  # HTTP/1.0's way: the end of the connection is that of the answer
        await reply.head(Connection="close")
        await reply.send(sse(chunk(content="Until the end."), last()))
        reply.writer.close()

    with Scripted(whole, latin, unframed) as server:
        code, out, err = chat(command, server, text="a\nb\nc\n")
        assert code == 0 and out == "All at once.\ncaf\ufffd \0.\nUntil the end.\n", (out, err)


def test_broken_streams(command, _):
    async def in_stream(request, reply):
        await reply.stream(sse(chunk(content="So far"), {"error": {"message": f"the GPU is on fire, {KEY}"}}, done=False))

    async def cut(request, reply):
        await reply.head(Transfer_Encoding="chunked")
        await reply.part(sse(chunk(content="So far"), done=False))
        reply.drop()

    async def no_end(request, reply):
        await reply.stream(sse(chunk(content="So far"), done=False))

    async def no_json(request, reply):
        await reply.stream(sse(chunk(content="So far"), "{nonsense"))

    async def html(request, reply):
        await reply.head(kind="text/html", Content_Length=13)
        await reply.send(b"<html></html>")

    for script, says in [(in_stream, "the GPU is on fire, ***"), (cut, "127.0.0.1"), (no_end, "broke off without an end"),
                         (no_json, "no JSON")]:
        with Scripted(script) as server:
            out, err = bad(command, server, "--api-key-file", str(key_file), "--retries", "3", says=says)
            assert out == "So far\n" and len(server.requests) == 1, "nothing is repeated once something was shown"
            assert f"{server.url}/chat/completions" in err, err
    with Scripted(html) as server:
        bad(command, server, says="no JSON")


def test_damage(command, _):
    """Streams with bytes changed, left out or doubled: an answer or an error, and the next question."""
    draw = random.Random(11)
    good = sse(chunk(role="assistant", content=""), chunk(reasoning_content="Hm"), chunk(content="Grüße"),
               chunk(tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}]),
               chunk(tool_calls=[{"index": 1, "function": {"name": "g"}}, {"index": 0, "function": {"arguments": "}"}}]), last("stop"),
               {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})

    async def damaged(request, reply):
        data = bytearray(good)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(data))
            change = draw.randrange(4)
            if change == 0:
                data[at] = draw.randrange(256)
            elif change == 1:
                del data[at:at + draw.randint(1, 40)]
            elif change == 2:
                data[at:at] = data[at // 2:at]
            else:
                data[at:at + 1] = draw.choice([b"[", b"{", b"-1", b"1e999", b"null", b'"', b"\r", b"\n\n", b"\xff"])
        await reply.stream(bytes(data))

    n = 300
    with Scripted(damaged) as server:
        code, _, err = chat(command, server, "-m", "x", text="Hi\n" * n)
        assert code == 1 and "broken" not in err, err[-500:]
        assert n / 2 < len(server.requests) <= n, len(server.requests)  # lines that answer calls are no questions


def test_limits(command, _):
    async def error(request, reply):
        await reply.head(500, Connection="close")
        while True:
            await reply.send(b"x" * 65536)

    async def squeezed(request, reply):
        await reply.whole(gzip.compress(sse(chunk(content="Hi"), last())), Content_Encoding="gzip")

    for script, says in (
            (endless_headers, "headers"), (endless_line, "line has no end"), (error, "error has no end"), (squeezed, "compressed")):
        with Scripted(script) as server:
            bad(command, server, says=says, preexec_fn=bounded)


def bounded():
    if os.environ.get("ASAN_OPTIONS") is None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))


def test_time_limits(command, _):
    async def silent(request, reply):
        import asyncio

        await asyncio.sleep(30)

    async def stalls(request, reply):
        import asyncio

        await reply.head(Transfer_Encoding="chunked")
        await reply.part(sse(chunk(content="So far"), done=False))
        await asyncio.sleep(30)

    with Scripted(silent) as server:
        bad(command, server, "--first-timeout", "0.2", "--connect-timeout", "0.1", says="no answer within 0.2 seconds")
    with Scripted(stalls) as server:
        bad(command, server, "--idle-timeout", "0.3", says="nothing has come for 0.3 seconds")
    code, _, err = run(command, "chat", "--endpoint", "http://127.0.0.1:1", "-m", "x", "--retries", "1", text="Hi\n")
    assert code == 1 and "127.0.0.1:1/v1/chat/completions" in err and "onnect" in err, err


def test_interrupt(command, _):
    started = threading.Event()

    async def endless(request, reply):
        import asyncio

        await reply.head(Transfer_Encoding="chunked")
        await reply.part(sse(chunk(content="So far"), done=False))
        started.set()
        await asyncio.sleep(30)

    with Scripted(endless) as server:
        process = subprocess.Popen([command, "chat", "--endpoint", server.url], env=environment, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write("Hi\n")
        process.stdin.flush()
        assert started.wait(PATIENCE)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        assert out == "So far\n" and process.returncode == 1, (out, err, process.returncode)


# --- Further attempts ---------------------------------------------------------------------------------------------------


def refusal(status, **headers):
    async def script(request, reply):
        await reply.whole({"error": {"message": f"no, {status}"}}, status, **headers)

    return script


async def drops(request, reply):
    reply.drop()


def test_retries(command, _):
    with Scripted(refusal(429, Retry_After="0"), refusal(503), drops, answer_text) as server:
        code, out, err = run(command, "chat", "--endpoint", server.url, text="Hi\n")
        assert (code, out, len(server.requests)) == (0, "Hello there.\n", 4), (code, out, err)
    # A connection that does not come about in time: what is there says nothing to a handshake of TLS.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code, _, err = run(command, "chat", "--endpoint", f"https://127.0.0.1:{silent.getsockname()[1]}", "-m", "x", "--retries", "2",
                           "--connect-timeout", "0.2", text="Hi\n")
        silent.setblocking(False)
        attempts = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                attempts += 1
        assert (code, attempts) == (1, 3), (code, attempts, err)
    for status in 400, 401, 403, 404, 422, 500:
        with Scripted(refusal(status)) as server:
            _, err = bad(command, server, "--retries", "5", says=f"status {status}")
            assert f"no, {status}" in err and len(server.requests) == 1, "it will not go better another time"
    with Scripted(refusal(429)) as server:
        bad(command, server, "--retries", "2", says="status 429")
        assert len(server.requests) == 3
    with Scripted(refusal(429, Retry_After="3600"), answer_text) as server:
        start = time.monotonic()
        bad(command, server, "--retries", "5", says="would be in 3600 s, which is more than --patience allows")
        assert len(server.requests) == 1 and time.monotonic() - start < 30
    with Scripted(refusal(503, Retry_After="1"), answer_text) as server:
        assert run(command, "chat", "--endpoint", server.url, text="Hi\n")[0] == 0
        assert server.requests[1].time - server.requests[0].time >= 1, "Retry-After is kept"


# --- Keys and addresses -------------------------------------------------------------------------------------------------


def test_keys(command, _):
    with Scripted(answer_text) as server:
        chat(command, server, "--api-key-file", str(key_file))
        assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        chat(command, server, env={"LIBLLM_API_KEY": KEY})
        assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        chat(command, server, env={"OPENAI_API_KEY": KEY})
        assert "authorization" not in server.requests[-1].headers, "OpenAI's key is for OpenAI"
        for content, says in ("", "no key"), ("two words\n", "printable"), ("a\tb", "printable"), ("\n", "no key"):
            other = pathlib.Path(folder.name) / "other"
            other.write_text(content)
            bad(command, server, "--api-key-file", str(other), says=says)
        bad(command, server, "--api-key-file", "/nowhere/key", says="cannot read /nowhere/key")
    with Scripted(refusal(401)) as server:
        bad(command, server, says="no key was given")
        assert "no key" not in bad(command, server, "--api-key-file", str(key_file), says="status 401")[1]
    for url in "http://192.0.2.1/v1", "http://example.com", "http://127.0.0.1.example.com":
        code, _, err = run(command, "chat", "--endpoint", url, "-m", "x", "--api-key-file", str(key_file), text="Hi\n")
        assert code == 1 and "--allow-http" in err, (url, err)


def test_keys_of_a_command(command, _):
    """Whatever keeps a key is asked by a command: `secret-tool lookup`, `pass show`."""
    with Scripted(answer_text) as server:
        # It has no part of the conversation on standard input, and what it prints behind the first line does not matter.
        code, out, err = chat(command, server, "--api-key-command", f"cat; echo asked >&2; echo {KEY}; echo of me", text="Hi\nHi\n")
        assert (code, out) == (0, "Hello there.\nHello there.\n") and "asked\n" in err, (code, out, err)
        assert [r.headers["authorization"] for r in server.requests] == [f"Bearer {KEY}"] * 2, "asked once, sent each time"
        chat(command, server, "--api-key-command", f"cat {key_file}", env={"LIBLLM_API_KEY": "another"})
        assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}", "an option comes before the environment"
        before = len(server.requests)
        for asked, says in [(f"echo {KEY}; exit 3", "ended with status 3"), ("kill -9 $$", "ended by signal 9"), ("true", "no key"),
                            ("echo two words", "printable"), ("exec libllm-no-such-keyring", "ended with status 127"),
                            ("yes", "more than 65536 bytes")]:
            assert says in bad(command, server, "--api-key-command", asked, says="--api-key-command: ")[1], asked
        bad(command, server, "--api-key-command", "true", "--api-key-file", str(key_file), says="expected one of them")
        assert len(server.requests) == before
    code, _, err = run(command, "chat", "--endpoint", "http://192.0.2.1/v1", "-m", "x", "--api-key-command", f"cat {key_file}", text="Hi\n")
    assert code == 1 and "--allow-http" in err, err


def test_certificates(command, _):
    if not OPENSSL:
        print("certificates are not tried: there is no openssl here")
        return
    known, other = Authority(folder.name), Authority(folder.name, "other")
    trusting = {"CURL_CA_BUNDLE": "", "SSL_CERT_FILE": str(known.file)}
    key = ["--api-key-file", str(key_file)]
    with Scripted(answer_text, tls=known.server("good", "DNS:localhost")) as server:
        for env in trusting, {"CURL_CA_BUNDLE": str(known.file), "SSL_CERT_FILE": str(other.file)}:
            code, out, err = chat(command, server, *key, env=env)
            assert (code, out) == (0, "Hello there.\n"), (out, err)
            assert server.requests.pop().headers["authorization"] == f"Bearer {KEY}"
        # Not the authority of whoever signed; by an address that the certificate does not name; no authority at all.
        numeric = server.url.replace("localhost", "127.0.0.1")
        for url, env, says in [(server.url, {**trusting, "SSL_CERT_FILE": str(other.file)}, "certificate"),
                               (server.url, {"CURL_CA_BUNDLE": "", "SSL_CERT_FILE": ""}, "certificate"),
                               (numeric, trusting, "127.0.0.1"), (server.url, {**trusting, "SSL_CERT_FILE": "/nowhere"}, "/nowhere")]:
            code, out, err = run(command, "chat", "--endpoint", url, "-m", "x", *key, "--patience", "0", text="Hi\n", env=env)
            assert (code, out) == (1, "") and says in err and f"{url}/chat/completions" in err, (url, env, err)
            assert "next attempt" not in err, "what a certificate does not prove now, it proves at no other time"
    with Scripted(answer_text, tls=known.server("elsewhere", "DNS:elsewhere.example")) as wrong:
        _, _, err = run(command, "chat", "--endpoint", wrong.url, "-m", "x", *key, text="Hi\n", env=trusting)
        assert "localhost" in err and "certificate" in err, err
    assert not server.requests and not wrong.requests, "nothing was sent to whom is not known"
    with Scripted(answer_text) as plain:
        url = plain.url.replace("http:", "https:")
        code, _, err = run(command, "chat", "--endpoint", url, "-m", "x", "--retries", "0", *key, text="Hi\n", env=trusting)
        assert code == 1 and f"{url}/chat/completions" in err, err


def test_redirects(command, _):
    async def nothing(request, reply):
        await reply.whole({"data": []})

    with Scripted(nothing) as other:
        async def away(request, reply):
            await reply.whole({}, 307, Location=other.url + "/chat/completions")

        with Scripted(away) as server:
            _, err = bad(command, server, "--api-key-file", str(key_file), says="redirects are not followed")
            assert other.url in err and not other.requests


def test_proxies(command, _):
    with Scripted(answer_text) as proxy, Scripted(answer_text) as server:
        env = {"http_proxy": f"http://127.0.0.1:{proxy.port}", "no_proxy": ""}
        code, out, err = run(command, "chat", "--endpoint", "http://far.invalid", "-m", "x", text="Hi\n", env=env)
        assert out == "Hello there.\n" and proxy.requests[0].path == "http://far.invalid/v1/chat/completions", err
        assert chat(command, server, "--api-key-file", str(key_file), env=env)[1] == "Hello there.\n"
        assert len(proxy.requests) == 1, "what stays on this machine goes through no proxy"


def test_addresses(command, _):
    with Scripted(answer_text) as server:
        root = server.url[:-3]
        for url in root, root + "/", server.url, server.url + "/", server.url + "/chat/completions":
            assert run(command, "chat", "--endpoint", url, text="Hi\n")[1] == "Hello there.\n", url
            assert server.requests[-1].path == "/v1/chat/completions"
        run(command, "chat", "--endpoint", root + "/api/paas/v4", "-m", "x", text="Hi\n")
        assert server.requests[-1].path == "/api/paas/v4/chat/completions"
    for url, says in [("localhost:80", "http"), ("ftp://x/", "https"), ("http://u:p@x/", "name or password"), ("http://x/?k=1", "query"),
                      ("", "https")]:
        code, _, err = run(command, "chat", "--endpoint", url, text="Hi\n")
        assert code == 1 and says in err and "--endpoint" in err, (url, err)


def test_models(command, _):
    def listing(value, status=200):
        async def models(request, reply):
            await reply.whole(value, status)

        return models

    for value, says in [({"data": []}, "does not list"), ({"data": [{"id": "a"}, {"id": "b\x1b[2J"}]}, "-m NAME"), ([], "does not list"),
                        ({"data": [{"id": 3}]}, "does not list"), (b"{", "no JSON")]:
        with Scripted(answer_text, models=listing(value)) as server:
            _, err = bad(command, server, says=says)
            assert "\x1b" not in err
    with Scripted(answer_text, models=listing({"error": "nothing here"}, 404)) as server:
        assert "-m NAME" in bad(command, server, says="nothing here")[1]
        assert chat(command, server, "-m", "any")[1] == "Hello there.\n"


def test_embeddings(command, _):
    def listing(data):
        async def script(request, reply):
            await reply.whole({"data": data})

        return script

    good = [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1.5, 2]}]
    with Scripted(listing(good)) as server:
        out = run(command, "embed", "--endpoint", server.url, "-f", "-", text="a\nb\n")[1]
        assert out == "1.5 2\n3 4\n", out
        assert server.requests[0].json["input"] == ["a", "b"]
    for data in [], [{"index": 0}], [{"index": 0, "embedding": ["x"]}], [{"index": 5, "embedding": [1]}], 7, [None]:
        with Scripted(listing(data)) as server:
            code, _, err = run(command, "embed", "--endpoint", server.url, "-p", "a")
            assert code == 1 and re.search("no .embedding. of numbers", err), err


def main():
    run_all(sys.modules[__name__], sys.argv[1], pathlib.Path(sys.argv[2]))


main()
