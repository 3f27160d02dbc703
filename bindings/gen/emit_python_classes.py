# SPDX-License-Identifier: MIT
"""Python: exceptions (libllm/_errors.py) and one class for every handle, struct and enum (libllm/api.py)."""
from typing import Dict, List, Optional

from emit_python import FOLDER, PRIMITIVES, is_whole
from emitting import (IMPLIED, NOTICE, Json, bare, call, class_functions, comment, filled_structs, find, hands_out_memory,
                      pascal, value_names)

# What Python's own programs would expect to catch. A status that is not listed is an Error only.
BUILTINS = {"INVALID_ARGUMENT": "ValueError", "OUT_OF_MEMORY": "MemoryError", "NOT_FOUND": "FileNotFoundError",
            "IO": "OSError", "OUT_OF_RANGE": "IndexError", "JSON": "ValueError", "TEMPLATE": "ValueError",
            "CONSTRAINT": "ValueError", "UNSUPPORTED": "NotImplementedError"}
CODES = {"int32_t": "i", "uint32_t": "I", "float": "f"}
KEYWORDS = ("from", "in", "is", "class", "def", "pass", "not", "and", "or", "if", "else", "for", "import", "with")
HEAD = ["from __future__ import annotations", "", "import ctypes", "import enum",
        "from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple", "",
        "from . import _ffi", "from ._core import (ANY, EXCLUSIVE, SHARED, Call, ClosedError, Handle, Path, Text, borrowed,",
        "                    elements, named, read_c_text, read_text, view)", "from ._errors import *  # noqa: F403",
        "from ._load import lib"]


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "_errors.py": errors(api), FOLDER + "api.py": Classes(api).text()}


def errors(api: Json) -> str:
    lines = ["# SPDX-License-Identifier: MIT", f'"""One exception class for each error status. {NOTICE}"""', "", "",
             "class Error(Exception):", '    """What the library says is wrong."""', "", "    status = 0",
             '    name = "ERROR"']
    names = ["Error"]
    mapping = []
    for value in find(api["enums"], "libllm_status")["values"]:
        if value["value"] >= 0:
            continue
        short = value["name"][len("LIBLLM_ERROR_"):]
        words = pascal(short.lower())
        name = {"Io": "FileError", "Json": "JsonError"}.get(words, words if words.endswith("Error") else words + "Error")
        base = ", " + BUILTINS[short] if short in BUILTINS else ""
        lines += ["", "", f"class {name}(Error{base}):", f'    """{value["doc"]}"""', "",
                  f'    status = {value["value"]}', f'    name = "{short}"']
        names.append(name)
        mapping.append(f"    {value['value']}: {name},")
    lines += ["", "", "CLASSES = {", *mapping, "}", "", "", "def from_status(status: int, message: str) -> Error:",
              '    """The exception of a status; one that a later library has is an Error."""',
              "    return CLASSES.get(status, Error)(message or CLASSES.get(status, Error).__doc__)", "", ""]
    exported = comment(", ".join(f'"{name}"' for name in names), "           ")
    return "\n".join(lines + [f"__all__ = [{exported.strip()}]", ""])


def safe(name: str) -> str:
    return name + "_" if name in KEYWORDS else name


def docstring(indent: str, text: str, sections: Optional[Dict[str, List[str]]] = None) -> List[str]:
    lines = comment(text, indent).split("\n")
    for title, entries in (sections or {}).items():
        if entries:
            lines += ["", f"{indent}{title}:"]
            for entry in entries:
                first, *rest = comment(entry, "", 112 - len(indent)).split("\n")
                lines += [f"{indent}    {first}", *(f"{indent}        {line}".rstrip() for line in rest)]
    lines[0] = indent + '"""' + lines[0].strip()
    if len(lines) == 1:
        return [lines[0] + '"""']
    return [*(line.replace("\\", "\\\\") for line in lines), indent + '"""']


class Classes:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}

    def text(self) -> str:
        lines = ["# SPDX-License-Identifier: MIT", f'"""Every object and function of the library. {NOTICE}', "",
                 "This layer adds nothing to libllm.h; `libllm` itself is what programs begin with.", '"""', *HEAD, ""]
        for constant in self.api["constants"]:
            lines += comment(constant["doc"], "# ", 118).split("\n")
            lines.append(f"{bare(constant['name'])} = {constant['value']}")
        for enum in self.api["enums"]:
            if enum["name"] != "libllm_status":
                lines += ["", "", *self.enum(enum)]
        for struct in self.api["structs"]:
            if struct["name"] != "libllm_error":
                lines += ["", "", *(self.filled(struct) if self.is_output(struct) else self.given(struct))]
        for handle in self.api["handles"]:
            lines += ["", "", f"class {pascal(handle['name'])}(Handle):", *docstring("    ", handle["doc"]), "",
                      f"    _destroy = lib.{handle['free']}"]
            for function in class_functions(self.api, handle["name"]):
                lines += ["", *self.function(function, "    ")]
        for function in class_functions(self.api, None):
            lines += ["", "", *self.function(function, "")]
        return "\n".join(lines + [""])

    def enum(self, enum: Json) -> List[str]:
        lines = [f"class {pascal(enum['name'])}(enum.IntEnum):", *docstring("    ", enum["doc"]), ""]
        for value, (_, name) in zip(enum["values"], value_names(enum).items()):
            lines += comment(value["doc"], "    #: ", 112).split("\n") + [f"    {name} = {value['value']}"]
        return lines

    # --- Structs --------------------------------------------------------------------------------------------------------

    def is_output(self, struct: Json) -> bool:
        return struct["name"] in filled_structs(self.api)

    def visible(self, struct: Json) -> List[Json]:
        """The fields that a program sees. Callbacks that hand out memory are not for a language with a collector."""
        return [field for field in struct["fields"] if field["role"] not in IMPLIED and not (
            field["role"] == "callback" and self.is_allocator(field))]

    def is_allocator(self, field: Json) -> bool:
        return hands_out_memory(self.callbacks[field["type"]["base"]])

    def annotation(self, item: Json) -> str:
        """The type of what is passed or read, without Optional."""
        role, base = item["role"], item["type"]["base"]
        if role == "value":
            return pascal(item["enum"]) if "enum" in item and item["enum"] != "libllm_status" else (
                "float" if base in ("float", "double") else "int")
        if role in ("handle", "options", "struct", "handle_out"):
            return pascal(base)
        if role == "array":
            return f"Sequence[{pascal(base)}]" if base in self.structs else (
                "Iterable[float]" if base in ("float", "double") else "Iterable[int]")
        if role == "callback":
            callback = self.callbacks[base]
            params = ["str" if param["role"] in ("text", "c_text") else self.annotation(param)
                      for param in callback["params"] if param["role"] not in IMPLIED]
            return f"Callable[[{', '.join(params)}], {'Any' if callback['result'] else 'None'}]"
        return {"text": "Text", "c_text": "Path", "c_texts": "Sequence[Path]", "capacity": "int"}[role]

    def filled(self, struct: Json) -> List[str]:
        """A struct that the library fills. Texts and arrays are copied at once, as they do not stay; numbers when they are
        asked for."""
        name, fields = pascal(struct["name"]), self.visible(struct)
        texts = [field for field in fields if field["role"] in ("text", "c_text", "array")]
        slots = ["_raw", *(safe(field["name"]) for field in texts)]
        names = ", ".join(repr(safe(field["name"])) for field in fields)
        lines = [f"class {name}:", *docstring("    ", struct["doc"]), "",
                 f"    __slots__ = ({', '.join(map(repr, slots))},)", f"    _names = ({names},)", "",
                 f"    def __init__(self, raw: _ffi.{name}):", "        self._raw = raw"]
        for field in texts:
            lines += comment(field["doc"], "        #: ", 112).split("\n")
            annotation, value = self.read(field, "raw")
            lines.append(f"        self.{safe(field['name'])}: {annotation} = {value}")
        for field in fields:
            if field not in texts:
                annotation, value = self.read(field, "self._raw")
                lines += ["", "    @property", f"    def {safe(field['name'])}(self) -> {annotation}:",
                          *docstring("        ", field["doc"]), f"        return {value}"]
        return lines + ["", "    def __repr__(self) -> str:",
                        f'        return "{name}(" + ", ".join(f"{{name}}={{getattr(self, name)!r}}" '
                        "for name in self._names) + \")\""]

    def read(self, field: Json, raw: str) -> "tuple[str, str]":
        value = f"{raw}.{field['name']}"
        if field["role"] == "text":
            return "str", f"read_text({value}, {raw}.{field['length']})"
        if field["role"] == "c_text":
            return ("Optional[str]" if field["nullable"] else "str",
                    f"read_c_text({value})" + ("" if field["nullable"] else ' or ""'))
        if field["role"] == "array":
            kind = pascal(field["type"]["base"])
            return f"List[{kind}]", f"[{kind}(item) for item in elements(_ffi.{kind}, {value}, {raw}.{field['length']})]"
        if "enum" in field and field["enum"] != "libllm_status":
            return pascal(field["enum"]), f"named({pascal(field['enum'])}, {value})"
        return self.annotation(field), value

    def given(self, struct: Json) -> List[str]:
        """A struct that the program fills: options, whose fields have defaults, or an element of an array."""
        options = struct["init"] is not None
        fields = self.visible(struct)
        written = [field for field in fields if field["role"] == "value" and "enum" in field
                   and field["enum"] == "libllm_status"]
        asked = [field for field in fields if field not in written]
        lines = [f"class {pascal(struct['name'])}:", *docstring("    ", struct["doc"]), "",
                 "    def __init__(self, *," if options else "    def __init__(self,"]
        for position, field in enumerate(asked):
            optional = options or position > 1
            annotation = f"Optional[{self.annotation(field)}] = None" if optional else self.annotation(field)
            end = ") -> None:" if field is asked[-1] else ","
            lines.append(f"                 {safe(field['name'])}: {annotation}{end}")
        for field in fields:
            lines += comment(field["doc"], "        #: ", 112).split("\n")
            lines.append(f"        self.{safe(field['name'])} = " +
                         ("0" if field in written else safe(field["name"])))
        lines += ["", f"    def _fill(self, call: Call, raw: _ffi.{pascal(struct['name'])}, mode: int) -> None:"]
        for field in asked:
            assignments = self.assign(field)
            if options or field["nullable"]:
                lines.append(f"        if self.{safe(field['name'])} is not None:")
                assignments = ["    " + line for line in assignments]
            lines += ["        " + line for line in assignments]
        if written:
            lines += ["", f"    def _read(self, raw: _ffi.{pascal(struct['name'])}) -> None:",
                      *(f"        self.{field['name']} = raw.{field['name']}" for field in written)]
        if options:
            lines += ["", f"    def _build(self, call: Call) -> _ffi.{pascal(struct['name'])}:",
                      f"        raw = _ffi.{pascal(struct['name'])}()",
                      f"        lib.{struct['init']}(ctypes.byref(raw), ctypes.sizeof(raw))",
                      "        self._fill(call, raw, SHARED)", "        return raw"]
        return lines

    def assign(self, field: Json) -> List[str]:
        """Lines that put an attribute into the C struct."""
        name, value, role, base = field["name"], f"self.{safe(field['name'])}", field["role"], field["type"]["base"]
        if role == "value":
            return [f"call.put(raw, '{name}', {value})" if is_whole(field) else f"raw.{name} = {value}"]
        if role == "handle":
            return [f"call.kept.append({value})", f"raw.{name} = call.use({value}, mode)"]
        if role == "c_text":
            return [f"raw.{name} = call.address(call.c_text({value}))"]
        if role == "callback":
            return self.callback(field)
        if role == "options":
            return [f"raw.{name} = call.options({value})"]
        if role == "text":
            made = f"call.text({value})"
        elif role == "c_texts":
            made = f"call.c_texts({value})"
        elif base in self.structs:
            made = f"call.structs(_ffi.{pascal(base)}, {value})"
        else:
            made = f"call.numbers(ctypes.{PRIMITIVES[base]}, {value})"
        return [f"{name} = {made}", f"raw.{name}, raw.{field['length']} = call.address({name}), len({name} or b'')"]

    def callback(self, field: Json) -> List[str]:
        """A Python function as a C function: its arguments are turned into Python's."""
        callback = self.callbacks[field["type"]["base"]]
        names = [param["name"] for param in callback["params"]]
        arguments = []
        for param in callback["params"]:
            if param["role"] == "text":
                arguments.append(f"read_text({param['name']}, {param['length']})")
            elif param["role"] == "c_text":
                arguments.append(f"read_c_text({param['name']}) or ''")
            elif param["role"] == "struct":
                kind = pascal(param["type"]["base"])
                arguments.append(f"{kind}(ctypes.cast({param['name']}, ctypes.POINTER(_ffi.{kind})).contents)")
            elif param["role"] == "value" and "enum" in param:
                arguments.append(f"named({pascal(param['enum'])}, {param['name']})")
            elif param["role"] == "value":
                arguments.append(param["name"])
        function = f"function(" + ", ".join(arguments) + ")"
        # A function that returns nothing goes on.
        body = f"int({function} or 0)" if callback["result"] else function
        return [f"function = self.{safe(field['name'])}", "",
                f"def {field['name']}({', '.join(f'{name}: Any' for name in names)}) -> Any:", f"    return {body}", "",
                f"raw.{field['name']} = call.callback(_ffi.{pascal(callback['name'])}, {field['name']}, "
                f"{1 if callback['result'] else None})"]

    # --- Functions ------------------------------------------------------------------------------------------------------

    def function(self, function: Json, indent: str) -> List[str]:
        shape = call(function)
        method = function["kind"] == "method"
        static = function["kind"] in ("constructor", "static")
        first = ["self"] if method else []
        params = first + [self.parameter(param, shape.inputs[position:]) for position, param in enumerate(shape.inputs)]
        results = [self.output(param) for param in shape.outputs]
        if function["iterates"]:
            results.insert(0, ("bool", "more"))
        if not shape.fallible and function["result"]:
            results = [self.plain(function)]
        returns = "None" if not results else results[0][0] if len(results) == 1 else (
            "Tuple[" + ", ".join(kind for kind, _ in results) + "]")
        name = safe(function["method"])
        lines = ["@staticmethod"] if static else []
        lines += [f"def {name}({', '.join(params)}) -> {returns}:", *self.documentation(function, shape),
                  "    with Call() as call:", *("        " + line for line in self.body(function, shape, results))]
        return [indent + line if line else "" for line in lines]

    def parameter(self, param: Json, rest: List[Json]) -> str:
        """Name and type; the default None where the header allows NULL here and for all that follows."""
        annotation = self.annotation(param)
        if param["role"] == "value" and "flags" in param and all(self.optional(other) for other in rest):
            return f"{safe(param['name'])}: {annotation} = 0"
        if not param["nullable"] or param["role"] in ("text", "array"):
            return f"{safe(param['name'])}: {annotation}"
        default = " = None" if all(self.optional(other) for other in rest) else ""
        return f"{safe(param['name'])}: Optional[{annotation}]{default}"

    def optional(self, param: Json) -> bool:
        return "flags" in param or param["nullable"] and param["role"] not in ("text", "array")

    def output(self, param: Json) -> "tuple[str, str]":
        base, role, name = param["type"]["base"], param["role"], param["name"]
        if role == "handle_out":
            return pascal(base), f"{pascal(base)}({name}.value, (*call.handles(), *call.kept))"
        if role == "text_out":
            return "str", f'{name}.decode("utf-8", "replace")'
        if role == "struct_out":
            return pascal(base), f"{pascal(base)}({name})"
        if role == "value_out":
            return ("float" if base in ("float", "double") else "int"), f"{name}.value"
        if base in ("float", "double"):
            return "memoryview", name
        return "List[int]", name

    def plain(self, function: Json) -> "tuple[str, str]":
        found = function["result"]["type"]
        if found["pointers"]:
            return "str", "str(result, 'utf-8')"
        return ("float" if found["base"] in ("float", "double") else "int"), "int(result)"

    def documentation(self, function: Json, shape: object) -> List[str]:
        arguments = [f"{safe(param['name'])}: {param['doc']}" for param in call(function).inputs]
        raises = [pascal(status[len("LIBLLM_ERROR_"):].lower()) for status in function["errors"]["all"]]
        sections = {"Args": arguments, "Threads": [function["threads"]["text"]]}
        if raises and function["errors"]["text"] != "none.":
            sections["Raises"] = [function["errors"]["text"]]
        return docstring("    ", function["doc"], sections)

    def body(self, function: Json, shape: object, results: List["tuple[str, str]"]) -> List[str]:
        rules = {rule["param"]: rule["mode"].upper().replace("CONCURRENT", "SHARED") for rule in
                 function["threads"]["rules"]}
        lines: List[str] = []
        arguments: Dict[str, str] = {}
        sized: Optional[Json] = None
        after: List[str] = []
        for param in function["params"]:
            name, role, base = param["name"], param["role"], param["type"]["base"]
            value = "self" if role == "self" else safe(name)
            arguments[name] = "c_" + name
            if role in ("self", "handle"):
                lines.append(f"c_{name} = call.use({value}, {rules.get(name, 'ANY')})")
            elif role == "value":
                arguments[name] = (f"call.number(ctypes.{PRIMITIVES[base]}, {value}, '{name}')" if is_whole(param) else value)
            elif role in ("text", "c_text", "c_texts", "options"):
                lines.append(f"c_{name} = call.{role}({value})")
            elif role == "array" and base in self.structs:
                lines.append(f"c_{name} = call.structs(_ffi.{pascal(base)}, {value}, "
                             f"{'EXCLUSIVE' if param['direction'] == 'inout' else 'SHARED'})")
                if param["direction"] == "inout":
                    after += [f"for item, raw in zip({value}, c_{name}):", "    item._read(raw)"]
            elif role == "array":
                lines.append(f"c_{name} = call.numbers(ctypes.{PRIMITIVES[base]}, {value})")
            elif role == "length":
                arguments[name] = f"len(c_{param['of']} or b'')"
            elif role == "error":
                arguments[name] = "call.error"
            elif role == "handle_out":
                lines.append(f"{name} = ctypes.c_void_p()")
                arguments[name] = f"ctypes.byref({name})"
            elif role == "value_out":
                lines.append(f"{name} = ctypes.{PRIMITIVES[base]}()")
                arguments[name] = f"ctypes.byref({name})"
            elif role == "struct_out":
                lines += [f"{name} = _ffi.{pascal(base)}()"]
                if self.structs[base]["versioned"]:
                    lines.append(f"{name}.struct_size = ctypes.sizeof({name})")
                arguments[name] = f"ctypes.byref({name})"
            elif role == "view_out":
                lines += [f"c_{name} = ctypes.c_void_p()", f"c_{param['length']} = ctypes.c_size_t()"]
                arguments[name] = f"ctypes.byref(c_{name})"
                after.append(f"{name} = borrowed(self, ctypes.{PRIMITIVES[base]}, c_{name}.value, c_{param['length']}.value, "
                             f"'{CODES[base]}')")
            elif role == "length_out":
                arguments[name] = f"ctypes.byref(c_{name})"
            elif role in ("text_out", "array_out"):
                needed = [other for other in function["params"] if other["role"] == "needed" and other["of"] == name]
                if needed:
                    sized = param
                else:
                    lines.append(f"c_{name} = (ctypes.{PRIMITIVES[base]} * {param['length']})()")
                    after.append(f"{name} = view(c_{name}, '{CODES[base]}')")
            elif role == "capacity":
                arguments[name] = name
        call_ = f"lib.{function['name']}(" + ", ".join(arguments[param["name"]] for param in function["params"]) + ")"
        if sized is not None:
            lines += self.sized(function, sized, arguments)
        elif any(param["role"] == "error" for param in function["params"]):
            if any(param["direction"] == "inout" for param in function["params"]):
                lines += [f"status = {call_}", *after, "call.check(status)"]
                after = []
            else:
                lines.append(("more = " if function["iterates"] else "") + f"call.check({call_})")
        else:
            lines.append(("result = " if function["result"] else "") + call_)
        lines += after
        if results:
            lines.append("return " + ", ".join(value for _, value in results))
        return lines

    def sized(self, function: Json, param: Json, arguments: Dict[str, str]) -> List[str]:
        """A call that is repeated with more room. The first guess grows with what goes in."""
        name, base = param["name"], param["type"]["base"]
        for other in function["params"]:
            if other["role"] in ("text_out", "array_out", "capacity", "needed", "error"):
                arguments[other["name"]] = {"text_out": "out", "array_out": "out"}.get(other["role"], other["role"])
        inputs = [other for other in function["params"] if other["role"] in ("text", "array")]
        guess = " + ".join(["4096" if base == "char" else "256"] + [f"len(c_{other['name']} or b'')" for other in inputs])
        passed = ", ".join(arguments[other["name"]] for other in function["params"])
        kind = "" if base == "char" else f"ctypes.{PRIMITIVES[base]}, "
        helper = "text_out" if base == "char" else "numbers_out"
        return [f"{name} = call.{helper}(", f"    lambda out, capacity, needed, error: lib.{function['name']}({passed}),",
                f"    {kind}{guess})"]
