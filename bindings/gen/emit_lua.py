# SPDX-License-Identifier: MIT
"""Lua: the C declarations for LuaJIT's FFI (libllm/ffi.lua). The class layer is emit_lua_classes.py."""
from typing import Dict

from emitting import NOTICE, Json

FOLDER = "bindings/lua/libllm/"


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "ffi.lua": text(api)}


def declared(kind: Json, name: str) -> str:
    """`const char *text`, `char message[508]`."""
    spelling = kind["c"] + ("" if kind["c"].endswith("*") else " ") + name
    return spelling + (f"[{kind['count']}]" if "count" in kind else "")


def text(api: Json) -> str:
    lines = ["-- SPDX-License-Identifier: MIT", f"-- The C interface for LuaJIT's FFI. {NOTICE}",
             'local ffi = require("ffi")', "", "ffi.cdef([["]
    lines += [f"typedef int32_t {enum['name']};" for enum in api["enums"]]
    lines += [f"typedef struct {handle['name']} {handle['name']};" for handle in api["handles"]]
    lines += [f"typedef struct {struct['name']} {struct['name']};" for struct in api["structs"]]
    for callback in api["callbacks"]:
        result = callback["result"]["type"]["c"] if callback["result"] else "void"
        params = ", ".join(declared(param["type"], param["name"]) for param in callback["params"])
        lines.append(f"typedef {result} (*{callback['name']})({params});")
    for struct in api["structs"]:
        lines += [f"struct {struct['name']} {{",
                  *(f"    {declared(field['type'], field['name'])};" for field in struct["fields"]), "};"]
    for function in api["functions"]:
        result = function["result"]["type"] if function["result"] else {"c": "void"}
        params = ", ".join(declared(param["type"], param["name"]) for param in function["params"]) or "void"
        lines.append(f"{declared(result, function['name'])}({params});")
    return "\n".join(lines + ["]])", "", f'return {{version = "{api["version"]}"}}', ""])
