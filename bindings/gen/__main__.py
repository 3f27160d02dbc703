# SPDX-License-Identifier: MIT
"""Write the description of the interface and every language's bindings from the header.

usage: python3 bindings/gen [--check] [--header FILE] [--output FOLDER]

Without options the project's own files are rewritten. --check writes nothing and fails when a file would change.
"""
import argparse
import importlib
import json
import pathlib
import sys
from typing import Any, Dict

import meaning
import declarations
from lexer import HeaderError

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = "libllm/include/libllm/libllm.h"


def emitters():
    """The modules emit_*.py beside this file, in the order of their names."""
    for path in sorted(pathlib.Path(__file__).parent.glob("emit_*.py")):
        yield importlib.import_module(path.stem)


def outputs(api: Dict[str, Any]) -> Dict[str, str]:
    """Path, from the root of the project, to text."""
    files = {"bindings/api.json": json.dumps(api, indent=1, ensure_ascii=False) + "\n"}
    for emitter in emitters():
        files.update(emitter.emit(api))
    return files


def main() -> int:
    options = argparse.ArgumentParser(description="Write the bindings from the header.")
    options.add_argument("--check", action="store_true", help="write nothing; fail when a file would change")
    options.add_argument("--header", type=pathlib.Path, default=ROOT / HEADER)
    options.add_argument("--output", type=pathlib.Path, default=ROOT, help="folder that paths are from")
    chosen = options.parse_args()
    try:
        text = chosen.header.read_text(encoding="utf-8")
        name = chosen.header.relative_to(ROOT) if chosen.header.is_relative_to(ROOT) else chosen.header
        api = meaning.build(declarations.parse(str(name), text))
    except HeaderError as error:
        print(error, file=sys.stderr)
        return 1
    stale = []
    for path, content in outputs(api).items():
        target = chosen.output / path
        if target.exists() and target.read_text(encoding="utf-8") == content:
            continue
        stale.append(path)
        if not chosen.check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
    for path in stale:
        print(f"{path} is not what the header says; ./dev gen rewrites it" if chosen.check else f"wrote {path}")
    return 1 if stale and chosen.check else 0


sys.exit(main())
