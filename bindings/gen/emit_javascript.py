# SPDX-License-Identifier: MIT
"""JavaScript: functions and layouts for koffi (src/ffi.js). The classes are emit_javascript_classes.py."""
import json
from typing import Dict, List

from emitting import IMPLIED, NOTICE, Json, camel, pascal

FOLDER = "bindings/javascript/src/"


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "ffi.js": Layer(api).text()}


def visible(api: Json, struct: Json) -> List[Json]:
    return [field for field in struct["fields"] if field["role"] not in IMPLIED
            and (field["role"] != "callback" or on_own_call(api, field))]


def on_own_call(api: Json, field: Json) -> bool:
    """What is called on any thread at any time would wait for the event loop, which may wait for that thread."""
    callback = next(callback for callback in api["callbacks"] if callback["name"] == field["type"]["base"])
    return "Called on the thread that called" in callback["doc"]


def literal(values: Json) -> str:
    return "{" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in values.items()) + "}"


class Layer:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"] for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}
        self.enums = {enum["name"] for enum in api["enums"]}

    def type(self, kind: Json) -> str:
        if kind["pointers"] or kind["base"] in self.callbacks:
            return "void *"
        return "int32_t" if kind["base"] in self.enums else kind["base"]

    def text(self) -> str:
        api = self.api
        lines = ["// SPDX-License-Identifier: MIT", f"// The C interface as koffi and core.js want it. {NOTICE}",
                 "",
                 f'export const version = "{api["version"]}";', f'export const soname = "{api["soname"]}";', "",
                 "/** Result and parameters of every function. */", "export const functions = {"]
        for function in api["functions"]:
            found = function["result"]
            result = "void" if not found else "str" if found["type"]["pointers"] else self.type(found["type"])
            params = [self.type(param["type"]) for param in function["params"]]
            lines.append(f"  {function['name']}: {json.dumps([result, params])},")
        lines += ["};", "", "/** Functions that C calls, and which of their parameters JavaScript gets. */",
                  "export const callbacks = {"]
        for callback in api["callbacks"]:
            lines += self.callback(callback)
        lines += ["};", "", "/** Where the fields of every struct are, and what they are for. */",
                  "export const structs = {"]
        for struct in api["structs"]:
            lines += self.struct(struct)
        return "\n".join(lines + ["};", ""])

    def callback(self, callback: Json) -> List[str]:
        result = self.type(callback["result"]["type"]) if callback["result"] else "void"
        params = [self.type(param["type"]) for param in callback["params"]]
        lines = [f"  {callback['name']}: {{", f'    result: "{result}",', f"    params: {json.dumps(params)},",
                 "    shown: ["]
        for index, param in enumerate(callback["params"]):
            if param["role"] in ("value", "c_text", "struct"):
                found = {"index": index, "role": param["role"]}
                if param["role"] == "struct":
                    found["of"] = pascal(param["type"]["base"])
                lines.append(f"      {literal(found)},")
        return lines + ["    ],", "  },"]

    def struct(self, struct: Json) -> List[str]:
        head = {"name": struct["name"], "size": struct["size"], "versioned": struct["versioned"]}
        if struct["init"]:
            head["init"] = struct["init"]
        lines = [f"  {pascal(struct['name'])}: {{"]
        lines += [*(f"    {key}: {json.dumps(value)}," for key, value in head.items()), "    fields: {"]
        offsets = {field["name"]: field for field in struct["fields"]}
        for field in visible(self.api, struct):
            role, base = field["role"], field["type"]["base"]
            found = {"offset": field["offset"], "role": role}
            if role == "value":
                found["type"] = self.type(field["type"])
            elif role == "callback" or role == "array" and base not in self.structs:
                found["of"] = base
            elif role in ("options", "array", "handle"):
                found["of"] = pascal(base)
            if role == "handle":
                found["mode"] = "shared" if field["type"]["const"] else "exclusive"
            if "length" in field:
                length = offsets[field["length"]]
                found.update(lengthOffset=length["offset"], lengthType=self.type(length["type"]))
            lines.append(f"      {camel(field['name'])}: {literal(found)},")
        return lines + ["    },", "  },"]
