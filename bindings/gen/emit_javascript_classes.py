# SPDX-License-Identifier: MIT
"""JavaScript: a class for every handle, and enums and constants (src/api.js). Its types: emit_javascript_types.py."""
from typing import Dict, List, Optional

from emit_javascript import FOLDER
from emitting import NOTICE, Json, bare, call, camel, class_functions, find, pascal, value_names

NUMBERS = ("int32_t", "uint32_t", "int64_t", "uint64_t", "size_t", "float", "double")
KEYWORDS = ("arguments", "class", "default", "delete", "eval", "function", "in", "new", "this", "with")


def emit(api: Json) -> Dict[str, str]:
    return {FOLDER + "api.js": Classes(api).text()}


def safe(name: str) -> str:
    found = camel(name)
    return found + "_" if found in KEYWORDS else found


def constants(enum: Json) -> Dict[str, int]:
    """Statuses are those of errors: what else a call may return is no error, and shown in other ways."""
    if enum["name"] == "libllm_status":
        prefix = "LIBLLM_ERROR_"
        return {value["name"][len(prefix):]: value["value"] for value in enum["values"] if value["value"] < 0}
    names = value_names(enum)
    return {names[value["name"]]: value["value"] for value in enum["values"]}


def optional(inputs: List[Json]) -> List[bool]:
    """Which may be left out: what may be null, flags, where nothing that is wanted comes behind."""
    found = [param["nullable"] and param["role"] != "text" or "flags" in param for param in inputs]
    return [all(found[i:]) for i in range(len(found))]


class Classes:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}

    def text(self) -> str:
        lines = ["// SPDX-License-Identifier: MIT",
                 f"// Every object and function of the library; api.d.ts describes them. {NOTICE}",
                 'import {adopt, enumeration, Handle, register, run, runSync} from "./core.js";']
        lines += ["", *(f"export const {bare(constant['name'])} = {constant['value']};"
                        for constant in self.api["constants"])]
        for enum in self.api["enums"]:
            lines += ["", f"export const {pascal(enum['name'])} = enumeration({{"]
            lines += [f"  {name}: {value}," for name, value in constants(enum).items()] + ["});"]
        for handle in self.api["handles"]:
            functions = class_functions(self.api, handle["name"])
            name = pascal(handle["name"])
            lines += ["", f"export class {name} extends Handle {{"]
            for number, function in enumerate(functions):
                lines += ([""] if number else []) + ["  " + line for line in self.function(function, None)]
                if function["iterates"]:
                    lines += ["", "  [Symbol.asyncIterator]() {", "    return this;", "  }", "",
                              "  async return(value) {", "    this.close();", "    return {done: true, value};", "  }"]
            lines += ["}", f'register({name}, "{handle["free"]}");']
        for function in class_functions(self.api, None):
            lines += ["", *self.function(function, "export function ")]
        return "\n".join(line if line.strip() else "" for line in lines) + "\n"

    def function(self, function: Json, prefix: Optional[str]) -> List[str]:
        shape = call(function)
        params = [safe(param["name"]) + (" = 0" if "flags" in param else " = null" if left_out else "")
                  for param, left_out in zip(shape.inputs, optional(shape.inputs))]
        if prefix is None:
            prefix = "" if function["kind"] == "method" else "static "
        asynchronous = shape.fallible
        head = f"{prefix}{camel(function['method'])}({', '.join(params)}) {{"
        return [head, f"  return {'run' if asynchronous else 'runSync'}({'async ' if asynchronous else ''}(call) => {{",
                *("    " + line for line in self.body(function, shape.fallible)), "  });", "}"]

    def body(self, function: Json, fallible: bool) -> List[str]:
        rules = {rule["param"]: rule["mode"].replace("concurrent", "shared") for rule in function["threads"]["rules"]}
        lines: List[str] = []
        after: List[str] = []
        results: Dict[str, str] = {}
        arguments: List[str] = [f'"{function["name"]}"']
        sized: Optional[Json] = None
        for param in function["params"]:
            name, role, base = safe(param["name"]), param["role"], param["type"]["base"]
            raw = argument = "c" + pascal(param["name"])
            if role in ("self", "handle"):
                mode = rules.get(param["name"], "any")
                lines.append(f'const {raw} = call.use({"this" if role == "self" else name}, {pascal(base)}, "{mode}");')
            elif role == "value":
                kind = base if base in NUMBERS else "int32_t"
                lines.append(f'const {raw} = call.number({name}, "{kind}", "{name}");')
            elif role == "text":
                lines.append(f'const {raw} = call.text({name}, "{name}");')
            elif role == "c_text":
                nullable = ", true" if param["nullable"] else ""
                lines.append(f'const {raw} = call.cText({name}, "{name}"{nullable});')
            elif role == "options":
                lines.append(f'const {raw} = call.options("{pascal(base)}", {name}, "{name}");')
            elif role == "array":
                kind = pascal(base) if base in self.structs else base
                lines.append(f'const {raw} = call.array("{kind}", {name}, "{name}");')
                if param["direction"] == "inout":
                    after.append(f'call.readBack("{kind}", {raw}, {name});')
            elif role == "length":
                argument = f"c{pascal(param['of'])}.count"
            elif role == "error":
                argument = "call.error"
            elif role == "handle_out":
                lines.append(f'const {raw} = call.cell("size_t");')
                results[name] = f"adopt({pascal(base)}, {raw})"
            elif role == "value_out":
                lines.append(f'const {raw} = call.cell("{base}");')
                results[name] = f'call.read("{base}", {raw})'
            elif role == "struct_out":
                lines.append(f'const {raw} = call.struct("{pascal(base)}");')
                results[name] = f'call.readStruct("{pascal(base)}", {raw})'
            elif role == "view_out":
                lines.append(f'const {raw} = call.cell("size_t");')
                results[name] = f'call.copied("{base}", {raw}, c{pascal(param["length"])})'
            elif role == "length_out":
                lines.append(f'const {raw} = call.cell("size_t");')
            elif role in ("text_out", "array_out"):
                if any(other["role"] == "needed" and other["of"] == param["name"] for other in function["params"]):
                    sized, argument = param, "out"
                else:
                    length = safe(param["length"])
                    lines.append(f'const {raw} = call.room("{base}", {length}, "{length}");')
                    results[name] = raw
            elif role == "capacity":
                argument = "capacity" if sized is not None else f"c{pascal(param['of'])}.length"
            elif role == "needed":
                argument = "needed"
            arguments.append(argument)
        passed = ", ".join(arguments)
        if not fallible:
            lines.append(("return " if function["result"] else "") + f"call.now({passed});")
            return lines
        if sized is not None:
            base = sized["type"]["base"]
            results = {safe(sized["name"]): "", **results}
            lines += [("return " if len(results) == 1 else f"const {safe(sized['name'])} = ")
                      + f'await call.sized("{base}", {self.guess(function, base)}, (out, capacity, needed) =>',
                      f"  call.start({passed}));"]
            if len(results) == 1:
                return lines
            results[safe(sized["name"])] = safe(sized["name"])
        elif after:
            lines += [f"const status = await call.start({passed});", *after, "call.check(status);"]
        else:
            lines.append(("const done = " if function["iterates"] else "") + f"call.check(await call.start({passed}));")
        if function["iterates"]:
            lines.append(f"return {{done, value: {next(iter(results.values()))}}};")
        elif len(results) == 1:
            lines.append(f"return {next(iter(results.values()))};")
        elif results:
            shown = ", ".join(name if name == value else f"{name}: {value}" for name, value in results.items())
            lines.append(f"return {{{shown}}};")
        return lines

    def guess(self, function: Json, base: str) -> str:
        """The room of the first try grows with what goes in."""
        words = ["4096" if base == "char" else "256"]
        words += [f"c{pascal(other['name'])}.count" for other in function["params"]
                  if other["role"] in ("text", "array")]
        return " + ".join(words)
