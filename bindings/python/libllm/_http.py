# SPDX-License-Identifier: MIT
"""HTTP for Client: one request on a connection of its own, server-sent events, further attempts, and the classes of errors."""
from __future__ import annotations

import base64
import email.utils
import http.client
import json
import os
import random
import socket
import ssl
import time
import urllib.parse
import urllib.request
from typing import Any, Callable, Dict, Iterator, List, NoReturn, Optional, Tuple, Union

from . import _errors as errors
from ._ffi import VERSION
from ._options import Cancellation

Key = Union[None, str, Callable[[], Optional[str]]]
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LINE_MAX, REPLY_MAX = 16 << 20, 256 << 20
RETRYABLE = (408, 425, 429, 502, 503)
#: Paths of single calls, which people copy as the address.
CALLS = ("/chat/completions", "/completions", "/embeddings", "/models", "/responses")


class Events:
    """The data of server-sent events, from pieces of any size."""

    def __init__(self) -> None:
        self.rest: List[bytes] = []  # pieces of a line that has not ended
        self.n_rest = 0
        self.data: Optional[List[bytes]] = None
        self.begun = False

    def feed(self, piece: bytes, end: bool = False) -> Iterator[bytes]:
        self.rest.append(piece)
        self.n_rest += len(piece)
        if self.n_rest > LINE_MAX:
            raise errors.JsonError("a line of the stream has no end")
        if b"\n" not in piece and b"\r" not in piece and not end and not self.rest[0].endswith(b"\r"):
            return
        text = b"".join(self.rest)
        # A CR at the end may be half of a CRLF.
        held = b"\r" if text.endswith(b"\r") and not end else b""
        lines = text[:len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.rest = [] if end else [lines.pop() + held]
        self.n_rest = sum(map(len, self.rest))
        for line in lines:
            yield from self._line(line)
        if end:
            yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if not self.begun and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        self.begun = True
        name, _, value = line.partition(b":")
        if name == b"data":
            self.data = [*(self.data or []), value[1:] if value.startswith(b" ") else value]
        elif not line and self.data is not None:
            joined, self.data = b"\n".join(self.data), None
            if joined:
                yield joined


def read_address(endpoint: str) -> Tuple[str, str]:
    """"https://host/v1" of what people write for it, and its host and port."""
    parts = urllib.parse.urlsplit(endpoint)
    try:
        host = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    except ValueError as error:
        raise errors.InvalidArgumentError(f"{endpoint!r}: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise errors.InvalidArgumentError(f"{endpoint!r} is no address such as https://host/v1, without names, queries and fragments")
    path = parts.path.rstrip("/")
    for call in CALLS:
        if path.endswith(call):
            path = path[:-len(call)].rstrip("/")
            break
    if not any(part[:1] == "v" and part[1:2].isdigit() for part in path.split("/")):
        path += "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}", host


def is_loopback(host: Optional[str]) -> bool:
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def read_key(base: str, key_file: Optional[Union[str, "os.PathLike[str]"]], key: Key, allow_http: bool) -> Optional[str]:
    """The key from a file, from what keeps it, or from the environment; None: there is none."""
    parts, where = urllib.parse.urlsplit(base), "LIBLLM_API_KEY"
    found: Optional[str]
    if key_file is not None:
        where = os.fspath(key_file)
        with open(where, encoding="utf-8", errors="replace") as file:
            found = file.read().strip().partition("\n")[0].strip()
    elif callable(key):
        where, found = "api_key", key()
    elif key is not None:
        raise TypeError("api_key must be a function that gets the key, so that none stands in a program; or use api_key_file")
    else:
        found = os.environ.get(where)
        if not found and parts.hostname == "api.openai.com":  # the key of one provider is nobody else's business
            where = "OPENAI_API_KEY"
            found = os.environ.get(where)
        if not found:
            return None
    if not found or not all("!" <= letter <= "~" for letter in found):
        raise errors.InvalidArgumentError(f"{where}: expected a key of printable ASCII characters on one line")
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise errors.InvalidArgumentError(f"{base} is another machine and not encrypted: the key is not sent there unless "
                                          "allow_http=True says so")
    return found


class Problem(Exception):
    """What went wrong with one attempt: the exception to raise, and when another attempt may help."""

    def __init__(self, error: errors.Error, may_help: bool = False, after: float = 0.0):
        super().__init__(str(error))
        self.error, self.may_help, self.after = error, may_help, after


def said(reply: bytes) -> Tuple[str, str]:
    """The message of an error, in any form that servers have, and its code."""
    try:
        value = json.loads(reply)
    except ValueError:
        return reply[:400].decode("utf-8", "replace").strip(), ""
    inner = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(inner, dict):
        text = next((inner[name] for name in ("message", "detail") if isinstance(inner.get(name), str)), "an error without a message")
        return text[:400], str(inner.get("code") or "")
    return str(inner)[:400], ""


def class_of(status: int, code: str) -> type:
    if code == "context_length_exceeded":
        return errors.ContextFullError
    if status in RETRYABLE:
        return errors.BusyError
    if status == 404:
        return errors.NotFoundError
    if status == 501:
        return errors.UnsupportedError
    return errors.InvalidArgumentError if 300 <= status < 500 else errors.FileError


def retry_after(value: Optional[str]) -> float:
    if not value:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


class Plug:
    """A connection, which is pulled out to end what waits for it."""

    def __init__(self, connection: http.client.HTTPConnection, cancel: Cancellation):
        self._connection, self._cancel = connection, cancel
        self._socket: Optional[socket.socket] = None

    def connect(self) -> None:
        self._connection.connect()
        self._socket = self._connection.sock
        self._cancel.attach(self)

    def cancel(self) -> bool:
        assert self._socket is not None
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended by itself
            pass
        return True

    def close(self) -> None:
        self._connection.close()
        self._cancel.detach(self)


class Transport:
    """Where requests go, and how long they may take."""

    def __init__(self, base: str, host: str, key: Optional[str], *, connect_timeout: float, first_timeout: float,
                 idle_timeout: float, retries: int, patience: float):
        self.base, self.host, self.key = base, host, key
        self.connect_timeout, self.first_timeout, self.idle_timeout = connect_timeout, first_timeout, idle_timeout
        self.retries, self.patience = retries, patience

    def clean(self, text: str) -> str:
        return text.replace(self.key, "***") if self.key else text

    def fail(self, kind: type, url: str, text: str, *, may_help: bool = False, after: float = 0.0, status: int = 0) -> NoReturn:
        error = kind(self.clean(f"{url}: {text}"))
        error.http_status = status
        raise Problem(error, may_help, after)

    # --- One attempt ------------------------------------------------------------------------------------------------------

    def _connect(self, url: str) -> Tuple[http.client.HTTPConnection, str]:
        """A connection, through the proxy of the environment if there is one, and what to ask of it."""
        parts = urllib.parse.urlsplit(url)
        # What is not encrypted because it stays on this machine does not go to a proxy elsewhere.
        is_direct = is_loopback(parts.hostname) or urllib.request.proxy_bypass(parts.hostname or "")
        proxy = None if is_direct else urllib.request.getproxies().get(parts.scheme)
        is_https = parts.scheme == "https"
        kind: Any = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
        more: Any = {"context": ssl.create_default_context()} if is_https else {}
        if not proxy:
            return kind(parts.hostname, parts.port, timeout=self.connect_timeout, **more), parts.path
        to = urllib.parse.urlsplit(proxy if "://" in proxy else "http://" + proxy)
        connection = kind(to.hostname, to.port or 80, timeout=self.connect_timeout, **more)
        name = f"{urllib.parse.unquote(to.username)}:{urllib.parse.unquote(to.password or '')}" if to.username else ""
        headers = {"Proxy-Authorization": "Basic " + base64.b64encode(name.encode()).decode()} if name else {}
        if is_https:
            connection.set_tunnel(parts.hostname, parts.port or 443, headers)
            return connection, parts.path
        connection.proxy_headers = headers
        return connection, url

    def _attempt(self, url: str, body: Optional[bytes], cancel: Cancellation) -> Tuple[Plug, http.client.HTTPResponse]:
        connection, target = self._connect(url)
        headers = {"Content-Type": "application/json", "User-Agent": f"libllm-python/{VERSION}",
                   "Accept": "text/event-stream, application/json", **getattr(connection, "proxy_headers", {})}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        plug = Plug(connection, cancel)
        try:
            self._reach(url, plug)
            connection.sock.settimeout(self.first_timeout)
            connection.request("GET" if body is None else "POST", target, body, headers)
            response = connection.getresponse()
            connection_socket: Optional[socket.socket] = connection.sock
            if connection_socket is not None:  # else the answer ends with the connection and owns it
                connection_socket.settimeout(self.idle_timeout)
        except (OSError, http.client.HTTPException) as error:
            plug.close()
            cancel.check()
            self._transport_failed(url, error)
        except BaseException:
            plug.close()
            raise
        return plug, response

    def _reach(self, url: str, plug: Plug) -> None:
        try:
            plug.connect()
        except (socket.timeout, TimeoutError):
            self.fail(errors.FileError, url, "no connection in time", may_help=True)

    def _transport_failed(self, url: str, error: BaseException) -> NoReturn:
        if isinstance(error, (socket.timeout, TimeoutError)):
            self.fail(errors.FileError, url, "no answer in time")
        if isinstance(error, ssl.SSLCertVerificationError):
            self.fail(errors.FileError, url, str(error))
        if isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.RemoteDisconnected):
            self.fail(errors.FileError, url, f"the answer is no HTTP: {type(error).__name__}")
        self.fail(errors.FileError, url, str(error) or type(error).__name__, may_help=True)

    def _check(self, url: str, response: http.client.HTTPResponse) -> None:
        if response.getheader("content-encoding", "identity") != "identity":
            self.fail(errors.JsonError, url, "the answer is compressed, which was not asked for")
        if 200 <= response.status < 300:
            return
        if 300 <= response.status < 400:
            self.fail(errors.InvalidArgumentError, url, f"status {response.status}: it sends elsewhere, to "
                      f"{response.getheader('location')}; redirects are not followed, so give that address", status=response.status)
        try:
            text, code = said(response.read(65536))
        except (OSError, http.client.HTTPException):
            text, code = "what it says about that broke off", ""
        self.fail(class_of(response.status, code), url, f"status {response.status}: {text}",
                  may_help=response.status in RETRYABLE, after=retry_after(response.getheader("retry-after")), status=response.status)

    # --- Attempts ---------------------------------------------------------------------------------------------------------

    def open(self, path: str, request: Any, cancel: Cancellation) -> Tuple[Plug, http.client.HTTPResponse]:
        """An answer of which nothing is read yet. Tries again what may go better, as long as patience lasts."""
        url = self.base + path
        body = None if request is None else json.dumps(request, ensure_ascii=False).encode("utf-8", "replace")
        waited, attempt = 0.0, 0
        while True:
            cancel.check()
            plug = None
            try:
                plug, response = self._attempt(url, body, cancel)
                self._check(url, response)
                return plug, response
            except Problem as problem:
                if plug is not None:
                    plug.close()
                pause = max(min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE) * random.uniform(0.75, 1.25), problem.after)
                if not problem.may_help or attempt >= self.retries or waited + pause > self.patience:
                    raise problem.error from None
                waited, attempt = waited + pause, attempt + 1
                end = time.monotonic() + pause
                while (left := end - time.monotonic()) > 0:
                    cancel.check()
                    time.sleep(min(left, 0.1))

    def _read(self, path: str, response: http.client.HTTPResponse, cancel: Cancellation) -> bytes:
        """An answer that is no stream."""
        try:
            reply = response.read(REPLY_MAX + 1)
        except (OSError, http.client.HTTPException) as error:
            cancel.check()
            raise errors.FileError(f"{self.base}{path}: the answer broke off: {error!r}") from None
        if len(reply) > REPLY_MAX:
            raise errors.LimitError(f"{self.base}{path}: the answer is longer than it can be")
        return reply

    def whole(self, path: str, request: Any, cancel: Cancellation) -> Dict[str, Any]:
        """An answer that is one object."""
        plug, response = self.open(path, request, cancel)
        try:
            return self.parse(path, self._read(path, response, cancel))
        finally:
            plug.close()

    def parse(self, path: str, data: bytes) -> Dict[str, Any]:
        try:
            value = json.loads(data.decode("utf-8", "replace"))
        except ValueError as error:
            raise errors.JsonError(f"{self.base}{path}: the answer is no JSON: {error}") from None
        if not isinstance(value, dict):
            raise errors.JsonError(f"{self.base}{path}: the answer is no JSON object")
        if value.get("error"):
            raise errors.FileError(self.clean(f"{self.base}{path}: the server broke off: {said(data)[0]}"))
        return value

    def stream(self, path: str, request: Any, cancel: Cancellation) -> Iterator[Any]:
        """The objects of a stream, or the one of a server that does not stream. Closing it closes the connection."""
        plug, response = self.open(path, request, cancel)
        events, has_ended = Events(), False
        try:
            if not response.getheader("content-type", "").startswith("text/event-stream"):
                yield self.parse(path, self._read(path, response, cancel))
                return
            while not has_ended:
                try:
                    piece = response.read1(65536)
                except (OSError, http.client.HTTPException) as error:
                    cancel.check()
                    raise errors.FileError(f"{self.base}{path}: the answer broke off: {error!r}") from None
                cancel.check()
                for data in events.feed(piece, end=not piece):
                    has_ended = has_ended or data == b"[DONE]"
                    if not has_ended:
                        yield self.parse(path, data)
                if not piece:
                    # A server that forgets [DONE] has said why it ended.
                    if not has_ended:
                        yield None
                    return
        finally:
            plug.close()
