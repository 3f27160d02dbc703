# SPDX-License-Identifier: MIT
"""Declarations to the description of the interface (api.json): types, layout, and the role of every parameter and field.

A role says what a value is for, so that an emitter need not guess; docs/adding-a-language.md lists them. What has no
role, or could have two, is refused here with the place in the header.
"""
import re
from typing import Any, Dict, List, NoReturn, Optional, Sequence

import docs
from lexer import HeaderError
from declarations import PRIMITIVES, Declaration, Declarator, Header

SIZES = {"char": 1, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "size_t": 8, "float": 4, "double": 8}
POINTER = 8
INTEGERS = ("int32_t", "uint32_t", "int64_t", "uint64_t", "size_t")
FORMAT = 1

Json = Dict[str, Any]


def build(header: Header) -> Json:
    return Meaning(header).api()


class Meaning:
    def __init__(self, header: Header):
        self.header = header
        self.named: Dict[str, Declaration] = {}
        for declaration in header.declarations:
            if declaration.name in self.named:
                self.fail(declaration.line, f"{declaration.name} is declared twice")
            self.named[declaration.name] = declaration
        self.layouts: Dict[str, Json] = {}
        self.statuses = [value.name for value in self.of("enum", "libllm_status").values]

    def fail(self, line: int, message: str) -> NoReturn:
        raise HeaderError(self.header.path, line, message)

    def of(self, kind: str, name: str) -> Declaration:
        found = self.named.get(name)
        if found is None or found.kind != kind:
            self.fail(1, f"the header has no {kind} {name}")
        return found

    def kind(self, name: str) -> Optional[str]:
        return self.named[name].kind if name in self.named else None

    def api(self) -> Json:
        by_kind: Dict[str, List[Json]] = {kind: [] for kind in
                                          ("constant", "enum", "handle", "callback", "struct", "function")}
        for declaration in self.header.declarations:
            by_kind[declaration.kind].append(getattr(self, declaration.kind)(declaration))
        version = self.header.version
        if set(version) != {"major", "minor", "patch"}:
            self.fail(1, "expected LIBLLM_VERSION_MAJOR, _MINOR and _PATCH")
        self.resolve_errors(by_kind["function"])
        return {
            "$schema": "api.schema.json", "format": FORMAT, "library": "libllm", "soname": "libllm.so.0",
            "version": "{major}.{minor}.{patch}".format(**version),
            "data_model": "LP64", **{kind + "s": found for kind, found in by_kind.items()}}

    # --- Descriptions ---------------------------------------------------------------------------------------------------

    def doc(self, declaration: Declaration, since: bool = True) -> docs.Doc:
        name = declaration.name
        if declaration.doc is None:
            self.fail(declaration.line, f"{name} has no description; expected /** ... */ in front")
        try:
            found = docs.parse(declaration.doc)
        except docs.DocError as error:
            self.fail(declaration.line, f"{name}: {error}")
        if not re.match(r"[A-Z]", found.text):
            self.fail(declaration.line, f"{name}: its description has no first sentence")
        if since and not re.fullmatch(r"\d+\.\d+", found.sections.get("Since", "")):
            self.fail(declaration.line, f"{name}: expected Since: MAJOR.MINOR")
        return found

    def text_of(self, name: str, line: int, comment: Optional[str]) -> str:
        if comment is None:
            self.fail(line, f"{name} has no description; expected /** ... */ in front")
        return docs.flow(docs.lines_of(comment))

    def described(self, doc: docs.Doc) -> Json:
        return {"since": doc.sections["Since"], "summary": docs.summary(doc.text), "doc": doc.text}

    # --- Simple declarations --------------------------------------------------------------------------------------------

    def constant(self, declaration: Declaration) -> Json:
        return {"name": declaration.name, "type": "uint32_t", "value": declaration.value,
                **self.described(self.doc(declaration))}

    def enum(self, declaration: Declaration) -> Json:
        values = []
        seen: Dict[int, str] = {}
        for value in declaration.values:
            if value.value in seen:
                self.fail(value.line, f"{value.name} has the value of {seen[value.value]}")
            seen[value.value] = value.name
            values.append({"name": value.name, "value": value.value,
                           "doc": self.text_of(value.name, value.line, value.doc)})
        if values[-1]["value"] != 0x7FFFFFFF or not values[-1]["name"].endswith("_FORCE32"):
            self.fail(declaration.line, f"{declaration.name}: expected a last value _FORCE32 = 0x7fffffff")
        return {"name": declaration.name, "size": 4, **self.described(self.doc(declaration)), "values": values[:-1]}

    def handle(self, declaration: Declaration) -> Json:
        free = self.named.get(declaration.name + "_free")
        if free is None:
            self.fail(declaration.line, f"{declaration.name} has no function {declaration.name}_free")
        return {"name": declaration.name, "free": free.name, **self.described(self.doc(declaration))}

    # --- Types ----------------------------------------------------------------------------------------------------------

    def type(self, item: Declarator) -> Json:
        if item.base not in PRIMITIVES and self.kind(item.base) in (None, "function", "constant"):
            self.fail(item.line, f"{item.name or 'the result'}: the type {item.base} is not declared")
        if item.pointers == 0:
            by_value = item.base != "void" and self.kind(item.base) not in ("handle", "struct")
            if not by_value:
                self.fail(item.line, f"{item.name}: {item.base} by value; expected a pointer")
        if item.pointers > 2:
            self.fail(item.line, f"{item.name}: more than two pointers")
        spelling = ("const " if item.const else "") + item.base
        if item.pointers:
            spelling += " *" + ("const *" if item.inner_const else "*" * (item.pointers - 1))
        found = {"c": spelling, "base": item.base, "pointers": item.pointers, "const": item.const}
        if item.count is not None:
            found["count"] = item.count
        return found

    def size(self, item: Declarator) -> int:
        if item.pointers or self.kind(item.base) == "callback":
            return POINTER
        return SIZES.get(item.base, 4)

    # --- Structs --------------------------------------------------------------------------------------------------------

    def struct(self, declaration: Declaration) -> Json:
        offset, alignment = 0, 1
        fields = []
        for member in declaration.members:
            size = self.size(member)
            padding = -offset % size
            alignment = max(alignment, size)
            total = size * (member.count or 1)
            text = self.text_of(f"{declaration.name}.{member.name}", member.line, member.doc)
            fields.append({"name": member.name, "type": self.type(member), "offset": offset + padding, "size": total,
                           **self.field_role(declaration, member, text), "nullable": member.nullable, "doc": text})
            offset += padding + total
        versioned = declaration.members[0].name == "struct_size"
        init = declaration.name + "_init"
        if versioned and declaration.name.endswith("_options") and init not in self.named:
            self.fail(declaration.line, f"{declaration.name} starts with struct_size and has no function {init}")
        names = {member.name for member in declaration.members}
        for entry in fields:
            targets = entry.get("passed_to", [])
            if not names.issuperset(targets):
                self.fail(declaration.line, f"{declaration.name}.{entry['name']}: passed to {targets}, which are no fields")
        self.mark_lengths(declaration, fields)
        return {"name": declaration.name, "size": offset + -offset % alignment, "alignment": alignment,
                "versioned": versioned, "init": init if init in self.named else None,
                **self.described(self.doc(declaration)), "fields": fields}

    def field_role(self, owner: Declaration, item: Declarator, text: str) -> Json:
        """What a field, or a parameter that the library gives a callback, is for."""
        kind = self.kind(item.base)
        where = f"{owner.name}.{item.name}"
        if item.out or item.owned:
            self.fail(item.line, f"{where}: LIBLLM_OUT and LIBLLM_OWNED are for parameters of functions")
        if item.name == "struct_size":
            return {"role": "struct_size"}
        if item.base == "void" and item.pointers == 1:
            passed = re.match(r"(?:Passed to (\w+)(?: and (\w+))?\.|as given in the options$)", text)
            if passed:
                return {"role": "user_data", "passed_to": [name for name in passed.groups() if name]}
            if owner.kind == "callback":
                return {"role": "memory"}
            self.fail(item.line, f"{where}: a void * that is not described as passed to a callback")
        if item.pointers == 0:
            if item.array or item.string:
                self.fail(item.line, f"{where}: a length without a pointer")
            if item.count is not None:
                return {"role": "fixed_text"} if item.base == "char" else self.fail(item.line, f"{where}: an array")
            if re.match(r"(Reserved|Zero)\b", text):
                return {"role": "reserved"}
            return {"role": "callback"} if kind == "callback" else self.value_role(item, text)
        if kind == "handle" and item.pointers == 1:
            return {"role": "handle"}
        return self.input_role(where, item, text)

    def value_role(self, item: Declarator, text: str) -> Json:
        found: Json = {"role": "value"}
        enum = item.base if self.kind(item.base) == "enum" else None
        if enum is None and item.base == "int32_t":
            named = re.search(r"\b[Aa]n? (libllm_\w+)", text)
            enum = named.group(1) if named and self.kind(named.group(1)) == "enum" else None
        flags = re.search(r"\b(LIBLLM_\w+_)\*", text)
        if flags:
            if not any(name.startswith(flags.group(1)) for name in self.named):
                self.fail(item.line, f"{item.name}: there are no constants {flags.group(1)}*")
            found["flags"] = flags.group(1)
        if enum:
            found["enum"] = enum
        return found

    def input_role(self, where: str, item: Declarator, text: str) -> Json:
        """A pointer that is read from: a text, an array, a struct."""
        if item.array and item.string:
            self.fail(item.line, f"{where}: both LIBLLM_ARRAY and LIBLLM_STRING")
        if item.string:
            if item.base != "char" or item.pointers != 1:
                self.fail(item.line, f"{where}: LIBLLM_STRING is for const char *")
            return {"role": "text", "length": item.string}
        if item.base == "char" and item.pointers == 1:
            if "NUL-terminated" not in text:
                self.fail(item.line, f"{where}: a text without a length; expected LIBLLM_STRING(n) or a description that "
                          "says NUL-terminated")
            return {"role": "c_text"}
        if item.array:
            if item.pointers == 2 and item.base == "char":
                return {"role": "c_texts", "length": item.array}
            if item.pointers == 1 and item.base != "void":
                return {"role": "array", "length": item.array}
            self.fail(item.line, f"{where}: an array of pointers other than texts")
        if item.pointers == 1 and self.kind(item.base) == "struct":
            return {"role": "options" if self.kind(item.base + "_init") else "struct"}
        self.fail(item.line, f"{where}: a pointer without a length; expected LIBLLM_ARRAY(n), LIBLLM_STRING(n) or "
                  "LIBLLM_OUT")

    def mark_lengths(self, owner: Declaration, entries: Sequence[Json]) -> None:
        """Find what every length is a length of."""
        by_name = {entry["name"]: entry for entry in entries}
        for entry in entries:
            if "length" not in entry:
                continue
            name = entry["length"].lstrip("*")
            length = by_name.get(name)
            if length is None:
                self.fail(owner.line, f"{owner.name}: the length {name} of {entry['name']} does not exist")
            if length["type"]["base"] not in INTEGERS or length["type"]["pointers"] != entry["length"].startswith("*"):
                self.fail(owner.line, f"{owner.name}: the length {name} of {entry['name']} is {length['type']['c']}")
            if length["role"] in ("length", "capacity"):
                self.fail(owner.line, f"{owner.name}: {name} is the length of {entry['name']} and {length['of']}")
            entry["length"] = name
            length["role"] = {"text_out": "capacity", "array_out": "capacity",
                              "view_out": "length_out"}.get(entry["role"], "length")
            length["of"] = entry["name"]

    # --- Callbacks and functions ----------------------------------------------------------------------------------------

    def described_parameters(self, declaration: Declaration, doc: docs.Doc) -> None:
        names = [item.name for item in declaration.members]
        if list(doc.params) != names:
            self.fail(declaration.line, f"{declaration.name}: describes the parameters {', '.join(doc.params) or 'none'}; "
                      f"expected {', '.join(names) or 'none'}")
        assert declaration.result is not None
        void = declaration.result.base == "void" and declaration.result.pointers == 0
        if void == (doc.result is not None):
            self.fail(declaration.line, f"{declaration.name}: expected {'no ' if void else ''}@return")

    def result(self, declaration: Declaration, doc: docs.Doc) -> Optional[Json]:
        item = declaration.result
        assert item is not None
        if doc.result is None:
            return None
        if item.pointers:
            static = item.base == "char" and item.const and "NUL-terminated" in doc.result
            if not static and declaration.kind == "function":
                self.fail(item.line, f"{declaration.name}: returns a pointer; expected static NUL-terminated text")
        return {"type": self.type(item), "doc": doc.result}

    def callback(self, declaration: Declaration) -> Json:
        doc = self.doc(declaration)
        self.described_parameters(declaration, doc)
        params = [{"name": item.name, "type": self.type(item),
                   **self.field_role(declaration, item, doc.params[item.name]), "nullable": item.nullable,
                   "doc": doc.params[item.name]} for item in declaration.members]
        self.mark_lengths(declaration, params)
        return {"name": declaration.name, **self.described(doc), "params": params,
                "result": self.result(declaration, doc)}

    def function(self, declaration: Declaration) -> Json:
        name = declaration.name
        doc = self.doc(declaration)
        self.described_parameters(declaration, doc)
        for section in docs.SECTIONS:
            if section not in doc.sections:
                self.fail(declaration.line, f"{name}: expected {section}:")
        params = [{"name": item.name, "type": self.type(item), **self.parameter_role(declaration, item, doc),
                   "nullable": item.nullable, "doc": doc.params[item.name]} for item in declaration.members]
        self.mark_lengths(declaration, params)
        self.mark_needed(declaration, params)
        self.shape(declaration, params)
        class_name = max((kind for kind, found in self.named.items()
                          if found.kind == "handle" and name.startswith(kind + "_")), key=len, default=None)
        kind = self.function_kind(declaration, params, class_name)
        if kind == "method":
            params[0]["role"] = "self"
        for item, param in zip(declaration.members, params):
            param["direction"] = self.direction(item, param["role"])
        if kind in ("init", "function"):
            class_name = None
        result = self.result(declaration, doc)
        return {"name": name, "kind": kind, "class": class_name, "method": name[len(class_name or "libllm") + 1:],
                **self.described(doc), "params": params, "result": result,
                "iterates": result is not None and "LIBLLM_DONE" in result["doc"],
                "ownership": self.ownership(declaration, doc.sections["Ownership"], kind, params),
                "threads": self.threads(declaration, doc.sections["Thread safety"]),
                "errors": self.errors(declaration, doc.sections["Errors"], params)}

    def parameter_role(self, declaration: Declaration, item: Declarator, doc: docs.Doc) -> Json:
        where = f"{declaration.name}: {item.name}"
        kind = self.kind(item.base)
        if item.base == "libllm_error":
            return {"role": "error"}
        if item.pointers == 0:
            if item.out or item.array or item.string or kind == "callback":
                self.fail(item.line, f"{where}: expected a plain value or a pointer")
            return self.value_role(item, doc.params[item.name])
        if item.owned != (kind == "handle" and item.pointers == 2 and item.out):
            self.fail(item.line, f"{where}: LIBLLM_OWNED and LIBLLM_OUT go together, on a handle ** and nowhere else")
        if item.owned:
            return {"role": "handle_out"}
        if kind == "handle":
            return {"role": "handle"}
        if not item.out:
            if not item.const and not (item.array and kind == "struct"):
                self.fail(item.line, f"{where}: a pointer that is neither const nor LIBLLM_OUT")
            return self.input_role(where, item, doc.params[item.name])
        if item.pointers == 2:
            if item.array and item.const:
                return {"role": "view_out", "length": item.array}
            self.fail(item.line, f"{where}: LIBLLM_OUT on a pointer to a pointer; expected const and LIBLLM_ARRAY(*n)")
        if item.const:
            self.fail(item.line, f"{where}: const and LIBLLM_OUT")
        if item.string:
            return {"role": "text_out", "length": item.string}
        if item.array:
            return {"role": "array_out", "length": item.array}
        return {"role": "struct_out" if kind == "struct" else "value_out"}

    def direction(self, item: Declarator, role: str) -> str:
        if item.out or role == "error":
            return "out"
        written = item.pointers == 1 and not item.const and self.kind(item.base) == "struct"
        return "inout" if written else "in"

    def mark_needed(self, declaration: Declaration, params: List[Json]) -> None:
        """The size_t that is written behind a capacity is the size that is needed."""
        for capacity, after in zip(params, params[1:]):
            if capacity["role"] == "capacity" and after["role"] == "value_out" and after["type"]["base"] == "size_t":
                after["role"] = "needed"
                after["of"] = capacity["of"]

    def shape(self, declaration: Declaration, params: List[Json]) -> None:
        """The order that every function keeps: self, inputs, options, outputs, error."""
        name = declaration.name
        roles = [param["role"] for param in params]
        assert declaration.result is not None
        returns_status = declaration.result.base == "libllm_status" and declaration.result.pointers == 0
        if ("error" in roles) != returns_status or "error" in roles[:-1]:
            self.fail(declaration.line, f"{name}: a function that returns libllm_status, and no other, ends with "
                      "libllm_error *LIBLLM_NULLABLE")
        if returns_status and not params[-1]["nullable"]:
            self.fail(declaration.line, f"{name}: the error is LIBLLM_NULLABLE")
        outputs = [role.endswith("_out") or role in ("capacity", "needed", "error") for role in roles]
        if outputs != sorted(outputs) and not declaration.name.endswith("_init"):
            self.fail(declaration.line, f"{name}: an output before an input; expected self, inputs, options, outputs, error")
        if roles.count("handle_out") > 1:
            self.fail(declaration.line, f"{name}: two handles come out; expected one")

    def function_kind(self, declaration: Declaration, params: List[Json], class_name: Optional[str]) -> str:
        roles = [param["role"] for param in params]
        if declaration.name.endswith("_init"):
            struct = declaration.name[:-len("_init")]
            if roles != ["struct_out", "value"] or params[0]["type"]["base"] != struct:
                self.fail(declaration.line, f"{declaration.name}: expected ({struct} *LIBLLM_OUT, uint32_t struct_size)")
            return "init"
        if class_name is None:
            return "function"
        if declaration.name == class_name + "_free":
            if roles != ["handle"] or not params[0]["nullable"]:
                self.fail(declaration.line, f"{declaration.name}: expected ({class_name} *LIBLLM_NULLABLE)")
            return "destructor"
        if params and roles[0] == "handle" and params[0]["type"]["base"] == class_name:
            return "method"
        if any(param["role"] == "handle_out" and param["type"]["base"] == class_name for param in params):
            return "constructor"
        return "static"

    # --- Sentences with a meaning ---------------------------------------------------------------------------------------

    def ownership(self, declaration: Declaration, text: str, kind: str, params: List[Json]) -> Json:
        """What becomes of handles and memory, and whether the sentence about it agrees with the types."""
        roles = [param["role"] for param in params]
        assert declaration.result is not None
        if kind == "destructor":
            rule, phrase = "takes", "takes the handle"
        elif "handle_out" in roles:
            rule, phrase = "caller_frees", "the caller frees the "
        elif declaration.result.pointers:
            rule, phrase = "static", "the text is static"
        elif "view_out" in roles or any(param["role"] == "struct_out" and self.holds_text(param["type"]["base"])
                                        for param in params) and kind != "init":
            rule, phrase = "borrowed", "borrowed "
        elif re.search(r" keeps .* alive", text):
            rule, phrase = "keeps", " keeps "
        else:
            rule, phrase = "none", "nothing is transferred"
        if phrase not in text:
            self.fail(declaration.line, f"{declaration.name}: Ownership: {text!r}; by its types it is {phrase!r}")
        return {"rule": rule, "text": text}

    def holds_text(self, struct: str) -> bool:
        return any(member.string for member in self.named[struct].members)

    def threads(self, declaration: Declaration, text: str) -> Json:
        """concurrent(x): many threads may call on x at once. exclusive(x): one at a time. Otherwise: any thread."""
        rules = [{"mode": mode, "param": name.split()[-1]} for mode, name in
                 re.findall(r"\b(\w+)\(((?:each )?(?!\))[a-z_]+)\)", text)]
        for rule in rules:
            if rule["mode"] not in ("concurrent", "exclusive"):
                self.fail(declaration.line, f"{declaration.name}: the thread rule {rule['mode']}({rule['param']}); expected "
                          "concurrent(...), exclusive(...) or any thread")
        if not rules and not text.startswith("any thread"):
            self.fail(declaration.line, f"{declaration.name}: the thread rule {text!r}; expected concurrent(...), "
                      "exclusive(...) or any thread")
        ruled = {rule["param"]: rule["mode"] for rule in rules}
        for item in declaration.members:
            if self.kind(item.base) != "handle" or item.pointers != 1 or not rules:
                continue
            expected = "concurrent" if item.const else "exclusive"
            if ruled.get(item.name) != expected:
                self.fail(declaration.line, f"{declaration.name}: the thread rule of {item.name}, which is "
                          f"{'const' if item.const else 'not const'}; expected {expected}({item.name})")
        names = {item.name for item in declaration.members}
        for item in declaration.members:
            if item.array and self.kind(item.base) == "struct":
                names |= {member.name for member in self.named[item.base].members}
        unknown = set(ruled) - names
        if unknown:
            self.fail(declaration.line, f"{declaration.name}: a thread rule of {', '.join(unknown)}, which is no parameter")
        return {"text": text, "rules": rules, "cancellable": "libllm_session_cancel() may run" in text}

    def errors(self, declaration: Declaration, text: str, params: List[Json]) -> Json:
        """NAME (why), NAME, those of libllm_other(); or none."""
        name = declaration.name
        found: List[Json] = []
        inherited = re.findall(r"\b(libllm_\w+)\(\)", " ".join(re.findall(r"those of ([^,;.]*)", text)))
        bare = re.sub(r"\(([^()]|\([^()]*\))*\)", lambda match: " " * len(match.group()), text)
        for match in re.finditer(r"\b[A-Z][A-Z_]+[A-Z]\b|\bIO\b", bare):
            full = "LIBLLM_ERROR_" + match.group()
            if full not in self.statuses:
                self.fail(declaration.line, f"{name}: the error {match.group()}, of which there is no {full}")
            why = re.match(r"\s*\((.*?)\)(?=[,;.]|$)", text[match.end():])
            found.append({"status": full, "doc": why.group(1) if why else None})
        returns_status = declaration.result is not None and declaration.result.base == "libllm_status" and any(
            param["role"] == "error" for param in params)
        if returns_status == (text == "none.") or not (found or inherited or text == "none."):
            self.fail(declaration.line, f"{name}: the errors {text!r}; expected names of statuses, or none for a function "
                      "that returns no status")
        for other in inherited:
            if self.kind(other) != "function":
                self.fail(declaration.line, f"{name}: those of {other}(), which does not exist")
        return {"text": text, "own": found, "of": inherited}

    def resolve_errors(self, functions: List[Json]) -> None:
        """Every error that a function can return, its own and those of others that it names."""
        by_name = {function["name"]: function for function in functions}

        def collect(name: str, seen: List[str]) -> List[str]:
            if name in seen:
                return []
            errors = by_name[name]["errors"]
            own = [entry["status"] for entry in errors["own"]]
            return own + [status for other in errors["of"] for status in collect(other, seen + [name])]

        small = "LIBLLM_ERROR_BUFFER_TOO_SMALL"
        for function in functions:
            capacity = any(param["role"] == "capacity" for param in function["params"])
            own = any(entry["status"] == small for entry in function["errors"]["own"])
            found = set(collect(function["name"], []))
            if capacity != (small in found) and (own or capacity):
                self.fail(self.named[function["name"]].line, f"{function['name']}: BUFFER_TOO_SMALL goes with a capacity")
            if not capacity:
                found.discard(small)  # of a function that this one calls, with a buffer of its own
            function["errors"]["all"] = sorted(found, key=self.statuses.index)
