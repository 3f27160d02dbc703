#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Flatpak manifest, which needs a runtime to be built, is at least readable: known keys, pinned sources, the name and
the options that the project has, and a sandbox without holes.

usage: flatpak.py ROOT
"""
import pathlib
import re

import packaging

ID = "io.github.libllm.Desktop"
# What flatpak-builder's manual page has, as far as it is used here.
KEYS = {"id", "runtime", "runtime-version", "sdk", "command", "finish-args", "cleanup", "modules"}
MODULE_KEYS = {"name", "buildsystem", "config-opts", "sources", "cleanup", "builddir", "post-install"}
SOURCE_KEYS = {"archive": {"type", "url", "sha256"}, "git": {"type", "url", "tag", "commit"}, "dir": {"type", "path", "skip"}}
BUILD_SYSTEMS = {"autotools", "cmake", "cmake-ninja", "meson", "simple"}
ALLOWED = {"--share=ipc", "--share=network", "--socket=wayland", "--socket=fallback-x11", "--device=dri"}


def check_source(module, source):
    kind = source.get("type")
    if kind not in SOURCE_KEYS:
        return [f"{module}: a source of the unknown type {kind}"]
    problems = [f"{module}: a source has the unknown key {key}" for key in sorted(source.keys() - SOURCE_KEYS[kind])]
    pin = {"archive": ("sha256", 64), "git": ("commit", 40)}.get(kind)
    if pin and not re.fullmatch(f"[0-9a-f]{{{pin[1]}}}", str(source.get(pin[0]))):
        problems.append(f"{module}: a source is not pinned by its {pin[0]}")
    if "url" in source and not source["url"].startswith("https://"):
        problems.append(f"{module}: {source['url']} is not fetched by https")
    return problems


def check_module(root, folder, module):
    name = module.get("name")
    problems = [f"{name}: unknown key {key}" for key in sorted(module.keys() - MODULE_KEYS)]
    if module.get("buildsystem") not in BUILD_SYSTEMS:
        problems.append(f"{name}: unknown buildsystem {module.get('buildsystem')}")
    for source in module.get("sources") or [{}]:
        problems += check_source(name, source)
        if source.get("type") == "dir" and (folder / source["path"]).resolve() != root.resolve():
            problems.append(f"{name}: {source['path']} is not this project")
    if name == "libllm":
        known = set(re.findall(r"^option\('(\w+)'", (root / "meson_options.txt").read_text(encoding="utf-8"), re.MULTILINE))
        used = {option[2:].split("=")[0] for option in module["config-opts"] if option.startswith("-D")}
        problems += [f"{name}: meson_options.txt has no option {option}" for option in sorted(used - known)]
    return problems


def main(root):
    try:
        import yaml
    except ImportError:
        packaging.skip("there is no PyYAML for this Python")
    root = pathlib.Path(root)
    path = root / f"packaging/flatpak/{ID}.yml"
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    problems = [f"unknown key {key}" for key in sorted(manifest.keys() - KEYS)]
    problems += [f"there is no {key}" for key in sorted(KEYS - manifest.keys())]
    if problems:
        return problems
    problems += [f"{key} is {manifest[key]}, expected was {expected}" for key, expected in
                 (("id", ID), ("runtime", "org.gnome.Platform"), ("sdk", "org.gnome.Sdk"), ("command", "libllm-gui"))
                 if manifest[key] != expected]
    problems += [f"the sandbox is opened by {hole}" for hole in sorted(set(manifest["finish-args"]) - ALLOWED)]
    for module in manifest["modules"]:
        problems += check_module(root, path.parent, module)
    if manifest["modules"][-1]["name"] != "libllm":
        problems.append("libllm is not the last module")
    return problems


packaging.report(main)
