#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The reference of the C interface from api.json: a man page for every function and struct, and one page of HTML.

usage: reference.py FOLDER [API.JSON]        writes FOLDER/man/man3/*.3 and FOLDER/doc/libllm/reference.html

As a script of `meson install` it is called without a folder and writes below the prefix.
"""
import html
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
STYLE = """body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto } dt { font-family: monospace; margin-top: .5rem }
h3 { font-family: monospace; border-top: 1px solid #ccc; padding-top: 1rem } nav { columns: 3; font-size: 85% }
@media (prefers-color-scheme: dark) { body { background: #1e1e1e; color: #ddd } pre { background: #2a2a2a } a { color: #8ab4f8 } }"""


def declared(item):
    """A parameter or field as C writes it."""
    spelling = item["type"]["c"]
    count = f"[{item['type']['count']}]" if "count" in item["type"] else ""
    return spelling + ("" if spelling.endswith("*") else " ") + item["name"] + count


def synopsis(function):
    result = function["result"]["type"]["c"] if function["result"] else "void"
    space = "" if result.endswith("*") else " "
    params = ",\n        ".join(declared(param) for param in function["params"]) or "void"
    return f"{result}{space}{function['name']}({params});"


def notes(function):
    """What comes behind the description: (title, text)."""
    return [("Ownership", function["ownership"]["text"]), ("Thread safety", function["threads"]["text"]),
            ("Errors", function["errors"]["text"]), ("Since", function["since"])]


# --- Man pages --------------------------------------------------------------------------------------------------------


def roff(text):
    """Text of a man page: nothing in it is a request."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def paragraphs(text):
    return "\n.PP\n".join(roff(part) for part in text.split("\n\n"))


def page(api, item, synopsis_text, entries, sections):
    # Names and JSON are too long for lines that are filled up to the right.
    lines = [f".TH {item['name'].upper()} 3 \"\" \"libllm {api['version']}\"", ".ad l", ".SH NAME",
             f"{item['name']} \\- {roff(item['summary'].rstrip('.'))}", ".SH SYNOPSIS", ".nf",
             "#include <libllm/libllm.h>", "", roff(synopsis_text), ".fi", ".SH DESCRIPTION", paragraphs(item["doc"])]
    title, described = entries
    if described:
        lines.append(f".SH {title}")
        for entry in described:
            lines += [".TP", f".I {entry['name']}", roff(entry["doc"]) + (" May be NULL." if entry.get("nullable") else "")]
    for title, text in sections:
        lines += [f".SH {title.upper()}", roff(text)]
    return "\n".join(lines) + "\n"


def man_pages(api):
    for function in api["functions"]:
        sections = ([("Return value", function["result"]["doc"])] if function["result"] else []) + notes(function)
        yield function["name"], page(api, function, synopsis(function), ("PARAMETERS", function["params"]), sections)
    for struct in api["structs"]:
        fields = "".join(f"    {declared(field)};\n" for field in struct["fields"])
        text = f"typedef struct {struct['name']} {{\n{fields}}} {struct['name']};"
        yield struct["name"], page(api, struct, text, ("FIELDS", struct["fields"]), [("Since", struct["since"])])
    for enum in api["enums"]:
        text = f"enum {enum['name']}"
        yield enum["name"], page(api, enum, text, ("VALUES", enum["values"]), [("Since", enum["since"])])


# --- HTML -------------------------------------------------------------------------------------------------------------


def prose(api, text):
    """Paragraphs, in which names of the interface are links."""
    known = {item["name"] for kind in ("functions", "structs", "enums", "handles", "callbacks") for item in api[kind]}

    def link(match):
        name = match.group(1)
        return f'<a href="#{name}">{match.group()}</a>' if name in known else match.group()

    return "".join(f"<p>{re.sub(r'(libllm_[a-z0-9_]+)(?:[(][)])?', link, html.escape(part, quote=False))}</p>"
                   for part in text.split("\n\n"))


def block(api, item, code, entries=(), sections=()):
    lines = [f'<h3 id="{item["name"]}">{item["name"]}</h3>', f"<pre>{html.escape(code)}</pre>" if code else "",
             prose(api, item["doc"])]
    if entries:
        rows = (f"<dt>{html.escape(entry['name'])}</dt><dd>{prose(api, entry['doc'])}</dd>" for entry in entries)
        lines.append("<dl>" + "\n".join(rows) + "</dl>")
    lines += [f"<p><b>{title}:</b> {html.escape(text)}</p>" for title, text in sections]
    return "\n".join(line for line in lines if line)


def document(api):
    parts = []
    for title, kind in (("Functions", "functions"), ("Structs", "structs"), ("Enums", "enums"), ("Handles", "handles"),
                        ("Callbacks", "callbacks"), ("Constants", "constants")):
        links = "<br>".join(f'<a href="#{item["name"]}">{item["name"]}</a>' for item in api[kind])
        parts += [f"<h2>{title}</h2>", f"<nav>{links}</nav>"]
        for item in api[kind]:
            if kind == "functions":
                result = [("Returns", item["result"]["doc"])] if item["result"] else []
                parts.append(block(api, item, synopsis(item), item["params"], result + notes(item)))
            else:
                entries = item.get("fields") or item.get("values") or item.get("params") or ()
                parts.append(block(api, item, "", entries, [("Since", item["since"])]))
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>libllm {api["version"]}</title>'
            f"<style>{STYLE}</style></head><body><h1>libllm {api['version']}</h1>\n" + "\n".join(parts)
            + "\n</body></html>\n")


def main(folder=None, source=ROOT / "bindings/api.json"):
    share = pathlib.Path(folder or os.path.join(os.environ["MESON_INSTALL_DESTDIR_PREFIX"], "share"))
    api = json.loads(pathlib.Path(source).read_text(encoding="utf-8"))
    manual, documents = share / "man/man3", share / "doc/libllm"
    for path in (manual, documents):
        path.mkdir(parents=True, exist_ok=True)
    for name, text in man_pages(api):
        (manual / f"{name}.3").write_text(text, encoding="utf-8")
    (documents / "reference.html").write_text(document(api), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
