# SPDX-License-Identifier: MIT
"""A server of OpenAI's API that does what a test says: answers at exact times, or misbehaves in a chosen way."""
import asyncio
import json
import threading
import time


def chunk(**delta):
    return {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def last(reason="stop"):
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


def sse(*objects, done=True, end="\n\n"):
    """The bytes of a stream with these objects."""
    lines = [f"data: {o if isinstance(o, str) else json.dumps(o)}{end}" for o in objects]
    return ("".join(lines) + (f"data: [DONE]{end}" if done else "")).encode()


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.time = time.monotonic()

    @property
    def json(self):
        return json.loads(self.body)


class Reply:
    """What a script writes with."""

    def __init__(self, writer):
        self.writer = writer

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status=200, kind="text/event-stream", **headers):
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
        await self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def whole(self, value, status=200, **headers):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        await self.head(status, "application/json", Content_Length=len(data), **headers)
        await self.send(data)

    async def stream(self, *parts, **headers):
        """Chunks of HTTP, each of these parts one."""
        await self.head(Transfer_Encoding="chunked", **headers)
        for part in parts:
            await self.part(part)
        await self.part(b"")

    async def part(self, data):
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def drop(self):
        self.writer.transport.abort()


async def models(request, reply):
    await reply.whole({"object": "list", "data": [{"id": "scripted"}]})


async def answer_text(request, reply):
    await reply.stream(sse(chunk(role="assistant", content=""), chunk(content="Hello"), chunk(content=" there."), last()))


def tell(loop, context):
    """A connection that is cancelled before its first step is no error, though Python 3.11 says so."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


class Scripted:
    """Until the block ends. `scripts` are used up one for each request; the last one stays. GET /v1/models has `models`.
    With the `tls` of a server it speaks https, as localhost."""

    def __init__(self, *scripts, models=models, tls=None):
        self.scripts, self.models, self.tls = list(scripts) or [answer_text], models, tls
        self.requests, self.open, self.most = [], 0, 0

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(tell)
        ready = threading.Event()

        def run():
            asyncio.set_event_loop(self.loop)
            self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=2000, ssl=self.tls))
            ready.set()
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        ready.wait()
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"https://localhost:{self.port}/v1" if self.tls else f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *_):
        async def end():
            self.server.close()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def serve(self, reader, writer):
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request, reply = Request(method, path, headers, body), Reply(writer)
                if method == "GET" and path.endswith("/models"):
                    await self.models(request, reply)
                    continue
                if path.endswith("/tokenize"):
                    await self.tokenize(request, reply)
                    continue
                self.requests.append(request)
                await (self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0])(request, reply)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def tokenize(self, request, reply):
        await reply.whole({"error": {"message": "there is no such path"}}, 404)


def timed(first, gap, step=1, usage=True):
    """Answers of max_tokens tokens: the first after `first` seconds, the others `gap` seconds apart, `step` in a piece."""

    async def script(request, reply):
        n = request.json.get("max_tokens") or request.json.get("max_completion_tokens") or 16
        start = request.time
        chat = "chat" in request.path
        await reply.head(Transfer_Encoding="chunked")
        for i in range(0, n, step):
            await asyncio.sleep(max(0, start + first + i * gap - time.monotonic()))
            text = "word " * min(step, n - i)
            choice = {"index": 0, "finish_reason": None, **({"delta": {"content": text}} if chat else {"text": text})}
            await reply.part(sse({"choices": [choice]}, done=False))
        tail = [{"choices": [{"index": 0, "finish_reason": "length", **({"delta": {}} if chat else {"text": ""})}]}]
        if usage:
            tail.append({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": n, "total_tokens": n + 7}})
        await reply.part(sse(*tail))
        await reply.part(b"")

    return script


async def endless_headers(_, reply):
    await reply.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await reply.send(b"X-Filler: " + b"x" * 1000 + b"\r\n")


async def endless_line(_, reply):
    await reply.head(Connection="close")
    while True:
        await reply.send(b"data: " + b"x" * 65536)
