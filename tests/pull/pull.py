#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`libllm pull` against servers that are friendly, slow, broken or hostile: the right file under its name, or a clear
error and nothing under that name; in bounded time and memory.

usage: pull.py LIBLLM DATA [--kills N]
"""
import argparse
import gzip
import hashlib
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from gguf import llama  # noqa: E402
from hub import Hub, Sparse, sha256  # noqa: E402

PATIENCE = 120
STRETCH = 8 << 20
MEMORY = 400 << 20  # of address space beyond which a hostile server must not get us
draw = random.Random(1)
LONG = draw.randbytes(3 * STRETCH + 12345)
SHORT = draw.randbytes(100_000)
REPO = "me/some-GGUF"
NAME = "some.Q4_K_M.gguf"


class Place:
    """A folder of models, a hub, and the command."""

    def __init__(self, command, files):
        self.command, self.hub = command, Hub()
        self.hub.repositories[REPO] = files
        self.folder = tempfile.TemporaryDirectory()
        self.models = pathlib.Path(self.folder.name) / "models"
        self.environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k != "HF_TOKEN"}
        self.environment.update(HF_ENDPOINT=self.hub.url, MS_ENDPOINT=self.hub.url, TMPDIR=self.folder.name,
                                XDG_CACHE_HOME=CACHE.name, XDG_DATA_HOME=self.folder.name + "/data")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hub.close()
        self.folder.cleanup()

    def start(self, *arguments, **more):
        command = [self.command, "pull", "--allow-http", "--pause", "0.01", "--folder", str(self.models), *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                **more)

    def run(self, *arguments, **more):
        process = self.start(*arguments, **more)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{arguments} does not end") from None
        return process.returncode, out, err

    def good(self, *arguments):
        code, out, err = self.run(*arguments)
        assert code == 0, (arguments, code, err)
        return out

    def bad(self, *arguments, says, code=1):
        """An error that says this, and nothing under a final name."""
        got, out, err = self.run(*arguments, preexec_fn=bounded)
        assert got == code and says in err, (arguments, says, got, out[-500:], err)
        assert not self.there(), (arguments, self.there())
        return err

    def there(self):
        """What is under a name that is not a hidden one."""
        return sorted(p.name for p in self.models.iterdir() if not p.name.startswith(".")) if self.models.exists() else []

    def content(self, name=NAME):
        return (self.models / name).read_bytes()

    def left(self):
        return sorted(p.name for p in self.models.iterdir() if p.name.startswith("."))


def bounded():
    if os.environ.get("ASAN_OPTIONS") is None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def events(out):
    return [json.loads(line) for line in out.splitlines()]


# --- Friendly -----------------------------------------------------------------------------------------------------------


def check_files(command, data):
    tiny = (data / "tiny/llama.gguf").read_bytes()
    folder = {p.name: p.read_bytes() for p in (data / "tiny-hf/llama").iterdir()}
    with Place(command, {NAME: LONG, "some.Q8_0.gguf": SHORT, "README.md": b"x", ".gitattributes": b"",
                         "deep/other-F16-00001-of-00002.gguf": b"a" * 5000, "deep/other-F16-00002-of-00002.gguf": tiny,
                         "mmproj-some.gguf": b"p"}) as p:
        p.hub.repositories["me/folder"] = folder
        out = p.good(f"hf:{REPO}", "--json")
        assert p.content() == LONG and p.left() == [], p.left()
        names = [e["event"] for e in events(out)]
        assert names[-1] == "complete" and {"start", "file", "progress", "connection"} <= set(names), names
        assert events(out)[-1]["path"] == str(p.models / NAME)
        sent = p.hub.sent
        p.good(f"hf:{REPO}:q4_k_m")
        assert p.hub.sent == sent, "what is there is not fetched again"
        assert p.good(f"ms:{REPO}:some.Q8_0.gguf", "--name", "mine").strip().endswith("/mine.gguf")
        assert p.content("mine.gguf") == SHORT
        p.good(f"hf:{REPO}@main:F16")
        assert p.content("other-F16/other-F16-00002-of-00002.gguf") == tiny and p.left() == []
        p.good("ms:me/folder")
        for name in "config.json", "model.safetensors":
            assert p.content("folder/" + name) == folder[name]
        p.good(f"{p.hub.url}/cdn/{REPO}/some.Q8_0.gguf", "--sha256", sha256(SHORT).upper(), "--name", "third")
        assert p.content("third.gguf") == SHORT
        code, _, err = p.run(f"hf:{REPO}:some.Q8_0.gguf", "--name", NAME[:-5])
        assert code == 1 and "exists and is another file" in err and p.content() == LONG, err


def check_errors(command, _):
    with Place(command, {NAME: LONG, "some.Q8_0.gguf": SHORT}) as p:
        p.bad("hf:me/none", says="no such repository")
        p.bad(f"hf:{REPO}:Q3_K", says='it has Q4_K_M, Q8_0')
        p.bad("hf:me", says="is no source", code=2)
        p.bad("hf:me/../../etc", says="is no source", code=2)
        p.bad(f"hf:{REPO}:../x", says="is no source", code=2)
        p.bad(f"hf:{REPO}", "--name", "../x", says="--name", code=2)
        p.bad("ftp://localhost/a.gguf", says="not https")
        p.bad("file:///etc/a.gguf", says="can be read")
        p.bad("https://a:b@localhost/a.gguf", says="password")
        p.hub.token = "hf_secret"
        p.bad(f"hf:{REPO}", says="If the model is gated")
        p.environment["HF_TOKEN"] = "hf_secret"
        p.good(f"hf:{REPO}:Q8_0")
        p.environment["HF_TOKEN"] = "hf_secret\r\nX: y"
        assert p.run(f"hf:{REPO}:Q4_K_M")[0] == 2
        p.environment["HF_ENDPOINT"] = "gopher://x"
        assert "HF_ENDPOINT" in p.run(f"hf:{REPO}")[2]
    with Place(command, {NAME: Sparse(SHORT, 1 << 49)}) as p:
        p.bad(f"hf:{REPO}", says="are needed")
    with Place(command, {"a.Q3_K.gguf": SHORT, "b.Q8_0.gguf": SHORT}) as p:
        p.bad(f"hf:{REPO}", says="say which one", code=2)
    without = Place(command, {NAME: SHORT})
    with without as p:
        code, _, err = subprocess.Popen([command, "pull", f"hf:{REPO}"], env=p.environment, stderr=subprocess.PIPE,
                                        text=True).communicate(timeout=PATIENCE), None, None
        assert "--allow-http" in code[1], code


def check_search(command, _):
    with Place(command, {NAME: SHORT}) as p:
        assert f"hf:{REPO}" in p.good("--search", "some")
        found = events(p.good("--search", "some", "--hub", "ms", "--json"))
        assert found[-1]["source"] == f"ms:{REPO}", found
        p.hub.script = lambda r: r.answer(200, [{"id": "../../x"}, {"id": 7}, {}, {"id": "a/b\x1b[2J"}, {"id": "a/b"}])
        assert p.good("--search", "x").split()[0] == "hf:a/b"


def check_listing(command, data):
    kinds = ["Q4_K", "Q8_0", "Q6_K", "Q5_K", "Q3_K", "F16", "Q4_0"]
    files = {f"model-{i}-{kinds[i % 7]}_{i}.gguf": Sparse(*llama(kinds[i % 7], name="n" * i)) for i in range(20)}
    with Place(command, files) as p:
        p.good(f"hf:{REPO}", "--list", "--json")  # measures the machine once
        out = events(p.good(f"hf:{REPO}", "--list", "--json"))
        models, end = [e for e in out if e["event"] == "model"], out[-1]
        assert len(models) == 20 and end["models"] == 20, end
        assert end["received"] < 0.01 * end["bytes"], end
        print(f"  20 files: {end['seconds']:.2f} s, {end['received']} of {end['bytes']} bytes")
        for i, model in enumerate(models):
            speed = model["tokens_per_second"]
            assert model["fits"] in (True, False) and speed["low"] < speed["value"] < speed["high"], model
            if i % 7:
                continue
            # A header put together from two gives what the whole one gives.
            path = p.folder.name + "/whole.gguf"
            file = files[model["files"][0]]
            pathlib.Path(path).write_bytes(file.head)
            os.truncate(path, len(file))
            report = json.loads(subprocess.run([command, "estimate", "fit", "-m", path, "--json", "--set",
                                                "machine.memory=1e12"], env=p.environment,
                                               capture_output=True, check=True, text=True).stdout)
            assert report["parameters"]["total"]["value"] == model["parameters"]
            assert abs(report["memory"]["needed"]["value"] - model["memory"]) < 1000, model
    with Place(command, {f"split-Q4_K-0000{i + 1}-of-00003.gguf": Sparse(*llama("Q4_K", split=(i, 3))) for i in range(3)}) as p:
        p.hub.repositories["me/folder"] = {f.name: f.read_bytes() for f in (data / "tiny-hf/llama").iterdir()}
        p.hub.repositories["me/mixed"] = {"a.Q8_0.gguf": Sparse(*llama("Q8_0")), "b.Q8_0.gguf": SHORT, "empty.gguf": b"",
                                          "c.Q8_0.gguf": Sparse(*llama("Q8_0", vocabulary=5000)),
                                          "d.Q8_0.gguf": Sparse(llama("Q8_0")[0][:100000], 200000)}
        (split,) = [e for e in events(p.good(f"hf:{REPO}", "--list", "--json")) if e["event"] == "model"]
        assert len(split["files"]) == 3 and split["parameters"] == 1235290112, split
        (folder,) = [e for e in events(p.good("ms:me/folder", "--list", "--json")) if e["event"] == "model"]
        assert folder["kind"] == "folder" and folder["fits"] and folder["parameters"] > 0, folder
        mixed = {e["name"]: e for e in events(p.good("ms:me/mixed", "--list", "--json")) if e["event"] == "model"}
        assert mixed["a.Q8_0"]["parameters"] == 1235290112 and mixed["c.Q8_0"]["parameters"] < 1e9, mixed["c.Q8_0"]
        assert all("fits" not in mixed[name] and mixed[name]["remarks"] for name in ("b.Q8_0", "d.Q8_0", "empty")), mixed


# --- Broken -------------------------------------------------------------------------------------------------------------


def file_requests(hub):
    return [r for r in hub.requests if "/cdn/" in r.path]


def script_of_cdn(answer):
    """Calls answer(request, n) for the n-th request for a file's bytes."""
    n = [0]

    def script(r):
        if not r.path.startswith("/cdn/"):
            return False
        n[0] += 1
        return answer(r, n[0] - 1)
    return script


def check_breaks(command, _):
    etag = '"one"'
    for name, answer in {
            "connections that end": lambda r, n: r.file(LONG, etag, cut=4 << 20),
            "ranges that are ignored, then not": lambda r, n: r.file(LONG, etag, ranges=n > 1, cut=5 << 20 if n < 3 else None),
            "errors in between": lambda r, n: r.answer(503 if n % 2 else 429, Retry_After="0") if n < 4
            else r.file(LONG, etag, cut=9 << 20),
            "resets": lambda r, n: (r.file(LONG, etag, cut=3 << 20), r.connection.close()) if n < 4 else r.file(LONG, etag),
            "weak etags": lambda r, n: r.file(LONG, 'W/"x"', cut=9 << 20, if_range=False),
            "another etag at the third": lambda r, n: r.file(LONG, etag if n < 2 else '"two"', cut=9 << 20 if n < 4 else None),
    }.items():
        with Place(command, {NAME: LONG}) as p:
            p.hub.script = script_of_cdn(answer)
            p.good(f"hf:{REPO}")
            assert p.content() == LONG and p.left() == [], name
    with Place(command, {NAME: LONG}) as p:  # a length that nobody said, and an early end
        def chunked(r, n):
            first = int(r.headers.get("range", "bytes=0-")[6:].split("-")[0])
            r.head(206 if first else 200, {"ETag": etag, "Connection": "close",
                                           **({"Content-Range": f"bytes {first}-{len(LONG) - 1}/{len(LONG)}"} if first else {})})
            r.raw(LONG[first:first + (6 << 20)])
            r.connection.close()
            return True
        p.hub.script = script_of_cdn(chunked)
        p.good(f"hf:{REPO}")
        assert p.content() == LONG


def check_resume(command, _):
    """A break, then the rest; damage on the disk costs the damaged stretch and no more."""
    with Place(command, {NAME: LONG}) as p:
        p.hub.script = script_of_cdn(lambda r, n: r.file(LONG, '"one"', cut=2 * STRETCH + 1000) if n == 0 else r.answer(404))
        p.bad(f"hf:{REPO}", says="404")
        assert p.left() == [f".{NAME}.journal", f".{NAME}.part"], p.left()
        part = p.models / f".{NAME}.part"
        bytes_there = part.read_bytes()
        assert LONG.startswith(bytes_there[:2 * STRETCH])
        damaged = bytearray(bytes_there)
        damaged[STRETCH + 77] ^= 4
        part.write_bytes(damaged)
        p.hub.script, p.hub.sent = script_of_cdn(lambda r, n: r.file(LONG, '"one"')), 0
        p.good(f"hf:{REPO}")
        assert p.content() == LONG and p.hub.sent <= STRETCH + len(LONG) - 2 * STRETCH, p.hub.sent
        ranges = [r.headers.get("range") for r in file_requests(p.hub)][-2:]
        assert ranges[0] == f"bytes={STRETCH}-{2 * STRETCH - 1}", ranges
    for spoil in (lambda j: b"", lambda j: j[:-20], lambda j: j.replace(b"1", b"2"),
                  lambda j: bytes(len(j)), lambda j: b"{" * 100000,
                  lambda j: j.split(b"\n")[0] + b"\n" + b"64 " + b"0" * 64 + b"\n"):
        with Place(command, {NAME: LONG}) as p:
            p.hub.script = script_of_cdn(lambda r, n: r.file(LONG, '"one"', cut=2 * STRETCH + 1000) if n == 0 else r.answer(404))
            p.bad(f"hf:{REPO}", says="404")
            journal = p.models / f".{NAME}.journal"
            journal.write_bytes(spoil(journal.read_bytes()))
            p.hub.script = None
            p.good(f"hf:{REPO}")
            assert p.content() == LONG and p.left() == []
    with Place(command, {NAME: LONG}) as p:  # the repository has another file by now
        p.hub.script = script_of_cdn(lambda r, n: r.file(LONG, '"one"', cut=2 * STRETCH) if n == 0 else r.answer(404))
        p.bad(f"hf:{REPO}", says="404")
        p.hub.script, p.hub.repositories[REPO][NAME] = None, LONG[::-1]
        p.good(f"hf:{REPO}")
        assert p.content() == LONG[::-1]


def check_kills(command, _, n_kills=30):
    """kill -9 whenever, and again, and again: each resumes, and in the end the file is right."""
    with Place(command, {NAME: LONG}) as p:
        p.hub.script = script_of_cdn(lambda r, n: r.file(LONG, '"one"', delay=0.0005))
        n, finished = 0, 0
        while n < n_kills:
            process = p.start(f"hf:{REPO}")
            try:
                process.wait(timeout=draw.uniform(0.01, 0.4))
                process.communicate()
                assert process.returncode == 0 and p.content() == LONG
                (p.models / NAME).unlink()
                finished += 1
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                n += 1
                assert p.there() in ([], [NAME]) and (not p.there() or p.content() == LONG)
        p.hub.script = None
        p.good(f"hf:{REPO}")
        assert p.content() == LONG and p.left() == [], p.left()
        print(f"  {n} kills, {finished} downloads that ended in between")


def check_stop(command, _):
    for sign in signal.SIGINT, signal.SIGTERM:
        with Place(command, {NAME: LONG}) as p:
            p.hub.script = script_of_cdn(lambda r, n: r.file(LONG, '"one"', delay=0.005))
            process = p.start(f"hf:{REPO}", "--json")
            for line in process.stdout:
                if (event := json.loads(line))["event"] == "progress" and event["done"] > 1 << 20:
                    break
            second = p.run(f"hf:{REPO}")
            assert second[0] == 1 and "another process" in second[2], second
            process.send_signal(sign)
            out, _ = process.communicate(timeout=PATIENCE)
            assert process.returncode == -sign and events(out)[-1]["event"] == "stopped", out
            assert p.there() == []
            p.hub.script = None
            kept = [e for e in events(p.good(f"hf:{REPO}", "--json")) if e["event"] == "file"][0]["kept"]
            assert kept > 1 << 20 and p.content() == LONG, kept


def check_discard(command, _):
    """What a download has left goes, without a request; all else stays."""
    split = {f"big-0000{i}-of-00002.gguf": LONG[i:] for i in (1, 2)}
    with Place(command, {NAME: LONG, "other.Q8_0.gguf": SHORT, **split}) as p:
        cut = script_of_cdn(lambda r, n: r.file(LONG, '"one"', cut=STRETCH) if n == 0 else r.answer(404))
        p.good(f"hf:{REPO}:other.Q8_0.gguf")
        for source, name in ((f":{NAME}", ()), (":some.Q4_K_M", ()), ("@main", ("--name", "mine"))):
            p.hub.script = cut
            p.run(f"hf:{REPO}{source}", *name)
            assert len(p.left()) == 2, p.left()
            n_requests = len(p.hub.requests)
            code, _, err = p.run(f"hf:{REPO}:other.Q8_0.gguf", "--discard")
            assert code == 1 and "nothing of an unfinished other.Q8_0" in err and len(p.left()) == 2, (code, err)
            p.good(f"hf:{REPO}{source}", *name, "--discard")
            assert p.left() == [] and len(p.hub.requests) == n_requests, p.left()
        p.hub.script = cut
        p.run(f"hf:{REPO}:big")
        folder = p.models / ".big.part"
        assert p.left() == [folder.name] and len(list(folder.iterdir())) == 2, p.left()
        p.good(f"hf:{REPO}:big", "--discard")
        assert p.left() == [] and p.there() == ["other.Q8_0.gguf"], (p.left(), p.there())
        code, _, err = p.run(f"hf:{REPO}", "--discard")
        assert code == 2 and "say which one" in err, (code, err)
        p.hub.script = script_of_cdn(lambda r, n: r.file(LONG, '"one"', delay=0.005))
        process = p.start(f"hf:{REPO}:{NAME}", "--json")
        for line in process.stdout:
            if json.loads(line)["event"] == "progress":
                break
        code, _, err = p.run(f"hf:{REPO}:{NAME}", "--discard")
        assert code == 1 and "another process" in err and len(p.left()) == 2, (code, err, p.left())
        process.terminate()
        process.communicate(timeout=PATIENCE)
        p.good(f"hf:{REPO}:{NAME}", "--discard")
        (p.models / f".{NAME}.journal").write_text("left by a kill")
        p.good(f"hf:{REPO}:{NAME}", "--discard")
        outside = pathlib.Path(p.folder.name) / "outside"
        outside.mkdir()
        (outside / "kept").write_text("kept")
        (p.models / ".some.Q4_K_M.part").symlink_to(outside)
        p.run(f"hf:{REPO}:{NAME}", "--discard")
        assert (outside / "kept").exists()


# --- Hostile ------------------------------------------------------------------------------------------------------------


def check_wrong_files(command, _):
    other = draw.randbytes(len(SHORT))
    cases = {
        "a flipped bit": (lambda r, n: r.file(SHORT, '"a"', flip=5000), "has the SHA-256"),
        "another file": (lambda r, n: r.file(other, '"a"'), "has the SHA-256"),
        "a shorter one": (lambda r, n: r.file(SHORT[:-1], '"a"'), "the hub lists"),
        "a longer one": (lambda r, n: r.file(SHORT + b"x", '"a"'), "the hub lists"),
        "another part": (lambda r, n: r.answer(206, SHORT, Content_Range="bytes 5-100004/100005"), "another part"),
        "more than said": (lambda r, n: (r.head(200, {"Connection": "close"}), r.raw(SHORT + b"y" * 100000),
                                         r.connection.close()) and True, "more than the"),
        "a compressed one": (lambda r, n: r.answer(200, gzip.compress(SHORT), Content_Encoding="gzip"), "compressed"),
        "a bomb": (lambda r, n: r.answer(200, gzip.compress(bytes(1 << 28)), Content_Encoding="gzip"), "compressed"),
        "an error page": (lambda r, n: r.answer(200, b"<html>login</html>"), "the hub lists"),
        "nothing": (lambda r, n: r.answer(200, b""), "the hub lists"),
        "an end too early, always": (lambda r, n: r.file(SHORT, '"a"', cut=0), "127.0.0.1"),
        "no content": (lambda r, n: r.answer(204), "another part"),
    }
    for name, (answer, says) in cases.items():
        with Place(command, {NAME: SHORT}) as p:
            p.hub.script = script_of_cdn(answer)
            p.bad(f"hf:{REPO}", "--retries", "2", says=says)
            p.hub.script = None
            p.good(f"hf:{REPO}")
            assert p.content() == SHORT, name
    with Place(command, {NAME: LONG}) as p:  # the file changes while it is fetched, and the server does not say so
        p.hub.script = script_of_cdn(lambda r, n: r.file(LONG if n == 0 else LONG[::-1], '"same"', cut=9 << 20 if n == 0 else None))
        p.bad(f"hf:{REPO}", says="has the SHA-256")
        assert p.left() == []
    with Place(command, {NAME: LONG}) as p:  # it says so, but sends its part all the same
        p.hub.script = script_of_cdn(lambda r, n: r.file(LONG, f'"{n}"', if_range=False, cut=9 << 20))
        p.bad(f"hf:{REPO}", says="has changed on the server")
        p.hub.script = None
        p.good(f"hf:{REPO}")
        assert p.content() == LONG


def check_redirects(command, _):
    other = Hub()
    other.repositories[REPO] = {NAME: SHORT}

    def to(where):
        return lambda r: "/resolve/" in r.path and r.answer(302, b"", Location=where)
    cases = {f"http://localhost:{other.port}/cdn/{REPO}/{NAME}": "another host",
             "http://169.254.169.254/latest/meta-data": "another host", "https://169.254.169.254/x": "machine or its network",
             "https://[::1]/x": "machine or its network", "https://2852039166/x": "machine or its network",
             "https://10.0.0.1/x": "machine or its network", "https://localhost/x": "machine or its network",
             "file:///etc/passwd": "can be read", "ftp://example.org/x": "not https", "gopher://x/y": "not https",
             "https://user:secret@example.org/x": "password"}
    for where, says in cases.items():
        with Place(command, {NAME: SHORT}) as p:
            p.hub.script = to(where)
            p.bad(f"hf:{REPO}", says=says)
    with Place(command, {NAME: SHORT}) as p:  # in circles
        p.hub.script = lambda r: "/resolve/" in r.path and r.answer(302, b"", Location=r.target)
        p.bad(f"hf:{REPO}", says="too many in a row")
        p.hub.script = lambda r: "/resolve/" in r.path and r.answer(302, b"")
        p.bad(f"hf:{REPO}", says="not where")
    with Place(command, {NAME: SHORT}) as p:  # the token stays with the hub: another port is another server
        p.environment["HF_TOKEN"] = "hf_secret"
        p.hub.script = to(f"http://127.0.0.1:{other.port}/cdn/{REPO}/{NAME}")
        p.good(f"hf:{REPO}")
        assert p.content() == SHORT
        assert all(r.headers.get("authorization") == "Bearer hf_secret" for r in p.hub.requests)
        assert other.requests and not any("hf_secret" in str(r.headers) for r in other.requests)
    other.close()


def check_names(command, _):
    """Names that a server gives never lead elsewhere; NW01."""
    names = ["../../.bashrc.gguf", "/etc/x.gguf", "a/../b.gguf", "a//b.gguf", "a\\..\\b.gguf", "x\n.gguf", "x\x1b[2J.gguf",
             "x\x00y.gguf", "n" * 5000 + ".gguf", ".hidden.gguf", "..", "a/.ssh/b.gguf", "x\u0085.gguf", "\ud800.gguf"]
    for name in names:
        with Place(command, {name: SHORT}) as p:
            code, out, err = p.run(f"hf:{REPO}")
            assert code == 1 and p.there() == [] and "\x1b" not in err, (name, code, err)
            assert sorted(os.listdir(p.folder.name)) in ([], ["models"]), name
    with Place(command, {"CON.gguf": SHORT}) as p:  # a name like others here
        p.good(f"hf:{REPO}")
        assert p.content("CON.gguf") == SHORT
    with Place(command, {NAME: SHORT}) as p:  # a link in the folder is not followed
        target = pathlib.Path(p.folder.name) / "target"
        target.write_bytes(b"precious")
        p.models.mkdir()
        (p.models / f".{NAME}.part").symlink_to(target)
        code, _, err = p.run(f"hf:{REPO}")
        assert code == 1 and target.read_bytes() == b"precious", err


def check_lies(command, _):
    good = {"type": "file", "path": NAME, "size": len(SHORT), "lfs": {"oid": sha256(SHORT)}}
    lists = [b"", b"{", b"null", b"7", b'{"error": 1}', b"[" * 100000, b"\xff\xfe", b"[]",
             json.dumps([{**good, "size": -1}]).encode(), json.dumps([{**good, "size": 1 << 62}]).encode(),
             json.dumps([{**good, "size": "5"}]).encode(), json.dumps([{**good, "size": 1e30}]).encode(),
             json.dumps([{**good, "path": 5}]).encode(), json.dumps([{**good, "path": None}]).encode(),
             json.dumps([good, good]).encode(), json.dumps([{**good, "lfs": {"oid": "../x"}}]).encode(),
             json.dumps([{**good, "lfs": {"oid": "a" * 63}}]).encode(),
             json.dumps([{**good, "lfs": {"oid": "sha256:" + "a" * 64}}]).encode(),
             b'[{"type":"file","type":"file"}]', b'[{"type":"file","path":"' + b"a" * (17 << 20)]
    for body in lists:
        with Place(command, {NAME: SHORT}) as p:
            p.hub.script = lambda r, body=body: "/tree/" in r.path and r.answer(200, body)
            p.bad(f"hf:{REPO}", says="")
            p.bad(f"hf:{REPO}", "--list", says="") if body != b"[]" else None
    with Place(command, {NAME: SHORT}) as p:  # digits in capitals are the same digits
        upper = [{**good, "lfs": {"oid": sha256(SHORT).upper()}}]
        p.hub.script = lambda r: "/tree/" in r.path and r.answer(200, upper)
        p.good(f"hf:{REPO}")
    with Place(command, {NAME: SHORT}) as p:  # pages without end, or on another host
        p.hub.script = lambda r: "/tree/" in r.path and r.answer(
            200, [{**good, "path": f"{r.number}-{len(p.hub.requests)}.gguf"}], Link=f'<{r.target}>; rel="next"')
        p.bad(f"hf:{REPO}", says="pages")
        p.hub.script = lambda r: "/tree/" in r.path and r.answer(200, [good], Link='<https://example.org/>; rel="next"')
        p.bad(f"hf:{REPO}", says="another host")
    with Place(command, {NAME: SHORT}) as p:  # the hub's two words on one file differ
        p.hub.script = lambda r: "/resolve/" in r.path and r.answer(302, b"", X_Linked_Etag=f'"{"0" * 64}"',
                                                                     Location=f"{p.hub.url}/cdn/{REPO}/{NAME}")
        p.bad(f"hf:{REPO}", says="another SHA-256 than it lists")
    with Place(command, {NAME: SHORT}) as p:
        p.hub.script = lambda r: r.path.endswith("/files") and r.answer(200, {"Code": 10010, "Message": "no \x1b[2Jwell"})
        assert "\x1b" not in p.bad(f"ms:{REPO}", says="ModelScope says")


def check_http(command, _):
    def endless(r):
        r.raw(b"HTTP/1.1 200 OK\r\n")
        while True:
            r.raw(b"X-A: " + b"a" * 1000 + b"\r\n")

    def one_header(r):
        r.raw(b"HTTP/1.1 200 OK\r\nX-A: ")
        while True:
            r.raw(b"a" * 65536)

    def body(r):
        r.raw(b"HTTP/1.1 200 OK\r\n\r\n[")
        while True:
            r.raw(b" " * 65536)
    for answer in (endless, one_header, body,
                   lambda r: r.raw(b"\0" * 1000) or r.connection.close() or True,
                   lambda r: r.raw(b"SSH-2.0-x\r\n") or r.connection.close() or True,
                   lambda r: r.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") or r.connection.close() or True,
                   lambda r: r.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n") or
                   r.connection.close() or True,
                   lambda r: r.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n[]   ") or
                   r.connection.close() or True,
                   lambda r: r.raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[]") or r.connection.close() or True,
                   lambda r: r.connection.close() or True,
                   lambda r: r.answer(429, Retry_After="99999999999"),
                   lambda r: r.answer(200, gzip.compress(bytes(1 << 27)), Content_Encoding="gzip")):
        with Place(command, {NAME: SHORT}) as p:
            p.hub.script = answer
            p.bad(f"hf:{REPO}", "--retries", "1", says="")
            p.bad(f"hf:{REPO}", "--retries", "1", "--list", says="")

    def loris(r):
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1000:
            r.raw(bytes([byte]))
            time.sleep(0.2)

    def slow_body(r):
        if not r.path.startswith("/cdn/"):
            return False
        r.head(200, {}, len(SHORT))
        for byte in SHORT:
            r.raw(bytes([byte]))
            time.sleep(0.2)
    for answer in loris, slow_body, lambda r: time.sleep(30):
        with Place(command, {NAME: SHORT}) as p:
            p.hub.script = answer
            began = time.monotonic()
            p.bad(f"hf:{REPO}", "--retries", "0", "--stall", "1", says="")
            assert time.monotonic() - began < 60


def check_disk(command, _):
    """A disk that gets full is an error that keeps what is there; here it is a limit on the length of files."""
    with Place(command, {NAME: LONG}) as p:
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 * STRETCH, 2 * STRETCH))
        code, _, err = p.run(f"hf:{REPO}", preexec_fn=limit)
        assert code == 1 and "cannot write" in err and p.there() == [], err
        p.hub.sent = 0
        p.good(f"hf:{REPO}")
        assert p.content() == LONG and p.hub.sent <= len(LONG) - STRETCH
        (p.models / NAME).unlink()
        os.chmod(p.models, 0o500)
        if os.geteuid():
            assert "cannot open" in p.bad(f"hf:{REPO}", says="cannot")
        os.chmod(p.models, 0o700)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", type=os.path.abspath)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    for name, check in list(globals().items()):
        if name.startswith("check_") and options.only in name:
            began = time.monotonic()
            more = {"n_kills": options.kills} if name == "check_kills" else {}
            check(options.command, options.data, **more)
            print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as cache:
        CACHE = argparse.Namespace(name=cache)
        main()
