# SPDX-License-Identifier: MIT
"""The public header as tokens. What the header's restricted C does not have is an error here."""
import re
from typing import List, NamedTuple

PATTERN = re.compile(r"""
    (?P<space>\s+)
  | (?P<doc>/\*\*(?!/)(?:(?!\*/).)*\*/)
  | (?P<comment>/\*(?:(?!\*/).)*\*/)
  | (?P<directive>\#[^\n]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>-?(?:0[xX][0-9a-fA-F]+|\d+)[uU]?)
  | (?P<text>"[^"\n]*")
  | (?P<punctuation>[{}()\[\];,*=])
""", re.VERBOSE | re.DOTALL)


class HeaderError(Exception):
    """What the generator refuses, with its place."""

    def __init__(self, path: str, line: int, message: str):
        super().__init__(f"{path}:{line}: {message}")


class Token(NamedTuple):
    kind: str
    text: str
    line: int


def tokens(path: str, text: str) -> List[Token]:
    found = []
    position, line = 0, 1
    while position < len(text):
        match = PATTERN.match(text, position)
        if match is None:
            raise HeaderError(path, line, f"unexpected {text[position]!r}")
        kind, content = str(match.lastgroup), match.group()
        if kind == "directive" and content.endswith("\\"):
            raise HeaderError(path, line, "a directive goes on in the next line; expected one line")
        if kind not in ("space", "comment"):
            found.append(Token(kind, content, line))
        line += content.count("\n")
        position = match.end()
    return found
