#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Have a language's runner play the scenario, and compare what it replies with what is expected.

usage: scenario.py [--show] RUNNER...        (LIBLLM_LIBRARY names the library; --show prints steps and replies)

README.md describes what runners read and write, scenario.json is the story. Exits with 77 when the runner cannot be started
or replies to the first step with skip.
"""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
TOLERANCE = 2e-4


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def unescape(text):
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match.group(1), match.group(1)), text)


def field(value):
    """As a runner reads it: lists of numbers by spaces, other documents as JSON. {"count": n} is a list of n tokens,
    {"text": x, "times": n} a text that is repeated."""
    if isinstance(value, dict) and set(value) == {"count"}:
        value = [number % 251 + 1 for number in range(value["count"])]
    elif isinstance(value, dict) and set(value) == {"text", "times"}:
        value = value["text"] * value["times"]
    if isinstance(value, list) and all(isinstance(item, (int, float)) for item in value):
        return " ".join(str(item) for item in value)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else json.dumps(value)


def agrees(expected, reply):
    """Whether a field of a reply is what is expected: a text, a number, numbers, or a part of a JSON document."""
    if isinstance(expected, str):
        return reply == expected
    if isinstance(expected, dict):
        return contains(json.loads(reply), expected)
    found = [float(word) for word in reply.split()]
    wanted = expected if isinstance(expected, list) else [expected]
    exact = all(isinstance(item, int) for item in wanted)
    return len(found) == len(wanted) and all(
        a == b if exact else math.isclose(a, b, abs_tol=TOLERANCE) for a, b in zip(found, wanted))


def contains(found, expected):
    """Objects may have further members and lists further items at their end; everything else is equal."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(key in found and contains(found[key], value)
                                               for key, value in expected.items())
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) >= len(expected) and all(map(contains, found, expected))
    if isinstance(expected, float):
        return isinstance(found, (int, float)) and math.isclose(found, expected, rel_tol=1e-9)
    return found == expected


def memory_kib():
    """Of this machine: a step that asks for too much is for those that have less."""
    return int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="ascii")).group(1))


class Player:
    def __init__(self, command, folder):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        encoding="utf-8", cwd=ROOT)
        self.folder = folder

    def play(self, step):
        """The fields of the reply."""
        keys = {key: field(value).replace("{tmp}", self.folder) for key, value in step.items()
                if key not in ("op", "expect", "error", "done", "may_skip", "growth_kib", "memory_kib")}
        line = "\t".join([step["op"], *(f"{key}={escape(value)}" for key, value in keys.items())])
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            reply = self.process.stdout.readline()
        except BrokenPipeError:
            reply = ""
        if not reply.endswith("\n"):
            self.process.wait(timeout=60)
            return ["died", f"exit status {self.process.returncode}"]
        return [unescape(part) for part in reply[:-1].split("\t")]

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


def problem(step, reply):
    """What is wrong with a reply, or None."""
    if reply[0] == "skip":
        return None if step.get("may_skip") else f"skipped: {reply[1:]}"
    if "error" in step:
        expected = ["error", step["error"]]
        if reply[:2] == expected and len(reply) == 3 and reply[2]:
            return None
        return f"replied {reply}, expected {expected} and a message"
    if "done" in step:
        return None if reply == ["done", step["done"]] else f"replied {reply}, expected done {step['done']}"
    if reply[0] != "ok":
        return f"replied {reply}, expected ok"
    if "expect" not in step:
        return None
    expected = step["expect"] if isinstance(step["expect"], list) and step.get("op") in (
        "stream_all",) else [step["expect"]]
    if len(reply) - 1 == len(expected) and all(map(agrees, expected, reply[1:])):
        return None
    return f"replied {reply[1:]}, expected {expected}"


def main(command):
    show = command[:1] == ["--show"]
    command = command[show:]
    steps = json.loads((ROOT / "tests/bindings/scenario.json").read_text(encoding="utf-8"))["steps"]
    problems, skipped = [], 0
    with tempfile.TemporaryDirectory() as folder:
        model = (ROOT / "tests/data/tiny/llama.gguf").read_bytes()
        pathlib.Path(folder, "truncated.gguf").write_bytes(model[:len(model) // 2])
        pathlib.Path(folder, "nan.gguf").write_bytes(model[:-4096] + b"\xff" * 4096)
        try:
            player = Player(command, folder)
        except OSError as error:
            print(f"the runner could not be started: {error}")
            return SKIPPED
        for number, step in enumerate(steps):
            if memory_kib() > step.get("memory_kib", math.inf):
                skipped += 1
                continue
            before = player.resident_kib() if "growth_kib" in step else 0
            reply = player.play(step)
            if show:
                print(json.dumps(step)[:300], "->", reply)
            if number == 0 and reply[0] == "skip":
                print(reply[1])
                return SKIPPED
            wrong = problem(step, reply)
            if wrong is None and "growth_kib" in step:
                growth = player.resident_kib() - before
                if growth > step["growth_kib"]:
                    wrong = f"{growth} KiB more memory, expected at most {step['growth_kib']}"
            if wrong:
                problems.append(f"step {number}, {json.dumps(step)}: {wrong}")
            skipped += reply[0] == "skip"
            if reply[0] == "died":
                break
        else:
            player.process.stdin.close()
            status = player.process.wait(timeout=60)
            if status != 0:
                problems.append(f"the runner ended with {status}, expected 0")
    print("\n".join(problems[:20]))
    print(f"{len(steps)} steps, {len(problems)} wrong, {skipped} skipped")
    return 1 if problems else 0


if __name__ == "__main__":
    os.environ.setdefault("LIBLLM_LIBRARY", str(ROOT / "build/libllm/libllm.so.0"))
    sys.exit(main(sys.argv[1:]))
