# SPDX-License-Identifier: MIT
"""Rust: the safe layer libllm/src/api.rs, one type for every handle, struct and enum."""
from typing import Dict, List, Tuple

from emit_rust import PRIMITIVES, documented, safe, wrapped
from emitting import NOTICE, Json, bare, call, class_functions, comment, find, hands_out_memory, pascal, value_names
from rust_structs import Structs

PATH = "bindings/rust/libllm/src/api.rs"


def emit(api: Json) -> Dict[str, str]:
    return {PATH: Classes(api).text()}


def kind_name(status: str) -> str:
    return pascal(status[len("LIBLLM_ERROR_"):].lower())


class Classes(Structs):
    def text(self) -> str:
        lines = ["// SPDX-License-Identifier: MIT",
                 *comment(f"Every object and function of the library. {NOTICE}", "//! ").split("\n"),
                 "use std::fmt;", "use std::mem::{size_of, zeroed};", "use std::ptr::{null, null_mut};",
                 "use std::sync::Arc;", "", "use libllm_sys as sys;", "",
                 "use crate::core::{guarded, read_array, read_c_text, read_text, static_text, text};",
                 "use crate::core::{Call, Handle, Owned, Result, Shared};"]
        for constant in self.api["constants"]:
            lines += ["", *documented("", constant["doc"]),
                      f"pub const {bare(constant['name'])}: u32 = {constant['value']};"]
        lines += ["", *self.errors()]
        for enum in self.api["enums"]:
            if enum["name"] != "libllm_status":
                lines += ["", *self.enum(enum)]
        for callback in self.api["callbacks"]:
            if not hands_out_memory(callback):
                lines += ["", *documented("", callback["doc"]), f"pub type {pascal(callback['name'])} = "
                          f"Arc<dyn {self.callback_type(callback)} + Send + Sync>;"]
        for struct in self.api["structs"]:
            if struct["name"] != "libllm_error":
                lines += ["", *(self.filled(struct) if self.is_output(struct) else self.given(struct))]
        for handle in self.api["handles"]:
            lines += ["", *self.handle(handle)]
        for function in class_functions(self.api, None):
            lines += ["", *self.function(function, "")]
        return "\n".join(map(wrapped, lines + [""]))

    # --- Errors and enums ---------------------------------------------------------------------------------------------

    def errors(self) -> List[str]:
        values = [value for value in find(self.api["enums"], "libllm_status")["values"] if value["value"] < 0]
        lines = ["/// The kinds of errors: those of the library, and `Closed`.", "#[non_exhaustive]",
                 "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]", "pub enum ErrorKind {"]
        for value in values:
            lines += [*documented("    ", value["doc"]), f"    {kind_name(value['name'])},"]
        lines += ["    /// The object was closed.", "    Closed,", "    /// An error that a later library has.",
                  "    Other(i32),", "}", "", "impl ErrorKind {",
                  "    pub(crate) fn from_status(status: i32) -> Self {", "        match status {"]
        lines += [f"            sys::{value['name']} => ErrorKind::{kind_name(value['name'])}," for value in values]
        lines += ["            other => ErrorKind::Other(other),", "        }", "    }", "",
                  "    /// Its name as the library has it, such as \"CONTEXT_FULL\".",
                  "    pub fn name(self) -> &'static str {", "        match self {"]
        lines += [f"            ErrorKind::{kind_name(value['name'])} => \"{value['name'][len('LIBLLM_ERROR_'):]}\","
                  for value in values]
        lines += ["            ErrorKind::Closed => \"CLOSED\",", "            ErrorKind::Other(_) => \"ERROR\",",
                  "        }", "    }", "", "    /// The status of the C interface; 0 for `Closed`.",
                  "    pub fn status(self) -> i32 {", "        match self {"]
        lines += [f"            ErrorKind::{kind_name(value['name'])} => sys::{value['name']}," for value in values]
        return lines + ["            ErrorKind::Closed => 0,", "            ErrorKind::Other(status) => status,",
                        "        }", "    }", "}"]

    def enum(self, enum: Json) -> List[str]:
        name = pascal(enum["name"])
        names = list(zip(enum["values"], value_names(enum).values()))
        lines = [*documented("", enum["doc"]), "#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]",
                 f"pub struct {name}(pub i32);", "", f"impl {name} {{"]
        for value, short in names:
            lines += [*documented("    ", value["doc"]), f"    pub const {short}: Self = {name}({value['value']});"]
        lines += ["}", "", f"impl fmt::Debug for {name} {{",
                  "    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {",
                  "        match *self {"]
        lines += [f"            Self::{short} => f.write_str(\"{short}\")," for _, short in names]
        return lines + [f"            {name}(other) => write!(f, \"{name}({{other}})\"),", "        }", "    }", "}"]

    # --- Handles and functions ----------------------------------------------------------------------------------------

    def handle(self, handle: Json) -> List[str]:
        name, c_name = pascal(handle["name"]), handle["name"]
        functions = class_functions(self.api, c_name)
        lines = [*documented("", handle["doc"]), *f"""pub struct {name} {{
    handle: Handle<sys::{c_name}>,
}}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for {name} {{}}
unsafe impl Sync for {name} {{}}

impl {name} {{
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::{c_name}, owned: Owned) -> Self {{
        {name} {{ handle: Handle::new("{bare(c_name)}", pointer, sys::{handle['free']}, owned) }}
    }}

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {{
        self.handle.close();
    }}

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {{
        self.handle.is_closed()
    }}""".split("\n")]
        remote = [function for function in functions if function["kind"] == "method" and self.is_remote(function)]
        if remote:
            lines += f"""
    /// What other threads may do while this object is in use.
    pub fn remote(&self) -> {name}Remote {{
        {name}Remote {{ shared: self.handle.shared() }}
    }}""".split("\n")
        for function in functions:
            if function not in remote:
                lines += ["", *self.function(function, "    ")]
        lines.append("}")
        for function in functions:
            if function["iterates"]:
                lines += ["", *self.iterator(function)]
        if remote:
            lines += f"""
/// What other threads may do with a [`{name}`] that is in use.
#[derive(Clone)]
pub struct {name}Remote {{
    shared: Shared<sys::{c_name}>,
}}

// SAFETY: its functions may be called on any thread, and it locks against the object's end.
unsafe impl Send for {name}Remote {{}}
unsafe impl Sync for {name}Remote {{}}

impl {name}Remote {{""".split("\n")
            for position, function in enumerate(remote):
                lines += ([""] if position else []) + self.remote(function)
            lines.append("}")
        return lines

    def is_remote(self, function: Json) -> bool:
        """Whether it may be called while another thread has the object for itself."""
        return not function["threads"]["rules"]

    def remote(self, function: Json) -> List[str]:
        return [*documented("    ", function["doc"]), f"    pub fn {safe(function['method'])}(&self) -> Result<()> {{",
                "        // SAFETY: the object is not closed meanwhile.",
                f"        self.shared.with(|pointer| unsafe {{ sys::{function['name']}(pointer) }})", "    }"]

    def iterator(self, function: Json) -> List[str]:
        item = self.results(function)[1][0]
        return f"""/// Iterates over `{function['method']}_item()`, up to an error. The last item comes with the end.
impl Iterator for {pascal(function['class'])} {{
    type Item = Result<{item}>;

    fn next(&mut self) -> Option<Self::Item> {{
        if self.handle.over {{
            return None;
        }}
        let found = self.{function['method']}_item();
        self.handle.over = !matches!(found, Ok((true, _)));
        Some(found.map(|(_, item)| item))
    }}
}}

impl std::iter::FusedIterator for {pascal(function['class'])} {{}}""".split("\n")

    def results(self, function: Json) -> List[Tuple[str, str]]:
        shape = call(function)
        if not shape.fallible:
            found = function["result"]
            kind = "" if not found else "&'static str" if found["type"]["pointers"] else self.simple(found)
            return [(kind, "")] if kind else []
        found = [("bool", "more")] if function["iterates"] else []
        for param in shape.outputs:
            name, base = safe(param["name"]), param["type"]["base"]
            found.append({
                "handle_out": (pascal(base), "made"),
                "text_out": ("String", f"text({name})"),
                "array_out": (f"Vec<{PRIMITIVES.get(base)}>", name),
                "view_out": (f"&[{PRIMITIVES.get(base)}]", f"unsafe {{ std::slice::from_raw_parts({name}, "
                             f"{param.get('length')}) }}"),
                "struct_out": (pascal(base), f"unsafe {{ {pascal(base)}::from_raw(&{name}) }}"),
                "value_out": (PRIMITIVES.get(base, ""), name)}[param["role"]])
        return found

    def parameter(self, param: Json) -> str:
        role, base, const = param["role"], param["type"]["base"], param["type"]["const"]
        if role == "handle":
            return f"&{'' if const else 'mut '}{pascal(base)}"
        if role == "options":
            return "&" + self.element(base).replace("'a", "'_")
        if role == "array":
            found = self.element(base).replace("'a", "'_")
            return f"&{'mut ' if param['direction'] == 'inout' else ''}[{found}]"
        if role == "c_text":
            return "Option<&str>" if param["nullable"] else "impl AsRef<std::ffi::OsStr>"
        return {"text": "&str", "c_texts": "&[String]"}.get(role) or self.simple(param)

    def function(self, function: Json, indent: str) -> List[str]:
        shape = call(function)
        receiver = []
        if shape.self_param:
            receiver = ["&self" if shape.self_param["type"]["const"] else "&mut self"]
        params = receiver + [f"{safe(param['name'])}: {self.parameter(param)}" for param in shape.inputs]
        kinds = [kind for kind, _ in self.results(function)]
        result = "()" if not kinds else kinds[0] if len(kinds) == 1 else f"({', '.join(kinds)})"
        fails = shape.fallible or any(param["role"] in ("self", "handle") for param in function["params"])
        returns = f"Result<{result}>" if fails else result
        name = function["method"] + ("_item" if function["iterates"] else "")
        lines = documented(indent, function["doc"])
        if shape.inputs:
            lines += [indent + "///", *(line for param in shape.inputs
                                        for line in documented(indent, f"* `{param['name']}`: {param['doc']}"))]
        if shape.fallible:
            lines += [indent + "///", indent + "/// # Errors", *documented(indent, function["errors"]["text"])]
        code = [f"pub fn {safe(name)}({', '.join(params)}) -> {returns} {{".replace(" -> ()", ""),
                *("    " + line for line in self.body(function, fails)), "}"]
        return lines + [indent + line for line in code]

    def body(self, function: Json, fails: bool) -> List[str]:
        lines = ["let mut call = Call::new();"] if call(function).fallible else []
        exclusive = [rule["param"] for rule in function["threads"]["rules"] if rule["mode"] == "exclusive"]
        arguments: Dict[str, str] = {}
        after: List[str] = []
        needed = next((param for param in function["params"] if param["role"] == "needed"), None)
        sized = find(function["params"], needed["of"]) if needed else None
        for param in function["params"]:
            name, role, base = safe(param["name"]), param["role"], param["type"]["base"]
            value = name
            if role in ("self", "handle"):
                value = f"c_{param['name']}"
                get = "get_exclusive" if param["name"] in exclusive else "get"
                lines.append(f"let {value} = {'self' if role == 'self' else name}.handle.{get}()?;")
            elif role == "value":
                value = self.raw(param, name)
            elif role == "c_text":
                lines.append(f"let {name} = call.c_text{'_or_null' if param['nullable'] else ''}({name})?;")
            elif role == "c_texts":
                lines.append(f"let c_{name} = call.c_texts({name})?;")
                value = "c_" + name
            elif role == "options":
                lines.append(f"let {name} = {name}.raw(&mut call)?;")
            elif role == "array" and base in self.structs:
                lines += self.elements(base, f"{name}.iter()")
                value = "raw_items.as_mut_ptr()" if param["direction"] == "inout" else "raw_items.as_ptr()"
                if param["direction"] == "inout":
                    after += [f"for (item, raw_item) in {name}.iter_mut().zip(&raw_items) {{",
                              *(f"    item.{field['name']} = raw_item.{field['name']};"
                                for field in self.structs[base]["fields"] if field.get("enum") == "libllm_status"), "}"]
            elif role == "array":
                value = f"{name}.as_ptr()"
            elif role == "text":
                value = f"{name}.as_ptr() as *const sys::c_char"
            elif role == "length":
                value = f"{safe(param['of'])}.len()"
            elif role == "error":
                value = "error" if sized else "&mut call.error"
            elif role in ("handle_out", "value_out", "length_out", "view_out"):
                zero = {"handle_out": "null_mut()", "view_out": "null()"}.get(role, "0")
                lines.append(f"let mut {name} = {zero};")
                value = "&mut " + name
            elif role == "struct_out":
                lines += [f"let mut {name}: sys::{base} = unsafe {{ zeroed() }};"]
                if self.structs[base]["versioned"]:
                    lines.append(f"{name}.struct_size = size_of::<sys::{base}>() as u32;")
                value = "&mut " + name
            elif param is sized:
                value = "out as *mut sys::c_char" if role == "text_out" else "out"
            elif role == "array_out":
                zero = "0.0" if base in ("float", "double") else "0"
                lines.append(f"let mut {name} = vec![{zero}; {param['length']}];")
                value = f"{name}.as_mut_ptr()"
            arguments[param["name"]] = value
        called = f"unsafe {{ sys::{function['name']}({', '.join(arguments.values())}) }}"
        values = [value for _, value in self.results(function)]
        if sized and needed:
            inputs = [safe(param["name"]) for param in function["params"] if param["role"] in ("text", "array")]
            first = "4096" if sized["role"] == "text_out" else "256"
            guess = " + ".join([first, *(f"{name}.len()" for name in inputs)])
            lines += [f"let {safe(sized['name'])} = call.sized({guess}, |out, capacity, {needed['name']}, error| {{",
                      f"    {called}", "})?;"]
        elif not call(function).fallible:
            static = function["result"] and function["result"]["type"]["pointers"]
            called = called.replace("{ ", "{ static_text(").replace(" }", ") }") if static else called
            return lines + [f"Ok({called})" if fails else called]
        else:
            made = next((param for param in call(function).outputs if param["role"] == "handle_out"), None)
            after += self.own(function, made, exclusive) if made else []
            lines += [f"let status = {called};", *after,
                      f"{'let more = ' if function['iterates'] else ''}call.check(status)?;"]
        return lines + [f"Ok({values[0] if len(values) == 1 else '(' + ', '.join(values) + ')'})"]

    def own(self, function: Json, made: Json, exclusive: List[str]) -> List[str]:
        """Take over a handle, before anything can go wrong."""
        parents = {param["name"]: "self" if param["role"] == "self" else safe(param["name"])
                   for param in function["params"] if param["role"] in ("self", "handle")}
        held = [f"call.hold(&{parents[name]}.handle);" for name in exclusive]
        kept = ", ".join(f"{parent}.handle.kept()" for parent in parents.values())
        own = f"{pascal(made['type']['base'])}::own({safe(made['name'])}, call.owned(&[{kept}]))"
        return [*held, f"let made = unsafe {{ {own} }};"]
