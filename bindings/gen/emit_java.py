# SPDX-License-Identifier: MIT
"""Java: the layer over JNA (Ffi.java), enums, exceptions. Structs are emit_java_structs.py, classes
emit_java_classes.py."""
import re
from typing import Dict, Iterable, List, Sequence

from emitting import NOTICE, Json, bare, camel, comment, find, pascal, value_names

FOLDER = "bindings/java/src/main/java/io/github/libllm/"
HEAD = f"// SPDX-License-Identifier: MIT\n// {NOTICE}\npackage io.github.libllm;\n"
PRIMITIVES = {"char": "byte", "int32_t": "int", "uint32_t": "int", "int64_t": "long", "uint64_t": "long",
              "size_t": "long", "float": "float", "double": "double"}
BOXES = {"int": "Integer", "long": "Long", "float": "Float", "double": "Double", "boolean": "Boolean"}
# Names that programs know as others' classes.
TAKEN = ("Error", "Module", "Process", "Record", "Runtime", "Stream", "Thread")
KEYWORDS = ("abstract", "boolean", "byte", "case", "char", "class", "default", "double", "final", "float", "int",
            "long", "native", "new", "package", "public", "short", "static", "switch", "this", "void")
# What descriptions say of C's pointers and texts alone.
OF_C = re.compile(r"; may be NULL when \w+ is 0|, NUL-terminated\b")
# A number that is a truth: "1: ...", "1 when ...".
SWITCH = re.compile(r"1(:| when | for | or 0)")


def emit(api: Json) -> Dict[str, str]:
    files = {"Ffi": Ffi(api).text(), "LibllmException": exceptions(api), "Status": one_enum(statuses(api))}
    files.update({java(enum["name"]): one_enum(enum) for enum in api["enums"] if enum["name"] != "libllm_status"})
    return {FOLDER + name + ".java": text for name, text in files.items()}


def java(name: str) -> str:
    """libllm_kv_type -> KvType; libllm_runtime -> LlmRuntime, as Java has a Runtime; libllm_log_fn -> LogCallback."""
    found = pascal(name)
    if name.endswith("_fn"):
        return found[:-2] + "Callback"
    return "Llm" + found if found in TAKEN else found


def safe(name: str) -> str:
    found = camel(name)
    return found + "_" if found in KEYWORDS else found


def is_switch(item: Json) -> bool:
    return item["type"]["base"] in ("int32_t", "uint32_t") and bool(SWITCH.match(item["doc"]))


def html(text: str) -> str:
    """Text that HTML and Javadoc show as it is."""
    text = re.sub(r"\bNULL\b", "null", OF_C.sub("", text))
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&#64;"), ("*/", "*&#47;")):
        text = text.replace(plain, written)
    return text


def javadoc(text: str, indent: str = "", tags: Sequence[str] = ()) -> List[str]:
    """A comment of paragraphs, and of tags, each of which begins with its @. It may be indented by 4 more."""
    found = html(text)
    if not tags and "\n" not in found and len(indent + found) < 108:
        return [f"{indent}/** {found} */"]
    parts = [found.replace("\n\n", "\n\n<p>"), *(["@" + html(tag[1:]) for tag in tags])]
    lines = [comment(part, indent + " * ", 116) for part in parts]
    lines[1:1] = [indent + " *"] if tags else []
    return [indent + "/**", *"\n".join(lines).split("\n"), indent + " */"]


def truth(text: str) -> str:
    """The description of a switch, which is 1 or 0 in C."""
    return re.sub(r"\b0(?=:| for| when)", "false", "true" + text[1:]).replace("true or 0", "true or false")


def file(lines: Iterable[str], imports: Sequence[str] = ()) -> str:
    """A source file, in which long lines are broken behind a comma."""
    code = "\n".join(lines)
    used = [name for name in imports if re.search(rf"\b{name.rpartition('.')[2]}\b", code)]
    found = [HEAD, *(f"import {name};" for name in used), *([""] if used else [])]
    for line in code.split("\n"):
        indent = line[:len(line) - len(line.lstrip())] + "    "
        while len(line) > 120 and ", " in line[:119]:
            end = line.rindex(", ", 0, 119) + 1
            found.append(line[:end])
            line = indent + line[end + 1:]
        found.append(line)
    return "\n".join([*found, ""])


class Ffi:
    """Addresses are longs: structs and texts lie in memory of the call, handles are the library's."""

    def __init__(self, api: Json):
        self.api = api
        self.enums = {enum["name"] for enum in api["enums"]}
        self.callbacks = {callback["name"] for callback in api["callbacks"]}

    def type(self, found: Json) -> str:
        if found["pointers"] or found["base"] in self.callbacks:
            return "long"
        return "int" if found["base"] in self.enums else PRIMITIVES[found["base"]]

    def params(self, function: Json) -> str:
        return ", ".join(f"{self.type(param['type'])} {safe(param['name'])}" for param in function["params"])

    def text(self) -> str:
        lines = ["/** libllm.h as it is: functions of numbers and addresses, and where the fields of structs are. */",
                 "final class Ffi {",
                 f'    static final String VERSION = "{self.api["version"]}";',
                 f'    static final String SONAME = "{self.api["soname"]}";', "",
                 "    static {", "        Loader.load(Ffi.class);", "    }", "", "    private Ffi() {", "    }", ""]
        for function in self.api["functions"]:
            result = self.type(function["result"]["type"]) if function["result"] else "void"
            lines.append(f"    static native {result} {function['name']}({self.params(function)});")
        for callback in self.api["callbacks"]:
            result = self.type(callback["result"]["type"]) if callback["result"] else "void"
            lines += ["", f"    interface {pascal(callback['name'])} extends Callback {{",
                      f"        {result} invoke({self.params(callback)});", "    }"]
        for struct in self.api["structs"]:
            lines += ["", f"    static final class {pascal(struct['name'])} {{",
                      f"        static final int SIZE = {struct['size']};",
                      *(f"        static final int {field['name'].upper()} = {field['offset']};"
                        for field in struct["fields"]), "    }"]
        return file(lines + ["}"], ["com.sun.jna.Callback"])


def statuses(api: Json) -> Json:
    """The errors among them; what else a call may return is shown in other ways."""
    enum = find(api["enums"], "libllm_status")
    values = [{**value, "short": value["name"][len("LIBLLM_ERROR_"):]}
              for value in enum["values"] if value["value"] < 0]
    return {**enum, "doc": "What kind of error a LibllmException is.", "values": values}


def one_enum(enum: Json) -> str:
    names = {value["name"]: value.get("short") or short
             for value, short in zip(enum["values"], value_names(enum).values())}
    kind = java(enum["name"])
    lines = [*javadoc(enum["doc"]), f"public enum {kind} implements Numbered {{"]
    for value in enum["values"]:
        end = ";" if value is enum["values"][-1] else ","
        lines += [*javadoc(value["doc"], "    "), f"    {names[value['name']]}({value['value']}){end}"]
    return file([*lines, "", "    private final int value;", "", f"    {kind}(int value) {{",
                      "        this.value = value;", "    }", "", "    @Override", "    public int value() {",
                      "        return value;", "    }", "",
                      *javadoc("The constant of a number.", "    ",
                               ["@param value any number",
                                "@return its constant; null where there is none, as for one of a later library"]),
                      f"    public static {kind} of(int value) {{", f"        for ({kind} each : values()) {{",
                      "            if (each.value == value) {", "                return each;", "            }",
                      "        }", "        return null;", "    }", "}"])


def exceptions(api: Json) -> str:
    values = statuses(api)["values"]
    classes = {value["short"]: pascal(value["short"].lower()) for value in values}
    lines = [*javadoc("What the library says is wrong, with a class for every status. What is wrong with the use "
                            "of an object that was closed is a LibllmException.Closed."),
             "public class LibllmException extends RuntimeException {",
             "    private static final long serialVersionUID = 1;", "",
             *javadoc("What kind of error it is.", "    "), "    private final Status status;", "",
             "    LibllmException(Status status, String message) {", "        super(message);",
             "        this.status = status;", "    }", "",
             *javadoc("What kind of error it is.", "    ",
                      ["@return the status; null for an object that was closed, and for a status of a later library"]),
             "    public Status status() {", "        return status;", "    }", "",
             "    static LibllmException of(int number, String message) {",
             "        Status status = Status.of(number);",
             "        return status == null ? new LibllmException(null, message) : switch (status) {"]
    lines += [f"            case {short} -> new {name}(message);" for short, name in classes.items()]
    lines += ["        };", "    }"]
    for value in [*values, {"short": "", "doc": "The object was closed before."}]:
        name = classes.get(value["short"], "Closed")
        status = f"Status.{value['short']}" if value["short"] else "null"
        lines += ["", *javadoc(value["doc"], "    "),
                  f"    public static final class {name} extends LibllmException {{",
                  "        private static final long serialVersionUID = 1;", "",
                  f"        {name}(String message) {{", f"            super({status}, message);", "        }", "    }"]
    return file(lines + ["}"])
