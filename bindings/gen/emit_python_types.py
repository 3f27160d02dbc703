# SPDX-License-Identifier: MIT
"""Python: what ctypes cannot say about itself, for type checkers (libllm/_ffi.pyi): the fields of structs, and what the C
functions take and give. The classes of libllm/api.py have their types with them."""
from typing import Dict, List, Set

from emit_python import FOLDER
from emitting import NOTICE, Json, bare, pascal

NUMBERS = {"float": "float", "double": "float"}


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "_ffi.pyi": Stub(api).text()}


class Stub:
    def __init__(self, api: Json):
        self.api = api
        self.callbacks: Set[str] = {callback["name"] for callback in api["callbacks"]}

    def number(self, found: Json) -> str:
        return NUMBERS.get(found["base"], "int")

    def field(self, found: Json) -> str:
        """What reading the field of a struct gives."""
        base = found["base"]
        if found["pointers"]:
            return "Optional[int]"
        if base in self.callbacks:
            return "Callback"
        if "count" not in found:
            return self.number(found)
        return "bytes" if base == "char" else f"ctypes.Array[ctypes.c_{base[:-2] if base.endswith('_t') else base}]"

    def param(self, found: Json) -> str:
        """What is passed: arrays, structs and handles by their address."""
        return "Address" if found["pointers"] or found["base"] in self.callbacks else self.number(found)

    def result(self, found: Json) -> str:
        return "bytes" if found["pointers"] else self.number(found)

    def text(self) -> str:
        lines = ["# SPDX-License-Identifier: MIT", f"# The types of the C interface. {NOTICE}", "import ctypes",
                 "from typing import Any, Optional", "", "VERSION: str"]
        lines += [f"{bare(constant['name'])}: int" for constant in self.api["constants"]]
        lines += ["", "# None, a number, bytes, or what ctypes has for arrays and for structs by reference.", "Address = Any",
                  "# A C function made of one of Python's by a class below.", "Callback = Any"]
        lines += [f"{pascal(callback['name'])}: Any" for callback in self.api["callbacks"]]
        for struct in self.api["structs"]:
            lines += ["", f"class {pascal(struct['name'])}(ctypes.Structure):"]
            lines += [f"    {field['name']}: {self.field(field['type'])}" for field in struct["fields"]]
        lines += ["", "class Library(ctypes.CDLL):"]
        for function in self.api["functions"]:
            params: List[str] = [f"{param['name']}: {self.param(param['type'])}" for param in function["params"]]
            result = self.result(function["result"]["type"]) if function["result"] else "None"
            taken = "".join(", " + param for param in [*params, "/"]) if params else ""
            lines.append(f"    def {function['name']}(self{taken}) -> {result}: ...")
        return "\n".join([*lines, "", "def declare(library: ctypes.CDLL) -> Library: ...", ""])
