# SPDX-License-Identifier: MIT
"""The fields of results: what llama-cpp-python's types say of them as JSON Schema, and whether a value has them.

llama_cpp_python.json was written by tests/bench/llama_cpp_python.py --write from that package's types.
"""
import json
import pathlib
import typing

FILE = pathlib.Path(__file__).with_name("llama_cpp_python.json")
NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
OLD = ("function_call",)


def schema_of(kind):
    """Of a TypedDict, and of what it is made of."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in NAMES:
        return {"type": NAMES[kind]}
    if kind is typing.Any:
        return {}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is typing.Union:
        return {"anyOf": [schema_of(one) for one in arguments]}
    if not kind.__annotations__:
        return {"type": "object", "maxProperties": 0}
    return {"type": "object", "required": sorted(kind.__required_keys__),
            "properties": {name: schema_of(hint) for name, hint in typing.get_type_hints(kind).items()}}


def problems(schema, value, path="result"):
    """Where a value is not what such a schema says."""
    if "anyOf" in schema:
        found = [problems(one, value, path) for one in schema["anyOf"]]
        return [] if not all(found) else min(found, key=len)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{path} is {value!r}, expected one of {schema['enum']}"]
    kind = schema.get("type")
    good = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None), "array": list,
            "object": dict, None: object}[kind]
    if not isinstance(value, good) or isinstance(value, bool) and kind in ("integer", "number"):
        return [f"{path} is {value!r}, expected {kind}"]
    if kind == "array":
        return [one for index, item in enumerate(value) for one in problems(schema["items"], item, f"{path}[{index}]")]
    if kind != "object":
        return []
    if len(value) > schema.get("maxProperties", len(value)):
        return [f"{path} has {', '.join(value)}, expected nothing"]
    missing = [f"{path} has no {name}" for name in schema.get("required", ()) if name not in value]
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", {})
    return missing + [one for name, item in value.items() for one in problems(known.get(name, rest), item, f"{path}.{name}")]


def lacking(theirs, ours, path="result"):
    """What a result of theirs has and one of ours has not; items of lists are like the first one."""
    theirs = {name: value for name, value in theirs.items() if name not in OLD} if isinstance(theirs, dict) else theirs
    if path.endswith("logprobs.top_logprobs[0]"):  # what it has are texts of tokens
        return [] if isinstance(ours, dict) and ours else [f"{path} is {ours!r}"]
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [f"{path} is {ours!r}, theirs is {theirs!r}"]
        return [one for name, value in theirs.items() for one in
                (lacking(value, ours[name], f"{path}.{name}") if name in ours else [f"{path} has no {name}; theirs is {value!r}"])]
    if isinstance(theirs, list) and isinstance(ours, list):
        return lacking(theirs[0], ours[0], f"{path}[0]") if theirs and ours else []
    numbers = (int, float)
    if theirs is None or ours is None or isinstance(ours, type(theirs)) or isinstance(theirs, numbers) and isinstance(ours, numbers):
        return []
    return [f"{path} is {ours!r}, theirs is {theirs!r}"]


def known():
    """Name of a type of theirs to its schema."""
    return json.loads(FILE.read_text(encoding="utf-8"))
