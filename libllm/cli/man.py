#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Man pages of the command, libllm(1) and one for each sub-command, from what `libllm COMMAND --help` prints.

usage: man.py COMMAND FOLDER        writes FOLDER/man1/libllm.1 and FOLDER/man1/libllm-*.1

As a script of `meson install` FOLDER is taken below the prefix.
"""
import os
import pathlib
import re
import subprocess
import sys
from collections import namedtuple

FILES = """.SH FILES
.TP
.I $XDG_DATA_HOME/libllm/models
Models by name; without the variable, ~/.local/share/libllm/models.
.TP
.I /usr/share/libllm/models
Models of packages; $XDG_DATA_DIRS names other folders than /usr/local/share and /usr/share.
"""
EXIT = """.SH EXIT STATUS
0: success; 1: failed, and standard error says why; 2: wrong usage.
"""

# paragraphs: lists of lines; sections: title to lines
Help = namedtuple("Help", "usage paragraphs sections")


def read(text):
    """The parts of a help text. Options come in sections, which begin with a line such as `Options:`."""
    paragraphs, sections, lines = [], {}, None
    for part in re.split(r"\n{2,}", text.strip("\n")):
        title, _, rest = part.partition("\n")
        if re.fullmatch(r"[A-Z]\w*:", title):
            lines = sections.setdefault(title[:-1], [])
            lines += rest.split("\n")
        else:
            paragraphs.append(part.split("\n"))
    usage = next(part for part in paragraphs if part[0].startswith("usage: "))
    paragraphs.remove(usage)
    return Help([re.sub(r"^(usage:)? *", "", line) for line in usage], paragraphs, sections)


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    return "\\&" + text if text.startswith(".") else text.replace("~", "\\(ti")


def verbatim(lines):
    return [".PP", ".in +2n", ".nf", *(roff(line.strip()) for line in lines), ".fi", ".in"]


def described(paragraphs):
    lines = []
    for paragraph in paragraphs:
        if all(line.startswith("  ") for line in paragraph):
            lines += verbatim(paragraph)
        else:
            lines += [".PP", *map(roff, paragraph)]
    return lines


def option(line):
    """`  -m, --model MODEL           file, folder or name` as an entry with its tag."""
    match = re.fullmatch(r" {2}(?:(-\S), | {4})(--[\w-]+)(?: (\S+))? {2,}(\S.*)", line)
    if not match:
        raise ValueError(f"not the line of an option: {line!r}")
    letter, name, value, text = match.groups()
    tag = ", ".join(f"\\fB{roff(word)}\\fR" for word in (letter, name) if word)
    return [".TP", tag + (f" \\fI{roff(value)}\\fR" if value else ""), roff(text)]


def heading(name, version, summary):
    return [f".TH {name.upper()} 1 \"\" \"libllm {version}\" \"User commands\"", ".SH NAME", f"{name} \\- {roff(summary)}", ".SH SYNOPSIS"]


def synopsis(usage):
    return [line for text in usage for line in (roff(text), ".br")][:-1]


def command_page(name, summary, version, text):
    parts = read(text)
    lines = heading("libllm-" + name, version, summary) + synopsis(parts.usage) + [".SH DESCRIPTION"]
    lines += described(parts.paragraphs)[1:]
    lines.append(".SH OPTIONS")
    for title, entries in parts.sections.items():
        lines += [] if title == "Options" else [f".SS {title}"]
        lines += [line for entry in entries for line in option(entry)]
    return "\n".join(lines) + "\n" + FILES + EXIT + ".SH SEE ALSO\n.BR libllm (1)\n"


def commands(parts):
    """(name, what it does) in the order of the help text; options are left out."""
    return [tuple(line.split(None, 1)) for line in parts.sections["Commands"] if not line.strip().startswith("-")]


def main_page(parts, version, summary):
    lines = heading("libllm", version, summary) + synopsis(parts.usage) + [".br", "libllm \\-\\-version"]
    lines += [".SH DESCRIPTION", *described(parts.paragraphs)[1:]]
    lines += [".PP", "Every command has a man page: libllm\\-chat(1) and so on.", ".SH COMMANDS"]
    for name, text in commands(parts):
        lines += [".TP", f"\\fB{name}\\fR", roff(text)]
    lines += [".SH EXAMPLES", *verbatim(parts.sections["Examples"])[1:]]
    names = [f"libllm-{name}" for name, _ in commands(parts)]
    also = ",\n".join(f".BR {roff(name)} (1)" for name in names).replace(" (1),", " (1),")
    return "\n".join(lines) + "\n" + FILES + EXIT + f".SH SEE ALSO\n{also}\n"


def pages(command):
    """Name of the page to its text."""
    def printed(*arguments):
        return subprocess.run([command, *arguments], check=True, capture_output=True, text=True).stdout

    version = printed("--version").split()[1]
    parts = read(printed("--help"))
    summary = "run and size large language models on this machine"
    found = {"libllm": main_page(parts, version, summary)}
    for name, text in commands(parts):
        found[f"libllm-{name}"] = command_page(name, text, version, printed(name, "--help"))
    return found


def main(command, folder):
    manual = pathlib.Path(os.environ.get("MESON_INSTALL_DESTDIR_PREFIX", ""), folder) / "man1"
    manual.mkdir(parents=True, exist_ok=True)
    for name, text in pages(command).items():
        (manual / f"{name}.1").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
