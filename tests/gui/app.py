#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The app from outside, as driver.py drives it: a conversation with the mouse, the same with the keyboard alone, names for
screen readers, and kills while it answers.

usage: app.py PROGRAM BUILD DATA TEST [N]       TEST: mouse keyboard names kills (N of them, or 10)
"""
import argparse
import pathlib
import random
import re
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import driver  # noqa: E402

SKIPPED = 77
SUNNY = r"It is sunny\."
SECOND = re.compile("Version 2 of 2|2/2")
DONE = r"\d+ tokens? ·.*tokens/s"  # the line below an answer


def prepare(session, arguments, **options):
    """An app that has two models in its folder: one that says what its template decides, and one that has no end."""
    app = session.app(arguments.program, build=arguments.build, **options)
    models = app.home / "data" / "libllm" / "models"
    models.mkdir(parents=True, exist_ok=True)
    for name in ("scripted", "babbler"):
        link = models / f"{name}.gguf"
        if not link.exists():
            link.symlink_to(arguments.data.resolve() / "chat" / f"{name}.gguf")
    app.settings(**{"default-model": f"'{models / 'scripted.gguf'}'"})
    return app


def check_database(app):
    """The file is whole; its messages as (role, state, text), the oldest first."""
    with sqlite3.connect(f"file:{app.database}?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return db.execute("SELECT role, state, text FROM messages ORDER BY id").fetchall()


def check_silence(app):
    assert not app.complaints(), "the app complains:\n" + "\n".join(app.complaints())


def set_text(app, node, text):
    """What an input method or a screen reader enters; the keyboard of the display has no Chinese."""
    assert app.atspi.EditableText.set_text_contents(node, text)


# --- Ways to do the same: with the mouse, and with the keyboard ---

class Mouse:
    def __init__(self, app):
        self.app = app

    def press(self, role, name, last=False):
        self.app.click(role, name, last=last)

    def open_chat(self, title):
        self.press("list item", title)

    def enter_message(self, text):
        self.app.click("text", "Message")
        self.app.type_text(text)
        self.app.key("Return")

    def replace_message(self, text):
        self.app.click("text", "Message")
        self.app.key("ctrl+a")
        self.app.type_text(text)

    def search(self, text):
        self.app.click("entry", "Search chats")
        self.app.key("ctrl+a")
        self.app.type_text(text)

    def stop(self, button):
        self.app.click(button)


class Keyboard:
    """Reaches everything with Tab, and what is in lists with the arrows."""

    def __init__(self, app):
        self.app = app

    def focus(self, role, name, last=False, steps=80):
        fits = name if hasattr(name, "fullmatch") else re.compile(re.escape(name))
        met = []
        for _ in range(steps):
            node = self.app.focused()
            if node:
                met.append((node.get_role_name(), node.get_name()))
                if met[-1][0] == role and fits.fullmatch(met[-1][1] or ""):
                    return node
            self.app.move_focus("Tab" if not last else "shift+Tab")
        raise driver.Lost(f"Tab does not reach {role} {name!r} but only {list(dict.fromkeys(met))}")

    def press(self, role, name, last=False):
        self.focus(role, name, last)
        self.app.key("space" if role in ("push button", "toggle button") else "Return")

    def open_chat(self, title):
        """Tab comes to the buttons in the rows, and the keys of lists from there to the rows."""
        self.focus("push button", re.compile("More about.*"))
        self.app.move_focus("Home")
        for _ in range(20):
            node = self.app.focused()
            if node and node.get_role_name() in ("list item", "panel") and title.fullmatch(node.get_name() or ""):
                break
            self.app.move_focus("Down")
        else:
            raise driver.Lost(f"the keys of lists do not reach {title}")
        self.app.key("Return")

    def enter_message(self, text):
        self.focus("text", "Message")
        self.app.type_text(text)
        self.app.key("Return")

    def replace_message(self, text):
        self.focus("text", "Message")
        self.app.key("ctrl+a")
        self.app.type_text(text)

    def search(self, text):
        self.app.key("ctrl+f")
        self.app.wait(lambda: any(self.app.has_state(n, "focused") for n in self.app.find_all("entry", "Search chats")) or
                      any(self.app.has_state(n, "focused") for n in self.app.find_all("text")), "the search to be focused")
        self.app.key("ctrl+a")
        self.app.type_text(text)

    def stop(self, button):
        """With the button, which is next to the text, and with Escape; after that one writes again."""
        self.stop_with(button, "space")
        self.app.key("ctrl+n")
        self.enter_message("And something else")
        self.app.wait(lambda: button.get_name() == "Stop", "the next answer")
        self.stop_with(button, "Escape")

    def stop_with(self, button, key):
        self.app.move_focus("Tab")
        self.focus("push button", "Stop", steps=1)
        self.app.move_focus(key)
        self.focus("text", "Message", steps=1)
        self.app.wait(lambda: button.get_name() == "Send", "the answer to be stopped")


def converse(app, hands):
    """First run, an answer, another version of the question, a branch, an answer that is stopped, and search."""
    app.wait_for_text("Talk to a model on your own computer")
    app.look_in("LgChatPage")
    app.wait_for_text(r"threads compute")
    hands.enter_message("Weather in Paris?")
    app.wait_for_text(SUNNY)
    app.wait_for_text(DONE)

    hands.press("push button", "Edit message")
    app.wait_for_text("Sending makes another version")
    hands.replace_message("Weather in Rome?")
    app.key("Return")
    app.wait_for_text("Version 2 of 2|2/2|2 / 2")
    app.wait(lambda: app.find_all("label", "Weather in Rome?"), "the other question")
    app.wait_for_text(DONE)
    hands.press("push button", "Previous version")
    app.wait(lambda: app.find_all("label", "Weather in Paris?"), "the first question")

    # Another model answers from now on. (In the popover of models the keyboard could not be followed from here.)
    app.quit()
    app.settings(**{"default-model": f"'{app.home / 'data/libllm/models/babbler.gguf'}'"})
    app.start()
    app.look_in("LgChatPage")
    app.find("push button", "Model: babbler")
    # Where one stops is where one sent; a person has the eyes there already, and the answer will not wait for a search.
    button = app.find("push button", "Send")
    hands.enter_message("Say something long")
    app.wait(lambda: button.get_name() == "Stop", "the answer to begin")
    time.sleep(0.5)  # in the middle of it, rather
    hands.stop(button)
    app.wait_for_text("was interrupted|context is full")
    app.find("push button", "Send")

    hands.search("rome")
    app.find("list item", re.compile(r"(?s).*Rome.*"))
    hands.press("list item", re.compile(r"(?s).*Rome.*"))
    messages = app.find(None, "Messages")  # and not the line that was found, which says the same
    app.wait(lambda: app.find_all("label", "Weather in Rome?", messages) and app.find_all(None, SECOND, messages),
             "the branch that was found")
    app.wait_for_text(SUNNY)


def check_kept(app):
    messages = check_database(app)
    texts = [text for _, _, text in messages]
    for wanted in ("Weather in Paris?", "Weather in Rome?", "Say something long"):
        assert wanted in texts, (wanted, texts)
    assert all(state != "streaming" for _, state, _ in messages), messages
    assert any(role == "assistant" and state == "complete" and text == "It is sunny." for role, state, text in messages)


def run_conversation(session, arguments, hands_of):
    app = prepare(session, arguments)
    with app:
        converse(app, hands_of(app))
        app.find("text", "Message")
        hands_of(app).replace_message("not sent yet")
        time.sleep(1.5)
    check_kept(app)
    with app:
        hands = hands_of(app)
        app.look_in("LgChatPage")
        app.find("list item", re.compile("(?s).*Say something long.*"))
        hands.open_chat(re.compile("(?s).*Weather in Paris.*"))
        app.wait_for_text(SUNNY)
        app.wait_for_text("Version . of 2|./2")
        app.wait_for_text("not sent yet")
    check_kept(app)
    check_silence(app)


def test_mouse(session, arguments):
    run_conversation(session, arguments, Mouse)


def test_keyboard(session, arguments):
    run_conversation(session, arguments, Keyboard)


# --- Names for screen readers ---

CLASS_NAME = re.compile(r"(Gtk|Adw|Lg)[A-Z]\w+")


class Names:
    """Looks at one page after another for what can have the keyboard and has no name."""

    def __init__(self, app):
        self.app, self.nameless, self.n = app, {}, 0

    def look(self, where, root=None):
        n_before = self.n
        for node in self.app.nodes(root):
            try:
                if not self.app.has_state(node, "focusable"):
                    continue
                name, role = node.get_name() or "", node.get_role_name()
            except Exception:
                continue
            self.n += 1
            if not name.strip() or CLASS_NAME.fullmatch(name) or "(None)" in name:
                self.nameless.setdefault(f"{role} {name!r} at {self.app.place(node)}", where)
        assert self.n > n_before, f"nothing is to be seen: {where}"

    def window(self, title, open_it, *pages, choices=()):
        """One that is opened and goes with Escape, its pages, the name of each and a text on it, and its drop-downs."""
        open_it()
        found = self.app.wait(lambda: next((n for n in self.app.windows() if n.get_name() == title), None),
                              f"the window {title!r}")
        self.app.scope = found
        self.app.wait(lambda: any(self.app.has_state(n, "focusable") for n in self.app.nodes()), f"something in {title!r}")
        self.look(f"the window {title!r}")
        for choice in choices:
            self.popover("combo box", choice)
        for page, text in pages:
            self.app.click(self.app.find(None, page, last=True))
            self.app.wait_for_text(text)
            self.look(f"the page {page!r} of {title!r}")
        self.app.scope = None
        self.app.key("Escape")
        self.app.wait(lambda: title not in [n.get_name() for n in self.app.windows()], f"{title!r} to close with Escape")

    def open(self, click, condition, what):
        """A click is lost on what is just closing."""
        for left in reversed(range(5)):
            click()
            try:
                return self.app.wait(condition, what, 10)
            except driver.Lost:
                if left == 0:
                    raise

    def menu(self, button, item):
        self.open(lambda: self.app.click("push button", button), lambda: self.app.find_all("menu item", item),
                  f"{item!r} in the menu {button!r}")
        self.app.activate(self.app.find("menu item", item))

    def popover(self, role, name, last=False):
        """What opens in place and goes with Escape: the menu of a row, what a drop-down has to choose from."""
        node = self.app.find(role, name, last=last)
        root = node.get_parent() if role == "push button" else node  # that of a button is beside it
        def count():
            return sum(1 for at in self.app.nodes(root) if self.app.has_state(at, "focusable"))
        before = count()
        self.open(lambda: self.app.click(node), lambda: count() > before, f"something below {role} {name!r}")
        self.look(f"the popover of {role} {name!r}", root)
        self.app.key("Escape")
        self.app.wait(lambda: count() <= before, f"the popover of {role} {name!r} to go")


def test_names(session, arguments):
    app = prepare(session, arguments)
    names = Names(app)
    with app:
        app.wait_for_text(r"threads? computes?")
        names.look("the welcome")
        Mouse(app).enter_message("Weather?")
        app.wait_for_text(DONE)
        names.look("a chat")
        app.click("push button", "Edit message")
        app.wait_for_text("Sending makes another version")
        names.look("editing")
        app.key("Escape")
        set_text(app, app.find("text", "Message"), "天气怎么样？")
        app.click("push button", "Send")
        app.wait(lambda: len(app.find_all("push button", "Answer again")) == 2, "the second answer")
        app.click("push button", "Model: scripted")
        app.find("push button", "Open a file…")
        names.look("the models that can answer")
        app.click("push button", "Size this model")
        app.wait_until_gone("push button", "Open a file…")
        app.wait_for_text(r"scripted\.gguf")
        app.key("alt+1")
        app.click("entry", "Search chats")
        set_text(app, app.find("entry", "Search chats"), "天气")
        app.find("list item", re.compile("(?s).*天气.*"))
        names.look("search")
        app.key("Escape")
        more = re.compile("More about.*")
        names.popover("push button", more)
        for button, item, title in ((more, "Rename…", "Rename chat"), ("New folder", None, "New folder")):
            names.window(title, lambda: names.menu(button, item) if item else app.click("push button", button))
        names.popover("push button", "Main menu")
        names.window("Why", lambda: app.click("push button", re.compile("Energy, an estimate.*"), last=True))
        names.window("Settings of this chat", lambda: app.click("push button", "Settings of this chat"),
                     choices=[re.compile("What the model thinks aloud.*")])
        names.window("Preferences", lambda: app.key("ctrl+comma"), ("Tools", "Servers of tools"),
                     choices=[re.compile(name + ".*") for name in ("Colours", "A message is sent by", "Device")])
        names.window("Exact tokens", lambda: app.click("push button", "Exact tokens"))
        names.window("Keyboard shortcuts", lambda: app.key("F1"))
        names.window("Connections", lambda: names.menu("Main menu", "Connections"))
        names.window("About", lambda: names.menu("Main menu", "About libllm"))
        app.key("alt+2")
        app.find("push button", "Actions for babbler")
        names.look("the models")
        names.popover("push button", "Actions for babbler")
        names.window("Add a server", lambda: app.click("push button", "Add a server with OpenAI’s API"))
        app.activate(app.find("push button", re.compile(".*Find models")))
        app.find("entry", "Search for models")
        names.look("search for models")
        names.popover("combo box", re.compile(".*"))
        app.key("alt+3")  # of whose pages each is looked at in sizing_names.py
        app.find("page tab", "Reports")
        names.look("Sizing")
    assert not names.nameless, "without a name:\n" + "\n".join(f"{what} in {where}" for what, where in names.nameless.items())
    check_silence(app)


# --- Kills ---

def test_kills(session, arguments):
    app = prepare(session, arguments)
    app.settings(**{"default-model": f"'{app.home / 'data/libllm/models/babbler.gguf'}'"})
    draw = random.Random(arguments.n)
    slowest, n_interrupted = 0, 0
    for i in range(arguments.n):
        question = f"Question number {i}"
        app.start()
        slowest = max(slowest, app.seconds_to_start)
        app.key("ctrl+n")
        app.click("text", "Message")
        app.type_text(question)
        app.key("Return")
        time.sleep(draw.uniform(0.1, 2.5))
        app.kill()
        before = check_database(app)
        asked = question in [text for _, _, text in before]
        written = [text for role, state, text in before if state == "streaming"]
        app.start()
        slowest = max(slowest, app.seconds_to_start)
        app.find("push button", "New chat")
        messages = check_database(app)
        assert len(messages) == len(before), "messages were lost"
        assert all(state != "streaming" for _, state, _ in messages)
        if written:
            n_interrupted += 1
            assert messages[-1] == ("assistant", "interrupted", written[0])
            app.click("list item", question)
            app.wait_for_text("was interrupted")
        elif not asked:
            print(f"kill {i} came before the question was sent")
        app.quit()
    print(f"{arguments.n} kills, {n_interrupted} of them in the middle of an answer; the slowest start took {slowest:.1f} s")
    assert n_interrupted > 0
    check_silence(app)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("test", choices=["mouse", "keyboard", "names", "kills"])
    parser.add_argument("n", type=int, nargs="?", default=10)
    arguments = parser.parse_args()
    reason = driver.missing()
    if reason:
        print("skipped:", reason)
        return SKIPPED
    with driver.Session() as session:
        globals()["test_" + arguments.test](session, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
