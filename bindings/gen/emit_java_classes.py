# SPDX-License-Identifier: MIT
"""Java: a class for every handle, and Libllm with the constants and the functions of no handle."""
from typing import Dict, List, Optional, Tuple

from emit_java import FOLDER, PRIMITIVES, file, is_switch, java, javadoc, safe, truth
from emit_java_structs import IMPORTS, Types
from emitting import Call, Json, bare, call, class_functions, find, pascal


def emit(api: Json) -> Dict[str, str]:
    classes = Classes(api)
    files = {java(handle["name"]): classes.handle(handle) for handle in api["handles"]}
    files["Libllm"] = classes.library()
    return {FOLDER + name + ".java": text for name, text in files.items()}


def left_out(inputs: List[Json]) -> int:
    """How many at the end a shorter method does without: what may be null, and flags."""
    count = 0
    for param in reversed(inputs):
        if not (param["nullable"] and param["role"] in ("options", "c_text") or "flags" in param):
            break
        count += 1
    return count


def indented(lines: List[str], by: str = "    ") -> List[str]:
    return [by + line if line else line for line in lines]


class Classes(Types):
    def handle(self, handle: Json) -> str:
        name, functions = java(handle["name"]), class_functions(self.api, handle["name"])
        iterated = next((call(function).outputs[0] for function in functions if function["iterates"]), None)
        base = f"Cursor<{self.type(iterated)}>" if iterated else "Handle"
        body = [f"    {name}(State state) {{", "        super(state);", "    }"]
        for function in functions:
            body += ["", *indented(self.function(function))]
        return file([*javadoc(handle["doc"]), f"public final class {name} extends {base} {{", *body, "}"], IMPORTS)

    def library(self) -> str:
        body = ["    private Libllm() {", "    }"]
        for constant in self.api["constants"]:
            body += ["", *javadoc(constant["doc"], "    "),
                     f"    public static final int {bare(constant['name'])} = {constant['value']};"]
        for function in class_functions(self.api, None):
            body += ["", *indented(self.function(function))]
        doc = "Constants, and functions that belong to no object. Llm is what most programs begin with."
        return file([*javadoc(doc), "public final class Libllm {", *body, "}"], IMPORTS)

    # --- Functions ----------------------------------------------------------------------------------------------------

    def function(self, function: Json) -> List[str]:
        shape, name = call(function), safe(function["method"])
        static = "" if function["kind"] == "method" else "static "
        result, record = self.result(function, shape)
        params = [f"{self.type(param)} {safe(param['name'])}" for param in shape.inputs]
        lines = list(record)
        if function["iterates"]:
            lines += [*self.documentation(function, len(params), "the next item"), "@Override",
                      f"public {result} {name}() {{", "    return take();", "}", "", "@Override",
                      f"Item<{result}> fetch() {{"]
        else:
            lines += [*self.documentation(function, len(params), self.returned(function, shape)),
                      f"public {static}{result} {name}({', '.join(params)}) {{"]
        body = self.body(function, result)
        if any("call." in line for line in body):
            body = ["try (Call call = new Call()) {", *indented(body), "}"]
        lines += [*indented(body), "}"]
        shorter = len(params) - left_out(shape.inputs)
        if shorter < len(params):
            arguments = [safe(param["name"]) for param in shape.inputs[:shorter]]
            arguments += ["0" if "flags" in param else "null" for param in shape.inputs[shorter:]]
            brief = {**function, "doc": f"{function['summary']} What is left out has its default."}
            lines += ["", *self.documentation(brief, shorter, self.returned(function, shape)),
                      f"public {static}{result} {name}({', '.join(params[:shorter])}) {{",
                      f"    {'' if result == 'void' else 'return '}{name}({', '.join(arguments)});", "}"]
        return lines

    def result(self, function: Json, shape: Call) -> Tuple[str, List[str]]:
        """The type of what comes back, and the record that it needs where that is several things."""
        if not shape.fallible:
            found = function["result"]
            if not found:
                return "void", []
            plain = {"type": found["type"], "doc": found["doc"], "role": "value"}
            return "String" if found["type"]["pointers"] else "boolean" if is_switch(plain) else \
                PRIMITIVES[found["type"]["base"]], []
        if len(shape.outputs) < 2:
            return self.type(shape.outputs[0]) if shape.outputs else "void", []
        name = pascal(function["method"])
        tags = [f"@param {safe(param['name'])} {param['doc'].replace('receives ', '', 1)}" for param in shape.outputs]
        fields = ", ".join(f"{self.type(param)} {safe(param['name'])}" for param in shape.outputs)
        return name, [*javadoc(f"What {safe(function['method'])}() gives.", "", tags),
                      f"public record {name}({fields}) {{", "}", ""]

    def returned(self, function: Json, shape: Call) -> Optional[str]:
        if not shape.fallible:
            found = function["result"]
            return found and (truth(found["doc"]) if self.result(function, shape)[0] == "boolean" else found["doc"])
        docs = [param["doc"].replace("receives ", "", 1) for param in shape.outputs]
        made = {"handle_out": "the object, which the caller closes", "struct_out": "a copy of what the library says"}
        return made.get(shape.outputs[0]["role"], "; ".join(docs)) if shape.outputs else None

    def documentation(self, function: Json, count: int, returned: Optional[str]) -> List[str]:
        tags = [f"@param {safe(param['name'])} {self.doc(param)}" for param in call(function).inputs[:count]]
        if returned:
            tags.append(f"@return {returned}")
        if function["errors"]["text"] != "none.":
            tags.append(f"@throws LibllmException {function['errors']['text']}")
        return javadoc(f"{function['doc']}\n\nThreads: {function['threads']['text']}", "", tags)

    def body(self, function: Json, result: str) -> List[str]:
        rules = {rule["param"]: rule["mode"].replace("concurrent", "shared").upper()
                 for rule in function["threads"]["rules"]}
        lines: List[str] = []
        after: List[str] = []
        results: List[str] = []
        arguments: List[str] = []
        sized: Optional[Json] = None
        for param in function["params"]:
            name, role, base = safe(param["name"]), param["role"], param["type"]["base"]
            raw = argument = "c" + pascal(param["name"])
            size = f"Ffi.{pascal(base)}.SIZE"
            if role in ("self", "handle"):
                mode, value = rules.get(param["name"], "ANY"), "this" if role == "self" else name
                lines.append(f'long {raw} = call.use({value}, Mode.{mode}, "{name}");')
            elif role == "value":
                argument = self.raw(param, name, name)
            elif role == "text":
                lines.append(f'Call.Slice {raw} = call.text({name}, "{name}");')
                argument += ".address()"
            elif role == "c_text":
                nullable = f"{name} == null ? 0 : " if param["nullable"] else ""
                lines.append(f'long {raw} = {nullable}call.cText({name}, "{name}");')
            elif role == "options":
                lines.append(f"long {raw} = {name} == null ? 0 : {name}.build(call);")
            elif role == "array":
                made = f'{name}, {size}, {java(base)}::fill, "{name}"' if base in self.structs else f'{name}, "{name}"'
                lines.append(f"Call.Slice {raw} = call.array({made});")
                argument += ".address()"
                if param["direction"] == "inout":
                    after.append(f"call.readBack({raw}, {name}, {size}, {java(base)}::readBack);")
            elif role == "length":
                argument = f"c{pascal(param['of'])}.count()"
            elif role == "error":
                argument = "call.error()"
            elif role in ("handle_out", "value_out", "view_out", "length_out"):
                lines.append(f"Pointer {raw} = call.memory(8);")
                argument = f"Pointer.nativeValue({raw})"
                if role == "handle_out":
                    free = find(self.api["handles"], base)["free"]
                    after.append(f"{result} made = call.adopt({raw}, Ffi::{free}, {java(base)}::new);")
                    results.append("made")
                elif role == "value_out":
                    results.append(self.read(param, f"{raw}.get{PRIMITIVES[base].capitalize()}(0)"))
                elif role == "view_out":
                    length = f"c{pascal(param['length'])}.getLong(0)"
                    results.append(f"Raw.{PRIMITIVES[base]}s({raw}.getPointer(0), {length})")
            elif role == "struct_out":
                lines.append(f"Pointer {raw} = call.memory({size});")
                if self.structs[base]["versioned"]:
                    lines.append(f"{raw}.setInt(0, {size});")
                argument = f"Pointer.nativeValue({raw})"
                results.append(f"{java(base)}.read({raw})")
            elif role in ("text_out", "array_out"):
                if any(other["role"] == "needed" and other["of"] == param["name"] for other in function["params"]):
                    sized, argument = param, "out"
                    results.append(name)
                else:
                    lines.append(f'Call.Slice {raw} = call.room({safe(param["length"])}, Raw.SIZE_{base.upper()});')
                    argument += ".address()"
                    results.append(f"Raw.{PRIMITIVES[base]}s({raw}.pointer(), {raw}.count())")
            elif role == "capacity":
                argument = "capacity" if sized is not None else f"c{pascal(param['of'])}.count()"
            elif role == "needed":
                argument = "needed"
            arguments.append(argument)
        called = f"Ffi.{function['name']}({', '.join(arguments)})"
        if not any(param["role"] == "error" for param in function["params"]):
            return lines + [self.plain(function, result, called)]
        if sized is not None:
            made = self.sized(function, sized, called)
            if len(results) == 1:
                return lines + ["return " + made[0], *made[1:]]
            lines += [f"{self.type(sized)} {safe(sized['name'])} = {made[0]}", *made[1:]]
        elif after:
            lines += [f"int status = {called};", *after, "call.check(status);"]
        else:
            lines.append(("boolean over = " if function["iterates"] else "") + f"call.check({called});")
        if function["iterates"]:
            return lines + [f"return new Item<>({results[0]}, over);"]
        if len(results) > 1:
            return lines + [f"return new {result}({', '.join(results)});"]
        return lines + [f"return {found};" for found in results]

    def plain(self, function: Json, result: str, called: str) -> str:
        if result == "void":
            return called + ";"
        return f"return Raw.text(new Pointer({called}));" if result == "String" else \
            f"return {called}{' != 0' if result == 'boolean' else ''};"

    def sized(self, function: Json, param: Json, called: str) -> List[str]:
        """A call that is repeated with more room. The first guess grows with what goes in."""
        base = param["type"]["base"]
        guess = ["4096" if base == "char" else "256"]
        guess += [f"c{pascal(other['name'])}.count()" for other in function["params"]
                  if other["role"] in ("text", "array")]
        kind = "Text" if base == "char" else PRIMITIVES[base].capitalize() + "s"
        return [f"call.sized{kind}({' + '.join(guess)},",
                f"    (out, capacity, needed) -> {called});"]
