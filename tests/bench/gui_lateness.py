#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How soon the app is there, how much memory it takes, and how late its main loop is: while it starts, while a model is
loaded, while an answer is written, while the list of a hub is sized and a model downloaded, and when a chat of 10,000
messages is opened and scrolled, or one with 200 formulas. Prints figures and judges none: they mean something on a quiet
machine, or as a ratio of two programs that are measured in turn.

usage: gui_lateness.py [--quick] [--rounds N] [--against PROGRAM] PROGRAM BUILD DATA [MODEL]
    MODEL answers; data/chat/babbler.gguf, which never ends, if none is named. --quick: no answer and no download. With several rounds, the
    medians of each figure at the end; --against: another program in turn with this one.
"""
import argparse
import collections
import pathlib
import sqlite3
import statistics
import sys
import time

root = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(root / "tests" / name) for name in ("gui", "pull")]
import app as tests  # noqa: E402
import driver  # noqa: E402
from gguf import llama  # noqa: E402
from hub import Hub, Sparse  # noqa: E402

N = 10_000


def fill(path):
    with sqlite3.connect(path) as db:
        db.create_function("lg_terms", 1, str.lower, deterministic=True)
        now = time.time_ns() // 1000
        chat = db.execute("INSERT INTO chats (title, created, updated) VALUES ('Ten thousand', ?, ?)", (now, now)).lastrowid
        parent = None
        for depth in range(N):
            text = f"Message {depth}: " + "a few words of **text** in a line, and `code`. " * (1 + depth % 7)
            parent = db.execute("INSERT INTO messages (chat_id, parent_id, depth, created, role, state, text) VALUES"
                                " (?, ?, ?, ?, ?, 'complete', ?)",
                                (chat, parent, depth, now, "assistant" if depth % 2 else "user", text)).lastrowid
        db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (parent, chat))
        formulas = (root / "tests/data/math/formulas.txt").read_text(encoding="utf-8").splitlines()[:200]
        text = "\n\n".join(f"With ${line}$ there is" if i % 2 else f"$$\n{line}\n$$" for i, line in enumerate(formulas))
        chat = db.execute("INSERT INTO chats (title, created, updated) VALUES ('Two hundred', ?, ?)", (now - 1, now - 1)).lastrowid
        parent = None
        for depth, (role, text) in enumerate((("user", "Formulas!"), ("assistant", text))):
            parent = db.execute("INSERT INTO messages (chat_id, parent_id, depth, created, role, state, text) VALUES"
                                " (?, ?, ?, ?, ?, 'complete', ?)", (chat, parent, depth, now, role, text)).lastrowid
        db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (parent, chat))


class Log:
    """What the app writes. Nothing looks at the app while it is measured: a look keeps its loop busy, too."""

    def __init__(self, path):
        self.path, self.seen = path, 0

    def lines(self):
        new = self.path.read_text().splitlines()[self.seen:]
        self.seen += len(new)
        return new

    def figures(self, name):
        lines = self.lines()
        values = sorted(float(line.split()[1]) for line in lines if line.count(" ") == 1 and ":" not in line)
        marks = {line.split(": ")[0]: float(line.split(": ")[1]) for line in lines if ": " in line}
        n = len(values)
        found = {f"{name}: p99 ms": values[min(n - 1, n * 99 // 100)], f"{name}: largest ms": values[-1]} if n else {}
        return found, marks


def memory(pid):
    sizes = dict(line.split(":") for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {f"memory: {name} MB": int(sizes[name].split()[0]) / 1024 for name in ("Rss", "Pss", "Private_Dirty")}


def start_hub():
    """20 models to be sized, and one that takes some seconds to be fetched."""
    hub = Hub()
    hub.repositories["me/many-GGUF"] = {f"many-{i:02}-Q4_0.gguf": Sparse(*llama("Q4_0", layers=8 + i)) for i in range(20)}
    hub.repositories["me/large-GGUF"] = {"large.gguf": llama("Q4_0")[0] + bytes(256 << 20)}
    hub.script = lambda r: r.path.startswith("/cdn/me/large") and "range" not in r.headers and \
        r.file(hub.repositories["me/large-GGUF"]["large.gguf"], '"one"', step=1 << 18, delay=0.01)
    return hub


def search(app, words):
    entry = app.find("entry", "Search for models")
    assert app.atspi.EditableText.set_text_contents(entry, words)
    app.click(entry)


def measure_hub(app, log, figures):
    """Each is asked for by a key, and nothing looks at the app until the figures are read."""
    app.key("alt+2")
    app.activate(app.find("push button", "Find models"))
    search(app, "hf:me/many-GGUF")
    log.lines()
    app.key("Return")
    time.sleep(10)
    figures |= log.figures("sizing 20 files of a hub")[0]
    search(app, "hf:me/large-GGUF")
    app.key("Return")
    button = app.find("push button", "Download large")
    app.click(app.find("push button", "Back"))
    log.lines()
    assert app.atspi.Action.do_action(button, 0)
    time.sleep(10)
    figures |= log.figures("10 s of a download")[0]
    app.key("alt+1")


def measure(session, arguments, program):
    model = arguments.model or arguments.data / "chat" / "babbler.gguf"
    figures = {}
    app = tests.prepare(session, argparse.Namespace(program=program, build=arguments.build, data=arguments.data))
    hub = start_hub()
    app.settings(**{"default-model": f"'{model.resolve()}'", "hf-endpoint": f"'{hub.url}'", "allow-http": "true"})
    with app:
        app.find("push button", "New chat")
    fill(app.database)
    app.environment["LIBLLM_GUI_LATENESS"] = str(app.home / "lateness.txt")
    log = Log(app.home / "lateness.txt")
    app.start()
    time.sleep(2)
    found, marks = log.figures("start")
    figures |= found
    figures["start: first frame ms"] = marks.get("first frame", float("nan"))
    figures["start: seen from outside ms"] = app.seconds_to_start * 1000
    figures |= memory(app.process.pid)
    if not arguments.quick:
        app.click("text", "Message")
        log.lines()
        app.type_text("G")  # whose tokens are counted, by the model
        time.sleep(3)
        figures |= log.figures("loading the model")[0]
        app.type_text("o on and on")
        app.find("list item", "Ten thousand")
        log.lines()
        app.key("Return")
        time.sleep(15)
        figures |= log.figures("15 s of an answer")[0]
        app.key("Escape")
        time.sleep(2)
        figures |= log.figures("stopping")[0]
        measure_hub(app, log, figures)
    place = app.place(app.find("list item", "Ten thousand"))
    time.sleep(1)
    log.lines()
    app.click_at(place[0] + 40, place[1] + place[3] // 2 + 5)
    time.sleep(3)
    found, marks = log.figures("opening")
    figures |= found
    if "chat shown" in marks:
        figures["opening: from the click to its frame ms"] = marks["chat shown"] - marks["chat chosen"]
    place = app.place(app.find("scroll pane", "Messages"))
    log.lines()
    app.click_at(place[0] + place[2] // 2, place[1] + place[3] // 2, button=4, times=40)
    time.sleep(1)
    figures |= log.figures("scrolling")[0]
    place = app.place(app.find("list item", "Two hundred"))
    time.sleep(1)
    log.lines()
    app.click_at(place[0] + 40, place[1] + place[3] // 2 + 5)
    time.sleep(3)
    figures |= log.figures("opening 200 formulas")[0]
    app.quit()
    hub.close()
    return figures


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--against", type=pathlib.Path)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("model", nargs="?", type=pathlib.Path)
    arguments = parser.parse_args()
    reason = driver.missing()
    if reason:
        sys.exit("nothing to measure: " + reason)
    programs = [arguments.program] + ([arguments.against] if arguments.against else [])
    collected = [collections.defaultdict(list) for _ in programs]
    with driver.Session() as session:
        for _ in range(arguments.rounds):
            for program, into in zip(programs, collected):
                for name, value in measure(session, arguments, program).items():
                    into[name].append(value)
    print("medians of", arguments.rounds, *(["against", arguments.against] if arguments.against else []))
    for name in collected[0]:
        columns = [f"{statistics.median(into[name]):9.1f}" if into[name] else "        –" for into in collected]
        print(f"{name:44}", *columns)
    return 0


if __name__ == "__main__":
    sys.exit(main())
