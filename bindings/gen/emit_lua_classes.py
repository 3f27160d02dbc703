# SPDX-License-Identifier: MIT
"""Lua: one class for every handle, tables for structs and enums (libllm/api.lua), with annotations for editors."""
from typing import Dict, List, Optional

from emit_lua import FOLDER
from emitting import IMPLIED, NOTICE, Json, bare, call, class_functions, comment, find, pascal, value_names

HEAD = ['local core = require("libllm.core")', 'local ffi = require("ffi")', "local lib, run = core.lib, core.run", "",
        "-- A function of C that calls back must not be called by compiled code.", "jit.off(true, true)", "",
        "local api = {}"]
KEYWORDS = ("and", "end", "for", "function", "in", "local", "nil", "not", "or", "repeat", "then", "until")


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "api.lua": Classes(api).text()}


def safe(name: str) -> str:
    return name + "_" if name in KEYWORDS else name


def documented(text: str) -> List[str]:
    return comment(text, "--- ").split("\n")


def annotated(tag: str, text: str) -> List[str]:
    """An annotation is one line, as editors want it."""
    return [f"---@{tag} {' '.join(text.split())}"]


class Classes:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}

    def text(self) -> str:
        lines = ["-- SPDX-License-Identifier: MIT", f"--- Every object and function of the library. {NOTICE}", *HEAD]
        for constant in self.api["constants"]:
            lines += ["", *documented(constant["doc"]), f"api.{bare(constant['name'])} = {constant['value']}"]
        for enum in self.api["enums"]:
            lines += ["", *(self.statuses(enum) if enum["name"] == "libllm_status" else self.enum(enum))]
        for struct in self.api["structs"]:
            if struct["name"] != "libllm_error":
                lines += ["", *self.struct(struct)]
        for handle in self.api["handles"]:
            name = pascal(handle["name"])
            lines += ["", *documented(handle["doc"]), f"---@class libllm.{name}: libllm.Object",
                      f'api.{name} = core.class("{name}", lib.{handle["free"]})']
        for handle in self.api["handles"]:
            for function in class_functions(self.api, handle["name"]):
                lines += ["", *self.function(function)]
        for function in class_functions(self.api, None):
            lines += ["", *self.function(function)]
        return "\n".join(lines + ["", "return api", ""])

    # --- Enums and structs --------------------------------------------------------------------------------------------

    def enum(self, enum: Json) -> List[str]:
        names = value_names(enum)
        lines = [*documented(enum["doc"] + " Numbers by name, and names by number."),
                 f"api.{pascal(enum['name'])} = core.enum({{"]
        for value in enum["values"]:
            lines += ["    " + line for line in documented(value["doc"])]
            lines.append(f"    {names[value['name']]} = {value['value']},")
        return lines + ["})"]

    def statuses(self, enum: Json) -> List[str]:
        lines = ["--- Statuses of errors, by name, and names by number."]
        errors = {value["name"]: value["name"][len("LIBLLM_ERROR_"):] for value in enum["values"] if value["value"] < 0}
        lines += ["api.Status = core.statuses({"]
        for value in enum["values"]:
            if value["name"] in errors:
                lines += ["    " + line for line in documented(value["doc"])]
                lines.append(f"    {errors[value['name']]} = {value['value']},")
        return lines + ["})"]

    def visible(self, struct: Json) -> List[Json]:
        return [field for field in struct["fields"] if field["role"] not in IMPLIED
                and (field["role"] != "callback" or self.on_own_thread(field))]

    def on_own_thread(self, field: Json) -> bool:
        """A Lua state belongs to one thread: what is called on another is not for Lua."""
        return "Called on the thread that called" in self.callbacks[field["type"]["base"]]["doc"]

    def struct(self, struct: Json) -> List[str]:
        name = pascal(struct["name"])
        lines = [*documented(struct["doc"]), f"---@class libllm.{name}"]
        for field in self.visible(struct):
            optional = "?" if struct["init"] or field["nullable"] else ""
            lines += annotated(f"field {field['name']}{optional} {self.type(field)}", field["doc"])
        init = f', lib.{struct["init"]}' if struct["init"] else ""
        lines.append(f'local {name} = core.struct("{struct["name"]}", {{')
        for field in self.visible(struct):
            parts = [f'name = "{field["name"]}"', f'role = "{field["role"]}"']
            if "length" in field:
                parts.append(f'length = "{field["length"]}"')
            if field["role"] in ("options", "array", "handle"):
                base = field["type"]["base"]
                if base in self.structs:
                    parts.append(f"kind = {pascal(base)}")
                else:
                    parts.append(f'kind = "{pascal(base) if field["role"] == "handle" else base}"')
            if field["role"] == "callback":
                callback = self.callbacks[field["type"]["base"]]
                parts += [f'kind = "{callback["name"]}"', "read = " + self.reader(callback)]
            if field["role"] == "handle":
                parts.append('mode = "shared"' if field["type"]["const"] else 'mode = "exclusive"')
            lines.append("    {" + ", ".join(parts) + "},")
        return lines + ["}" + init + ")"]

    def reader(self, callback: Json) -> str:
        """A function of what C passes, which returns what the Lua function gets."""
        names = [param["name"] for param in callback["params"]]
        values = []
        for param in callback["params"]:
            name, role = param["name"], param["role"]
            if role == "text":
                values.append(f"ffi.string({name}, {param['length']})")
            elif role == "c_text":
                values.append(f"core.c_string({name})")
            elif role == "struct":
                values.append(f"{pascal(param['type']['base'])}:read({name})")
            elif role == "value":
                values.append(f"tonumber({name})")
        return f"function({', '.join(names)}) return {', '.join(values)} end"

    def type(self, item: Json) -> str:
        """A type as the editors' annotations have it."""
        role, base = item["role"], item["type"]["base"]
        if role in ("value", "value_out"):
            return "number" if base in ("float", "double") else "integer"
        if role in ("handle", "handle_out", "options", "struct", "struct_out"):
            return "libllm." + pascal(base)
        if role == "callback":
            callback = self.callbacks[base]
            params = [f"{safe(param['name'])}: {self.type(param)}" for param in callback["params"]
                      if param["role"] not in IMPLIED]
            return f"fun({', '.join(params)})" + (": integer?" if callback["result"] else "")
        if role in ("array_out", "view_out") and base in ("float", "double"):
            return "ffi.cdata*"
        if role in ("array", "array_out"):
            return ("libllm." + pascal(base) if base in self.structs else "integer") + "[]"
        return {"c_texts": "string[]", "capacity": "integer"}.get(role, "string")

    # --- Functions ----------------------------------------------------------------------------------------------------

    def function(self, function: Json) -> List[str]:
        shape = call(function)
        lines = documented(function["doc"])
        lines += documented(f"Threads: {function['threads']['text']}")
        if function["errors"]["text"] != "none.":
            lines += documented(f"Errors: {function['errors']['text']}")
        for param in shape.inputs:
            optional = "?" if param["nullable"] and param["role"] != "text" or "flags" in param else ""
            lines += annotated(f"param {safe(param['name'])}{optional} {self.type(param)}", param["doc"])
        if function["iterates"]:
            lines.append("---@return boolean more")
        for param in shape.outputs:
            lines.append(f"---@return {self.type(param)} {safe(param['name'])}")
            if self.type(param) == "ffi.cdata*":
                lines.append(f"---@return integer n_{param['name']} their number; they are counted from 0")
        if not shape.fallible and function["result"]:
            found = function["result"]["type"]
            lines += annotated("return " + ("string" if found["pointers"] else "integer"), function["result"]["doc"])
        owner = f"api.{pascal(function['class'])}" if function["class"] else "api"
        separator = ":" if function["kind"] == "method" else "."
        params = ", ".join(safe(param["name"]) for param in shape.inputs)
        return [*lines, f"function {owner}{separator}{safe(function['method'])}({params})",
                "    return run(function(call)",
                *("        " + line for line in self.body(function, shape.fallible)), "    end)", "end"]

    def body(self, function: Json, fallible: bool) -> List[str]:
        rules = {rule["param"]: rule["mode"].replace("concurrent", "shared") for rule in function["threads"]["rules"]}
        lines: List[str] = []
        after: List[str] = []
        results: List[str] = ["more"] if function["iterates"] else []
        arguments: List[str] = []
        sized: Optional[Json] = None
        for param in function["params"]:
            name, role, base = safe(param["name"]), param["role"], param["type"]["base"]
            raw = argument = "c_" + param["name"]
            if role in ("self", "handle"):
                value = "self" if role == "self" else name
                mode = rules.get(param["name"], "any")
                lines.append(f'local {raw} = call:use({value}, api.{pascal(base)}, "{mode}")')
            elif role == "value":
                argument = f"{name} or 0" if "flags" in param else name
            elif role == "text":
                lines.append(f'local {raw} = call:text({name}, "{param["name"]}")')
            elif role == "c_text":
                lines.append(f'local {raw} = call:c_text({name}, "{param["name"]}", {str(param["nullable"]).lower()})')
            elif role == "options":
                lines.append(f"local {raw} = {pascal(base)}:build(call, {name})")
            elif role == "array":
                kind = pascal(base) if base in self.structs else f'"{base}"'
                lines.append(f'local {raw}, {raw}_length = call:array({kind}, {name}, "{param["name"]}")')
                if param["direction"] == "inout":
                    after += [f"{pascal(base)}:read_back({name}, {raw})"]
            elif role == "length":
                of = find(function["params"], param["of"])
                argument = f"#c_{param['of']}" if of["role"] == "text" else f"c_{param['of']}_length"
            elif role == "error":
                argument = "call.error"
            elif role == "handle_out":
                lines.append(f'local {raw} = ffi.new("{base} *[1]")')
                results.append(f"api.{pascal(base)}:adopt({raw}[0])")
            elif role == "value_out":
                lines.append(f'local {raw} = ffi.new("{base}[1]")')
                results.append(f"tonumber({raw}[0])")
            elif role == "struct_out":
                versioned = "ffi.sizeof" if self.structs[base]["versioned"] else ""
                lines.append(f'local {raw} = ffi.new("{base}")')
                if versioned:
                    lines.append(f"{raw}.struct_size = ffi.sizeof({raw})")
                results.append(f"{pascal(base)}:read({raw})")
            elif role == "view_out":
                lines.append(f'local {raw} = ffi.new("const {base} *[1]")')
                results.append(f'core.copied("{base}", {raw}[0], c_{param["length"]}[0])')
            elif role == "length_out":
                lines.append(f'local {raw} = ffi.new("size_t[1]")')
            elif role in ("text_out", "array_out"):
                if any(other["role"] == "needed" and other["of"] == param["name"] for other in function["params"]):
                    sized, argument = param, "out"
                else:
                    lines.append(f'local {raw} = call:room("{base}", {param["length"]})')
                    results += [raw, param["length"]]
            elif role == "capacity":
                argument = "capacity" if sized is not None else name
            elif role == "needed":
                argument = "needed"
            arguments.append("out_error" if sized is not None and role == "error" else argument)
        called = f"lib.{function['name']}({', '.join(arguments)})"
        if sized is not None:
            return lines + self.sized(function, sized, called, results)
        if not fallible:
            found = function["result"]
            if found is None:
                return lines + [called]
            return lines + [f"return {'ffi.string' if found['type']['pointers'] else 'tonumber'}({called})"]
        if after:
            lines += [f"local status = {called}", *after, "call:check(status)"]
        else:
            lines.append(("local more = " if function["iterates"] else "") + f"call:check({called})")
        return lines + (["return " + ", ".join(results)] if results else [])

    def sized(self, function: Json, param: Json, called: str, results: List[str]) -> List[str]:
        """A call that is repeated with more room. The first guess grows with what goes in."""
        base = param["type"]["base"]
        guess = ["4096" if base == "char" else "256"]
        for other in function["params"]:
            guess += {"text": [f"#c_{other['name']}"], "array": [f"c_{other['name']}_length"]}.get(other["role"], [])
        lines = [f'call:sized("{base}", {" + ".join(guess)}, function(out, capacity, needed, out_error)',
                 f"    return {called}", "end)"]
        if not results:
            return ["return " + lines[0], *lines[1:]]
        return [f"local {param['name']} = {lines[0]}", *lines[1:], f"return {param['name']}, {', '.join(results)}"]
