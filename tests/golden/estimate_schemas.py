#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The published JSON Schemas of scenarios and reports against what the estimator reads and writes.

usage: estimate_schemas.py LIBRARY ROOT

- The members that the sources ask for and those of the schema are the same.
- Scenarios fit their schema, and so do the reports on them; what the library refuses as unknown, the schema does too.
"""
import json
import pathlib
import re
import sys

import estimates

SKIPPED = 77
ASKED = re.compile(r'\b(?:ll_read_\w+|ll_money_give|read_price|read_whole|give|format_of|read_list|read_choices|read_bounds)'
                   r'\(\s*&?[\w>-]+,\s*"(\w+)"|'
                   r'\b(?:put_field|read_field)\(&?\w+, (?:&out->)?device, \w+, "(\w+)"|'
                   r'\bname = json_string_value\(json_object_get\(entry, "(\w+)"\)|\bpositive\(\w+, entry, "(\w+)"\)')


def members(schema):
    """Names of all members, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from members(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from members(value)


def check_members(root, schema):
    asked = set()
    for path in sorted((root / "libllm/src/estimate").glob("*.c")):
        asked |= {"".join(found) for found in ASKED.findall(path.read_text(encoding="utf-8"))}
    described = set(members(schema))
    for name in sorted(asked - described):
        yield f"the sources ask for \"{name}\", which the schema does not describe"
    for name in sorted(described - asked):
        yield f"the schema describes \"{name}\", which no source asks for"


DOCUMENTS = [{"task": "report", "report": name, "mode": mode} for name in ("seed-000", "seed-001", "seed-004")
             for mode in ("as-printed", "corrected")] + [
    {"task": "models"}, {"task": "devices"}, {"compare": {"models": ["GPT-2", "Llama-3.1-8B"]}},
    {"task": "fit", "model": "Llama-3.1-70B", "machine": {"memory": 8e9}},
    {"task": "serve", "model": "Llama-3.1-8B", "search": {
        "devices": ["H100 SXM5 80GB", "L40S"], "counts": [1, 2], "layouts": True, "formats": True, "keep": 3,
        "over": {"engine": ["vllm", None]}, "maximize": "replica.output_tokens_per_second", "against": "latency.tpot",
        "limits": {"latency.tpot": 0.05}, "at_least": {"concurrency.most": 2}, "figures": ["memory.used"]}},
    {"task": "serve", "model": "Llama-3.1-8B", "hardware": "H200", "load": {"users": 9000, "profile": "office"}, "capacity": {
        "simulate": {"hours": 0.5, "replicas": 8, "mtbf_hours": 20, "repair_hours": 0.1, "restart_every_hours": 0.2,
                     "restart_seconds": 30, "restart_share": 0.5, "daily": True}}},
    {"task": "train", "model": "Llama-3.1-8B", "search": {"devices": "all", "counts": [8], "layouts": True,
                                                          "minimize": "time.days"}},
]
UNKNOWN = [{"model": {"parameters": 1e9}, "contxt": 4}, {"model": {"parameters": 1e9, "color": 1}}]


def check_documents(estimate, scenario_schema, report_schema, jsonschema):
    scenarios = jsonschema.Draft202012Validator(scenario_schema)
    reports = jsonschema.Draft202012Validator(report_schema)
    for scenario in estimates.SCENARIOS + DOCUMENTS:
        for error in scenarios.iter_errors(scenario):
            yield f"{scenario}: {error.message}"
        for explain in (False, True):
            for error in list(reports.iter_errors(estimate({**scenario, "output": {"explain": explain}})))[:1]:
                yield f"the report on {scenario}: {error.json_path}: {error.message}"
    for scenario in UNKNOWN:
        if scenarios.is_valid(scenario):
            yield f"{scenario} fits the schema"


def main(library, root):
    try:
        import jsonschema
    except ImportError:
        print("skipped: Python has no module jsonschema (on Debian: apt install python3-jsonschema)")
        sys.exit(SKIPPED)
    root = pathlib.Path(root)
    schemas = [json.loads((root / "docs/schemas" / f"estimate-{name}.schema.json").read_text(encoding="utf-8"))
               for name in ("scenario", "report")]
    for schema in schemas:
        jsonschema.Draft202012Validator.check_schema(schema)
    problems = [*check_members(root, schemas[0]),
                *check_documents(estimates.Estimator(library), *schemas, jsonschema)]
    print(*problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
