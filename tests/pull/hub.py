# SPDX-License-Identifier: MIT
"""A local server that plays Hugging Face and ModelScope for tests: friendly as they are, or hostile by a script.

Files are bytes, or Sparse: a header and a length, the rest being zeros. `hub.script` is called before each answer with a
Request and may answer it itself (and return True).
"""
import functools
import hashlib
import json
import re
import socket
import threading
import time
import urllib.parse


class Sparse:
    """A long file of which only the first bytes are something."""

    def __init__(self, head, length):
        self.head, self.length = head, length

    def __len__(self):
        return self.length

    def __getitem__(self, part):
        start, stop, _ = part.indices(self.length)
        head = self.head[start:stop]
        return head + bytes(stop - start - len(head))


@functools.lru_cache(maxsize=None)
def sha256(data):
    """Of bytes; of a Sparse one nobody waits for it."""
    return hashlib.sha256(data if isinstance(data, bytes) else data.head).hexdigest()


class Request:
    def __init__(self, hub, connection, method, target, headers, number):
        self.hub, self.connection, self.method, self.target, self.headers = hub, connection, method, target, headers
        self.number = number  # of all requests for this target, from 0 on
        self.path, _, query = target.partition("?")
        self.path = urllib.parse.unquote(self.path)
        self.query = dict(urllib.parse.parse_qsl(query))

    def raw(self, data):
        self.connection.sendall(data)

    def head(self, status, headers, length=None):
        lines = [f"HTTP/1.1 {status} X"] + [f"{k}: {v}" for k, v in headers.items()]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))

    def answer(self, status, body=b"", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.head(status, {k.replace("_", "-"): v for k, v in headers.items()}, len(body))
        self.raw(body)
        return True

    def file(self, data, etag, step=1 << 16, delay=0, cut=None, if_range=True, ranges=True, flip=None, **headers):
        """Answers with a file: cut: ends after so many bytes; flip: this byte is wrong."""
        first, last, status = 0, len(data) - 1, 200
        wanted = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("range", ""))
        same = not if_range or self.headers.get("if-range", etag) == etag
        if wanted and ranges and same:
            first, last = int(wanted[1]), min(int(wanted[2] or last), last)
            if first >= len(data):
                return self.answer(416)
            status = 206
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        self.head(status, {"ETag": etag, **headers}, last + 1 - first)
        at, end = first, last + 1
        while at < end and (cut is None or at - first < cut):
            piece = bytearray(data[at:min(end, at + step, first + cut if cut is not None else end)])
            if flip is not None and at <= flip < at + len(piece):
                piece[flip - at] ^= 1
            self.raw(bytes(piece))
            self.hub.sent += len(piece)
            at += len(piece)
            if delay:
                time.sleep(delay)
        if cut is not None and at < end:
            self.connection.close()
        return True


class Hub:
    def __init__(self):
        self.repositories = {}  # "owner/repo": {path: data}
        self.script = None
        self.token = None  # wanted for everything, when set
        self.sent = 0
        self.requests = []
        self.counts = {}
        self.lock = threading.Lock()
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def close(self):
        self.server.close()

    def serve(self, connection):
        data = b""
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    data += piece
                head, _, data = data.partition(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                method, target, _ = lines[0].split(" ", 2)
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
                with self.lock:
                    number = self.counts.get(target, 0)
                    self.counts[target] = number + 1
                request = Request(self, connection, method, target, headers, number)
                with self.lock:
                    self.requests.append(request)
                if self.script and self.script(request):
                    continue
                self.respond(request)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def respond(self, r):
        if self.token and r.headers.get("authorization") != f"Bearer {self.token}":
            return r.answer(401, {"error": "Access to model is restricted"})
        for pattern, answer in ((r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", self.hf_tree),
                                (r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.hf_file),
                                (r"/api/v1/models/([^/]+/[^/]+)/repo/files", self.ms_tree),
                                (r"/api/v1/models/([^/]+/[^/]+)/repo", self.ms_file),
                                (r"/cdn/([^/]+/[^/]+)/(.+)", self.cdn)):
            match = re.fullmatch(pattern, r.path)
            if match and match[1] in self.repositories:
                return answer(r, self.repositories[match[1]], *match.groups())
        if r.path == "/api/models":
            return r.answer(200, [{"id": name, "downloads": 7, "likes": 1, "gated": False, "lastModified": "2026-01-01"}
                                  for name in self.repositories if r.query["search"].lower() in name.lower()])
        if r.path == "/openapi/v1/models":
            return r.answer(200, {"success": True, "data": {"models": [
                {"id": name, "downloads": 7} for name in self.repositories if r.query["search"] in name]}})
        return r.answer(404, {"error": "Repository not found"})

    def hf_tree(self, r, files, name, revision):
        entries = [{"type": "directory", "path": "folder", "size": 0, "oid": "0"}]
        for path, data in files.items():
            entry = {"type": "file", "path": path, "size": len(data), "oid": "1234"}
            if not path.endswith(".json"):
                entry["lfs"] = {"oid": sha256(data), "size": len(data), "pointerSize": 134}
            entries.append(entry)
        start = int(r.query.get("cursor", 0))
        headers = {}
        if start + 1000 < len(entries):
            headers["Link"] = f'<{self.url}{r.path}?recursive=true&cursor={start + 1000}>; rel="next"'
        return r.answer(200, entries[start:start + 1000], **headers)

    def hf_file(self, r, files, name, revision, path):
        if path not in files:
            return r.answer(404)
        if path.endswith(".json"):
            return r.file(files[path], '"small"')
        where = f"{self.url}/cdn/{name}/{urllib.parse.quote(path)}?signature=1"
        return r.answer(302, b"Found", Location=where, X_Linked_Etag=f'"{sha256(files[path])}"', X_Repo_Commit="a" * 40,
                        X_Linked_Size=str(len(files[path])))

    def cdn(self, r, files, name, path):
        return r.file(files[path], f'"{sha256(files[path])[:20]}"') if path in files else r.answer(404)

    def ms_tree(self, r, files, name):
        return r.answer(200, {"Code": 200, "Data": {"Files": [{"Type": "tree", "Path": "folder", "Size": 0}] + [
            {"Type": "blob", "Path": path, "Name": path.split("/")[-1], "Size": len(data), "Sha256": sha256(data),
             "Revision": "abc"} for path, data in files.items()]}})

    def ms_file(self, r, files, name):
        path = r.query.get("FilePath")
        return r.file(files[path], f'"{sha256(files[path])[:20]}"') if path in files else r.answer(404)
