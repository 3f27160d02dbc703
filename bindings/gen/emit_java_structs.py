# SPDX-License-Identifier: MIT
"""Java: records for what comes out, classes with setters for options, interfaces for callbacks."""
from typing import Dict, List

from emit_java import BOXES, FOLDER, PRIMITIVES, file, is_switch, java, javadoc, safe, truth
from emitting import IMPLIED, Json, filled_structs, find, hands_out_memory, pascal

IMPORTS = ("com.sun.jna.Pointer", "java.util.List")


def emit(api: Json) -> Dict[str, str]:
    structs = Structs(api)
    files = {java(struct["name"]): structs.text(struct) for struct in api["structs"]
             if struct["name"] != "libllm_error"}
    files.update({java(callback["name"]): structs.interface(callback) for callback in api["callbacks"]
                  if not hands_out_memory(callback)})
    return {FOLDER + name + ".java": text for name, text in files.items()}


class Types:
    """How values of the C layer are written in Java, and passed both ways."""

    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}

    def type(self, item: Json) -> str:
        role, base = item["role"], item["type"]["base"]
        if role in ("value", "value_out"):
            return java(item["enum"]) if "enum" in item else "boolean" if is_switch(item) else PRIMITIVES[base]
        if role in ("array", "array_out", "view_out"):
            return f"List<{java(base)}>" if base in self.structs else PRIMITIVES[base] + "[]"
        if role in ("handle", "handle_out", "options", "struct", "struct_out", "callback"):
            return java(base)
        return {"c_texts": "List<String>", "capacity": "int"}.get(role, "String")

    def raw(self, item: Json, value: str, where: str) -> str:
        """A number as C takes it; where is the name for error messages."""
        kind, base = self.type(item), item["type"]["base"]
        if "enum" in item:
            return f'call.number({value}, "{where}")'
        if kind == "boolean":
            return f"{value} ? 1 : 0"
        counted = base in ("uint32_t", "size_t") and "flags" not in item
        return f'call.unsigned({value}, "{where}")' if counted else value

    def read(self, item: Json, raw: str) -> str:
        """A number of C's as Java has it."""
        kind = self.type(item)
        return f"{kind}.of({raw})" if "enum" in item else f"{raw} != 0" if kind == "boolean" else raw

    def get(self, field: Json, owner: str) -> str:
        """The C number in a struct's field."""
        kind = "int" if "enum" in field else PRIMITIVES[field["type"]["base"]]
        return f"raw.get{kind.capitalize()}({owner}.{field['name'].upper()})"

    def doc(self, item: Json) -> str:
        return truth(item["doc"]) if self.type(item) == "boolean" else item["doc"]

    def fields(self, struct: Json) -> List[Json]:
        return [field for field in struct["fields"] if field["role"] not in IMPLIED
                and not (field["role"] == "callback" and hands_out_memory(self.callbacks[field["type"]["base"]]))]


class Structs(Types):
    def text(self, struct: Json) -> str:
        if struct["init"]:
            body = self.options(struct)
        elif struct["name"] in filled_structs(self.api):
            body = self.record(struct, self.reader(struct))
        elif self.written(struct):
            body = self.element(struct)
        else:
            body = self.record(struct, self.filler(struct, self.fields(struct)))
        return file(body, IMPORTS)

    def written(self, struct: Json) -> List[Json]:
        """Fields of an element that the library writes: statuses."""
        return [field for field in struct["fields"] if field.get("enum") == "libllm_status"]

    def record(self, struct: Json, body: List[str]) -> List[str]:
        fields = self.fields(struct)
        tags = [f"@param {safe(field['name'])} {self.doc(field)}" for field in fields]
        params = [f"{self.type(field)} {safe(field['name'])}" for field in fields]
        lines = [*javadoc(struct["doc"], "", tags), f"public record {java(struct['name'])}("]
        lines += [f"        {param}{',' if param != params[-1] else ') {'}" for param in params]
        return [*lines, *body, "}"]

    def reader(self, struct: Json) -> List[str]:
        owner = "Ffi." + pascal(struct["name"])
        values = []
        for field in self.fields(struct):
            at, role, base = f"{owner}.{field['name'].upper()}", field["role"], field["type"]["base"]
            length = find(struct["fields"], field["length"]) if "length" in field else None
            count = self.get(length, owner) if length else ""
            if role == "value":
                values.append(self.read(field, self.get(field, owner)))
            elif role == "c_text":
                values.append(f"Raw.text(raw.getPointer({at}))")
            elif role == "text":
                values.append(f"Raw.text(raw.getPointer({at}), {count})")
            elif base in self.structs:
                values.append(f"Raw.list(raw.getPointer({at}), {count}, Ffi.{pascal(base)}.SIZE, {java(base)}::read)")
            else:
                values.append(f"Raw.{PRIMITIVES[base]}s(raw.getPointer({at}), {count})")
        name = java(struct["name"])
        return [f"    static {name} read(Pointer raw) {{", f"        return new {name}(",
                *(f"            {value}{',' if index + 1 < len(values) else ');'}"
                  for index, value in enumerate(values)), "    }"]

    def filler(self, struct: Json, fields: List[Json]) -> List[str]:
        lines = ["    void fill(Call call, Pointer raw) {"]
        for field in fields:
            lines += ["        " + line for line in self.assign(struct, field)]
        return lines + ["    }"]

    def assign(self, struct: Json, field: Json) -> List[str]:
        """Write a field that is there."""
        owner, name = "Ffi." + pascal(struct["name"]), safe(field["name"])
        role, base = field["role"], field["type"]["base"]
        at = f"{owner}.{field['name'].upper()}"
        if role == "value":
            kind = "int" if "enum" in field else PRIMITIVES[base]
            return [f"raw.set{kind.capitalize()}({at}, {self.raw(field, name, name)});"]
        if role == "c_text":
            return [f'raw.setLong({at}, call.cText({name}, "{name}"));']
        if role == "options":
            return [f"raw.setLong({at}, {name}.build(call));"]
        if role == "handle":
            mode = "SHARED" if field["type"]["const"] else "EXCLUSIVE"
            return [f'raw.setLong({at}, call.use({name}, Mode.{mode}, "{name}"));']
        if role == "callback":
            callback = self.callbacks[base]
            params = ", ".join(safe(param["name"]) for param in callback["params"])
            return [f"raw.setLong({at}, call.callback(held -> (Ffi.{pascal(base)}) ({params}) ->",
                    f"    held.run(() -> {name}.call({', '.join(self.shown(callback))}))));"]
        length = find(struct["fields"], field["length"])
        count = f"raw.set{PRIMITIVES[length['type']['base']].capitalize()}({owner}.{length['name'].upper()}, "
        cast = "(int) " if length["type"]["base"] == "uint32_t" else ""
        made = {"text": f'call.text({name}, "{name}")', "c_texts": f'call.cTexts({name}, "{name}")'}.get(role)
        if base in self.structs:
            made = f'call.array({name}, Ffi.{pascal(base)}.SIZE, {java(base)}::fill, "{name}")'
        made = made or f'call.array({name}, "{name}")'
        return [f"Call.Slice {name}Slice = {made};", f"raw.setLong({at}, {name}Slice.address());",
                f"{count}{cast}{name}Slice.count());"]

    def shown(self, callback: Json) -> List[str]:
        """What Java's function gets of what C passes."""
        found = []
        for param in callback["params"]:
            name, role = safe(param["name"]), param["role"]
            if role == "text":
                found.append(f"Raw.text(new Pointer({name}), {safe(param['length'])})")
            elif role == "c_text":
                found.append(f"Raw.text(new Pointer({name}))")
            elif role == "struct":
                found.append(f"{java(param['type']['base'])}.read(new Pointer({name}))")
            elif role == "value":
                found.append(self.read(param, name))
        return found

    def options(self, struct: Json) -> List[str]:
        name, raw, fields = java(struct["name"]), "Ffi." + pascal(struct["name"]), self.fields(struct)
        lines = [*javadoc(struct["doc"] + "\n\nWhat is not set keeps the library's default."),
                 f"public final class {name} {{"]
        for field in fields:
            kind = self.type(field)
            lines.append(f"    private {BOXES.get(kind, kind)} {safe(field['name'])};")
        for field in fields:
            kind, field_name = self.type(field), safe(field["name"])
            taken = "double" if kind == "float" else kind
            value = f"(float) {field_name}" if kind == "float" else field_name
            lines += ["", *javadoc(self.doc(field), "    ", [f"@param {field_name} the value", "@return this"]),
                      f"    public {name} {field_name}({taken} {field_name}) {{",
                      f"        this.{field_name} = {value};", "        return this;", "    }"]
        lines += ["", "    long build(Call call) {", f"        Pointer raw = call.memory({raw}.SIZE);",
                  f"        Ffi.{struct['init']}(Pointer.nativeValue(raw), {raw}.SIZE);"]
        for field in fields:
            lines += [f"        if ({safe(field['name'])} != null) {{",
                      *("            " + line for line in self.assign(struct, field)), "        }"]
        return [*lines, "        return Pointer.nativeValue(raw);", "    }", "}"]

    def element(self, struct: Json) -> List[str]:
        """An element whose status the library writes: what else is in it is final."""
        name, written = java(struct["name"]), self.written(struct)
        fields = [field for field in self.fields(struct) if field not in written]
        params = ", ".join(f"{self.type(field)} {safe(field['name'])}" for field in fields)
        lines = [*javadoc(struct["doc"]), f"public final class {name} {{"]
        lines += [f"    private final {self.type(field)} {safe(field['name'])};" for field in fields]
        lines += [f"    private {self.type(field)} {safe(field['name'])};" for field in written]
        tags = [f"@param {safe(field['name'])} {self.doc(field)}" for field in fields]
        lines += ["", *javadoc(struct["doc"], "    ", tags), f"    public {name}({params}) {{",
                  *(f"        this.{safe(field['name'])} = {safe(field['name'])};" for field in fields), "    }"]
        for field in fields + written:
            kind, field_name = self.type(field), safe(field["name"])
            note = "; null when nothing was wrong" if field in written else ""
            lines += ["", *javadoc(self.doc(field), "    ", [f"@return the value{note}"]),
                      f"    public {kind} {field_name}() {{", f"        return {field_name};", "    }"]
        lines += ["", *self.filler(struct, fields), "", "    void readBack(Pointer raw) {"]
        owner = "Ffi." + pascal(struct["name"])
        lines += [f"        {safe(field['name'])} = {self.read(field, self.get(field, owner))};" for field in written]
        return lines + ["    }", "}"]

    def interface(self, callback: Json) -> str:
        params = [param for param in callback["params"] if param["role"] not in IMPLIED]
        tags = [f"@param {safe(param['name'])} {self.doc(param)}" for param in params]
        if callback["result"]:
            tags.append(f"@return {callback['result']['doc']}")
        result = PRIMITIVES[callback["result"]["type"]["base"]] if callback["result"] else "void"
        shown = ", ".join(f"{self.type(param)} {safe(param['name'])}" for param in params)
        cancels = "cancels, and " if callback["result"] else ""
        doc = callback["doc"] + f"\n\nWhat it throws {cancels}is thrown by the call in which it was called."
        return file([*javadoc(doc), "@FunctionalInterface",
                          f"public interface {java(callback['name'])} {{",
                          *javadoc(callback["summary"], "    ", tags), f"    {result} call({shown});", "}"], IMPORTS)
