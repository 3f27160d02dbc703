#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks scenarios against the published schema: check_scenarios.py FILE ..."""
import json
import pathlib
import sys

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs/schemas/estimate-scenario.schema.json"

try:
    import jsonschema
except ImportError:
    print("not checked: python3-jsonschema is not installed")
    sys.exit(0)

validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
bad = 0
for name in sys.argv[1:]:
    for error in validator.iter_errors(json.loads(pathlib.Path(name).read_text())):
        print(f"{name}: {'.'.join(map(str, error.path))}: {error.message}", file=sys.stderr)
        bad += 1
print(f"{len(sys.argv) - 1} scenarios checked")
sys.exit(bad > 0)
