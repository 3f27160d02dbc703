# SPDX-License-Identifier: MIT
"""Python: the ctypes layer libllm/_ffi.py. The class layer is emit_python_classes.py."""
from typing import Dict, List

from emitting import NOTICE, Json, bare, pascal

FOLDER = "bindings/python/libllm/"
PRIMITIVES = {"char": "c_char", "int32_t": "c_int32", "uint32_t": "c_uint32", "int64_t": "c_int64",
              "uint64_t": "c_uint64", "size_t": "c_size_t", "float": "c_float", "double": "c_double"}


def is_whole(item: Json) -> bool:
    """Whether Python's number may be one that C's has no room for."""
    return "enum" not in item and item["type"]["base"] not in ("float", "double")


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "_ffi.py": Ffi(api).text()}


class Ffi:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"] for struct in api["structs"]}
        self.enums = {enum["name"] for enum in api["enums"]}
        self.callbacks = {callback["name"] for callback in api["callbacks"]}

    def type(self, found: Json) -> str:
        """The ctypes expression for a type. Handles, and whatever is passed by address, are c_void_p."""
        base, pointers = found["base"], found["pointers"]
        if pointers == 0:
            if base in self.callbacks:
                return pascal(base)
            simple = "ctypes.c_int32" if base in self.enums else f"ctypes.{PRIMITIVES[base]}"
            return f"{simple} * {found['count']}" if "count" in found else simple
        return "ctypes.c_void_p"

    def text(self) -> str:
        lines = ["# SPDX-License-Identifier: MIT", f'"""The C interface through ctypes. {NOTICE}"""',
                 "import ctypes", "from typing import Any", "", f'VERSION = "{self.api["version"]}"']
        lines += [f'{bare(constant["name"])} = {constant["value"]}' for constant in self.api["constants"]]
        for callback in self.api["callbacks"]:
            result = self.type(callback["result"]["type"]) if callback["result"] else "None"
            params = "".join(", " + self.type(param["type"]) for param in callback["params"])
            lines.append(f"{pascal(callback['name'])} = ctypes.CFUNCTYPE({result}{params})")
        for struct in self.api["structs"]:
            lines += ["", "", f"class {pascal(struct['name'])}(ctypes.Structure):", "    _fields_ = ["]
            lines += [f'        ("{field["name"]}", {self.type(field["type"])}),' for field in struct["fields"]]
            lines.append("    ]")
        lines += ["", "", "def declare(library: Any) -> Any:", '    """Tell ctypes what the functions take and return."""']
        for function in self.api["functions"]:
            params: List[str] = [self.type(param["type"]) for param in function["params"]]
            result = "None"
            if function["result"]:
                found = function["result"]["type"]
                result = "ctypes.c_char_p" if found["pointers"] else self.type(found)
            lines += [f"    library.{function['name']}.argtypes = [{', '.join(params)}]",
                      f"    library.{function['name']}.restype = {result}"]
        return "\n".join(lines + ["    return library", ""])
