#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is committed is what ./dev gen writes, and api.json keeps to its JSON Schema; no emitter has over 400 lines."""
import json
import os

import generator

try:
    import jsonschema
except ImportError:
    jsonschema = None

LONGEST = 400


def main():
    status, printed = generator.generate(generator.HEADER, generator.ROOT, "--check")
    problems = [printed.strip()] if status else []
    if jsonschema is not None:
        schema, api = (json.loads((generator.ROOT / "bindings" / name).read_text(encoding="utf-8"))
                       for name in ("api.schema.json", "api.json"))
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        problems += [f"api.json: {error.json_path}: {error.message[:200]}" for error in
                     validator(schema).iter_errors(api)]
    for emitter in (generator.ROOT / "bindings/gen").glob("emit_*.py"):
        lines = len(emitter.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST:
            problems.append(f"{os.path.relpath(emitter, generator.ROOT)}: {lines} lines, at most {LONGEST} are wanted")
    generator.finish(problems)


main()
