#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Calls of tools under a constraint, in every syntax that tests/data/templates/answers.json has answers of.

usage: check_calls.py path/to/golden-sample-calls DATA [TEXTS]

With two vocabularies, one of which has the markers of all templates as control tokens and one as text, TEXTS answers
(1000 unless given) are drawn by chance under "auto", "required" and the name of a function. Each is taken apart as the
server does it; the arguments of every call have to be valid under the schema of its tool as the package jsonschema judges
it, with as many calls as were asked for. What published templates write for a call (answers.json, made by jinja2) must be
an answer that could have been drawn.
"""
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import jsonschema

WEATHER = {"type": "object", "properties": {
    "city": {"type": "string", "description": "such as Ulm"}, "unit": {"type": "string", "enum": ["c", "f"]},
    "days": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}, "deep": {"type": "boolean"},
    "zip": {"type": "string", "pattern": "^[0-9]{5}$"}, "place": {"$ref": "#/$defs/place"}, "n": {"type": "number"},
    "kind": {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]}},
    "required": ["city"], "$defs": {"place": {"type": "object", "properties": {
        "lat": {"type": "number"}, "lon": {"type": ["number", "null"]}}, "required": ["lat"]}}}


def tool(name, parameters=None):
    function = {"name": name, "description": name}
    return {"type": "function", "function": {**function, **({"parameters": parameters} if parameters else {})}}


TOOLS = [tool("get_weather", WEATHER), tool("web.search", {"type": "object", "properties": {"q": {"type": "string", "minLength": 1,
                                                                                                  "maxLength": 40}},
                                                           "required": ["q"], "additionalProperties": False}),
         tool("now"), tool("sum_up", {"type": "object", "properties": {}})]
SCHEMAS = {t["function"]["name"]: t["function"].get("parameters", {"type": "object", "maxProperties": 0}) for t in TOOLS}
CHOICES = ["auto", "required", {"type": "function", "function": {"name": "web.search"}}]
# Marks of the syntaxes that answers.json has no answers of.
OTHERS = ["<tool_call>", "none", "Action: ```json", "<|tool_call|>", "<|/tool|> </think>", " functools[", "<|python_start|>", "ipython"]
# What a schema of a tool must be in every syntax; each is refused with its place.
REFUSED = [({"type": "object", "properties": {"a": {"type": "strin"}}}, "#/properties/a"),
           ({"type": "object", "properties": {"a": {"not": {}}}}, "#/properties/a"),
           ({"type": "object", "properties": {"a": {"$ref": "#/none"}}}, "#/properties/a"), ([], "tool f")]


def closed(schema):
    """Members that are not named are not made up, so that a call from a template that has some is not one."""
    if isinstance(schema, dict) and schema.get("properties") is not None:
        return {**{k: closed(v) for k, v in schema.items()}, "additionalProperties": False}
    return {k: closed(v) for k, v in schema.items()} if isinstance(schema, dict) else schema


def write_vocabulary(path, markers, kind):
    """A vocabulary of bytes, characters, some words, and markers; the file has no tensors."""
    tokens = [("<unk>", 2), ("<s>", 3), ("</s>", 3)] + [(f"<0x{i:02X}>", 6) for i in range(256)]
    words = [chr(c) for c in range(32, 127)] + ["\n", "\n\n", "é", "你", '{"', '"}', '": ', '", "', "true", "null", "get_", "weather", "web.",
                                              "search", "city", '": "', "12", "name", "arguments", "True", "}}", "']", "Ulm", "🎉"]
    tokens += [(w.replace(" ", "▁"), 1) for w in words] + [(m, kind) for m in markers]

    def text(s):
        return struct.pack("<Q", len(s.encode())) + s.encode()

    def array(kind, items):
        return struct.pack("<IIQ", 9, kind, len(items)) + b"".join(items)
    values = {"general.architecture": struct.pack("<I", 8) + text("llama"), "tokenizer.ggml.model": struct.pack("<I", 8) + text("llama"),
              "tokenizer.ggml.tokens": array(8, [text(t) for t, _ in tokens]),
              "tokenizer.ggml.scores": array(6, [struct.pack("<f", -i) for i in range(len(tokens))]),
              "tokenizer.ggml.token_type": array(5, [struct.pack("<i", k) for _, k in tokens]),
              "tokenizer.ggml.bos_token_id": struct.pack("<II", 4, 1), "tokenizer.ggml.eos_token_id": struct.pack("<II", 4, 2),
              "tokenizer.ggml.add_space_prefix": struct.pack("<I?", 7, False)}
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(values)) + b"".join(text(k) + v for k, v in values.items()))


def markers_of(answers):
    found = set()
    for a in answers:
        found.update(re.findall(r"<[^<>\s{}=\"]{1,40}>|\[/?[A-Z_]{4,}\]|```json|```", a["answer"] + a["marks"]))
    found |= {"</think>", "<think>", "<|end|>", "<|call|>", "<|return|>", "<|python_start|>", "<|python_end|>",
              "<|python_tag|>", "<|tool_call|>", "<|/tool_call|>", "<|message|>", "<|start|>", "<|channel|>", "<|constrain|>",
              "<|\"|>"}
    return sorted(found - {"<b>", "</b>"})


def ask(program, vocabulary, lines):
    output = subprocess.run([program, vocabulary], input="".join(json.dumps(line) + "\n" for line in lines), text=True,
                            capture_output=True, check=True)
    return [json.loads(line) for line in output.stdout.split("\n")[:-1]]


def fault_of(sample, choice, parallel):
    """What is wrong with an answer; None: nothing."""
    if sample.get("error") or not sample["complete"]:
        return sample.get("error")
    if sample["remarks"]:
        return sample["remarks"][0]
    calls = sample["calls"]
    if choice != "auto" and (not calls or sample["content"].strip()):
        return "no call, or text beside it"
    if not parallel and len(calls) > 1:
        return "more than one call"
    for call in calls:
        if isinstance(choice, dict) and call["name"] != choice["function"]["name"]:
            return "another function"
        try:
            jsonschema.validate(json.loads(call["arguments"]), SCHEMAS[call["name"]])
        except (ValueError, jsonschema.ValidationError) as error:
            return str(error).splitlines()[0]
    return None


def fits(answer):
    """What is a call for our tools, too, with the members in the order of the schema, and nothing said after it."""
    if answer["calls"] and answer["content"] and answer["answer"].endswith(answer["content"]):
        return False
    for call in answer["calls"]:
        schema, arguments = SCHEMAS[call["name"]], call["arguments"]
        if list(schema.get("properties", {})) and [k for k in schema["properties"] if k in arguments] != list(arguments):
            return False
        if not jsonschema.Draft202012Validator(closed(schema)).is_valid(arguments):
            return False
    return True


def main():
    program, data = sys.argv[1], pathlib.Path(sys.argv[2])
    n_texts = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    answers = json.loads((data / "templates/answers.json").read_text())["answers"]
    marks = dict.fromkeys([a["marks"] for a in answers] + OTHERS)
    n = max(1, n_texts // (2 * len(CHOICES) * 2 * len(marks)))
    judged, n_calls, n_complete, n_native, wrong, syntaxes = 0, 0, 0, 0, [], set()
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in (("control", 3), ("text", 4)):
            vocabulary = pathlib.Path(folder) / f"{name}.gguf"
            write_vocabulary(vocabulary, markers_of(answers), kind)
            lines, about = [], []
            for mark in marks:
                for choice in CHOICES:
                    for parallel in (True, False):
                        request = {"tools": TOOLS, "tool_choice": choice, "parallel_tool_calls": parallel}
                        lines.append({"marks": mark, "request": request, "in_reasoning": len(lines) % 4 == 1, "n": n})
                        about.append((choice, parallel))
                for in_reasoning in (False, True):
                    native = [a["answer"] for a in answers if a["marks"] == mark and a["in_reasoning"] == in_reasoning and fits(a)]
                    lines.append({"marks": mark, "request": {"tools": TOOLS}, "in_reasoning": in_reasoning, "answers": native})
                    about.append(None)
                for schema, place in REFUSED:
                    lines.append({"marks": mark, "request": {"tools": [tool("f", schema)]}} if schema != [] else
                                 {"marks": mark, "request": {"tools": [{"function": {"name": "tool f"}}]}})
                    about.append(place)
            for line, result, expected in zip(lines, ask(program, vocabulary, lines), about):
                where = f"{name}, {line['marks']}, {line['request'].get('tool_choice')}"
                if isinstance(expected, str):
                    if expected not in result.get("error", ""):
                        wrong.append(f"{where}: not refused with {expected}: {result}")
                    continue
                if "error" in result:
                    wrong.append(f"{where}: {result['error']}")
                    continue
                syntaxes.add(result["syntax"])
                for answer, rest in zip(line.get("answers", []), result["accepted"]):
                    n_native += 1
                    if rest:
                        wrong.append(f"{where}: {answer!r} stops at {rest!r}")
                for sample in result["samples"]:
                    judged += 1
                    n_calls += len(sample["calls"]) if sample["complete"] else 0
                    n_complete += sample["complete"]
                    fault = fault_of(sample, *expected)
                    if fault:
                        wrong.append(f"{where}: {fault}: {sample['text']!r}")
    print(f"{judged} answers ({n_complete} complete) with {n_calls} calls and {n_native} of templates in {len(syntaxes)} syntaxes, "
          f"{len(wrong)} wrong")
    print("\n".join(wrong[:40]))
    return bool(wrong) or n_calls < judged / 4


if __name__ == "__main__":
    sys.exit(main())
