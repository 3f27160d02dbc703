# SPDX-License-Identifier: MIT
"""What the checks of this folder share with those of tests/abi: run, report, skip. And an installed tree."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "abi"))
from abi import functions, dynamic_symbols, report, run, skip  # noqa: E402,F401


def install(build, folder):
    """Install what was built into a folder, as a package build does. Its prefix, and the paths of the files as in Debian:
    below usr/, with libraries in usr/lib/MACHINE/."""
    run("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", str(folder))
    options = {option["name"]: option["value"] for option in introspect(build, "buildoptions")}
    prefix = folder / options["prefix"].lstrip("/")
    paths = (str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir())
    return prefix, sorted("usr/" + path.replace(options["libdir"] + "/", "lib/machine/", 1) for path in paths)


def introspect(build, what):
    return json.loads(run("meson", "introspect", f"--{what}", build))


def problems_of(command):
    """What a checker prints when it fails."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return [f"{command[0]}: {result.stdout.strip()}"] if result.returncode else []
