# SPDX-License-Identifier: MIT
"""Go: the layer over purego (internal/ffi/ffi.go), and enums. Classes are emit_go_classes.py."""
from typing import Dict, Iterable, List, Tuple

from emitting import Json, bare, comment, find, value_names

FOLDER = "bindings/go/"
# Go's tools know generated files by a line like this one.
HEAD = "// SPDX-License-Identifier: MIT\n\n// Code generated from libllm.h by ./dev gen. DO NOT EDIT.\n"
INITIALISMS = {word.capitalize(): word for word in
               ("BOS", "CLS", "CPU", "EOS", "EOT", "GBNF", "GGUF", "ID", "IO", "JSON", "KV")}
PRIMITIVES = {"char": "byte", "int32_t": "int32", "uint32_t": "uint32", "int64_t": "int64", "uint64_t": "uint64",
              "size_t": "uintptr", "float": "float32", "double": "float64", "void": "uintptr"}


def emit(api: Json) -> Dict[str, str]:
    ffi = Ffi(api)
    return {FOLDER + "internal/ffi/ffi.go": ffi.text(), FOLDER + "internal/ffi/structs_test.go": ffi.listed(),
            FOLDER + "enums.go": enums(api)}


def exported(name: str) -> str:
    """libllm_kv_type -> KVType, n_positions -> NPositions."""
    words = (bare(name) if name.startswith("libllm_") else name).split("_")
    return "".join(INITIALISMS.get(word[:1].upper() + word[1:], word[:1].upper() + word[1:]) for word in words)


def local(name: str) -> str:
    """n_positions -> nPositions."""
    first, *rest = name.split("_")
    return first + (exported("_".join(rest)) if rest else "")


def aligned(pairs: List[Tuple[str, str]]) -> List[str]:
    """Lines of two columns as gofmt lays them out."""
    width = max(len(name) for name, _ in pairs)
    return [f"\t{name.ljust(width)} {rest}" for name, rest in pairs]


class Ffi:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"] for struct in api["structs"]}
        self.enums = {enum["name"] for enum in api["enums"]}
        self.callbacks = {callback["name"] for callback in api["callbacks"]}
        self.handles = {handle["name"] for handle in api["handles"]}

    def type(self, found: Json) -> str:
        """Handles and callbacks are addresses; memory that Go owns has pointers, which the collector sees."""
        base, pointers = found["base"], found["pointers"]
        if base in self.callbacks:
            return "uintptr"
        if base in self.handles or base == "void":
            return "*" * (pointers - 1) + "uintptr"
        simple = exported(base) if base in self.structs else "int32" if base in self.enums else PRIMITIVES[base]
        count = f"[{found['count']}]" if "count" in found else ""
        return count + "*" * pointers + simple

    def text(self) -> str:
        lines = [HEAD, "// Package ffi is libllm.h as it is: structs, and functions that take and return what C does.",
                 "package ffi", "", "// HeaderVersion is that of the header which this was generated from.",
                 f'const HeaderVersion = "{self.api["version"]}"']
        for struct in self.api["structs"]:
            fields = [(exported(field["name"]), self.type(field["type"])) for field in struct["fields"]]
            lines += ["", f"// {exported(struct['name'])} is {struct['name']}.",
                      f"type {exported(struct['name'])} struct {{", *aligned(fields), "}"]
        lines += ["", "// The functions of the library, which Load() fills in.", "var (", *aligned(
            [(exported(function["name"]), self.signature(function)) for function in self.api["functions"]]), ")"]
        names = [function["name"] for function in self.api["functions"]]
        lines += ["", "var symbols = []symbol{", *(f'\t{{"{name}", &{exported(name)}}},' for name in names), "}", ""]
        return "\n".join(lines)

    def listed(self) -> str:
        """The structs by name, for the test of their layout."""
        entries = [f'\t"{struct["name"]}": {exported(struct["name"])}{{}},' for struct in self.api["structs"]]
        width = max(entry.index(":") for entry in entries) + 2
        entries = [entry[:entry.index(":") + 1].ljust(width) + entry[entry.index(":") + 2:] for entry in entries]
        return "\n".join([HEAD, "package ffi", "", "var structs = map[string]interface{}{", *entries, "}", ""])

    def signature(self, function: Json) -> str:
        params = ", ".join(f"{self.parameter(param['name'])} {self.type(param['type'])}"
                           for param in function["params"])
        result = ""
        if function["result"]:
            found = function["result"]["type"]
            result = " " + ("string" if found["pointers"] else self.type(found))
        return f"func({params}){result}"

    def parameter(self, name: str) -> str:
        return "err" if name == "error" else local(name)


def documented(name: str, text: str, prefix: str = "") -> List[str]:
    """A comment that starts with the name, as Go has it."""
    return comment(f"{name}: {text}", prefix + "// ").split("\n")


def enums(api: Json) -> str:
    lines = [HEAD, "package libllm"]
    for constant in api["constants"]:
        name = exported(bare(constant["name"]).lower())
        lines += ["", *documented(name, constant["doc"]), f"const {name} uint32 = {constant['value']}"]
    for enum in api["enums"]:
        if enum["name"] != "libllm_status":
            lines += ["", *one_enum(enum)]
    values = [value for value in find(api["enums"], "libllm_status")["values"] if value["value"] < 0]
    short = [value["name"][len("LIBLLM_ERROR_"):] for value in values]
    lines += ["", "// A Status says what kind of error an Error is. It is an error itself, for errors.Is().",
              "type Status int32", "", "// The statuses of errors.", "const ("]
    for value, name in zip(values, short):
        target = "Err" + exported(name.lower())
        lines += [*documented(target, value["doc"], "\t"), f"\t{target} Status = {value['value']}"]
    lines += [")", "", "var statusNames = map[Status]string{", *by_status(zip(values, short)), "}", "",
              "var statusTexts = map[Status]string{", *by_status((value, value["doc"]) for value in values)]
    return "\n".join(lines + ["}", ""])


def by_status(texts: Iterable[Tuple[Json, str]]) -> List[str]:
    texts = list(texts)
    width = max(len(str(value["value"])) for value, _ in texts) + 1
    return [f'\t{(str(value["value"]) + ":").ljust(width)} "{text}",' for value, text in texts]


def one_enum(enum: Json) -> List[str]:
    kind = exported(enum["name"])
    names = value_names(enum)
    lines = [*documented(kind, enum["doc"]), f"type {kind} int32", "", f"// Values of {kind}.", "const ("]
    for value in enum["values"]:
        name = kind + exported(names[value["name"]].lower())
        lines += [*documented(name, value["doc"], "\t"), f"\t{name} {kind} = {value['value']}"]
    lines += [")", "", "// String is the name of the value, or its number when a later library has it.",
              f"func (value {kind}) String() string {{", "\treturn valueName(int32(value), []string{"]
    lines[-1] += ", ".join(f'{value["value"]}: "{names[value["name"]]}"' for value in enum["values"]) + "})"
    return lines + ["}"]
