#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What each language's registry wants to know of a package is there, and is the same for all: version, licence, addresses."""
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import generator

try:
    import tomllib
except ImportError:
    print("this Python has no tomllib")
    sys.exit(77)

ADDRESS = "https://github.com/libllm/libllm"
FOLDER = generator.ROOT / "bindings"


def text(path):
    return (FOLDER / path).read_text(encoding="utf-8")


def toml(path):
    return tomllib.loads(text(path))


def java():
    """What Maven Central requires."""
    space = "{http://maven.apache.org/POM/4.0.0}"
    root = ElementTree.fromstring(text("java/pom.xml"))

    def of(path):
        return root.findtext("/".join(space + name for name in path.split("/"))) or ""

    plugins = [plugin.findtext(space + "artifactId") for plugin in root.iter(space + "plugin")]
    yield from {"version": of("version"), "licence": of("licenses/license/name"), "address": of("url"),
                "description": of("description"), "licence's address": of("licenses/license/url"),
                "developer": of("developers/developer/name"), "connection": of("scm/connection"),
                "developer connection": of("scm/developerConnection"), "repository": of("scm/url"),
                "sources": "maven-source-plugin" in plugins, "documentation": "maven-javadoc-plugin" in plugins}.items()
    yield "tag", of("scm/tag") == "v" + of("version")


def rust(crate):
    package = toml(f"rust/{crate}/Cargo.toml")["package"]
    yield from {"version": package["version"], "licence": package.get("license"), "address": package.get("repository"),
                "description": package.get("description"), "categories": package.get("categories"),
                "keywords": 0 < len(package.get("keywords", ())) <= 5,  # more than five are refused
                "readme": (FOLDER / "rust" / crate / package.get("readme", "none")).exists()}.items()
    # Published, it needs the other crate by its version.
    for needed in toml(f"rust/{crate}/Cargo.toml").get("dependencies", {}).values():
        yield "version", needed["version"]


def javascript():
    package = json.loads(text("javascript/package.json"))
    yield from {"version": package["version"], "licence": package.get("license"), "description": package.get("description"),
                "address": package["repository"]["url"].removeprefix("git+").removesuffix(".git"),
                "folder": package["repository"]["directory"] == "bindings/javascript", "keywords": package.get("keywords"),
                "issues": package.get("bugs"), "author": package.get("author"), "types": package.get("types"),
                "files": all((FOLDER / "javascript" / name).exists() for name in package["files"])}.items()


def lua():
    names = [path.name for path in (FOLDER / "lua").glob("*.rockspec")]
    source = text("lua/" + names[0])

    def of(name):
        return (re.search(rf'^\s*{name} = "(.*?)"', source, re.MULTILINE) or ["", ""])[1]

    version = of("version").partition("-")[0]
    yield from {"version": version, "licence": of("license"), "address": of("homepage"), "description": of("summary"),
                "maintainer": of("maintainer"), "one file": names == [f"libllm-{of('version')}.rockspec"],
                "tag": of("tag") == "v" + version, "source": of("url") == f"git+{ADDRESS}.git",
                "modules": all((generator.ROOT / path).exists() for path in re.findall(r'= "(bindings/.*?)"', source))}.items()


def go():
    module = re.search(r"^module (\S+)$", text("go/go.mod"), re.MULTILINE)[1]
    yield "address", "https://" + module.removesuffix("/bindings/go")
    yield "sums of what it needs", (FOLDER / "go/go.sum").exists()


def python():
    project = toml("../pyproject.toml")["project"]
    yield from {"address": project["urls"]["Homepage"], "description": project.get("description"),
                "licence": "License :: OSI Approved :: MIT License" in project["classifiers"] and "MIT",
                "author": project.get("authors"), "readme": (generator.ROOT / project["readme"]).exists()}.items()


def main():
    header = generator.HEADER.read_text(encoding="utf-8")
    same = {"version": ".".join(re.findall(r"define LIBLLM_VERSION_\w+ (\d+)", header)), "licence": "MIT", "address": ADDRESS}
    packages = {"Java": java(), "Rust, libllm-sys": rust("libllm-sys"), "Rust, libllm": rust("libllm"),
                "JavaScript": javascript(), "Lua": lua(), "Go": go(), "Python": python()}
    problems = []
    for language, facts in packages.items():
        for name, value in facts:
            expected = same.get(name)
            if expected is not None and value != expected:
                problems.append(f"{language}: the {name} is {value!r}, expected {expected!r}")
            elif not value:
                problems.append(f"{language}: {name}: missing, or not right")
    generator.finish(problems)


main()
