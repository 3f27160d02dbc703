# SPDX-License-Identifier: MIT
"""Go: one type for every handle and struct, with methods (objects.go, structs.go)."""
from typing import Dict, List, Optional

from emit_go import FOLDER, HEAD, PRIMITIVES, documented, exported, local
from emitting import IMPLIED, Json, call, class_functions, comment, filled_structs, find, hands_out_memory

PUBLIC = {**PRIMITIVES, "size_t": "int", "char": "byte"}
# How functions that make an object are called: create -> NewEngine, open -> OpenModel.
CONSTRUCTORS = {"create": "New"}


def emit(api: Json) -> Dict[str, str]:
    classes = Classes(api)
    return {FOLDER + "objects.go": classes.objects(), FOLDER + "structs.go": classes.all_structs()}


def public(base: str, value: str) -> str:
    """A number of the C layer as Go's programs have it: size_t is int."""
    return value if PUBLIC[base] == PRIMITIVES[base] else f"{PUBLIC[base]}({value})"


class Classes:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}

    # --- Types --------------------------------------------------------------------------------------------------------

    def type(self, item: Json) -> str:
        role, base = item["role"], item["type"]["base"]
        if role == "value":
            if "enum" in item:
                return "Status" if item["enum"] == "libllm_status" else exported(item["enum"])
            return PUBLIC[base]
        if role in ("handle", "handle_out", "options", "struct", "struct_out"):
            return "*" + exported(base)
        if role in ("array", "array_out", "view_out"):
            return "[]" + (exported(base) if base in self.structs else PUBLIC[base])
        if role == "callback":
            callback = self.callbacks[base]
            params = [f"{local(param['name'])} {self.type(param)}" for param in callback["params"]
                      if param["role"] not in IMPLIED]
            return f"func({', '.join(params)})" + (" error" if callback["result"] else "")
        return {"text": "string", "c_text": "string", "c_texts": "[]string", "text_out": "string", "capacity": "int",
                "value_out": PUBLIC[base]}[role]

    def converted(self, item: Json, value: str) -> str:
        """A public value as the C layer takes it."""
        raw = "int32" if "enum" in item else PRIMITIVES[item["type"]["base"]]
        return value if raw == self.type(item) else f"{raw}({value})"

    def read(self, item: Json, raw: str, length: str) -> str:
        """A value of the C layer as Go has it."""
        role = item["role"]
        if role == "text":
            return f"readText({raw}, {length})"
        if role == "c_text":
            return f"readCText({raw})"
        if role == "struct":
            return f"read{exported(item['type']['base'])}({raw})"
        if role == "array":
            return f"readArray({raw}, int({length}), read{exported(item['type']['base'])})"
        same = "enum" not in item and PRIMITIVES[item["type"]["base"]] == self.type(item)
        return raw if same else f"{self.type(item)}({raw})"

    # --- Structs ------------------------------------------------------------------------------------------------------

    def all_structs(self) -> str:
        lines = [HEAD, "package libllm", "", "import (", '\t"unsafe"', "", '\t"github.com/ebitengine/purego"', "",
                 '\t"github.com/libllm/libllm/bindings/go/internal/ffi"', ")"]
        for struct in self.api["structs"]:
            if struct["name"] == "libllm_error":
                continue
            fields = [field for field in struct["fields"] if field["role"] not in IMPLIED
                      and not (field["role"] == "callback" and self.is_allocator(field))]
            name = exported(struct["name"])
            lines += ["", *documented(name, struct["doc"]), f"type {name} struct {{"]
            for field in fields:
                lines += comment(field["doc"], "\t// ").split("\n")
                lines.append(f"\t{exported(field['name'])} {self.type(field)}")
            lines += ["}", ""]
            output = struct["name"] in filled_structs(self.api)
            lines += self.reader(struct, fields) if output else self.writer(struct, fields)
        for callback in self.api["callbacks"]:
            if not hands_out_memory(callback):
                lines += ["", *self.trampoline(callback)]
        return "\n".join(lines + [""])

    def is_allocator(self, field: Json) -> bool:
        return hands_out_memory(self.callbacks[field["type"]["base"]])

    def reader(self, struct: Json, fields: List[Json]) -> List[str]:
        name = exported(struct["name"])
        lines = [f"func read{name}(raw *ffi.{name}) *{name} {{", f"\treturn &{name}{{"]
        width = max(len(exported(field["name"])) for field in fields) + 2
        for field in fields:
            target = exported(field["name"])
            value = self.read(field, "raw." + target, "raw." + exported(field.get("length", "")))
            lines.append(f"\t\t{(target + ':').ljust(width)}{value},")
        return lines + ["\t}", "}"]

    def writer(self, struct: Json, fields: List[Json]) -> List[str]:
        """Options have defaults, which the library knows, and may be nil; other structs are elements of arrays."""
        name = exported(struct["name"])
        values = [field for field in fields if field["role"] == "value"]
        lines: List[str] = []
        if struct["init"]:
            lines += [f"// Default{name} are the defaults, to change some of. Where the library cannot be opened,",
                      "// they are zero and the call that they are for returns the error.",
                      f"func Default{name}() *{name} {{", f"\toptions := &{name}{{}}", "\tif ffi.Load() == nil {",
                      *("\t\t" + line for line in self.fresh(struct))]
            for field in values:
                target = exported(field["name"])
                lines.append(f"\t\toptions.{target} = {self.read(field, 'raw.' + target, '')}")
            lines += ["\t}", "\treturn options", "}", "",
                      f"func (options *{name}) build(c *call) *ffi.{name} {{",
                      "\tif options == nil || c.err != nil {", "\t\treturn nil", "\t}",
                      *("\t" + line for line in self.fresh(struct)), "\toptions.fill(c, raw)", "\treturn raw",
                      "}", ""]
        lines.append(f"func (options *{name}) fill(c *call, raw *ffi.{name}) {{")
        for field in fields:
            if "enum" not in field or field["enum"] != "libllm_status":
                lines += ["\t" + line for line in self.assign(struct, field)]
        return lines + ["}"]

    def fresh(self, struct: Json) -> List[str]:
        name = exported(struct["name"])
        return [f"raw := &ffi.{name}{{}}",
                f"ffi.{exported(struct['init'])}(raw, uint32(unsafe.Sizeof(*raw)))"]

    def assign(self, struct: Json, field: Json) -> List[str]:
        role, base = field["role"], field["type"]["base"]
        target, value = "raw." + exported(field["name"]), "options." + exported(field["name"])
        nullable = "true" if field["nullable"] else "false"
        if role == "value":
            return [f"{target} = {self.converted(field, value)}"]
        if role == "c_text":
            return [f"{target} = c.cText({value}, {nullable})"]
        if role == "options":
            return [f"{target} = {value}.build(c)"]
        if role == "handle":
            mode = "shared" if field["type"]["const"] else "exclusive"
            used = f"{target} = c.use({value}.handle(), {mode})"
            return [f"if {value} != nil {{", "\t" + used, "}"] if field["nullable"] else [used]
        if role == "callback":
            data = next(other["name"] for other in struct["fields"] if field["name"] in other.get("passed_to", []))
            return [f"if {value} != nil {{", f"\t{target} = {local(base[len('libllm_'):])}",
                    f"\traw.{exported(data)} = c.callback({value})", "}"]
        length = find(struct["fields"], field["length"])
        count = f"raw.{exported(length['name'])} = {PRIMITIVES[length['type']['base']]}(len({value}))"
        if role == "text":
            made = f"c.text({value})"
        elif role == "c_texts":
            made = f"c.cTexts({value})"
        elif base in self.structs:
            made = f"pointer({self.element_array(base, value)})"
        else:
            made = f"pointer({value})"
        return [f"if len({value}) > 0 {{", f"\t{target} = {made}", "\t" + count, "}"]

    def element_array(self, base: str, value: str) -> str:
        return f"elements(c, {value}, (*{exported(base)}).fill)"

    def trampoline(self, callback: Json) -> List[str]:
        names = {param["name"]: local(param["name"]) for param in callback["params"]}
        data = next(param["name"] for param in callback["params"] if param["role"] == "user_data")
        params, arguments, types = [], [], []
        for param in callback["params"]:
            base, pointers = param["type"]["base"], param["type"]["pointers"]
            kind = "ffi." + exported(base) if base in self.structs else PRIMITIVES.get(base, "int32")
            if base == "void":
                kind, pointers = "uintptr", 0
            params.append(f"{names[param['name']]} {'*' * pointers}{kind}")
            if param["role"] not in IMPLIED:
                arguments.append(self.read(param, names[param["name"]], names.get(param.get("length", ""), "")))
                types.append(f"{names[param['name']]} {self.type(param)}")
        result = " error" if callback["result"] else ""
        called = f"function.(func({', '.join(types)}){result})({', '.join(arguments)})"
        body = [f"\t\treturn {called}"] if callback["result"] else [f"\t\t{called}", "\t\treturn nil"]
        name = local(callback["name"][len("libllm_"):])
        return [f"var {name} = purego.NewCallback(func({', '.join(params)}) uintptr {{",
                f"\treturn invoke({names[data]}, func(function interface{{}}) error {{", *body, "\t})", "})"]

    # --- Objects ------------------------------------------------------------------------------------------------------

    def objects(self) -> str:
        lines = [HEAD, "package libllm", "", "import (", '\t"context"', '\t"unsafe"', "",
                 '\t"github.com/libllm/libllm/bindings/go/internal/ffi"', ")"]
        for handle in self.api["handles"]:
            name = exported(handle["name"])
            lines += ["", *documented(name, handle["doc"]), f"type {name} struct{{ *object }}", "",
                      f"func (o *{name}) handle() *object {{", "\tif o == nil {", "\t\treturn nil", "\t}",
                      "\treturn o.object", "}"]
            for function in class_functions(self.api, handle["name"]):
                lines += ["", *self.function(function)]
        for function in class_functions(self.api, None):
            lines += ["", *self.function(function)]
        return "\n".join(lines + [""])

    def name(self, function: Json) -> str:
        kind, method = function["kind"], exported(function["method"])
        if kind in ("constructor", "static"):
            return CONSTRUCTORS.get(function["method"], method) + exported(function["class"])
        return method

    def function(self, function: Json) -> List[str]:
        shape = call(function)
        receiver, params = "", [f"{local(param['name'])} {self.type(param)}" for param in shape.inputs]
        if function["threads"]["cancellable"]:
            params.insert(0, "ctx context.Context")
        if shape.self_param:
            receiver = f"({local(shape.self_param['name'])} *{exported(function['class'])}) "
        results = [f"{self.result(param)} {self.type(param)}" for param in shape.outputs]
        if function["iterates"]:
            results.append("more bool")
        if not shape.fallible and function["result"]:
            found = function["result"]["type"]
            results = ["result " + ("string" if found["pointers"] else PUBLIC[found["base"]])]
        results.append("err error")
        name = self.name(function)
        return [*self.documentation(name, function),
                f"func {receiver}{name}({', '.join(params)}) ({', '.join(results)}) {{",
                "\tc := begin()", "\tdefer c.end(&err)", *("\t" + line for line in self.body(function, shape.fallible)),
                "\treturn", "}"]

    def result(self, param: Json) -> str:
        """Name of a result; one that is also a package's or a parameter's does not occur."""
        return local({"handle_out": "made", "text_out": "text"}.get(param["role"], param["name"]))

    def documentation(self, name: str, function: Json) -> List[str]:
        parts = [f"{name}: {function['doc']}"]
        parts += [f"{local(param['name'])}: {param['doc']}" for param in call(function).inputs]
        parts.append(f"Threads: {function['threads']['text']}")
        if function["errors"]["text"] != "none.":
            parts.append(f"Errors: {function['errors']['text']}")
        return comment("\n\n".join(parts), "// ").split("\n")

    def body(self, function: Json, fallible: bool) -> List[str]:
        rules = {rule["param"]: rule["mode"].replace("concurrent", "shared") for rule in function["threads"]["rules"]}
        lines: List[str] = []
        after: List[str] = []
        arguments: List[str] = []
        sized: Optional[Json] = None
        for param in function["params"]:
            name, role, base = local(param["name"]), param["role"], param["type"]["base"]
            raw = "c" + exported(param["name"])
            argument = raw
            if role in ("self", "handle"):
                lines.append(f"{raw} := c.use({name}.handle(), {rules.get(param['name'], 'anyone')})")
            elif role == "value":
                argument = self.converted(param, name)
            elif role == "text":
                lines.append(f"{raw} := c.text({name})")
            elif role == "c_text":
                lines.append(f"{raw} := c.cText({name}, {'true' if param['nullable'] else 'false'})")
            elif role == "options":
                lines.append(f"{raw} := {name}.build(c)")
            elif role == "array" and base in self.structs:
                lines.append(f"{raw} := {self.element_array(base, name)}")
                argument = f"pointer({raw})"
                if param["direction"] == "inout":
                    after += self.read_back(base, name, raw)
            elif role == "array":
                argument = f"pointer({name})"
            elif role == "length":
                argument = f"uintptr(len({local(param['of'])}))"
            elif role == "error":
                argument = "e"
            elif role == "handle_out":
                lines.append(f"var {raw} uintptr")
                argument = f"&{raw}"
                free = find(self.api["handles"], base)["free"]
                kind = exported(base)
                after += [f"if {raw} != 0 {{",
                          f'\tmade = &{kind}{{c.adopt("{kind}", {raw}, ffi.{exported(free)})}}', "}"]
            elif role == "value_out":
                lines.append(f"var {raw} {PRIMITIVES[base]}")
                argument = f"&{raw}"
                after.append(f"{name} = {public(base, raw)}")
            elif role == "struct_out":
                lines.append(f"{raw} := &ffi.{exported(base)}{{}}")
                if self.structs[base]["versioned"]:
                    lines.append(f"{raw}.StructSize = uint32(unsafe.Sizeof(*{raw}))")
                after += ["if c.err == nil {", f"\t{name} = read{exported(base)}({raw})", "}"]
            elif role == "view_out":
                lines += [f"var {raw} *{PRIMITIVES[base]}", f"var c{exported(param['length'])} uintptr"]
                argument = f"&{raw}"
                after.append(f"{name} = copied({raw}, c{exported(param['length'])})")
            elif role == "length_out":
                argument = f"&{raw}"
            elif role in ("text_out", "array_out"):
                if any(other["role"] == "needed" and other["of"] == param["name"] for other in function["params"]):
                    sized, argument = param, "out"
                else:
                    lines.append(f"{name} = room[{PRIMITIVES[base]}](c, {local(param['length'])})")
                    argument = f"pointer({name})"
                    after += ["if c.err != nil {", f"\t{name} = nil", "}"]
            elif role == "capacity":
                argument = "capacity" if sized is not None else f"uintptr({name})"
            elif role == "needed":
                argument = "needed"
            arguments.append(argument)
        if function["threads"]["cancellable"]:
            lines.append(f"c.watch(ctx, {local(function['params'][0]['name'])}.handle())")
        called = f"ffi.{exported(function['name'])}({', '.join(arguments)})"
        if sized is not None:
            lines += self.sized(function, sized, called)
        elif fallible:
            more = "more = " if function["iterates"] else ""
            lines += [f"{more}c.run(func(e *ffi.Error) int32 {{", f"\treturn {called}", "})"]
        else:
            found = function["result"]
            if found and not found["type"]["pointers"]:
                called = public(found["type"]["base"], called)
            lines += ["if c.err == nil {", "\t" + ("result = " if found else "") + called, "}"]
        return lines + after

    def read_back(self, base: str, name: str, raw: str) -> List[str]:
        written = [exported(field["name"]) for field in self.structs[base]["fields"]
                   if field["role"] == "value" and field.get("enum") == "libllm_status"]
        return [f"for i := range {raw} {{",
                *(f"\t{name}[i].{field} = Status({raw}[i].{field})" for field in written), "}"]

    def sized(self, function: Json, param: Json, called: str) -> List[str]:
        base, result = param["type"]["base"], self.result(param)
        inputs = [other for other in function["params"] if other["role"] in ("text", "array")]
        sizes = ["4096" if base == "char" else "256", *(f"len({local(other['name'])})" for other in inputs)]
        guess = "+".join(sizes)
        kind = PRIMITIVES[base]
        lines = [f"sized(c, {guess}, func(out *{kind}, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {{",
                 f"\treturn {called}", "})"]
        lines[0] = f"{result} = string({lines[0]}" if base == "char" else f"{result} = {lines[0]}"
        if base == "char":
            lines[-1] += ")"
        return lines
