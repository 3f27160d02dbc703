# SPDX-License-Identifier: MIT
"""Rust: the crate libllm-sys, which is the C interface as it is. The safe crate is emit_rust_classes.py."""
from typing import Dict, List

from emitting import NOTICE, Json, comment

PATH = "bindings/rust/libllm-sys/src/lib.rs"
PRIMITIVES = {"char": "c_char", "void": "c_void", "int32_t": "i32", "uint32_t": "u32", "int64_t": "i64",
              "uint64_t": "u64", "size_t": "usize", "float": "f32", "double": "f64"}
KEYWORDS = ("type", "in", "match", "move", "ref", "self", "use", "where", "loop", "fn", "impl", "mod", "box", "dyn")


def emit(api: Json) -> Dict[str, str]:
    return {PATH: "\n".join(text(api))}


def safe(name: str) -> str:
    return "r#" + name if name in KEYWORDS else name


def documented(indent: str, words: str) -> List[str]:
    # Square brackets would be links.
    return comment(words.replace("[", "\\[").replace("]", "\\]"), indent + "/// ").split("\n")


def c_type(found: Json) -> str:
    """A C type in Rust. Of several pointers the innermost is const where C says so, the others are for writing."""
    base = PRIMITIVES.get(found["base"], found["base"])
    if "count" in found:
        return f"[{base}; {found['count']}]"
    for position in range(found["pointers"]):
        outer_const = found["c"].endswith("*const *") and position > 0
        base = ("*const " if found["const"] and position == 0 or outer_const else "*mut ") + base
    return base


def wrapped(line: str) -> str:
    """A long line of code: what is in its first parentheses, one item a line."""
    if len(line) <= 120 or "//" in line or "(" not in line:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    start = line.index("(") + 1
    items, depth, begin = [], 0, start
    for position in range(start, len(line)):
        if line[position] == "," and depth == 0:
            items.append(line[begin:position])
            begin = position + 1
        depth += (line[position] in "([{") - (line[position] in ")]}")
        if depth < 0:
            break
    items.append(line[begin:position])
    inner = "".join(wrapped(f"{indent}    {item.strip()},") + "\n" for item in items)
    return f"{line[:start]}\n{inner}{indent}{line[position:]}"


def text(api: Json) -> List[str]:
    lines = ["// SPDX-License-Identifier: MIT",
             *comment(f"The C interface of libllm. {NOTICE}", "//! ").split("\n"),
             "//!", "//! The crate `libllm` is the safe one; what a function asks for is said in `libllm.h`.",
             "#![no_std]", "#![allow(non_camel_case_types)]", "",
             "use core::marker::{PhantomData, PhantomPinned};", "use core::mem::size_of;",
             "pub use std::os::raw::{c_char, c_void};", "", "extern crate std;"]
    for constant in api["constants"]:
        lines += ["", *documented("", constant["doc"]), f"pub const {constant['name']}: u32 = {constant['value']};"]
    for enum in api["enums"]:
        lines += ["", *documented("", enum["doc"]), f"pub type {enum['name']} = i32;"]
        for value in enum["values"]:
            lines += [*documented("", value["doc"]), f"pub const {value['name']}: {enum['name']} = {value['value']};"]
    for handle in api["handles"]:
        lines += ["", *documented("", handle["doc"]), "#[repr(C)]", f"pub struct {handle['name']} {{",
                  "    _data: [u8; 0],", "    _marker: PhantomData<(*mut u8, PhantomPinned)>,", "}"]
    for callback in api["callbacks"]:
        params = ", ".join(f"{safe(param['name'])}: {c_type(param['type'])}" for param in callback["params"])
        result = f" -> {c_type(callback['result']['type'])}" if callback["result"] else ""
        lines += ["", *documented("", callback["doc"]),
                  f"pub type {callback['name']} = Option<unsafe extern \"C\" fn({params}){result}>;"]
    for struct in api["structs"]:
        lines += ["", *documented("", struct["doc"]), "#[repr(C)]", f"pub struct {struct['name']} {{"]
        for field in struct["fields"]:
            lines += [*documented("    ", field["doc"]), f"    pub {safe(field['name'])}: {c_type(field['type'])},"]
        lines += ["}", f"const _: () = assert!(size_of::<{struct['name']}>() == {struct['size']});"]
    lines += ["", "extern \"C\" {"]
    for position, function in enumerate(api["functions"]):
        params = ", ".join(f"{safe(param['name'])}: {c_type(param['type'])}" for param in function["params"])
        result = f" -> {c_type(function['result']['type'])}" if function["result"] else ""
        lines += ([""] if position else []) + [*documented("    ", function["doc"]),
                                               f"    pub fn {function['name']}({params}){result};"]
    return [wrapped(line) for line in [*lines, "}", ""]]
