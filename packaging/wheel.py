#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the Python wheel that runs wherever its tag says: the package, the library, and what that links besides the C library.

usage: wheel.py LIBRARY FOLDER
       wheel.py --metadata FOLDER      only the metadata, FOLDER/libllm-*.dist-info, for a package of another kind

The tag manylinux_2_36 allows libc, libm and zlib of the system; other libraries are put beside ours, which finds them by
its run path. What does not keep to the tag is an error. The same inputs give the same bytes.
"""
import base64
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
TAG = "py3-none-manylinux_2_36_x86_64"
GLIBC = (2, 36)
OF_THE_SYSTEM = {"libc.so.6", "libm.so.6", "libz.so.1", "ld-linux-x86-64.so.2"}
TIME = (2020, 1, 1, 0, 0, 0)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed(library):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "--dynamic", "--wide", str(library)))


def carried(library):
    """Name and path of each library that the wheel carries along, also those that these need."""
    found, waiting = {}, [library]
    while waiting:
        paths = dict(re.findall(r"^\s*(\S+) => (/\S+)", run("ldd", str(waiting[0])), re.MULTILINE))
        for name in needed(waiting.pop(0)):
            if name not in OF_THE_SYSTEM and name not in found:
                found[name] = pathlib.Path(paths[name]).resolve()
                waiting.append(found[name])
    return found


def check(library):
    versions = {tuple(map(int, version.split("."))) for version in
                re.findall(r"GLIBC_(2\.\d+)", run("readelf", "--version-info", "--wide", str(library)))}
    if max(versions) > GLIBC:
        sys.exit(f"{library} needs GLIBC_{max(versions)}, the tag {TAG} promises at most {GLIBC}")


def metadata(project, version):
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {version}",
             f"Summary: {project['description']}", "License: MIT", f"Keywords: {','.join(project['keywords'])}",
             f"Author: {', '.join(author['name'] for author in project['authors'])}",
             f"Requires-Python: {project['requires-python']}"]
    lines += [f"Project-URL: {name}, {url}" for name, url in project["urls"].items()]
    lines += [f"Classifier: {classifier}" for classifier in project["classifiers"]]
    for extra, requirements in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}", *(f'Requires-Dist: {name}; extra == "{extra}"' for name in requirements)]
    readme = (ROOT / project["readme"]).read_text(encoding="utf-8")
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", readme])


def entry_points(project):
    return "".join(f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
                   for group, entries in {"console_scripts": project["scripts"], **project["entry-points"]}.items())


def described():
    """The project table of pyproject.toml, and the version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    header = (ROOT / "libllm/include/libllm/libllm.h").read_text(encoding="utf-8")
    return project, ".".join(re.findall(r"define LIBLLM_VERSION_\w+ (\d+)", header))


def contents(library, folder):
    """Path in the wheel to bytes."""
    project, version = described()
    package = ROOT / "bindings/python/libllm"
    files = {f"libllm/{path.relative_to(package)}": path.read_bytes() for path in sorted(package.rglob("*"))
             if path.suffix in (".py", ".pyi", ".typed")}
    info = f"libllm-{version}.dist-info/"
    beside = carried(library)
    for name, path in {"libllm.so.0": library, **beside}.items():
        copy = folder / name
        shutil.copyfile(path, copy)
        run("strip", "--strip-unneeded", str(copy))
        run("patchelf", "--set-rpath", "$ORIGIN", str(copy))
        check(copy)
        files[f"libllm/_lib/{name}"] = copy.read_bytes()
        owner = run("dpkg-query", "--search", str(path)).split(":")[0] if name in beside else None
        if owner:
            files[info + f"licenses/{owner}"] = pathlib.Path(f"/usr/share/doc/{owner}/copyright").read_bytes()
    files[info + "licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    files[info + "METADATA"] = metadata(project, version).encode()
    files[info + "WHEEL"] = f"Wheel-Version: 1.0\nGenerator: libllm\nRoot-Is-Purelib: false\nTag: {TAG}\n".encode()
    files[info + "entry_points.txt"] = entry_points(project).encode()
    return version, info, files


def record(files, info):
    lines = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(data)}\n")
    return "".join(lines) + f"{info}RECORD,,\n"


def write_metadata(folder):
    project, version = described()
    folder = pathlib.Path(folder) / f"libllm-{version}.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "METADATA").write_text(metadata(project, version), encoding="utf-8")
    (folder / "entry_points.txt").write_text(entry_points(project), encoding="utf-8")


def main(library, output):
    if library == "--metadata":
        return write_metadata(output)
    output = pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        version, info, files = contents(pathlib.Path(library).resolve(), pathlib.Path(folder))
    files[info + "RECORD"] = record(files, info).encode()
    wheel = output / f"libllm-{version}-{TAG}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)
    print(f"{wheel} ({wheel.stat().st_size / 1e6:.1f} MB)")


main(*sys.argv[1:])
