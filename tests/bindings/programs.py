#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The small real program of each language does what it says, with models that say what they are told.

usage: programs.py PROGRAM COMMAND...     (LIBLLM_LIBRARY names the library; models and arguments are added)
"""
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTED = str(ROOT / "tests/data/chat/scripted.gguf")
PATIENCE = 60


def run(command, *arguments, text="", status=0):
    """What the program prints; where it fails, what it says about that."""
    done = subprocess.run([*command, *map(str, arguments)], input=text, capture_output=True, text=True, encoding="utf-8",
                          timeout=PATIENCE, check=False)
    if done.returncode != status:
        sys.exit(f"ended with {done.returncode}, expected {status}: {done.stdout}{done.stderr}")
    return done.stderr if status else done.stdout


def equal(found, expected):
    if found != expected:
        sys.exit(f"found {found!r}, expected {expected!r}")


def search(command):
    """Python: a paragraph that is the query itself is the nearest, now and with vectors that were kept."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "sea.txt").write_text("The sea is wide.\n\nShips cross\nit slowly.\n", encoding="utf-8")
        pathlib.Path(folder, "long.md").write_text("Hills. " * 400, encoding="utf-8")
        pathlib.Path(folder, "not.csv").write_text("Ships cross it slowly.", encoding="utf-8")
        for _ in range(2):
            found = run(command, folder, "Ships", "cross", "it", "slowly.", "--model",
                        ROOT / "tests/data/tiny/bert.gguf").splitlines()
            equal(len(found), 3)
            equal(found[0], f"1.000 {folder}/sea.txt:3: Ships cross it slowly.")
            equal(len(json.loads(pathlib.Path(folder, ".search.json").read_text(encoding="utf-8"))), 1)


def commit(command):
    """Rust: one line about a diff."""
    equal(run(command, SCRIPTED, text="+It is sunny.\n"), "It is sunny.\n")
    run(command, SCRIPTED, text="+" + "It is sunny.\n" * 2000)
    equal("no change" in run(command, SCRIPTED, text="\n", status=1), True)


def npc(command):
    """Lua: a character that looks at the world of the game before it speaks."""
    equal(run(command, SCRIPTED, text="How is the weather in Ulm?\n"), "I look. It is sunny.\n")


def classify(command):
    """Java: a table with a column more, whose cells are as they were."""
    table = 'id,text\n1,"It is, as ""they"" say,\nsunny."\n2,It is sunny.\n3\n4,""""\n'
    printed = run(command, SCRIPTED, "text", "hm, the weather", "I look.", text=table)
    found = list(csv.reader(io.StringIO(printed)))
    equal([row[:-1] for row in found], list(csv.reader(io.StringIO(table))))
    equal(found[0][-1], "class")
    equal({row[-1] for row in found[1:]} <= {"hm, the weather", "I look."}, True)
    equal("no column note" in run(command, SCRIPTED, "note", "a", "b", text=table, status=1), True)


def extract(command):
    """C++: JSON that a schema asks for."""
    schema = {"type": "object", "required": ["name", "arguments"], "additionalProperties": False, "properties": {
        "name": {"type": "string"}, "arguments": {"type": "object", "required": ["city"], "additionalProperties": False,
                                                  "properties": {"city": {"enum": ["Ulm", "Bern"]}}}}}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "schema.json")
        path.write_text(json.dumps(schema), encoding="utf-8")
        found = json.loads(run(command, path, SCRIPTED, text="It is sunny."))
        equal(found["arguments"], {"city": "Ulm"})
        path.write_text('{"type": "nothing"}', encoding="utf-8")
        equal("no type" in run(command, path, SCRIPTED, status=1), True)
        equal("none.json" in run(command, "none.json", SCRIPTED, status=1), True)


def served(command, body):
    """Run a program that prints its address, while body(address) talks to it."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            body(process.stdout.readline().strip())
        finally:
            process.terminate()


def fetched(address, data=None):
    """Status and text of a page; with data of a POST."""
    try:
        with urllib.request.urlopen(address, None if data is None else data.encode(), PATIENCE) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def serve(command):
    """Go: answers over HTTP."""
    def body(address):
        for _ in range(6):
            equal(fetched(address, "How is the weather?"), (200, "It is sunny."))
        equal(fetched(address)[0], 405)
    served([*command, "-model", SCRIPTED, "-address", "localhost:0"], body)


def web(command):
    """JavaScript: a page, and the answers that it asks for."""
    def body(address):
        status, page = fetched(address)
        equal((status, "<form>" in page), (200, True))
        for _ in range(2):
            equal(fetched(address + "chat", json.dumps([{"role": "user", "content": "a"}])), (200, "It is sunny."))
        equal(fetched(address + "chat", "{")[0], 400)
        equal(fetched(address + "chat", '{"messages": 1}')[0], 400)
        equal(fetched(address + "none")[0], 404)
    served([*command, SCRIPTED, "0"], body)


if __name__ == "__main__":
    {found.__name__: found for found in (search, commit, npc, classify, extract, serve, web)}[sys.argv[1]](sys.argv[2:])
    print("as expected")
