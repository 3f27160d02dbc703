#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""libllm.Client: what a Model here answers, a server says the same through it; and servers that are slow, busy or broken.

usage: python_client.py LIBLLM        (LIBLLM_LIBRARY names the library)
"""
import asyncio
import contextlib
import enum
import os
import pathlib
import socket
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in "bindings/python", "tests/golden", "tests/endpoint":
    sys.path.insert(0, str(ROOT / folder))
import libllm  # noqa: E402
import libllm._http  # noqa: E402
from certificates import OPENSSL, Authority  # noqa: E402
from scripted import Scripted, answer_text, chunk, endless_headers, endless_line, last, sse  # noqa: E402
from serving import Server  # noqa: E402

COMMAND = sys.argv.pop(1)
TINY = ROOT / "tests/data/tiny/llama.gguf"
SCRIPTED = ROOT / "tests/data/chat/scripted.gguf"
KEY = "sk-secret-0123456789"


class Yes(enum.Enum):
    YES = "yes"
    NO = "no"


def refusal(status, message="no", code=None, **headers):
    async def script(request, reply):
        await reply.whole({"error": {"message": message, "code": code}}, status, **headers)

    return script


def stream(*objects, **more):
    async def script(request, reply):
        await reply.stream(sse(*objects, **more))

    return script


class Same(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.server = cls.stack.enter_context(Server(COMMAND, {"tiny": TINY, "scripted": SCRIPTED}))
        url = f"http://127.0.0.1:{cls.server.port}"
        cls.tiny, cls.scripted = (libllm.Client(url, model=name) for name in ("tiny", "scripted"))
        cls.here, cls.chats = libllm.Model.open(TINY), libllm.Model.open(SCRIPTED)

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def test_generate(self):
        for options in [{"temperature": 0}, {"seed": 5, "temperature": 1.4, "top_k": 12}, {"seed": 2, "stop": ["a", "e"]},
                        {"seed": 3, "logit_bias": {7: -100}}, {"seed": 4, "json_schema": {"type": "integer"}},
                        {"seed": 4, "regex": "[xy]{2,5}"}, {"seed": 4, "choices": ["yes", "no"]}]:
            one = self.here.generate("Once upon", max_tokens=20, **options)
            two = self.tiny.generate("Once upon", max_tokens=20, **options)
            self.assertEqual((one.text, one.choices[0].finish_reason, one.usage.completion_tokens),
                             (two.text, two.choices[0].finish_reason, two.usage.completion_tokens), options)
            self.assertEqual("".join(self.tiny.generate_stream("Once upon", max_tokens=20, **options)), one.text)
        ids = self.here.tokenize("Once upon", bos=True)
        self.assertEqual(self.tiny.generate(ids, temperature=0, max_tokens=9).text,
                         self.here.generate(ids, temperature=0, max_tokens=9).text)
        self.assertIs(self.tiny.generate("x", json_schema=Yes, seed=1).parsed.__class__, Yes)

    def test_chat(self):
        one, two = (m.chat("It is sunny.", temperature=0) for m in (self.chats, self.scripted))
        self.assertEqual((one.text, one.choices[0].message, one.usage.total_tokens), (two.text, two.choices[0].message, two.usage.total_tokens))
        for model in self.chats, self.scripted:
            *chunks, end = model.chat_stream([{"role": "user", "content": "It is sunny."}], temperature=0)
            self.assertEqual("".join(c.text for c in chunks), one.text)
            self.assertEqual((chunks[0].choices[0].delta.role, end.choices[0].finish_reason, end.usage.completion_tokens),
                             ("assistant", "stop", one.usage.completion_tokens))
            self.assertTrue(end.timings.predicted_n)
        self.assertEqual(self.scripted.models(), ["tiny", "scripted"])

    def test_tools(self):
        asked = []

        def get_weather(city: str, days: int = 1) -> str:
            """The weather of a city."""
            asked.append((city, days))
            return "sunny"

        answers = [m.chat("What is the weather in Ulm?", tools=[get_weather], run_tools=2, temperature=0)
                   for m in (self.chats, self.scripted)]
        self.assertEqual(answers[0].text, answers[1].text)
        self.assertEqual(asked[:len(asked) // 2], asked[len(asked) // 2:])

    def test_logprobs(self):
        for (one, two), call in [((self.here, self.tiny), lambda m: m.generate("Once", max_tokens=9, temperature=0, logprobs=2)),
                                 ((self.chats, self.scripted), lambda m: m.chat("hi", temperature=0, logprobs=True, top_logprobs=2))]:
            found, other = (call(m).choices[0].logprobs for m in (one, two))
            self.assertEqual(found.get("tokens") or [t.token for t in found.content], other.get("tokens") or [t.token for t in other.content])
        streamed = [t for c in self.scripted.chat_stream("hi", temperature=0, logprobs=True, top_logprobs=2)
                    for t in (c.choices[0].logprobs or other).content if c.text]
        self.assertEqual(streamed, other.content)
        self.assertEqual((other.content[0].top_logprobs[0].token, bytes(other.content[0].bytes).decode()), (other.content[0].token,) * 2)

    def test_an_address_is_a_model(self):
        model = libllm.Model.open(self.tiny.endpoint, model="tiny", retries=0)
        with model:
            self.assertIsInstance(model, libllm.Client)
            self.assertEqual(model.generate("Once", max_tokens=5, temperature=0).text,
                             self.here.generate("Once", max_tokens=5, temperature=0).text)
            self.assertEqual(model.chat_stream.__doc__, libllm.Client.chat_stream.__doc__)
        for options in {"context": 9}, {"parallel": 2}, {"device": "cpu"}, {"deterministic": True}:
            with self.assertRaisesRegex(TypeError, f"{next(iter(options))}: this is about a model on this machine"):
                libllm.Model.open(self.tiny.endpoint, **options)
        with self.assertRaisesRegex(TypeError, "api_key_file: this is about a server"):
            libllm.Model.open(TINY, api_key_file="x")
        with self.assertRaisesRegex(TypeError, "unknown option modle; known are model, api_key_file"):
            libllm.Model.open(self.tiny.endpoint, modle="x")
        for call in (lambda: model.session(), lambda: model.adapter("x"), lambda: model.metadata, lambda: model.info,
                     lambda: model.context_length, lambda: model.detokenize_bytes([1])):
            with self.assertRaisesRegex(libllm.UnsupportedError, "only a model on this machine"):
                call()
        self.assertFalse(hasattr(model, "no_such_thing"))
        with self.assertRaisesRegex(TypeError, "pooling"):
            model.embed("a", pooling=libllm.api.Pooling.MEAN)

        async def story():
            async with await libllm.AsyncModel.open(self.scripted.endpoint, model="scripted") as elsewhere:
                with self.assertRaisesRegex(TypeError, "Client.tokenize"):
                    elsewhere.tokenize("a")
                return (await elsewhere.chat("hi", temperature=0)).text

        self.assertEqual(asyncio.run(story()), "It is sunny.")

    def test_tokens(self):
        text = "Once \u4f60 <|go_think|>"
        for here, there in (self.here, self.tiny), (self.chats, self.scripted):
            for options in {}, {"special": True}, {"bos": True}:
                self.assertEqual(there.tokenize(text, **options), here.tokenize(text, **options))
            ids = here.tokenize(text, special=True)
            self.assertEqual(there.detokenize(ids), here.detokenize(ids, special=True))
        with self.assertRaisesRegex(TypeError, "special=False"):
            self.tiny.detokenize([1], special=False)
        self.assertEqual(self.scripted.apply_template(["hi"]), self.chats.apply_template(["hi"]))
        with Scripted(answer_text) as server, self.assertRaisesRegex(libllm.UnsupportedError, "does not tell of tokens.*/tokenize"):
            libllm.Client(server.url, model="m").tokenize("a")
        with mock.patch.object(libllm._http.Transport, "whole", return_value={"tokens": "a"}):
            with self.assertRaisesRegex(libllm.JsonError, "/tokenize: the answer has no \"tokens\""):
                libllm.Client("http://127.0.0.1", model="m").tokenize("a")

    def test_embed(self):
        texts = [f"text {i}" for i in range(70)]
        for one, two in zip(self.here.embed(texts), self.tiny.embed(texts)):
            self.assertTrue(all(abs(a - b) < 1e-6 for a, b in zip(one.tolist(), two.tolist())))
        self.assertEqual(len(self.tiny.embed("a").tolist()), len(self.here.embed("a").tolist()))

    def test_asyncio(self):
        async def run():
            model = libllm.AsyncModel(self.scripted)
            text = (await model.chat("It is sunny.", temperature=0)).text
            pieces = [c.text async for c in model.chat_stream("It is sunny.", temperature=0)]
            return text, "".join(pieces)

        text, pieces = asyncio.run(run())
        self.assertEqual(text, pieces)
        self.assertEqual(text, self.chats.chat("It is sunny.", temperature=0).text)

    def test_errors_of_the_server(self):
        with self.assertRaisesRegex(libllm.ContextFullError, "http://.*status 400"):
            self.tiny.generate("x " * 20000, max_tokens=1)
        with self.assertRaisesRegex(libllm.NotFoundError, "has 2 models.*tiny, scripted"):
            libllm.Client(self.tiny.endpoint).chat("x")
        with self.assertRaises(libllm.NotFoundError) as caught:
            libllm.Client(self.tiny.endpoint, model="other").chat("x")
        self.assertEqual(caught.exception.http_status, 404)
        with self.assertRaisesRegex(TypeError, "model on this machine"):
            self.tiny.generate("x", n_guesses=2)


class Rough(unittest.TestCase):
    def client(self, server, **options):
        return libllm.Client(server.url, **{"patience": 30, **options})

    def test_splits(self):
        data = (b"\xef\xbb\xbf: a comment\r\n\r\nevent: x\r\ndata:\r\n\r\n" + sse(chunk(role="assistant", content=""), done=False, end="\r\n\r\n")
                + b'data: {"choices": [{"index": 0,\rdata: "delta": {"content": "Gr\xc3\xbc\xc3\x9fe "}}]}\r\r'
                + sse(chunk(content="世界 🙂"), last()))
        for size in 1, 2, 3, 7, 1000:
            async def script(request, reply, size=size):
                await reply.stream(*(data[i:i + size] for i in range(0, len(data), size)))

            with Scripted(script) as server:
                self.assertEqual("".join(c.text for c in self.client(server).chat_stream("x")), "Grüße 世界 🙂", size)

    def test_streams_that_break(self):
        async def cut(request, reply):
            await reply.head(Transfer_Encoding="chunked")
            await reply.part(sse(chunk(content="So far"), done=False))
            reply.drop()

        for script, error, says in [(cut, libllm.FileError, "broke off"), (stream(chunk(content="a"), done=False), libllm.FileError, "without an end"),
                                    (stream(chunk(content="a"), {"error": {"message": f"no memory {KEY}"}}), libllm.FileError, r"no memory \*\*\*"),
                                    (stream(chunk(content="a"), "{x"), libllm.JsonError, "no JSON"), (stream(["a"]), libllm.JsonError, "no JSON object"),
                                    (stream({"choices": [7]}), libllm.JsonError, "choices")]:
            with Scripted(script) as server, mock.patch.dict(os.environ, LIBLLM_API_KEY=KEY):
                got = []
                with self.assertRaisesRegex(error, says):
                    for piece in self.client(server).chat_stream("x"):
                        got.append(piece.text)
                self.assertEqual(len(server.requests), 1)
        with Scripted(stream({"choices": [], "prompt_filter_results": []}, chunk(content="a"), last())) as server:
            self.assertEqual("".join(c.text for c in self.client(server).chat_stream("x")), "a")
        with Scripted(stream({"id": "x"}, chunk(content="a"), last())) as server, self.assertRaisesRegex(libllm.JsonError, "choices"):
            list(self.client(server).chat_stream("x"))
        with Scripted(stream(chunk(content="a"), last(), done=False)) as server:
            self.assertEqual("".join(c.text for c in self.client(server).chat_stream("x")), "a")

    def test_attempts(self):
        async def drops(request, reply):
            reply.drop()

        async def whole(request, reply):
            await reply.whole({"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]})

        async def cut(request, reply):
            await reply.head(503, "application/json", Transfer_Encoding="chunked")
            await reply.send(b"400\r\n{")
            reply.drop()

        async def stalls(request, reply):
            await reply.head(503, "application/json", Content_Length=100)
            await asyncio.sleep(30)

        async def cut_whole(request, reply):
            await reply.head(kind="application/json", Transfer_Encoding="chunked")
            await reply.send(b"400\r\n{")
            reply.drop()

        with Scripted(cut, stalls, whole) as server:
            self.assertEqual(self.client(server, idle_timeout=0.3).chat("x").text, "Hello")
            self.assertEqual(len(server.requests), 3)
        with Scripted(cut) as server, self.assertRaisesRegex(libllm.BusyError, "status 503: what it says about that broke off"):
            self.client(server, retries=0).chat("x")
        for call in (lambda client: client.chat("x"), lambda client: list(client.chat_stream("x"))):
            with Scripted(cut_whole) as server, self.assertRaisesRegex(libllm.FileError, "broke off"):
                call(self.client(server))
        # A connection that does not come about in time: what is there says nothing to a handshake of TLS.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            with self.assertRaisesRegex(libllm.FileError, "no connection in time"):
                libllm.Client(f"https://127.0.0.1:{silent.getsockname()[1]}", model="x", retries=2, connect_timeout=0.2).chat("x")
            silent.setblocking(False)
            for _ in range(3):
                silent.accept()[0].close()
            self.assertRaises(BlockingIOError, silent.accept)
        with Scripted(refusal(429, Retry_After="0"), refusal(503), drops, whole) as server:
            self.assertEqual(self.client(server).chat("x").text, "Hello")
            self.assertEqual(len(server.requests), 4)
        for status, error in (400, libllm.InvalidArgumentError), (401, libllm.InvalidArgumentError), (404, libllm.NotFoundError), \
                (500, libllm.FileError):
            with Scripted(refusal(status, "not so")) as server:
                with self.assertRaisesRegex(error, f"status {status}: not so"):
                    self.client(server).chat("x")
                self.assertEqual(len(server.requests), 1)
        with Scripted(refusal(429)) as server:
            with self.assertRaises(libllm.BusyError):
                self.client(server, retries=1).chat("x")
            self.assertEqual(len(server.requests), 2)
        with Scripted(refusal(503, Retry_After="3600")) as server:
            with self.assertRaises(libllm.BusyError):
                self.client(server).chat("x")
            self.assertEqual(len(server.requests), 1)
        with self.assertRaisesRegex(libllm.FileError, "127.0.0.1:1/v1"):
            libllm.Client("http://127.0.0.1:1", model="x", retries=0).chat("x")

    def test_time_and_size(self):
        async def silent(request, reply):
            await asyncio.sleep(30)

        for script, says in (silent, "in time"), (endless_headers, "no HTTP"), (endless_line, "no end"):
            with Scripted(script) as server, self.assertRaisesRegex(libllm.Error, says):
                list(self.client(server, first_timeout=0.5, retries=0).chat_stream("x"))

    def test_cancel(self):
        begun = threading.Event()

        async def endless(request, reply):
            await reply.head(Transfer_Encoding="chunked")
            await reply.part(sse(chunk(content="So far"), done=False))
            begun.set()
            await asyncio.sleep(30)

        with Scripted(endless) as server:
            cancel = libllm.Cancellation()
            threading.Thread(target=lambda: (begun.wait(20), time.sleep(0.1), cancel.cancel()), daemon=True).start()
            with self.assertRaises(libllm.CancelledError):
                list(self.client(server).chat_stream("x", cancel=cancel))
            with contextlib.closing(self.client(server).chat_stream("x")) as chunks:
                self.assertEqual(next(chunks).text, "So far")

    def test_keys(self):
        async def away(request, reply):
            await reply.whole({}, 307, Location=other.url)

        with tempfile.NamedTemporaryFile("w") as file, Scripted(answer_text) as other, Scripted(away) as server:
            file.write(KEY + "\n")
            file.flush()
            list(self.client(other, api_key_file=file.name).chat_stream("x"))
            self.assertEqual(other.requests[-1].headers["authorization"], f"Bearer {KEY}")
            list(self.client(other, api_key=lambda: KEY).chat_stream("x"))
            self.assertEqual(other.requests[-1].headers["authorization"], f"Bearer {KEY}")
            with mock.patch.dict(os.environ, OPENAI_API_KEY=KEY):
                list(self.client(other).chat_stream("x"))
            self.assertNotIn("authorization", other.requests[-1].headers)
            before = len(other.requests)
            with self.assertRaisesRegex(libllm.InvalidArgumentError, "redirects are not followed"):
                self.client(server, api_key_file=file.name).chat("x")
            self.assertEqual(len(other.requests), before)
            for url in "http://192.0.2.1/v1", "http://127.0.0.1.example.com":
                with self.assertRaisesRegex(libllm.InvalidArgumentError, "allow_http"):
                    libllm.Client(url, api_key_file=file.name)
            with self.assertRaises(TypeError):
                libllm.Client("https://example.com", api_key=KEY)
        for url in "localhost", "ftp://x", "http://u:p@x", "http://x?y", "http://x:y/":
            with self.assertRaises(libllm.InvalidArgumentError):
                libllm.Client(url)
        for url in "http://h", "http://h/", "http://h/v1/", "http://h/v1/chat/completions":
            self.assertEqual(libllm.Client(url).endpoint, "http://h/v1")

    @unittest.skipUnless(OPENSSL, "there is no openssl here")
    def test_certificates(self):
        def ask(url, authority):
            with mock.patch.dict(os.environ, SSL_CERT_FILE=str(authority.file)):
                client = libllm.Client(url, model="x", api_key=lambda: KEY)
                return "".join(c.text for c in client.chat_stream("x"))

        with tempfile.TemporaryDirectory() as folder:
            known, other = Authority(folder), Authority(folder, "other")
            with Scripted(answer_text, tls=known.server("good", "DNS:localhost")) as server, \
                    Scripted(answer_text, tls=known.server("elsewhere", "DNS:elsewhere.example")) as wrong:
                self.assertEqual(ask(server.url, known), "Hello there.")
                self.assertEqual(server.requests.pop().headers["authorization"], f"Bearer {KEY}")
                for url, authority, says in ((server.url, other, "certificate"), (wrong.url, known, "'localhost'"),
                                             (server.url.replace("localhost", "127.0.0.1"), known, "'127.0.0.1'")):
                    with self.assertRaisesRegex(libllm.FileError, says) as caught, mock.patch("time.sleep") as pause:
                        ask(url, authority)
                    self.assertIn(f"{url}/chat/completions", str(caught.exception))
                    pause.assert_not_called()  # a certificate gets no second chance
                self.assertEqual(server.requests + wrong.requests, [])

    def test_proxy(self):
        """Plain http goes through the proxy of the environment, and not to hosts that are exempt."""
        with Scripted(answer_text) as proxy:
            settings = {"http_proxy": f"http://me:secret@127.0.0.1:{proxy.port}", "no_proxy": "exempt.invalid"}
            with mock.patch.dict(os.environ, settings):
                self.assertEqual("".join(c.text for c in libllm.Client("http://far.invalid", model="m").chat_stream("x")), "Hello there.")
                self.assertEqual(proxy.requests[-1].path, "http://far.invalid/v1/chat/completions")
                self.assertEqual(proxy.requests[-1].headers["proxy-authorization"], "Basic bWU6c2VjcmV0")
                before = len(proxy.requests)
                with Scripted(answer_text) as server:
                    list(self.client(server).chat_stream("x"))
                self.assertEqual(len(proxy.requests), before, "this machine needs none")
                with self.assertRaises(libllm.FileError):
                    libllm.Client("http://exempt.invalid", model="m", retries=0).chat("x")


if __name__ == "__main__":
    libllm._http.FIRST_PAUSE = 0.01
    for name in [n for n in os.environ if n.lower().endswith("_proxy") or n.endswith("_API_KEY")]:
        del os.environ[name]
    unittest.main()
