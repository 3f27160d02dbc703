# SPDX-License-Identifier: MIT
"""Calling `libllm estimate deploy`, and reading what it wrote."""
import json
import pathlib
import re
import shlex
import subprocess
import tempfile

PLATFORMS = ("kubernetes", "compose", "ray", "haproxy", "nginx")


class Refused(Exception):
    pass


class Written:
    """The files of one call, by their names."""

    def __init__(self, command, *arguments, folder=None):
        self.scratch = None if folder else tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(folder or self.scratch.name) / "out"
        done = subprocess.run([command, "estimate", "deploy", *arguments, "-o", self.folder], capture_output=True,
                              text=True, timeout=60, check=False)
        if done.returncode:
            raise Refused(done.stderr.strip())
        self.names = [pathlib.Path(line).name for line in done.stdout.splitlines()]
        self.texts = {name: (self.folder / name).read_text(encoding="utf-8") for name in self.names}

    def report(self, command):
        """What the estimator says of the scenario that was written."""
        done = subprocess.run([command, "estimate", "--scenario", self.folder / "scenario.json", "--json"], check=True,
                              capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout)


def pods(document):
    """Every pod's specification in a manifest."""
    if isinstance(document, dict):
        if "containers" in document:
            yield document
        for value in document.values():
            yield from pods(value)
    elif isinstance(document, list):
        for value in document:
            yield from pods(value)


def engine_args(written, yaml):
    """The lists of arguments that the engine is started with, wherever they are."""
    if "serve.sh" in written.texts:
        body = re.search(r"set -- \\\n(.*)\nexec", written.texts["serve.sh"], re.S)[1]
        yield shlex.split(body.replace("\\\n", " "))
    if "compose.yaml" in written.texts:
        for service in yaml.safe_load(written.texts["compose.yaml"])["services"].values():
            if "command" in service:
                yield service["command"]
    if "kubernetes.yaml" in written.texts:
        for document in yaml.safe_load_all(written.texts["kubernetes.yaml"]):
            for pod in pods(document):
                yield pod["containers"][0]["args"]


def flags_of(args):
    """[("--name", value or None)]"""
    out = []
    for arg in args:
        if arg.startswith("--"):
            out.append([arg, None])
        elif out and out[-1][1] is None:
            out[-1][1] = arg
    return [tuple(pair) for pair in out]
