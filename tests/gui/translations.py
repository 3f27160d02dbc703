#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The texts of the app: each file that has some is listed, and each language has all of them.

usage: translations.py ROOT
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
MARKED = re.compile(r'\b(?:N?_|N?C_|ngettext|g_dngettext)\("|g_dngettext\(|ngettext\(|translatable="(?:yes|true)"')
# What Meson's preset "glib" takes for texts.
KEYWORDS = ["--from-code=UTF-8", "--add-comments", "--keyword=_", "--keyword=N_", "--keyword=C_:1c,2", "--keyword=NC_:1c,2",
            "--keyword=g_dcgettext:2", "--keyword=g_dngettext:2,3", "--keyword=g_dpgettext2:2c,3"]


def run(*command, root):
    environment = os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    root = pathlib.Path(sys.argv[1])
    if not all(shutil.which(tool) for tool in ("xgettext", "msgfmt", "msgcmp")):
        print("skipped: there is no gettext")
        return SKIPPED
    folder, bad = root / "gui" / "po", []
    languages = (folder / "LINGUAS").read_text().split()
    listed = {line.strip() for line in (folder / "POTFILES.in").read_text().splitlines() if not line.startswith("#")} - {""}
    for path in sorted([*(root / "gui" / "src").rglob("*.c"), *(root / "gui" / "src").rglob("*.ui")]):
        name = path.relative_to(root).as_posix()
        if name not in listed and MARKED.search(path.read_text(encoding="utf-8")):
            bad.append(f"{name} has texts and is not in POTFILES.in")
    with tempfile.TemporaryDirectory() as place:
        fresh = f"{place}/fresh.pot"
        code, said = run("xgettext", f"--files-from={folder / 'POTFILES.in'}", f"--directory={root}", *KEYWORDS, f"--output={fresh}",
                         root=root)
        if code:
            bad.append("xgettext: " + said)
        for language in languages:
            code, said = run("msgcmp", folder / f"{language}.po", fresh, root=root)
            if code:
                bad.append(f"{language}.po has not all that is in the sources:\n{said}")
    for language in languages:
        code, said = run("msgfmt", "--check", "--statistics", "--output-file=/dev/null", folder / f"{language}.po", root=root)
        if code or "untranslated" in said or "fuzzy" in said:
            bad.append(f"{language}: {said}")
    print("\n".join(bad) or "complete")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
