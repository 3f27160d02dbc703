# SPDX-License-Identifier: MIT
"""Rust: the types that api.rs shows, and its structs: options to C, results from C, callbacks."""
from typing import List

from emit_rust import PRIMITIVES, documented, safe
from emitting import IMPLIED, Json, filled_structs, find, hands_out_memory, pascal


class Structs:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}

    def is_output(self, struct: Json) -> bool:
        return struct["name"] in filled_structs(self.api)

    def visible(self, struct: Json) -> List[Json]:
        return [field for field in struct["fields"] if field["role"] not in IMPLIED and not (
            field["role"] == "callback" and hands_out_memory(self.callbacks[field["type"]["base"]]))]

    def borrows(self, struct: Json) -> str:
        """The lifetime of a struct that refers to handles."""
        fields = self.visible(struct)
        nested = [self.structs[field["type"]["base"]] for field in fields if field["type"]["base"] in self.structs]
        handles = any(field["role"] == "handle" for field in fields)
        return "<'a>" if handles or any(map(self.borrows, nested)) else ""

    def simple(self, item: Json) -> str:
        named = "enum" in item and item["enum"] != "libllm_status"
        return pascal(item["enum"]) if named else PRIMITIVES.get(item["type"]["base"], "i32")

    def raw(self, item: Json, value: str) -> str:
        return value + ".0" if "enum" in item and item["enum"] != "libllm_status" else value

    def read(self, item: Json, value: str) -> str:
        """What C has, as a value of its own."""
        if item["role"] == "text":
            return f"read_text({value}, {value.rsplit('.', 1)[0]}.{item['length']})"
        if item["role"] == "c_text":
            return f"read_c_text({value})" + ("" if item["nullable"] else ".unwrap_or_default()")
        if item["role"] == "array":
            return (f"read_array({value}, {value.rsplit('.', 1)[0]}.{item['length']} as usize, |item| "
                    f"{pascal(item['type']['base'])}::from_raw(item))")
        return f"{self.simple(item)}({value})" if self.raw(item, "") else value

    def element(self, base: str) -> str:
        return pascal(base) + self.borrows(self.structs[base]) if base in self.structs else PRIMITIVES[base]

    def field_type(self, field: Json) -> str:
        role, base = field["role"], field["type"]["base"]
        if role == "value":
            return self.simple(field)
        if role == "handle":
            found = f"&'a {'' if field['type']['const'] else 'mut '}{pascal(base)}"
            return f"Option<{found}>" if field["nullable"] else found
        if role in ("text", "c_text"):
            return "Option<String>" if field["nullable"] else "String"
        if role == "c_texts":
            return "Vec<String>"
        if role == "array":
            return f"Vec<{self.element(base)}>"
        return f"Option<{self.element(base) if role == 'options' else pascal(base)}>"

    def callback_type(self, callback: Json) -> str:
        types = {"text": "&str", "c_text": "&str"}
        params = [types.get(param["role"]) or (f"&{pascal(param['type']['base'])}" if param["role"] == "struct" else
                                               self.simple(param))
                  for param in callback["params"] if param["role"] not in IMPLIED]
        result = callback["result"]
        return f"Fn({', '.join(params)})" + (f" -> {PRIMITIVES[result['type']['base']]}" if result else "")

    # --- Structs ------------------------------------------------------------------------------------------------------

    def fields(self, struct: Json) -> List[str]:
        return [line for field in self.visible(struct) for line in
                [*documented("    ", field["doc"]), f"    pub {safe(field['name'])}: {self.field_type(field)},"]]

    def filled(self, struct: Json) -> List[str]:
        name = pascal(struct["name"])
        lines = [*documented("", struct["doc"]), "#[derive(Clone, Debug, Default, PartialEq)]", f"pub struct {name} {{",
                 *self.fields(struct), "}", "", f"impl {name} {{", "    /// # Safety",
                 "    /// The library has filled in the struct, and its texts are still valid.",
                 f"    unsafe fn from_raw(raw: &sys::{struct['name']}) -> Self {{", f"        {name} {{"]
        for field in self.visible(struct):
            lines.append(f"            {safe(field['name'])}: {self.read(field, 'raw.' + safe(field['name']))},")
        return lines + ["        }", "    }", "}"]

    def given(self, struct: Json) -> List[str]:
        """A struct that the program fills: options, which have defaults, or an element of an array."""
        name, lifetime, fields = pascal(struct["name"]), self.borrows(struct), self.visible(struct)
        owner = name + lifetime.replace("'a", "'_")
        mutable = any(field["role"] == "handle" and not field["type"]["const"] for field in fields)
        asked = [field for field in fields if field.get("enum") != "libllm_status"]
        lines = [*documented("", struct["doc"]), *([] if mutable else ["#[derive(Clone)]"]),
                 f"pub struct {name}{lifetime} {{", *self.fields(struct), "}"]
        if struct["init"]:
            lines += ["", f"impl Default for {owner} {{", "    /// The library's defaults.",
                      "    fn default() -> Self {"]
            if any(field["role"] == "value" for field in fields):
                lines.append(f"        let raw = {name}::raw_default();")
            lines.append(f"        {name} {{")
            for field in fields:
                value = {"value": self.read(field, f"raw.{field['name']}"), "array": "Vec::new()",
                         "c_texts": "Vec::new()"}.get(field["role"], "None")
                lines.append(f"            {safe(field['name'])}: {value},")
            lines += ["        }", "    }", "}"]
        lines += ["", f"impl {owner} {{"]
        if struct["init"]:
            lines += f"""    fn raw_default() -> sys::{struct['name']} {{
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {{
            let mut raw = zeroed();
            sys::{struct['init']}(&mut raw, size_of::<sys::{struct['name']}>() as u32);
            raw
        }}
    }}

    fn raw(&self, call: &mut Call) -> Result<*const sys::{struct['name']}> {{
        let mut raw = {name}::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }}
""".split("\n")
        body = [line for field in asked for line in self.assign(struct, field)]
        unused = "" if any("call" in line for line in body) else "_"
        return lines + [f"    fn fill(&self, {unused}call: &mut Call, raw: &mut sys::{struct['name']}) -> Result<()> "
                        "{", *("        " + line for line in body), "        Ok(())", "    }", "}"]

    def assign(self, struct: Json, field: Json) -> List[str]:
        """Lines that put a field into the C struct."""
        role, base, nullable = field["role"], field["type"]["base"], field["nullable"]
        target, value = f"raw.{safe(field['name'])}", f"self.{safe(field['name'])}"
        if role == "value":
            return [f"{target} = {self.raw(field, value)};"]
        if role == "handle":
            get = "get" if field["type"]["const"] else "get_exclusive"
            if not nullable:
                return [f"{target} = {value}.handle.{get}()?;"]
            hold = [] if field["type"]["const"] else ["    call.hold(&object.handle);"]
            return [f"if let Some(object) = &{value} {{", f"    {target} = object.handle.{get}()?;", *hold, "}"]
        if role == "c_text":
            passed = f"_or_null({value}.as_ref())" if nullable else f"(&{value})"
            return [f"{target} = call.c_text{passed}?;"]
        if role == "options":
            return [f"if let Some(options) = &{value} {{", f"    {target} = options.raw(call)?;", "}"]
        if role == "callback":
            return self.callback(struct, field)
        length = find(struct["fields"], field["length"])["type"]["base"]
        size = "len()" if length == "size_t" else f"len() as {PRIMITIVES[length]}"
        if role == "text":
            lines = [f"{target} = text.as_ptr() as *const sys::c_char;", f"raw.{field['length']} = text.{size};"]
            return [f"if let Some(text) = &{value} {{", *("    " + line for line in lines), "}"] if nullable else [
                f"let text = &{value};", *lines]
        if role == "c_texts":
            data = [f"{target} = call.c_texts(&{value})?;"]
        elif base in self.structs:
            data = [*self.elements(base, f"&{value}"), f"{target} = call.store(raw_items);"]
        else:
            data = [f"{target} = {value}.as_ptr();"]
        return [*data, f"raw.{field['length']} = {value}.{size};"]

    def elements(self, base: str, items: str) -> List[str]:
        """C structs of a slice of ours."""
        return ["let mut raw_items = Vec::new();", f"for item in {items} {{",
                "    // SAFETY: zeros are valid for all fields.",
                f"    let mut raw_item: sys::{base} = unsafe {{ zeroed() }};",
                f"    item.fill({'call' if items.startswith('&') else '&mut call'}, &mut raw_item)?;",
                "    raw_items.push(raw_item);", "}"]

    def callback(self, struct: Json, field: Json) -> List[str]:
        """A C function that finds the program's through its user data."""
        callback = self.callbacks[field["type"]["base"]]
        user_data = next(other["name"] for other in struct["fields"]
                         if other["role"] == "user_data" and other["passed_to"] == [field["name"]])
        declared, passed, before = [], [], []
        for param in callback["params"]:
            name, role = safe(param["name"]), param["role"]
            declared.append(f"{name}: {self.c_param(param)}")
            if role == "struct":
                before.append(f"let {name} = {pascal(param['type']['base'])}::from_raw(&*{name});")
                passed.append("&" + name)
            elif role in ("text", "c_text"):
                reading = f"read_text({name}, {param.get('length')})" if role == "text" else (
                    f"read_c_text({name}).unwrap_or_default()")
                before.append(f"let {name} = {reading};")
                passed.append("&" + name)
            elif role not in IMPLIED:
                passed.append(self.read(param, name))
        result = PRIMITIVES[callback["result"]["type"]["base"]] if callback["result"] else ""
        kind = pascal(callback["name"])
        return [f"if let Some(function) = &self.{safe(field['name'])} {{",
                f"    unsafe extern \"C\" fn run({', '.join(declared)}){' -> ' + result if result else ''} {{",
                f"        let function = &*(user_data as *const {kind});", *("        " + line for line in before),
                f"        guarded({'1' if result else '()'}, || function({', '.join(passed)}))", "    }",
                f"    raw.{safe(field['name'])} = Some(run);",
                f"    raw.{user_data} = call.keep({kind}::clone(function));", "}"]

    def c_param(self, param: Json) -> str:
        base, pointers = param["type"]["base"], param["type"]["pointers"]
        name = f"sys::{base}" if base in self.structs or base in ("char", "void") else PRIMITIVES.get(base, "i32")
        name = {"sys::char": "*const sys::c_char", "sys::void": "*mut sys::c_void"}.get(name, name)
        return f"*const {name}" if pointers and base in self.structs else name
