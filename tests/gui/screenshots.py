#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a picture of every page of the app: in English and Chinese, light and dark, 360 and 1200 pixels wide. For looking at;
nothing is compared.

usage: screenshots.py PROGRAM BUILD DATA FOLDER [PATTERN]       PATTERN: only names that fit, such as zh-dark-*
"""
import argparse
import fnmatch
import hashlib
import json
import pathlib
import re
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import app as tests  # noqa: E402
import driver  # noqa: E402
import mcp_server  # noqa: E402

ANSWER = r"""## Kepler's third law

The square of the **orbital period** is proportional to the cube of the *semi-major axis*:

$$\frac{T^2}{a^3} = \frac{4\pi^2}{GM}$$

| Planet | $a$ (AU) | $T$ (years) |
|:-------|---------:|------------:|
| Earth  |     1.00 |        1.00 |
| Mars   |     1.52 |        1.88 |
| 木星   |     5.20 |       11.86 |

1. Measure the distance.
2. Compute the period, for example with `math.sqrt`:

```python
import math

def period(axis):
    return math.sqrt(axis ** 3)  # years
```

- [x] done
- [ ] to do

> Nature uses only the longest threads. [More](https://example.org)
"""
FORMULAS = r"""The roots of $ax^2 + bx + c = 0$ with $a \neq 0$ are

$$x_{1,2} = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$$

where $\Delta = b^2 - 4ac$ decides: for $\Delta < 0$ they are complex, $x \in \mathbb{C} \setminus \mathbb{R}$. Euler's
identity \(e^{i\pi} + 1 = 0\) and $\sum_{k=1}^n k = \frac{n(n+1)}{2}$ stand in a line of text.

1. The **Gaussian integral**:
   \[
   \int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}
   \]
2. Attention, with keys of $d_k$ dimensions:
   $$\text{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right) V$$

\[
\begin{aligned}
\nabla \times \mathbf{B} &= \mu_0\left(\mathbf{J} + \varepsilon_0 \frac{\partial \mathbf{E}}{\partial t}\right) \\
\nabla \cdot \mathbf{E} &= \frac{\rho}{\varepsilon_0}
\end{aligned}
\]

| Rule | Formula |
|:-----|:--------|
| Bayes | $P(A \mid B) = \frac{P(B \mid A) P(A)}{P(B)}$ |
| Norm | $\|x\| = \sqrt{x_1^2 + \cdots + x_n^2}$ |

> Rotation: $R(\theta) = \begin{pmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta \end{pmatrix}$

$$f(x) = \begin{cases} x^2 & \text{if } x \ge 0 \\ -x & \text{否则} \end{cases}, \qquad \overbrace{a + \cdots + a}^{n \text{ times}} = na$$

It costs $5, not $10; \(\unknown{x}\) is not known, and $x^{ has no end.
"""
CHATS = [("Formulas", "Show me formulas", FORMULAS), ("Orbits of planets", "How long is a year on Mars?", ANSWER), ("天气和气候的区别", "天气和气候有什么不同？",
          "**天气**是短时间内的大气状态，**气候**是多年的平均状况。"), ("Shopping list", "Write a shopping list", "- bread\n- milk")]
SIZES = {"360": (360, 720), "1200": (1200, 800)}


def fill(app):
    """Chats as the app would have kept them. It makes the file itself, and indexes what it changes later."""
    with app:
        time.sleep(0.5)
    with sqlite3.connect(app.database) as db:
        db.create_function("lg_terms", 1, str.lower, deterministic=True)
        db.execute("PRAGMA trusted_schema = ON")
        now = time.time_ns() // 1000
        folder = db.execute("INSERT INTO folders (name, position) VALUES ('Science', 0)").lastrowid
        for i, (title, question, answer) in enumerate(CHATS):
            at = now - i * 3_600_000_000
            chat = db.execute("INSERT INTO chats (title, pinned, folder_id, created, updated) VALUES (?, ?, ?, ?, ?)",
                              (title, title == "Shopping list", folder if title[0] == "天" else None, at, at)).lastrowid
            parent = None
            for depth, (role, text) in enumerate((("user", question), ("assistant", answer))):
                parent = db.execute("INSERT INTO messages (chat_id, parent_id, depth, created, role, state, text) VALUES"
                                    " (?, ?, ?, ?, ?, 'complete', ?)", (chat, parent, depth, at, role, text)).lastrowid
            db.execute("UPDATE chats SET leaf_id = ? WHERE id = ?", (parent, chat))
        db.execute("UPDATE messages SET attachments = ? WHERE text = 'Write a shopping list'", (json.dumps([
            {"name": "orbits.txt", "kind": "text", "text": "T", "tokens": 1234},
            {"name": "A paper about the movement of planets.pdf", "kind": "pdf", "text": "p" * 50000}]),))
        db.executemany("INSERT INTO connections (started, purpose, method, url, host, status, sent, received, outcome) VALUES"
                       " (?, ?, 'GET', ?, 'hub.example.org', ?, ?, ?, ?)", (
                           (now - 9_000_000, "search", "https://hub.example.org/api/models?search=small", 200, 431, 20133, None),
                           (now - 8_000_000, "list", "https://hub.example.org/me/model-GGUF/resolve/main/model-Q4_0.gguf", 206,
                            512, 131072, None),
                           (now - 7_000_000, "chat", "https://hub.example.org/v1/chat/completions", 0, -1, -1,
                            "offline switch")))


def set_up_tools(app):
    """A server that runs, one that does not, and one at an address."""
    server = pathlib.Path(__file__).resolve().with_name("mcp_server.py")
    app.settings(**{"tool-servers": str([
        ("sky", "Sky", f"python3 '{server}' friendly", "", "", True), ("broken", "Broken", f"python3 '{server}' exits", "", "", True),
        ("far", "Far away", "", "", "https://tools.example.org/mcp", False)]).replace("True", "true").replace("False", "false")})


def switch_tool_on(app):
    """In a chat of its own, as the app keeps it."""
    tool = mcp_server.TOOLS[0]
    parts = (tool["name"], tool["title"], tool["description"], json.dumps(tool["inputSchema"], sort_keys=True, separators=(",", ":")))
    text = "".join(f"{len(part.encode())}:{part}" for part in parts)
    choice = {"server": "sky", "name": tool["name"], "hash": hashlib.sha256(text.encode()).hexdigest()}
    with sqlite3.connect(app.database) as db:
        db.create_function("lg_terms", 1, str.lower, deterministic=True)
        db.execute("PRAGMA trusted_schema = ON")
        db.execute("INSERT INTO chats (title, created, updated, parameters) VALUES ('Ulm', 1, 1, ?)", (json.dumps({"tools": [choice]}),))


def show_history(app, narrow):
    """Which a narrow window may have put aside."""
    time.sleep(0.7)
    if narrow and app.place(app.find("list item", "Orbits of planets"))[0] < 0:
        app.key("F9")
        time.sleep(0.7)


def file_views(app, narrow):
    """Files of a message, and of another version of it that is being written."""
    app.key("alt+1")
    show_history(app, narrow)
    app.click(app.find("list item", re.compile("Shopping list.*")))
    time.sleep(0.7)
    app.click(app.find("push button", re.compile("Edit message|编辑消息")))
    time.sleep(0.7)
    yield "files"
    app.click(app.find("push button", re.compile("Cancel|取消")))


def tool_views(app, narrow):
    """Tools chosen, a call that waits for consent, its result; the servers of tools."""
    app.key("alt+1")
    show_history(app, narrow)
    app.click(app.find("list item", "Ulm"))
    time.sleep(0.7)
    app.click(app.find(None, re.compile("Tools: .*|工具：.*"), last=True))
    time.sleep(0.7)
    assert app.focused().get_role_name() == "check box", app.focused().get_role_name()
    yield "tools"
    app.key("Escape")
    app.click("text", re.compile("Message|消息"))
    app.type_text("Weather?")
    app.key("Return")
    app.wait_for_text("get_weather")
    time.sleep(1)
    yield "tools-consent"
    app.activate(app.find("push button", re.compile("(Allow once|允许一次): get_weather")))
    app.wait_for_text("It is sunny")
    time.sleep(0.7)
    yield "tools-result"
    app.key("ctrl+comma")
    time.sleep(1)
    app.click(app.find(None, re.compile("Tools|工具"), last=True))
    time.sleep(1)
    yield "tools-servers"
    app.key("Escape")
    time.sleep(0.5)
    app.click("text", re.compile("Message|消息"))  # without a window manager the keyboard is where the pointer is


def sizing_views(app, narrow):
    """The pages of Sizing behind the first: by their tabs, or in a narrow window by a list."""
    if narrow:
        names = re.compile("Run here|Serve users|Train / fine-tune|Compare|Reports|"
                           "本机运行|服务用户|训练与微调|比较|研报")
        for i in range(2, 6):
            app.click(app.find("combo box", re.compile("Page of Sizing.*|测算页面.*")))
            app.wait(lambda: len(app.find_all("list item", names)) >= 5, "the list of pages")
            app.key("Down", "Return")
            app.wait(lambda: not app.find_all("list item", names), "the list of pages to go")
            time.sleep(1.2)
            yield f"sizing-{i}"
        return
    tabs = [node for node in app.find_all("page tab") if 46 < app.place(node)[1] < 140]  # and not those at the bottom
    for i, tab in enumerate(tabs[1:], 2):
        app.click(tab)
        time.sleep(1.2)
        yield f"sizing-{i}"


def window_views(app, narrow):
    """Windows of their own, which a narrow screen makes as narrow as itself."""
    def menu(item):
        app.click("push button", re.compile("Main menu|主菜单"))
        app.activate(app.find("menu item", re.compile(item)))

    def press(button):
        app.click("push button", re.compile(button))

    app.key("alt+1")
    for name, title, open_it in (
            ("settings", "Settings of this chat|此对话的设置", lambda: press("Settings of this chat|此对话的设置")),
            ("inspector", "The exact tokens", lambda: press("Exact tokens|确切的词元")),
            ("preferences", "Preferences|首选项", lambda: app.key("ctrl+comma")),
            ("connections", "Connections|连接记录", lambda: menu("Connections|连接记录.*")),
            ("server", "Add a server|添加服务器", lambda: (app.key("alt+2"), press("Add a server.*|添加兼容.*")))):
        before = len(app.windows())
        open_it()
        app.wait(lambda: len(app.windows()) > before, title)
        time.sleep(1)
        if narrow:
            app.resize_dialogs(*SIZES["360"])
            time.sleep(1)
        yield name
        app.key("Escape")
        app.wait(lambda: len(app.windows()) == before, f"{name} to go")


def compare_views(app):
    """Two models that are compared, in a chat of its own."""
    app.key("alt+1", "ctrl+n")
    app.click(app.find("push button", re.compile("Compare two models|比较两个模型")))
    app.click("text", re.compile("Message|消息"))
    app.type_text("Weather?")
    time.sleep(0.7)
    yield "compare"
    app.key("Return")
    app.wait_for_text("It is sunny")
    time.sleep(2)
    app.key("Escape")
    time.sleep(1)
    yield "compare-answers"
    app.click(app.find("push button", re.compile("Compare two models|比较两个模型")))


def views(app, narrow):
    """The name of each page, when it is shown."""
    yield "welcome"
    if narrow:
        app.key("F9")
        time.sleep(0.7)
        yield "history"
    row = app.find("list item", "Orbits of planets")
    app.click(row)
    app.wait_for_text("Kepler's third law")
    time.sleep(0.7)
    yield "chat"
    if narrow:
        app.key("F9")
        time.sleep(0.7)
    app.click(app.find("list item", "Formulas"))
    app.wait_for_text("identity")
    time.sleep(0.7)
    yield "formulas"
    app.key("ctrl+f")
    time.sleep(0.3)
    app.type_text("planet")
    time.sleep(1)
    yield "search"
    app.key("Escape", "Escape")
    app.key("alt+2")
    time.sleep(1.2)
    yield "models"
    app.key("alt+3")
    time.sleep(1.5)
    yield "sizing"
    yield from sizing_views(app, narrow)
    yield from file_views(app, narrow)
    yield from tool_views(app, narrow)
    yield from window_views(app, narrow)
    yield from compare_views(app)
    app.key("ctrl+question")
    time.sleep(1)
    yield "shortcuts"
    app.key("Escape")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("pattern", nargs="?", default="*")
    arguments = parser.parse_args()
    reason = driver.missing()
    if reason:
        sys.exit("no pictures: " + reason)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    n = 0
    for language, locale in (("en", "C"), ("zh", "zh_CN")):
        for scheme in ("light", "dark"):
            for width, size in SIZES.items():
                name = f"{language}-{scheme}-{width}"
                if not any(fnmatch.fnmatch(name + "-x", pattern) for pattern in (arguments.pattern, arguments.pattern + "-*")):
                    continue
                with driver.Session(size[0] + 400, size[1] + 200) as session:
                    app = tests.prepare(session, arguments, language=locale, dark=scheme == "dark", size=size)
                    fill(app)
                    set_up_tools(app)
                    switch_tool_on(app)
                    with app:
                        time.sleep(1)
                        for view in views(app, width == "360"):
                            app.picture(arguments.folder / f"{name}-{view}.png")
                            n += 1
                    for line in app.complaints():
                        print(f"{name}: {line}", file=sys.stderr)
    print(f"{n} pictures in {arguments.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
