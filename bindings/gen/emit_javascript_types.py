# SPDX-License-Identifier: MIT
"""JavaScript: the types of the class layer, with all descriptions, for TypeScript and editors (src/api.d.ts)."""
from typing import Dict, List, Sequence

from emit_javascript import FOLDER, visible
from emit_javascript_classes import constants, optional, safe
from emitting import IMPLIED, NOTICE, Json, bare, call, camel, class_functions, comment, find, pascal

ARRAYS = {"int32_t": "Int32Array", "uint32_t": "Uint32Array", "float": "Float32Array", "double": "Float64Array"}


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "api.d.ts": Types(api).text()}


def documented(text: str, indent: str = "", tags: Sequence[str] = ()) -> List[str]:
    one = f"{indent}/** {' '.join(text.split())} */"
    if "\n" not in text and len(one) <= 120 and not tags:
        return [one]
    lines = [comment(text, indent + " * ")] + ([indent + " *"] if tags else [])
    return [indent + "/**", *lines, *(comment(tag, indent + " * ") for tag in tags), indent + " */"]


class Types:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}

    def text(self) -> str:
        lines = ["// SPDX-License-Identifier: MIT", f"// Every object and function of the library. {NOTICE}",
                 'import {Handle} from "./core.js";']
        for constant in self.api["constants"]:
            lines += ["", *documented(constant["doc"]),
                      f"export declare const {bare(constant['name'])} = {constant['value']};"]
        for enum in self.api["enums"]:
            docs = {value["value"]: value["doc"] for value in enum["values"]}
            lines += ["", *documented(enum["doc"] + " Names by number are there too."),
                      f"export declare enum {pascal(enum['name'])} {{"]
            for name, value in constants(enum).items():
                lines += [*documented(docs[value], "  "), f"  {name} = {value},"]
            lines.append("}")
        for struct in self.api["structs"]:
            if struct["name"] != "libllm_error":
                lines += ["", *self.struct(struct)]
        for handle in self.api["handles"]:
            name, functions = pascal(handle["name"]), class_functions(self.api, handle["name"])
            lines += ["", *documented(handle["doc"]), f"export declare class {name} extends Handle {{",
                      "  private constructor();"]
            for function in functions:
                lines += ["  " + line if line else "" for line in "\n".join(self.function(function)).split("\n")]
                if function["iterates"]:
                    event = self.outputs(function)
                    lines += [f"  [Symbol.asyncIterator](): AsyncIterator<{event}, {event}>;",
                              *documented("Closes the object, as a loop does that is left early.", "  "),
                              f"  return(value?: {event}): Promise<IteratorResult<{event}, {event}>>;"]
            lines.append("}")
        for function in class_functions(self.api, None):
            lines += ["", *self.function(function, "export declare function ")]
        return "\n".join(lines + [""])

    def struct(self, struct: Json) -> List[str]:
        read = struct["init"] is None and struct["versioned"]
        lines = [*documented(struct["doc"]), f"export interface {pascal(struct['name'])} {{"]
        for field in visible(self.api, struct):
            written = field["role"] == "value" and field["type"]["base"] == "libllm_status"
            optional = "?" if struct["init"] or written or field["nullable"] and not read else ""
            nullable = " | null" if field["role"] == "c_text" and field["nullable"] and read else ""
            lines += documented(field["doc"], "  ")
            lines.append(f"  {camel(field['name'])}{optional}: {self.type(field, read)}{nullable};")
        return lines + ["}"]

    def type(self, item: Json, read: bool) -> str:
        """Of what is read, or of what is given: that may be looser."""
        role, base = item["role"], item["type"]["base"]
        if role in ("value", "value_out"):
            return "number" if read else "number | bigint" if base in ("int64_t", "uint64_t") else \
                "number | boolean" if self.is_switch(item) else "number"
        if role in ("handle", "handle_out", "options", "struct", "struct_out"):
            return pascal(base)
        if role == "callback":
            callback = self.callbacks[base]
            params = [f"{safe(param['name'])}: {self.type(param, True)}" for param in callback["params"]
                      if param["role"] not in IMPLIED]
            return f"({', '.join(params)}) => {'unknown' if callback['result'] else 'void'}"
        if role in ("array", "array_out", "view_out"):
            if base in self.structs:
                return pascal(base) + "[]"
            return ARRAYS[base] if role != "array" else "ArrayLike<number>"
        return {"c_texts": "string[]", "capacity": "number"}.get(role, "string")

    def is_switch(self, item: Json) -> bool:
        return item["type"]["base"] == "uint32_t" and item["doc"].startswith("1: ")

    def outputs(self, function: Json) -> str:
        outputs = [(safe(param["name"]), self.type(param, True)) for param in call(function).outputs]
        if len(outputs) == 1:
            return outputs[0][1]
        return "{" + "; ".join(f"{name}: {kind}" for name, kind in outputs) + "}" if outputs else "void"

    def function(self, function: Json, prefix: str = "") -> List[str]:
        shape = call(function)
        notes = [function["doc"], f"Threads: {function['threads']['text']}"]
        if function["errors"]["text"] != "none.":
            notes.append(f"Errors: {function['errors']['text']}")
        tags = [f"@param {safe(param['name'])} {param['doc']}" for param in shape.inputs]
        found = function["result"]
        if not shape.fallible and found:
            tags.append(f"@returns {found['doc']}")
        elif shape.outputs and not function["iterates"]:
            tags.append("@returns " + "; ".join(param["doc"] for param in shape.outputs))
        params = []
        for param, left_out in zip(shape.inputs, optional(shape.inputs)):
            kind = self.type(param, False) + (" | null" if param["nullable"] and param["role"] != "text" else "")
            params.append(f"{safe(param['name'])}{'?' if left_out else ''}: {kind}")
        result = self.outputs(function)
        if function["iterates"]:
            result = f"IteratorResult<{result}, {result}>"
        if shape.fallible:
            result = f"Promise<{result}>"
        elif found:
            result = "string" if found["type"]["pointers"] else "number"
        if not prefix and function["kind"] != "method":
            prefix = "static "
        head = f"{prefix}{camel(function['method'])}({', '.join(params)}): {result};"
        return [*documented("\n\n".join(notes), tags=tags), head]
