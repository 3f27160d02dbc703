#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Texts drawn under JSON Schemas, judged by the package jsonschema (PyPI): every one has to be valid.

Usage: check_constraints.py path/to/golden-constraint_samples MODEL [TEXTS]
Run by hand; TEXTS is the number in all, 10000 unless given. `pip install jsonschema` first.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema


def obj(properties, required=None, **more):
    return {"type": "object", "properties": properties,
            "required": list(properties) if required is None else required, "additionalProperties": False, **more}


STRING = {"type": "string", "maxLength": 20}
WORD = {"type": "string", "pattern": "^[a-z]{1,8}$"}
SCHEMAS = [
    True, {}, {"type": "null"}, {"type": "boolean"}, {"type": "integer"}, {"type": "number"}, {"type": "string"},
    {"type": ["string", "null"]}, {"type": "array"}, {"type": "object"},
    # numbers
    {"type": "integer", "minimum": 0}, {"type": "integer", "maximum": -3}, {"type": "integer", "minimum": -15, "maximum": 15},
    {"type": "integer", "exclusiveMinimum": 7, "exclusiveMaximum": 9}, {"type": "integer", "minimum": 100, "maximum": 1234567},
    {"type": "integer", "minimum": 0.5, "maximum": 10.5}, {"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807},
    {"type": "integer", "multipleOf": 7}, {"type": "integer", "minimum": -50, "maximum": 500, "multipleOf": 25},
    {"type": "number", "multipleOf": 3}, {"type": "number", "minimum": 0, "maximum": 1}, {"type": "number", "exclusiveMinimum": 0},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, {"type": "number", "minimum": -1.75, "maximum": 2.25},
    {"type": "number", "maximum": 0.001}, {"type": "number", "minimum": 99.95}, {"type": "number", "exclusiveMaximum": -0.5},
    {"type": "number", "minimum": -180, "maximum": 180}, {"type": "number", "minimum": 1e-7, "maximum": 1e-3},
    {"type": "number", "minimum": 10, "maximum": 10}, {"minimum": 5, "maximum": 7},
    # strings
    {"type": "string", "minLength": 3}, {"type": "string", "maxLength": 2}, {"type": "string", "minLength": 5, "maxLength": 5},
    {"type": "string", "minLength": 100, "maxLength": 300}, {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2,4}$"},
    {"type": "string", "pattern": "b+"}, {"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "z$", "maxLength": 12},
    {"type": "string", "pattern": "^[^\"\\\\]*$"}, {"type": "string", "pattern": "^(\\\\|\"|\\n|é|[\\x00-\\x1f])+$"},
    {"type": "string", "pattern": "[a-c]", "minLength": 2, "maxLength": 6}, {"type": "string", "pattern": "^\\+?[0-9]{7,15}$"},
    {"type": "string", "pattern": "^(a|b)*$", "maxLength": 4}, {"type": "string", "pattern": "^.{200,400}$"},
    *({"type": "string", "format": f} for f in ("date", "time", "date-time", "email", "ipv4", "ipv6", "uuid", "duration",
                                                 "hostname", "uri", "int32")),
    {"type": "string", "format": "date", "pattern": "^20"},
    # values
    {"enum": ["red", "green", 3, 2.5, None, True, [1, "x"], {"a": {}}]}, {"const": "a\"b\\c\n é"}, {"const": {"k": [1, 2]}},
    {"type": "string", "enum": ["a", 1, "b"]}, {"allOf": [{"enum": [1, 2, 3]}, {"enum": [2, 3, 4]}, {"minimum": 3}]},
    # arrays
    {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 4}, {"type": "array", "maxItems": 0},
    {"type": "array", "prefixItems": [STRING, {"type": "integer"}], "items": False},
    {"type": "array", "prefixItems": [STRING, {"type": "integer"}], "items": {"type": "null"}, "minItems": 3},
    {"type": "array", "prefixItems": [STRING, STRING, STRING], "minItems": 1, "maxItems": 2},
    {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}, "minItems": 1},
    {"type": "array", "items": WORD, "minItems": 40, "maxItems": 60},
    # objects
    obj({"a": STRING, "b": {"type": "integer"}}), obj({"a": STRING, "b": STRING, "c": STRING}, []),
    obj({"a": STRING, "b": STRING, "c": STRING}, ["b"]), obj({}), {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {"na\"me\\": {"type": "null"}, "é": {"type": "null"}}, "required": ["é", "other"],
     "additionalProperties": {"type": "boolean"}},
    {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": False},
    {"type": "object", "properties": {"x-a": {"maximum": 5}}, "patternProperties": {"^x-": {"type": "integer"}, "y$": {"minimum": 3}},
     "additionalProperties": WORD},
    obj({"a": STRING, "b": STRING, "c": STRING, "d": STRING}, [], minProperties=2, maxProperties=3),
    {"type": "object", "additionalProperties": STRING, "maxProperties": 2}, {"type": "object", "minProperties": 1},
    {"type": "object", "properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
    # combinations and references
    {"anyOf": [{"type": "integer"}, WORD]}, {"oneOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
    {"type": "string", "anyOf": [{"pattern": "^a"}, {"maxLength": 2}]},
    {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 12}, {"multipleOf": 4}]},
    {"allOf": [obj({"a": STRING, "b": {"type": "integer"}}, ["a"]), {"properties": {"b": {"minimum": 10}}, "required": ["b"]}]},
    {"oneOf": [obj({"kind": {"const": "circle"}, "r": {"type": "number"}}), obj({"kind": {"const": "box"}, "w": {"type": "number"}})]},
    {"oneOf": [obj({"circle": WORD}), obj({"box": WORD})]},
    {"$defs": {"node": obj({"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 2}})},
     "$ref": "#/$defs/node"},
    {"$id": "https://example.com/tree", "type": "object", "properties": {"left": {"$ref": "#"}, "v": {"$ref": "#/$defs/a~1b%25"}},
     "required": ["v"], "additionalProperties": False, "$defs": {"a/b%": {"type": "integer"}}},
    {"$ref": "#/$defs/list", "$defs": {"list": {"anyOf": [{"type": "null"}, obj({"head": WORD, "tail": {"$ref": "#/$defs/list"}})]}}},
    {"$ref": "#name", "$defs": {"n": {"$anchor": "name", "type": "string", "minLength": 1, "maxLength": 9}}},
    {"oneOf": [obj({"kind": {"const": "cat", "default": "cat"}, "lives": {"type": "integer"}}, []),
               obj({"kind": {"const": "dog", "default": "dog"}}, [])], "discriminator": {"propertyName": "kind"}},
    {"type": "object", "propertyNames": {"enum": ["a", "b\"", "é"]}, "properties": {"a": {"type": "null"}}, "additionalProperties": WORD},
    {"type": "object", "propertyNames": {"pattern": "^[a-z]{2}$"}, "maxProperties": 3, "additionalProperties": {"type": "boolean"}},
    {"type": "array", "uniqueItems": True, "items": {"enum": ["a", 1, None, True, "é"]}, "minItems": 1, "maxItems": 4},
    {"type": "number", "multipleOf": 0.25, "minimum": -3}, {"type": "number", "multipleOf": 2.5},
    {"type": "string", "format": "uri-reference"}, {"type": "string", "format": "json-pointer"}, {"type": "string", "format": "regex"},
    {"type": "string", "format": "relative-json-pointer"}, {"type": "string", "format": "iri"}, {"type": "string", "format": "uri-template"},
    # as real interfaces have them
    obj({"location": {"type": "string", "description": "City"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}, ["location"]),
    obj({"steps": {"type": "array", "items": obj({"explanation": STRING, "output": STRING})}, "final_answer": STRING}),
    obj({"id": {"type": "string", "format": "uuid"}, "createdAt": {"type": "string", "format": "date-time"},
         "price": {"type": "number", "minimum": 0, "maximum": 100000}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
         "items": {"type": "array", "minItems": 1, "items": obj({"sku": {"type": "string", "pattern": "^[A-Z0-9-]{4,12}$"},
                                                                  "quantity": {"type": "integer", "minimum": 1, "maximum": 999}})},
         "note": {"anyOf": [{"type": "string", "maxLength": 200}, {"type": "null"}]}}, ["id", "price", "items"]),
]
REFUSED = [
    {"not": {"type": "string"}}, {"type": "array", "uniqueItems": True}, {"$ref": "http://example.com/x"}, {"$ref": "#/nowhere"},
    {"$ref": "#"}, {"allOf": [{"$ref": "#"}]}, {"anyOf": [{"$ref": "#"}, {"type": "string"}]}, {"type": "text"}, {"type": "string", "minLength": -1},
    {"type": "string", "minLength": 5, "maxLength": 4}, {"type": "integer", "multipleOf": 0}, {"type": "number", "multipleOf": 1e-7}, {"enum": []},
    {"type": "integer", "minimum": 5, "maximum": 4}, {"oneOf": [{"type": "string"}, {"minLength": 3}]}, {"properties": {"a": 1}}, False, [],
    {"type": "string", "pattern": "^+x$"}, {"type": "string", "pattern": "^{2}x$"}, {"type": "string", "pattern": "(?=a)"},
    {"type": "array", "items": [{}]}, {"if": {}, "then": False}, {"unevaluatedProperties": False},
    {"allOf": [{"type": "string"}, {"type": "integer"}]}, {"type": "object", "required": ["a"], "additionalProperties": False},
    {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, {"type": "array", "contains": {"type": "null"}},
]


def main():
    program, model = sys.argv[1:3]
    n_texts = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    each = -(-n_texts // len(SCHEMAS))
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for i, schema in enumerate(SCHEMAS + REFUSED):
            files.append(pathlib.Path(folder) / f"{i:03}.json")
            files[-1].write_text(json.dumps(schema))
        output = subprocess.run([program, model, str(each), *files], capture_output=True, check=False)
    sys.stderr.write(output.stderr.decode())
    lines = iter(output.stdout.decode().split("\n"))
    judged, wrong, texts = 0, 0, set()
    for i, schema in enumerate(SCHEMAS + REFUSED):
        verdict = next(lines)
        if (verdict == "OK") != (i < len(SCHEMAS)):
            print(f"{json.dumps(schema)}: {verdict}")
            wrong += 1
        if verdict != "OK":
            continue
        check = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
        for _ in range(each):
            text = next(lines)
            judged += 1
            texts.add(text)
            try:
                check.validate(json.loads(text))
            except (ValueError, jsonschema.ValidationError) as error:
                wrong += 1
                print(f"{json.dumps(schema)}\n  {text!r}\n  {str(error).splitlines()[0]}")
    print(f"{judged} texts under {len(SCHEMAS)} schemas, {len(texts)} of them different; {wrong} wrong")
    return 1 if wrong or output.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
