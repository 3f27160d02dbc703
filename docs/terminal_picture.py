#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a command in a terminal, type lines into it, and draw what is on the screen as an SVG.

usage: terminal_picture.py OUT.svg SHOWN-AS LINES COMMAND [ARGS...]

SHOWN-AS is the command line to show, LINES what to type: each line once the command has been quiet for a while.
The picture of the README: docs/terminal_picture.py docs/chat.svg './dev chat' $'...\\n...\\n/quit\\n' ./dev chat
"""
import fcntl
import html
import os
import pty
import re
import select
import struct
import sys
import termios

COLUMNS = 84
QUIET_SECONDS = 3
LONGEST_SECONDS = 120
CELL_WIDTH, LINE_HEIGHT, MARGIN, FONT_SIZE = 8.4, 19, 18, 14
BACKGROUND, FOREGROUND, DIM = "#1d1f21", "#d8dbe0", "#8a9199"
COLOURS = {1: "#f07178", 2: "#a5d6a7", 3: "#ffd580", 4: "#82aaff", 5: "#d6a2e8", 6: "#80d8e0", 7: FOREGROUND}
ESCAPE = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b[()=>][B0]?|\x1b\][^\x07]*\x07")


def run(command, lines):
    """Everything that the command wrote to its terminal."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    written, waiting = b"", list(lines)
    while True:
        quiet = QUIET_SECONDS if waiting else LONGEST_SECONDS
        ready, _, _ = select.select([terminal], [], [], quiet)
        if not ready:
            if not waiting:
                break
            os.write(terminal, waiting.pop(0).encode() + b"\r")
            continue
        try:
            written += os.read(terminal, 65536)
        except OSError:
            break
    os.waitpid(child, 0)
    return written.decode("utf-8", "replace")


class Screen:
    """As much of a terminal as a line editor and a streaming answer use: an endless page with a cursor."""

    def __init__(self):
        self.rows, self.row, self.column, self.colour = [[]], 0, 0, FOREGROUND

    def put(self, char):
        if self.column == COLUMNS:
            self.column, self.row = 0, self.row + 1
        while len(self.rows) <= self.row:
            self.rows.append([])
        cells = self.rows[self.row]
        cells.extend([(" ", FOREGROUND)] * (self.column + 1 - len(cells)))
        cells[self.column] = (char, self.colour)
        self.column += 1

    def control(self, parameters, final):
        count = int(parameters) if parameters.isdigit() else 1
        cells = self.rows[self.row] if self.row < len(self.rows) else []
        if final == "m":
            for code in map(int, filter(str.isdigit, parameters.split(";"))) if parameters else [0]:
                self.colour = DIM if code in (2, 90) else COLOURS.get(code - 30, COLOURS.get(code - 90, self.colour))
                self.colour = FOREGROUND if code in (0, 22, 39) else self.colour
        elif final == "K":
            del cells[0 if parameters == "2" else self.column:]
        elif final == "J":
            del cells[self.column:]
            del self.rows[self.row + 1:]
        elif final == "P":
            del cells[self.column:self.column + count]
        elif final == "@":
            cells[self.column:self.column] = [(" ", FOREGROUND)] * count
        elif final == "A":
            self.row = max(0, self.row - count)
        elif final == "B":
            self.row += count
        elif final == "C":
            self.column = min(COLUMNS, self.column + count)
        elif final == "D":
            self.column = max(0, self.column - count)
        elif final == "G":
            self.column = count - 1

    def write(self, text):
        at = 0
        while at < len(text):
            escape = ESCAPE.match(text, at)
            if escape:
                if escape.group(2):
                    self.control(escape.group(1), escape.group(2))
                at = escape.end()
                continue
            char = text[at]
            if char == "\r":
                self.column = 0
            elif char == "\n":
                self.row += 1
            elif char == "\b":
                self.column = max(0, self.column - 1)
            elif char >= " ":
                self.put(char)
            at += 1


def spans(cells):
    """Runs of one colour: (text, colour)."""
    runs = []
    for char, colour in cells:
        if runs and runs[-1][1] == colour:
            runs[-1][0] += char
        else:
            runs.append([char, colour])
    return runs


def svg(rows):
    width, height = COLUMNS * CELL_WIDTH + 2 * MARGIN, len(rows) * LINE_HEIGHT + 2 * MARGIN
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
           f'viewBox="0 0 {width:.0f} {height:.0f}">',
           f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
           f'<g font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{FONT_SIZE}" '
           'xml:space="preserve">']
    for number, cells in enumerate(rows):
        y = MARGIN + (number + 1) * LINE_HEIGHT - 5
        text = "".join(f'<tspan fill="{colour}">{html.escape(run)}</tspan>' for run, colour in spans(cells))
        if text:
            out.append(f'<text x="{MARGIN}" y="{y}">{text}</text>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def main(out, shown_as, lines, *command):
    screen = Screen()
    screen.write(f"\x1b[32m$\x1b[0m {shown_as}\r\n" + run(command, lines.splitlines()))
    rows = screen.rows
    while rows and not "".join(char for char, _ in rows[-1]).strip():
        rows.pop()
    with open(out, "w", encoding="utf-8") as picture:
        picture.write(svg(rows))


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
