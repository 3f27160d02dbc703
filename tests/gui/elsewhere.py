#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The app and what is elsewhere, driven as a person would: a local server that plays Hugging Face and ModelScope
(tests/pull/hub.py), one of OpenAI's API (tests/endpoint/scripted.py) and a keyring (keyring.py), friendly and hostile;
NW01 to NW05 of them as far as the app sees them. And that nothing leaves the machine when it is not to.

usage: elsewhere.py PROGRAM BUILD DATA TEST       TEST: hub hostile server offline
"""
import argparse
import json
import pathlib
import re
import sqlite3
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "pull"), str(here.parent / "endpoint")]
import app as tests  # noqa: E402
import driver  # noqa: E402
from gguf import llama  # noqa: E402
from hub import Hub, Sparse  # noqa: E402
from scripted import Scripted, chunk, endless_line, last, sse  # noqa: E402

KINDS = ["Q4_K", "Q8_0", "Q6_K", "Q5_K", "Q3_K", "F16", "Q4_0"]
MANY, OWN = "me/many-GGUF", "me/own-GGUF"
SIZED = re.compile(r"(?s).*(tokens/s|Does not fit|does not fit|needed).*")


def prepare(session, arguments, hub=None, **settings):
    """An app with its usual two models, for which the hubs are this one."""
    app = tests.prepare(session, arguments)
    if hub:
        settings |= {"hf-endpoint": f"'{hub.url}'", "ms-endpoint": f"'{hub.url}'", "allow-http": "true"}
    app.settings(**settings)
    return app


def models_of(app):
    return app.home / "data" / "libllm" / "models"


def set_text(app, node, text):
    assert app.atspi.EditableText.set_text_contents(node, text)


# --- Hubs ---


def show_models(app):
    app.key("alt+2")
    app.look_in("LgModelsPage")


def look_for(app, words):
    """Types into the search of the page Models. It is opened in any case: what was shown before still has its place, and so
    seems to be there."""
    show_models(app)
    app.activate(app.find("push button", re.compile(".*Find models")))
    entry = app.find("entry", "Search for models")
    set_text(app, entry, words)
    app.click(entry)
    app.key("Return")


def rows_of(app):
    """The models of the repository that is shown: name, and what stands below it."""
    found, text = {}, ""
    for at in app.texts():
        if at.startswith("Download "):
            found[at[len("Download "):]] = text
        elif "\n" in at:
            text = at
    return found


def download(app, name):
    """By a button of the list as it is now: one of what was listed before may still be there, pressed."""
    def press():
        return any(app.atspi.Action.do_action(node, 0) for node in app.find_all("push button", f"Download {name}"))
    app.wait(press, f"a download of {name}")


def go_back(app):
    app.activate(app.find("push button", "Back"))


def test_hub(session, arguments):
    """A repository of 20 files is sized by their headers; a model is found, fetched, talked to, and measured."""
    hub = Hub()
    hub.repositories[MANY] = {f"many-{i:02}-{KINDS[i % 7]}.gguf": Sparse(*llama(KINDS[i % 7], layers=8 + i, name="n" * i))
                              for i in range(20)}
    hub.repositories[OWN] = {"talker.gguf": (arguments.data / "chat" / "babbler.gguf").read_bytes(), "README.md": b"# Own"}
    app = prepare(session, arguments, hub)
    with app:
        look_for(app, "many")
        app.click(app.find("list item", MANY))
        app.wait(lambda: len(rows_of(app)) == 20, "20 files with what they would do")
        rows = rows_of(app)
        assert all(SIZED.fullmatch(text) for text in rows.values()), rows
        n_bytes = sum(len(data) for data in hub.repositories[MANY].values())
        assert 0 < hub.sent < 0.01 * n_bytes, (hub.sent, n_bytes)
        print(f"20 files: {hub.sent} of {n_bytes} bytes were read")
        go_back(app)
        app.find("list item", MANY)
        look_for(app, f"ms:{OWN}")
        app.wait(lambda: "talker" in rows_of(app), "the model of the other hub")
        download(app, "talker")
        go_back(app)
        app.find("push button", "Actions for talker")
        assert (models_of(app) / "talker.gguf").read_bytes() == hub.repositories[OWN]["talker.gguf"]
        app.click(app.find("list item", "talker"))
        ask(app, "Say something long")
        app.wait_for_text("context is full|was interrupted|" + tests.DONE)
        show_models(app)
        app.wait_for_text(r"Measured here: \d")
    with sqlite3.connect(f"file:{app.database}?mode=ro", uri=True) as db:
        (path, predicted, measured), = db.execute("SELECT model, predicted, measured FROM measurements").fetchall()
        assert path.endswith("talker.gguf") and predicted > 0 and measured > 0, (path, predicted, measured)
    with app:
        show_models(app)
        app.wait_for_text(r"Measured here: \d")
    tests.check_silence(app)
    hub.close()


NASTY = {"../../.bashrc.gguf": b"x", "/etc/x.gguf": b"x", "x\x1b[2J.gguf": b"x", "<b>bold &amp;.gguf": b"x", "n" * 5000 + ".gguf": b"x",
         "\u202egpj.gguf": b"x", "good.gguf": b"GGUF but no more"}


def elsewhere(where):
    return lambda r: "/resolve/" in r.path and r.answer(302, b"", Location=where)


def raw(head, body=b""):
    def script(r):
        r.raw(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)
        r.connection.close()
        return True
    return script


def test_hostile(session, arguments):
    """Whatever a hub answers, there is a message, nothing under a final name, and the app goes on."""
    hub = Hub()
    hub.repositories[OWN] = {"talker.gguf": (arguments.data / "chat" / "babbler.gguf").read_bytes()}
    hub.repositories["me/nasty"] = NASTY
    app = prepare(session, arguments, hub)
    before = sorted(path.name for path in tests_models(app))
    lists = {"no such thing": lambda r: r.answer(404), "no JSON": lambda r: r.answer(200, b"<html>"), "nothing": raw(b""),
             "deep JSON": lambda r: r.answer(200, b"[" * 1_000_000), "two lengths": raw(b"Content-Length: 5\r\nContent-Length: 7", b"[]"),
             "a bad size": raw(b"Transfer-Encoding: chunked", b"zz\r\n"), "a long header": raw(b"X: " + b"y" * (4 << 20), b"[]"),
             "no HTTP": lambda r: r.raw(b"SSH-2.0-x\r\n") or r.connection.close() or True}
    files = {"another machine": elsewhere("http://169.254.169.254/latest"), "a file of ours": elsewhere("file:///etc/passwd"),
             "circles": lambda r: "/resolve/" in r.path and r.answer(302, b"", Location=r.target),
             "a flipped bit": lambda r: r.path.startswith("/cdn/") and r.file(hub.repositories[OWN]["talker.gguf"], '"a"', flip=99),
             "one that is shorter": lambda r: r.path.startswith("/cdn/") and r.answer(200, b"GGUF")}
    with app:
        show_models(app)
        for name, script in lists.items():
            hub.script = script
            look_for(app, f"hf:{OWN}")
            app.find("push button", "Try again")
        hub.script = None
        app.activate(app.find("push button", "Try again"))
        app.wait(lambda: "talker" in rows_of(app), "the list after all")
        look_for(app, "hf:me/nasty")
        app.wait_until_gone("push button", "Download talker")
        app.wait_for_text("That did not work|good")
        for name, script in files.items():
            hub.script = None
            look_for(app, f"hf:{OWN}")
            app.wait(lambda: "talker" in rows_of(app), "the list")
            hub.script = script
            download(app, "talker")
            go_back(app)
            app.find("push button", "Go on with the download of talker")
            assert not (models_of(app) / "talker.gguf").exists(), name
            app.activate(app.find("push button", "Cancel the download of talker"))
            app.wait_until_gone("push button", "Cancel the download of talker")
        # A break in the middle, and the app is killed; started again it goes on where it was.
        big = bytes(range(256)) * (1 << 17)
        hub.repositories["me/big-GGUF"] = {"big.gguf": big}
        hub.script = lambda r: r.path.startswith("/cdn/") and r.file(big, '"one"', delay=0.005)
        look_for(app, "hf:me/big-GGUF")
        app.wait(lambda: "big" in rows_of(app), "the large one")
        sent = hub.sent
        download(app, "big")
        app.wait(lambda: hub.sent > sent + (12 << 20), "some of it")
        app.kill()
    hub.script = lambda r: r.path.startswith("/cdn/") and r.file(big, '"one"')  # the same file as before
    with app:
        show_models(app)
        sent = hub.sent
        app.activate(app.find("push button", "Go on with the download of big"))
        app.find("push button", "Actions for big")
        assert (models_of(app) / "big.gguf").read_bytes() == big and hub.sent - sent < len(big), hub.sent - sent
    after = sorted(path.name for path in tests_models(app))
    assert [name for name in after if not name.startswith(".")] == sorted([*before, "big.gguf"]), after
    assert not list(app.home.rglob(".bashrc*"))
    tests.check_silence(app)
    hub.close()


def tests_models(app):
    return list(models_of(app).iterdir())


# --- Servers ---


def start_keyring(session):
    path = session.folder / "keyring.json"
    session.start([sys.executable, "-B", str(here / "keyring.py"), str(path)])
    for _ in range(600):
        if path.exists():
            return path
        time.sleep(0.1)
    raise AssertionError("the keyring does not start")


def add_server(app, url, key, toast=None):
    show_models(app)
    app.activate(app.find("push button", "Add a server with OpenAI’s API"))
    app.scope = app.wait(lambda: next((n for n in app.windows() if n.get_name() == "Add a server"), None), "the window")
    for name, text in ((re.compile("Address.*"), url), (re.compile("Key .*"), key), (re.compile("What to call it"), "Scripted")):
        node = next(n for n in app.wait(lambda: app.find_all("text", name) or app.find_all("password text", name), f"{name}"))
        set_text(app, node, text)
    app.activate(app.find("push button", "Try it"))
    app.wait_for_text("It works: 1 model")
    app.activate(app.find("push button", "Add"))
    if toast:
        app.wait_for_toast(toast)
    app.look_in("LgModelsPage")


def ask(app, text):
    app.key("alt+1")
    app.key("ctrl+n")
    app.look_in("LgChatPage")
    tests.Mouse(app).enter_message(text)


async def cut(request, reply):
    await reply.head(Connection="close")
    await reply.send(sse(chunk(content="Half of"), done=False))
    reply.drop()


def spoilt(*parts):
    async def script(request, reply):
        await reply.head(Connection="close")
        await reply.send(sse(chunk(content="Half of"), done=False) + b"".join(parts))
        reply.writer.close()
    return script


async def refuses(request, reply):
    await reply.whole({"error": {"message": "no such <b>key</b>"}}, 401)


async def answers(request, reply):
    await reply.stream(sse(chunk(content="Hello"), chunk(content=" there."), last()))


async def models(request, reply):
    await reply.whole({"object": "list", "data": [{"id": "teller"}]})


BAD = [spoilt(b"data: nonsense\n\n"), spoilt(b"data: " + b"[" * 1_000_000 + b"\n\n"),
       spoilt(sse(chunk(tool_calls=[{"index": -1}]), done=False)), spoilt(sse(chunk(tool_calls=[{"index": 10**9}]), done=False)),
       spoilt(sse(chunk(tool_calls=[{"index": 0, "function": {"name": "f", "arguments": '{"a":'}}]), done=False)),
       spoilt(b'data: {"choices":[{"delta":{"content":"\xe4\xbd"}}]}\n\n'), cut]


def test_server(session, arguments):
    """A server is added with a key, which only the keyring keeps; it answers, misbehaves, and is forgotten with its key."""
    keyring = start_keyring(session)
    app = prepare(session, arguments)
    with Scripted(answers, models=models) as server:
        with app:
            add_server(app, server.url, "sk-secret-7")
            app.wait(lambda: json.loads(keyring.read_text()), "the key in the keyring")
            (item,) = json.loads(keyring.read_text())
            assert item["secret"] == "sk-secret-7" and item["attributes"]["xdg:schema"].startswith(driver.ID), item
            app.click(app.find("list item", "Scripted"))
            app.click(app.find("list item", "teller"))
            ask(app, "Hi")
            app.wait_for_text("Hello there.")
        with app:
            ask(app, "And again")
            app.wait(lambda: len(server.requests) == 2, "a request after a restart")
            app.wait_for_text("Hello there.")
            for n, script in enumerate(BAD):
                server.scripts = [script]
                ask(app, f"Spoil it {n}")
                app.wait_for_text("Half of")
                app.wait_for_text("That did not work|went wrong|was interrupted|did not")
                app.find("push button", "Send")
            server.scripts = [refuses]
            ask(app, "Refuse")
            app.wait_for_text("no such <b>key</b>")
            server.scripts = [endless_line]
            ask(app, "For ever")
            app.wait_for_text("no end")
            server.scripts = [answers]
            ask(app, "Well?")
            app.wait_for_text("Hello there.")
            show_models(app)
            app.activate(app.find("push button", "Remove Scripted"))
            app.wait(lambda: json.loads(keyring.read_text()) == [], "the key to be forgotten with the toast")
    assert all(r.headers.get("authorization") == "Bearer sk-secret-7" for r in server.requests)
    texts = tests.check_database(app)
    assert sum(role == "assistant" and text.startswith("Half of") and state == "interrupted" for role, state, text in texts) == len(BAD)
    for path in app.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert b"sk-secret-7" not in path.read_bytes(), f"the key lies in {path}"
    tests.check_silence(app)


# --- Offline ---


def test_offline(session, arguments):
    """With the switch on, nothing is sent and no helper started whatever is asked for; the page of connections has every one
    that the servers saw, and what was refused."""
    start_keyring(session)
    hub = Hub()
    hub.repositories[OWN] = {"talker.gguf": (arguments.data / "chat" / "babbler.gguf").read_bytes()}
    app = prepare(session, arguments, hub)
    with Scripted(answers, models=models) as server, app:
        add_server(app, server.url, "refused", "key could not be kept")
        app.click(app.find("list item", "Scripted"))
        app.click(app.find("list item", "teller"))
        ask(app, "Hi")
        app.wait_for_text("Hello there.")
        look_for(app, f"hf:{OWN}")
        app.wait(lambda: "talker" in rows_of(app), "the list")
        go_back(app)
        seen = {"http://127.0.0.1:%d%s" % (hub.port, r.target.partition("?")[0]) for r in hub.requests}
        seen |= {f"{server.url}/models", f"{server.url}/chat/completions"}
        app.scope = None
        tests.Names(app).menu("Main menu", "Connections")
        window = app.wait(lambda: next((n for n in app.windows() if n.get_name() == "Connections"), None), "the connections")
        app.scope = window
        app.wait(lambda: seen <= {text.split(",")[0] for text in map(lambda n: n.get_name() or "", app.find_all("list item"))},
                 f"rows for {seen}")
        app.click(app.find("list item", "Work offline"))
        app.wait(lambda: "offline=true" in app.settings_path.read_text(), "the switch, which moves before it is on")
        app.scope = None
        app.key("Escape")
        app.look_in("LgModelsPage")
        app.wait_for_text("Working offline")
        n_requests = len(server.requests), len(hub.requests)
        ask(app, "Anybody?")
        app.wait_for_text("set to work offline")
        look_for(app, f"hf:{OWN}")
        app.wait_for_text("set to work offline")
        assert n_requests == (len(server.requests), len(hub.requests))
    with sqlite3.connect(f"file:{app.database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT url, outcome FROM connections").fetchall()
        assert sum(outcome == "offline switch" for _, outcome in rows) >= 2, rows
    tests.check_silence(app)
    hub.close()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("test", choices=["hub", "hostile", "server", "offline"])
    arguments = parser.parse_args()
    reason = driver.missing()
    if reason:
        print("skipped:", reason)
        return tests.SKIPPED
    with driver.Session() as session:
        globals()["test_" + arguments.test](session, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
