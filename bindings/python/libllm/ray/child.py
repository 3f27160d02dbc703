# SPDX-License-Identifier: MIT
"""`libllm serve` as a child of a replica, on a Unix socket: started, asked, and ended with it."""
# pylint: disable=import-error
from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from typing import Any, AsyncGenerator, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import aiohttp  # type: ignore[import-not-found,unused-ignore]

PATIENCE = 600.0  # seconds, for the first model to be opened
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
#: Of one connection alone, and said anew by whoever sends on.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "te", "trailer", "upgrade", "expect",
       "proxy-authorization", "proxy-authenticate", "accept-encoding", "authorization"}
Chunk = Union[Tuple[int, List[Tuple[str, str]]], bytes]


def find_command(named: Optional[str] = None) -> str:
    """The command `libllm`: what is named, $LIBLLM_COMMAND, or on the PATH. The wheel has the library alone."""
    name = named or os.environ.get("LIBLLM_COMMAND") or "libllm"
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name}: there is no such command on this node; it is in the Debian package libllm-tools, and "
                                "LIBLLM_COMMAND or command= says where it is")
    return found


def dies_with_parent() -> Callable[[], None]:
    """For the child: a replica that is killed leaves nothing behind."""
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(DEATH_SIGNAL, signal.SIGTERM)

    return ask


class Child:
    """A server of one's own."""

    def __init__(self, models: Mapping[str, str], options: Sequence[str] = (), command: Optional[str] = None):
        self.folder = tempfile.mkdtemp(prefix="libllm-serve-")
        self.path = os.path.join(self.folder, "socket")
        self.log = os.path.join(self.folder, "log")
        arguments = [find_command(command), "serve", "--socket", self.path, *options]
        for name, path in models.items():
            arguments += ["-m", f"{name}={path}" if name else path]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=dies_with_parent())  # pylint: disable=subprocess-popen-preexec-fn
        self._session: Optional[aiohttp.ClientSession] = None

    def _connect(self) -> aiohttp.ClientSession:
        if self._session is None:  # it belongs to the loop that asks
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(self.path, limit=0), auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10))
        return self._session

    def said(self) -> str:
        """The end of its log."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:].strip()

    def check(self) -> None:
        """An error when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise RuntimeError(f"libllm serve ended with {code}: {self.said()}")

    async def healthy(self) -> bool:
        self.check()
        try:
            async with self._connect().get("http://localhost/health", timeout=aiohttp.ClientTimeout(total=20)) as answer:
                await answer.read()
                return bool(answer.status == 200)
        except aiohttp.ClientConnectionError:
            return False

    async def wait(self) -> None:
        """Until the first model is open."""
        import asyncio

        end = time.monotonic() + PATIENCE
        while not await self.healthy():
            if time.monotonic() > end:
                raise RuntimeError(f"libllm serve has not opened its model in {PATIENCE:.0f} s: {self.said()}")
            await asyncio.sleep(0.05)

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> AsyncGenerator[Chunk, None]:
        """First the status and the headers, then the body as it comes. Closing it ends the request."""
        kept = {name: value for name, value in headers.items() if name.lower() not in HOP}
        async with self._connect().request(method, "http://localhost" + urllib.parse.quote(path, safe="/?&=%"), headers=kept,
                                           data=body or None) as answer:
            yield answer.status, [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]
            async for chunk in answer.content.iter_any():
                yield chunk

    async def metrics(self) -> Dict[str, float]:
        """The plain numbers of /metrics."""
        async with self._connect().get("http://localhost/metrics", timeout=aiohttp.ClientTimeout(total=20)) as answer:
            text = await answer.text()
        return {name: float(value) for name, value in re.findall(r"^libllm_(\w+) ([0-9.e+-]+)$", text, re.MULTILINE)}

    def close(self) -> None:
        """What it works on is answered first, for five seconds at most."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def arguments_of(options: Mapping[str, Any]) -> List[str]:
    """{"parallel": 8, "deterministic": True, "allow_origin": ["https://a", "https://b"]} as options of the command."""
    found: List[str] = []
    for name, value in options.items():
        if value is True:
            found.append(f"--{name.replace('_', '-')}")
        elif value is not None and value is not False:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                found += [f"--{name.replace('_', '-')}", str(one)]
    return found
