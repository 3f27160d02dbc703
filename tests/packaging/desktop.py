#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the desktop reads of the app is valid, complete and where it is looked for; the checkers of freedesktop.org say so.

usage: desktop.py ROOT BUILD
"""
import configparser
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import xml.etree.ElementTree as xml

import packaging

ID = "io.github.libllm.Desktop"
# name of the tool, its arguments, and what is given to it
CHECKERS = [("desktop-file-validate", [], f"applications/{ID}.desktop"),
            ("appstreamcli", ["validate", "--no-net", "--explain"], f"metainfo/{ID}.metainfo.xml"),
            ("glib-compile-schemas", ["--strict", "--dry-run"], "glib-2.0/schemas")]
EXPECTED = [f"icons/hicolor/scalable/apps/{ID}.svg", f"icons/hicolor/symbolic/apps/{ID}-symbolic.svg",
            f"applications/{ID}.desktop", f"metainfo/{ID}.metainfo.xml", f"dbus-1/services/{ID}.service",
            f"mime/packages/{ID}.xml", f"gnome-shell/search-providers/{ID}.search-provider.ini", f"glib-2.0/schemas/{ID}.gschema.xml", f"locale/zh_CN/LC_MESSAGES/{ID}.mo",
            "man/man1/libllm-gui.1"]


def read_keys(path):
    parser = configparser.ConfigParser(interpolation=None, delimiters="=", strict=True)
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return parser


def check_pictures(component, root):
    """Each is one of the repository, at the address that it has there, of the size that stores ask for, with words in Chinese."""
    problems, pictures = [], component.findall("screenshots/screenshot")
    for picture in pictures:
        address = picture.findtext("image")
        name = address.removeprefix("https://raw.githubusercontent.com/libllm/libllm/main/")
        data = (root / name).read_bytes() if (root / name).is_file() else b""
        width, height = struct.unpack(">II", data[16:24]) if data[1:4] == b"PNG" else (0, 0)
        if name == address or width < 620 or height < 400:
            problems.append(f"{address} is no picture of the repository, or too small")
        if len(picture.findall("caption")) < 2:
            problems.append(f"the caption of {address} is not in Chinese")
    if not pictures or pictures[0].get("type") != "default":
        problems.append("the metainfo has no picture that comes first")
    return problems


def check_agreement(share, version, root):
    """Files name each other by the id, and the release is that of the library."""
    problems = []
    entry = read_keys(share / f"applications/{ID}.desktop")["Desktop Entry"]
    service = read_keys(share / f"dbus-1/services/{ID}.service")["D-BUS Service"]
    component = xml.parse(share / f"metainfo/{ID}.metainfo.xml").getroot()
    namespace = "{http://www.freedesktop.org/standards/shared-mime-info}"
    types = [node.get("type") for node in xml.parse(share / f"mime/packages/{ID}.xml").iter(namespace + "mime-type")]
    provider = read_keys(share / f"gnome-shell/search-providers/{ID}.search-provider.ini")["Shell Search Provider"]
    release = component.find("releases/release").get("version")
    problems += check_pictures(component, root)
    for what, found, expected in [
            ("the icon of the desktop entry", entry["Icon"], ID),
            ("the name of the D-Bus service", service["Name"], ID),
            ("the program of the D-Bus service", service["Exec"].split("/")[-1].split()[0], entry["Exec"].split()[0]),
            ("whether D-Bus starts the desktop entry", entry["DBusActivatable"], "true"),
            ("the desktop entry of the search provider", provider["DesktopId"], f"{ID}.desktop"),
            ("its name on the bus", provider["BusName"], ID),
            ("its object", provider["ObjectPath"], "/" + ID.replace(".", "/") + "/SearchProvider"),
            ("the id of the metainfo", component.findtext("id"), ID),
            ("its launchable", component.findtext("launchable"), f"{ID}.desktop"),
            ("its newest release", release, version),
            ("the types of the desktop entry", entry["MimeType"].strip(";").split(";"), types),
            ("the types of the metainfo", [node.text for node in component.findall("provides/mediatype")], types)]:
        if found != expected:
            problems.append(f"{what} is {found}, expected was {expected}")
    for key in ("Comment", "GenericName", "Keywords"):
        if f"{key}[zh_CN]" not in entry:
            problems.append(f"the desktop entry has no {key} in Chinese")
    return problems


def check_association(share, data):
    """What the desktop makes of a model's file: its type, by its content and by its name, and the program for it."""
    for command in (["update-mime-database", str(share / "mime")], ["update-desktop-database", str(share / "applications")]):
        packaging.run(*command)
    environment = {**os.environ, "XDG_DATA_DIRS": str(share), "XDG_DATA_HOME": str(share / "none"), "LC_ALL": "C.UTF-8",
                   "PATH": f"{share.parent / 'bin'}:{os.environ['PATH']}"}
    (share / "no-name").write_bytes((data / "tiny/llama.gguf").read_bytes())
    (share / "no-content.gguf").write_bytes(b"\x7f\0\1")
    problems = []
    for path in ("no-name", "no-content.gguf"):
        said = subprocess.run(["gio", "info", "-a", "standard::content-type", str(share / path)], capture_output=True, text=True,
                              env=environment, check=True).stdout
        if "application/x-gguf" not in said:
            problems.append(f"{path} is no model for the desktop: {said.strip()}")
    said = subprocess.run(["gio", "mime", "application/x-gguf"], capture_output=True, text=True, env=environment, check=False).stdout
    if f"{ID}.desktop" not in said:
        problems.append(f"models are not opened by the app: {said.strip()}")
    return problems


def main(root, build):
    version = packaging.introspect(build, "projectinfo")["version"]
    missing = []
    with tempfile.TemporaryDirectory() as folder:
        prefix, _ = packaging.install(build, pathlib.Path(folder))
        share = prefix / "share"
        problems = [f"share/{path} is not installed" for path in EXPECTED if not (share / path).is_file()]
        for path in share.glob("icons/hicolor/*/apps/*.svg"):
            size = xml.parse(path).getroot()
            if size.get("viewBox") is None and size.get("width") is None:
                problems.append(f"{path.name} has no size")
        problems = problems or check_agreement(share, version, pathlib.Path(root))
        for tool, options, path in CHECKERS:
            if not shutil.which(tool):
                missing.append(tool)
            else:
                problems += packaging.problems_of([tool, *options, str(share / path)])
        missing += [tool for tool in ("update-mime-database", "update-desktop-database", "gio") if not shutil.which(tool)]
        if not problems and not missing:
            problems += check_association(share, pathlib.Path(root) / "tests/data")
    if missing and not problems:
        packaging.skip(f"not everything could be checked: there is no {' and no '.join(missing)}")
    return problems


packaging.report(main)
