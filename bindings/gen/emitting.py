# SPDX-License-Identifier: MIT
"""What emitters share: names, descriptions laid out as comments, and the shape of a call in a class layer."""
import textwrap
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

Json = Dict[str, Any]
NOTICE = "Generated from libllm.h by ./dev gen; do not edit."
# Parameters and fields that a class layer fills in by itself.
IMPLIED = ("self", "error", "length", "length_out", "needed", "struct_size", "reserved", "user_data", "handle_out")
OUTPUTS = ("handle_out", "text_out", "array_out", "view_out", "struct_out", "value_out")


def bare(name: str) -> str:
    """libllm_model_open -> model_open, LIBLLM_KV_F16 -> KV_F16."""
    return name[len("libllm_"):]


def pascal(name: str) -> str:
    """libllm_model_info or model_info -> ModelInfo."""
    words = bare(name) if name.startswith("libllm_") else name
    return "".join(word[:1].upper() + word[1:] for word in words.split("_"))


def camel(name: str) -> str:
    """get_info -> getInfo."""
    found = pascal(name)
    return found[:1].lower() + found[1:]


def value_names(enum: Json) -> Dict[str, str]:
    """Name of each value without what all have in common: LIBLLM_KV_F16 -> F16, LIBLLM_ERROR_IO -> ERROR_IO."""
    words = [value["name"].split("_")[1:] for value in enum["values"]]
    common = 0
    while all(len(parts) > common + 1 and parts[common] == words[0][common] for parts in words):
        common += 1
    shortened = {value["name"]: "_".join(parts[common:]) for value, parts in zip(enum["values"], words)}
    if any(name[0].isdigit() for name in shortened.values()):
        return {value["name"]: bare(value["name"]) for value in enum["values"]}
    return shortened


def comment(text: str, prefix: str = "", width: int = 120) -> str:
    """Paragraphs, each line of them behind the prefix."""
    lines: List[str] = []
    for paragraph in text.split("\n\n"):
        if lines:
            lines.append(prefix.rstrip())
        lines += textwrap.wrap(paragraph, width, initial_indent=prefix, subsequent_indent=prefix,
                               break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def find(items: List[Json], name: str) -> Json:
    return next(item for item in items if item["name"] == name)


@dataclass
class Call:
    """A function as a class layer shows it: what is passed, and what comes back."""
    inputs: List[Json]
    outputs: List[Json]
    fallible: bool
    self_param: Optional[Json]


def call(function: Json) -> Call:
    """Inputs are in the order of the header. A capacity is one of them where nothing says how much is needed."""
    params = function["params"]
    sized = {param["of"] for param in params if param["role"] == "needed"}
    inputs = [param for param in params if param["role"] not in IMPLIED + OUTPUTS and
              not (param["role"] == "capacity" and param["of"] in sized)]
    outputs = [param for param in params if param["role"] in OUTPUTS]
    return Call(inputs, outputs, any(param["role"] == "error" for param in params),
                next((param for param in params if param["role"] == "self"), None))


def class_functions(api: Json, name: Optional[str]) -> List[Json]:
    """The functions of a handle, or with None those of no handle; without destructors and _init functions."""
    return [function for function in api["functions"]
            if function["class"] == name and function["kind"] not in ("init", "destructor")]


def hands_out_memory(callback: Json) -> bool:
    """Whether a callback deals in raw memory, as allocators do, which safe or collected code cannot."""
    return any(param["role"] == "memory" for param in callback["params"]) or bool(
        callback["result"] and callback["result"]["type"]["pointers"])


def filled_structs(api: Json) -> List[str]:
    """Structs that the library fills: those whose struct_size the caller sets, and elements of arrays in them."""
    filled = [struct for struct in api["structs"] if struct["versioned"] and struct["init"] is None]
    names = {struct["name"] for struct in api["structs"]}
    return [struct["name"] for struct in filled] + sorted({
        field["type"]["base"] for struct in filled for field in struct["fields"]
        if field["role"] == "array" and field["type"]["base"] in names})


def variant(name: str) -> str:
    """TOOL_CALLS -> ToolCalls, Q8_0 -> Q8_0: a value's name for languages that write them so."""
    return "".join(("_" if word[0].isdigit() and position else "") + word[0] + word[1:].lower()
                   for position, word in enumerate(name.split("_")))
