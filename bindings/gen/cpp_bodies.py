# SPDX-License-Identifier: MIT
"""C++17: the types that api.hpp shows, and what is behind them: options to C, results from C, bodies of functions."""
import re
from typing import Dict, List, Tuple

from emitting import IMPLIED, Json, call, class_functions, filled_structs, find, pascal

PRIMITIVES = {"char": "char", "float": "float", "double": "double",
              **{name: "std::" + name for name in ("int32_t", "uint32_t", "int64_t", "uint64_t", "size_t")}}
KEYWORDS = ("auto", "default", "delete", "new", "operator", "private", "public", "template", "this", "register")


def safe(name: str) -> str:
    return name + "_" if name in KEYWORDS else name


def wrapped(line: str) -> str:
    """A long line of code in several, broken behind commas."""
    if len(line) <= 120 or "///" in line:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    parts = [""]
    for word in re.split(r"(?<=, )", line):
        if len(parts[-1]) + len(word.rstrip()) > 120:
            parts.append(indent)
        parts[-1] += word
    return "\n".join(part.rstrip() for part in parts)


class Bodies:
    def __init__(self, api: Json):
        self.api = api
        self.structs = {struct["name"]: struct for struct in api["structs"]}
        self.callbacks = {callback["name"]: callback for callback in api["callbacks"]}
        self.functions = [(name, function) for name in [*(handle["name"] for handle in api["handles"]), None]
                          for function in class_functions(api, name)]

    def is_output(self, struct: Json) -> bool:
        return struct["name"] in filled_structs(self.api)

    def visible(self, struct: Json) -> List[Json]:
        return [field for field in struct["fields"] if field["role"] not in IMPLIED]

    def simple(self, item: Json) -> str:
        """A number or an enum."""
        named = "enum" in item and item["enum"] != "libllm_status"
        return pascal(item["enum"]) if named else PRIMITIVES.get(item["type"]["base"], "std::int32_t")

    def element(self, base: str) -> str:
        return pascal(base) if base in self.structs else PRIMITIVES[base]

    def field_type(self, field: Json) -> str:
        role, base = field["role"], field["type"]["base"]
        if role == "value":
            return self.simple(field)
        if role == "handle":
            return f"{'const ' if field['type']['const'] else ''}{pascal(base)} *"
        if role in ("text", "c_text"):
            return "std::optional<std::string>" if field["nullable"] else "std::string"
        if role == "c_texts":
            return "std::vector<std::string>"
        if role == "array":
            return f"std::vector<{self.element(base)}>"
        if role == "options":
            return f"std::optional<{pascal(base)}>"
        callback = self.callbacks[base]
        return f"std::function<{self.callback_result(callback)}({', '.join(self.callback_types(callback))})>"

    def callback_result(self, callback: Json) -> str:
        found = callback["result"]
        return "void" if not found else "void *" if found["type"]["pointers"] else PRIMITIVES[found["type"]["base"]]

    def callback_types(self, callback: Json) -> List[str]:
        types = {"text": "std::string_view", "c_text": "std::string_view", "memory": "void *"}
        return [types.get(param["role"]) or (f"const {pascal(param['type']['base'])} &" if param["role"] == "struct"
                                             else self.simple(param))
                for param in callback["params"] if param["role"] not in IMPLIED]

    def parameter_type(self, param: Json) -> str:
        role, base, const = param["role"], param["type"]["base"], param["type"]["const"]
        if role in ("value", "capacity"):
            return self.simple(param) + " "
        if role == "handle":
            return f"{'const ' if const else ''}{pascal(base)} &"
        if role == "options":
            return f"const {pascal(base)} &"
        if role == "text":
            return "std::string_view "
        if role == "c_text":
            return "const std::optional<std::string> &" if param["nullable"] else "const std::string &"
        if role == "c_texts":
            return "Span<const std::string> "
        return f"Span<{'' if param['direction'] == 'inout' else 'const '}{self.element(base)}> "

    # --- Structs ----------------------------------------------------------------------------------------------------

    def defaults(self, struct: Json) -> List[str]:
        name = pascal(struct["name"])
        values = [field for field in self.visible(struct) if field["role"] == "value"]
        lines = [f"inline {name}::{name}()", "{", f"    {struct['name']} raw;",
                 f"    {struct['init']}(&raw, sizeof raw);"]
        for field in values:
            lines.append(f"    {safe(field['name'])} = {self.read(field, 'raw.' + field['name'])};")
        return lines + ["}"]

    def read(self, item: Json, value: str) -> str:
        """A number or an enum of C as ours."""
        return f"static_cast<{self.simple(item)}>({value})" if "enum" in item else value

    def from_c(self, struct: Json) -> List[str]:
        name = pascal(struct["name"])
        lines = [f"inline {name} from_c(const {struct['name']} &raw)", "{", f"    {name} found;"]
        for field in self.visible(struct):
            value = f"raw.{field['name']}"
            if field["role"] == "text":
                value = f"std::string({value} ? {value} : \"\", raw.{field['length']})"
            elif field["role"] == "c_text":
                value = f"read_c_text({value})" + ("" if field["nullable"] else '.value_or("")')
            elif field["role"] == "array":
                lines += [f"    for (std::size_t i = 0; i < raw.{field['length']}; i++)",
                          f"        found.{safe(field['name'])}.push_back(from_c({value}[i]));"]
                continue
            else:
                value = self.read(field, value)
            lines.append(f"    found.{safe(field['name'])} = {value};")
        return lines + ["    return found;", "}"]

    def fill(self, struct: Json) -> List[str]:
        """What a program filled in, as the C struct. One with callbacks is copied and lives on with the new object."""
        fields = [field for field in self.visible(struct)
                  if not (field["role"] == "value" and field.get("enum") == "libllm_status")]
        callbacks = any(field["role"] == "callback" for field in fields)
        body = [line for field in fields for line in self.assign(struct, field)]
        name = pascal(struct["name"])
        if callbacks:
            body.insert(0, f"const {name} &from = call.keep(given);")
        used = "call" if re.search(r"\bcall\b", " ".join(body)) else ""
        given = "given" if callbacks else "from"
        signature = f"inline void fill(Call &{used}, const {name} &{given}, {struct['name']} &to)"
        return [signature, "{", *("    " + line for line in body), "}"]

    def assign(self, struct: Json, field: Json) -> List[str]:
        name, role, base = field["name"], field["role"], field["type"]["base"]
        value = f"from.{safe(name)}"
        if role == "value":
            return [f"to.{name} = {value};" if "enum" not in field else
                    f"to.{name} = static_cast<{field['type']['c']}>({value});"]
        if role == "handle":
            mode = "shared" if field["type"]["const"] else "exclusive"
            return [f"to.{name} = call.use<{base}>({value}, Mode::{mode});"]
        if role == "c_text":
            return [f"to.{name} = call.c_text({value});"]
        if role == "options":
            return [f"to.{name} = call.options({value}, {self.structs[base]['init']});"]
        if role == "callback":
            return self.callback(struct, field)
        length = find(struct["fields"], field["length"])["type"]["base"]
        if role == "text":
            size = f"{value} ? {value}->size() : 0" if field["nullable"] else f"{value}.size()"
            data = f"{value} ? {value}->data() : nullptr" if field["nullable"] else f"{value}.data()"
            return [f"to.{name} = {data};", f"to.{field['length']} = {size};"]
        if role == "c_texts":
            data = f"call.c_texts({value})"
        elif base in self.structs:
            data = f"call.structs<{base}>(Span<const {pascal(base)}>({value}))"
        else:
            data = f"{value}.data()"
        size = f"{value}.size()" if length == "size_t" else f"static_cast<{PRIMITIVES[length]}>({value}.size())"
        return [f"to.{name} = {data};", f"to.{field['length']} = {size};"]

    def callback(self, struct: Json, field: Json) -> List[str]:
        """A function of the program behind a C function, which finds it through its user data."""
        callback = self.callbacks[field["type"]["base"]]
        user_data = next(other["name"] for other in struct["fields"]
                         if other["role"] == "user_data" and field["name"] in other["passed_to"])
        declared, passed = [], []
        for param in callback["params"]:
            name, role = param["name"], param["role"]
            spelling = param["type"]["c"]
            declared.append(f"{spelling}{'' if spelling.endswith('*') else ' '}{name}")
            if role == "text":
                passed.append(f"std::string_view({name}, {param['length']})")
            elif role == "struct":
                passed.append(f"from_c(*{name})")
            elif role not in IMPLIED:
                passed.append(self.read(param, name))
        result = self.callback_result(callback)
        fallback = {"void": "0", "void *": "static_cast<void *>(nullptr)"}.get(result, f"{result}(1)")
        run = f"static_cast<const {pascal(struct['name'])} *>(user_data)->{safe(field['name'])}({', '.join(passed)})"
        inner = [f"{run};", "return 0;"] if result == "void" else [f"return {run};"]
        return [f"if ({'from.' + safe(field['name'])}) {{", f"    to.{field['name']} = []({', '.join(declared)}) {{",
                f"        {'' if result == 'void' else 'return '}Call::guarded({fallback}, [&] {{",
                *("            " + line for line in inner), "        });", "    };",
                f"    to.{user_data} = const_cast<void *>(static_cast<const void *>(&from));", "}"]

    # --- Functions --------------------------------------------------------------------------------------------------

    def results(self, function: Json) -> List[Tuple[str, str]]:
        """Type and expression of everything that comes back."""
        shape = call(function)
        if not shape.fallible:
            if not function["result"]:
                return []
            kind = "std::string" if function["result"]["type"]["pointers"] else self.simple(function["result"])
            return [(kind, "")]
        found = [("bool", "more")] if function["iterates"] else []
        for param in shape.outputs:
            name, base = safe(param["name"]), param["type"]["base"]
            found.append({
                "handle_out": (pascal(base), "made"),
                "text_out": ("std::string", name),
                "array_out": (f"std::vector<{PRIMITIVES.get(base)}>", name),
                "view_out": (f"View<{PRIMITIVES.get(base)}>", f"View<{PRIMITIVES.get(base)}>({{{name}, "
                             f"{param.get('length')}}}, call.pin(*this))"),
                "struct_out": (pascal(base), f"detail::from_c({name})"),
                "value_out": (PRIMITIVES.get(base, ""), name)}[param["role"]])
        return found

    def signature(self, function: Json, qualified: str, defaults: bool) -> str:
        shape = call(function)
        params = []
        for position, param in enumerate(shape.inputs):
            rest = shape.inputs[position:]
            optional = defaults and all("flags" in other or other["role"] == "options" or
                                        other["role"] == "c_text" and other["nullable"] for other in rest)
            value = (" = 0" if "flags" in param else " = {}") if optional else ""
            params.append(f"{self.parameter_type(param)}{safe(param['name'])}{value}")
        kinds = [kind for kind, _ in self.results(function)]
        returns = "void" if not kinds else kinds[0] if len(kinds) == 1 else f"std::tuple<{', '.join(kinds)}>"
        # What any thread may call at any time is const, as in the standard library.
        const = shape.self_param and (shape.self_param["type"]["const"] or not function["threads"]["rules"])
        return f"{returns} {qualified}{safe(function['method'])}({', '.join(params)}){' const' if const else ''}"

    def definition(self, function: Json) -> List[str]:
        owner = f"{pascal(function['class'])}::" if function["class"] else ""
        return [f"inline {self.signature(function, owner, False)}", "{", "    detail::Call call;",
                *("    " + line for line in self.body(function)), "}"]

    def body(self, function: Json) -> List[str]:
        modes = {rule["param"]: {"concurrent": "shared"}.get(rule["mode"], rule["mode"])
                 for rule in function["threads"]["rules"]}
        lines: List[str] = []
        arguments: Dict[str, str] = {}
        after: List[str] = []
        needed = next((param for param in function["params"] if param["role"] == "needed"), None)
        sized = find(function["params"], needed["of"]) if needed else None
        for param in function["params"]:
            name, role, base = safe(param["name"]), param["role"], param["type"]["base"]
            value = name
            if role in ("self", "handle"):
                value = "c_" + name
                lines.append(f"auto *{value} = call.use<{base}>({'*this' if role == 'self' else name}, "
                             f"detail::Mode::{modes.get(param['name'], 'any')});")
            elif role == "value" and "enum" in param:
                value = f"static_cast<{param['type']['c']}>({name})"
            elif role in ("c_text", "c_texts"):
                value = f"call.{role}({name})"
            elif role == "options":
                value = f"call.options({name}, {self.structs[base]['init']})"
            elif role == "array" and base in self.structs:
                value = "c_" + name
                lines.append(f"auto *{value} = call.structs<{base}>({name});")
                if param["direction"] == "inout":
                    after += [f"for (std::size_t i = 0; i < {name}.size(); i++)",
                              *(f"    {name}[i].{field['name']} = {value}[i].{field['name']};"
                                for field in self.structs[base]["fields"] if field.get("enum") == "libllm_status")]
            elif role in ("array", "text"):
                value = f"{name}.data()"
            elif role == "length":
                value = f"{safe(param['of'])}.size()"
            elif role == "error":
                value = "call.error()"
            elif role == "handle_out":
                lines.append(f"{base} *{name} = nullptr;")
                after.append(f"{pascal(base)} made({name}, call.kept());")
                value = "&" + name
            elif role in ("value_out", "length_out"):
                lines.append(f"{PRIMITIVES[base]} {name} = 0;")
                value = "&" + name
            elif role == "view_out":
                lines.append(f"const {PRIMITIVES[base]} *{name} = nullptr;")
                value = "&" + name
            elif role == "struct_out":
                lines.append(f"{base} {name} = {{}};")
                if self.structs[base]["versioned"]:
                    lines.append(f"{name}.struct_size = sizeof {name};")
                value = "&" + name
            elif param is sized:
                value = "out"
            elif role == "array_out":
                lines.append(f"std::vector<{PRIMITIVES[base]}> {name}({param['length']});")
                value = f"{name}.data()"
            arguments[param["name"]] = value
        called = f"{function['name']}({', '.join(arguments.values())})"
        results = self.results(function)
        if sized and needed:
            kind = "std::string" if sized["role"] == "text_out" else f"std::vector<{PRIMITIVES[sized['type']['base']]}>"
            inputs = [safe(param["name"]) for param in function["params"] if param["role"] in ("text", "array")]
            first = "4096" if sized["role"] == "text_out" else "256"
            guess = " + ".join([first, *(f"{name}.size()" for name in inputs)])
            lines += [f"auto {safe(sized['name'])} = call.sized<{kind}>({guess}, [&](auto *out, std::size_t capacity, "
                      f"std::size_t *{needed['name']}) {{", f"    return {called};", "});"]
        elif not call(function).fallible:
            return lines + [f"return {called};" if function["result"] else called + ";"]
        elif after:
            lines += [f"libllm_status status = {called};", *after, "call.check(status);"]
        else:
            lines.append(f"{'bool more = ' if function['iterates'] else ''}call.check({called});")
        if results:
            values = [value for _, value in results]
            lines.append(f"return {values[0]};" if len(values) == 1 else f"return {{{', '.join(values)}}};")
        return lines
