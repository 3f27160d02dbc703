# SPDX-License-Identifier: MIT
"""JSON Schemas of Python types, for constrained answers, and of functions, for tools; and back from JSON."""
from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Sequence, Tuple, Union

Json = Dict[str, Any]
Tool = Union[Json, Callable[..., Any]]
SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def schema_of(kind: Any) -> Json:
    """The schema of a type: a JSON Schema as it is, a pydantic model, a dataclass, TypedDict, enum, or what typing builds."""
    if hasattr(kind, "model_json_schema"):
        found: Json = kind.model_json_schema()
        return found
    parts = Parts()
    return parts.added(_schema(kind, parts))


class Parts:
    """What a schema has at its root, as it is referred to: parts of pydantic models, and types that are part of themselves."""

    def __init__(self) -> None:
        self.schemas: Json = {}
        self._names: Dict[Any, str] = {}
        self._begun: List[Any] = []

    def added(self, schema: Json) -> Json:
        return {**schema, "$defs": {**schema.get("$defs", {}), **self.schemas}} if self.schemas else schema

    def once(self, kind: Any, describe: Callable[[], Json]) -> Json:
        """The schema of a type, or where it is part of itself, a reference to it."""
        if kind in self._begun and kind not in self._names:
            names = list(self._names.values())
            self._names[kind] = kind.__name__ if kind.__name__ not in names else f"{kind.__name__}.{len(names)}"
        if kind not in self._names:
            self._begun.append(kind)
            schema = describe()
            self._begun.pop()
            if kind not in self._names:
                return schema
            self.schemas[self._names[kind]] = schema
        return {"$ref": f"#/$defs/{self._names[kind]}"}


def _schema(kind: Any, parts: Parts) -> Json:
    """Of what is part of another type, too."""
    import dataclasses
    import enum
    import typing

    if isinstance(kind, dict):
        return kind
    if hasattr(kind, "model_json_schema"):
        found: Json = kind.model_json_schema(ref_template=f"#/$defs/{kind.__name__}.{{model}}")
        parts.schemas.update({f"{kind.__name__}.{name}": part for name, part in found.pop("$defs", {}).items()})
        return found
    if kind is Any:
        return {}
    if kind in SIMPLE:
        return {"type": SIMPLE[kind]}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if is_union(kind):
        return {"anyOf": [_schema(argument, parts) for argument in arguments]}
    if origin in (list, set, frozenset) or kind is list or getattr(origin, "__name__", "") == "Sequence":
        return {"type": "array", "items": _schema(arguments[0], parts)} if arguments else {"type": "array"}
    if origin is tuple and arguments:
        return {"type": "array", "prefixItems": [_schema(argument, parts) for argument in arguments],
                "minItems": len(arguments), "maxItems": len(arguments)}
    if origin is dict or kind is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1], parts)} if arguments else {"type": "object"}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"enum": [member.value for member in kind]}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        required = [field.name for field in dataclasses.fields(kind)
                    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING]
        return parts.once(kind, lambda: described_object(
            {field.name: _schema(hints[field.name], parts) for field in dataclasses.fields(kind)}, required))
    if typing.is_typeddict(kind) if hasattr(typing, "is_typeddict") else hasattr(kind, "__total__"):
        hints = typing.get_type_hints(kind)
        return parts.once(kind, lambda: described_object(
            {name: _schema(hint, parts) for name, hint in hints.items()}, sorted(kind.__required_keys__)))
    raise TypeError(f"{kind!r} has no JSON Schema; expected a schema, a pydantic model, a dataclass or a type of typing")


def is_union(kind: Any) -> bool:
    """Of typing, or of types: X | Y."""
    return getattr(kind, "__origin__", None) is Union or type(kind).__name__ == "UnionType"


def described_object(properties: Json, required: Sequence[str]) -> Json:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def parser_of(kind: Any) -> Callable[[str], Any]:
    """What turns JSON text into a value of the type."""
    if hasattr(kind, "model_validate_json"):
        return kind.model_validate_json  # type: ignore[no-any-return]
    return lambda text: build(kind, json.loads(text))


def build(kind: Any, value: Any) -> Any:
    """A value of what JSON has as the dataclass or pydantic model that it is for, also within others and optional ones."""
    import dataclasses
    import enum
    import typing

    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if hasattr(kind, "model_validate_json"):
        return kind.model_validate_json(json.dumps(value))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{name: build(hints[name], item) for name, item in value.items()})
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if origin in (list, set, frozenset) and arguments:
        return origin(build(arguments[0], item) for item in value)
    if origin is tuple and arguments:
        return tuple(build(part, item) for part, item in zip(arguments, value))
    if origin is dict and arguments:
        return {key: build(arguments[1], item) for key, item in value.items()}
    if is_union(kind) and value is not None:
        chosen = [argument for argument in arguments if argument is not type(None)]
        return build(chosen[0], value) if len(chosen) == 1 else value
    return value


# --- Tools ------------------------------------------------------------------------------------------------------------


def described(documentation: str) -> Tuple[str, Dict[str, str]]:
    """The summary of a docstring, and what it says about parameters ("Args:" or ":param name:")."""
    import re

    params: Dict[str, str] = {}
    summary: List[str] = []
    inside = name = ""
    for line in documentation.strip().splitlines():
        text = line.strip()
        field = re.match(r":param (?:\w+ )?(\w+): *(.*)", text)
        argument = re.match(r"(\w+)(?: *\([^)]*\))?: *(.*)", text) if inside == "args" else None
        if re.fullmatch(r"(Args|Arguments|Parameters):", text):
            inside = "args"
        elif field or argument:
            inside, match = inside or "fields", field or argument
            assert match is not None
            name, params[match.group(1)] = match.group(1), match.group(2)
        elif re.match(r"(Returns?|Raises|Yields|Examples?):|:(returns?|raises)\b", text):
            inside = "other"
        elif not inside:
            summary.append(text)
        elif text and name and inside != "other":
            params[name] += " " + text
    return " ".join(" ".join(summary).split()), params


def tool_schema(tool: Tool) -> Json:
    """A tool as OpenAI's API describes it. A function is described by its signature and docstring."""
    if isinstance(tool, dict):
        return tool
    import inspect
    import typing

    summary, params = described(inspect.getdoc(tool) or "")
    hints = typing.get_type_hints(tool)
    properties: Json = {}
    parts = Parts()
    required = []
    for name, parameter in inspect.signature(tool).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        properties[name] = _schema(hints.get(name, Any), parts)
        if name in params:
            properties[name] = {**properties[name], "description": params[name]}
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
    parameters = parts.added(described_object(properties, required))
    function = {"name": tool.__name__, "description": summary, "parameters": parameters}
    return {"type": "function", "function": function}


def tool_result(tools: Sequence[Tool], call: Any) -> Any:
    """What the function that a tool call names gives back; of an `async def`, what is to be awaited."""
    import typing

    function = next((tool for tool in tools if not isinstance(tool, dict) and tool.__name__ == call["function"]["name"]),
                    None)
    if function is None:
        raise LookupError(f"there is no tool {call['function']['name']}")
    hints = typing.get_type_hints(function)
    return function(**{name: build(hints.get(name, Any), value)
                       for name, value in json.loads(call["function"]["arguments"] or "{}").items()})


def tool_answer(call: Any, result: Any) -> Json:
    """The message that answers a tool call: with its result, or the error that it raised."""
    if isinstance(result, Exception):
        content = f"error: {type(result).__name__}: {result}"
    else:
        content = result if isinstance(result, str) else json.dumps(result, default=str)
    return {"role": "tool", "tool_call_id": call["id"], "name": call["function"]["name"], "content": content}


def run_tool(tools: Sequence[Tool], call: Any) -> Json:
    """Call the function that a tool call names; the message that answers the call. What it raises becomes its answer. An
    `async def` runs in a loop of its own; within a running one that is AsyncModel's part, and a TypeError here."""
    try:
        result = tool_result(tools, call)
        if hasattr(result, "__await__"):
            result = awaited(call["function"]["name"], result)
        return tool_answer(call, result)
    except AsyncToolError:
        raise
    except Exception as error:  # pylint: disable=broad-except
        return tool_answer(call, error)


class AsyncToolError(TypeError):
    """An `async def` tool where nothing can await it."""


def awaited(name: str, result: Any) -> Any:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        async def whole() -> Any:
            return await result

        return asyncio.run(whole())
    if hasattr(result, "close"):
        result.close()  # it never begins
    raise AsyncToolError(f"the tool {name} is async and a loop runs here: await AsyncModel.chat() instead")
