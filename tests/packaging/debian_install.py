#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every file that is installed belongs to exactly one Debian package, and every pattern of a package means a file.

usage: debian_install.py ROOT BUILD
"""
import fnmatch
import pathlib
import tempfile

import packaging


def patterns(root):
    """(package, pattern) of the lines that speak of what `meson install` puts below usr/."""
    for path in sorted((root / "packaging/debian").glob("*.install")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("usr/"):
                yield path.stem, line.split()[0]


def means(pattern, path):
    """As dh_install reads it: `*` is within one name, and a folder means all that is in it."""
    wanted, names = pattern.split("/"), path.split("/")
    return len(names) >= len(wanted) and all(map(fnmatch.fnmatchcase, names, wanted))


def main(root, build):
    with tempfile.TemporaryDirectory() as folder:
        _, files = packaging.install(build, pathlib.Path(folder))
    claims = list(patterns(pathlib.Path(root)))
    problems = []
    for path in files:
        owners = sorted({package for package, pattern in claims if means(pattern, path)})
        if len(owners) != 1:
            problems.append(f"{path} belongs to {', '.join(owners) or 'no package'}")
    left_out = {"libllm-gui"} if "usr/bin/libllm-gui" not in files else set()
    for package, pattern in claims:
        # The pages of what this build was made without are not there either.
        without = pattern.endswith("/libllm-serve.1") and not any("libllm-serve" in path for path in files)
        if package not in left_out and not without and not any(means(pattern, path) for path in files):
            problems.append(f"{package}: nothing is installed as {pattern}")
    return problems


packaging.report(main)
