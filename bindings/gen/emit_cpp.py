# SPDX-License-Identifier: MIT
"""C++17: libllm/api.hpp, one class for every error, handle, struct and enum. The low layer is libllm.h itself."""
from typing import Dict, List

from cpp_bodies import Bodies, safe, wrapped
from emitting import NOTICE, Json, bare, call, class_functions, comment, find, pascal, value_names, variant

PATH = "bindings/cpp/include/libllm/api.hpp"


def emit(api: Json) -> Dict[str, str]:
    return {PATH: Classes(api).text()}


def documented(indent: str, text: str) -> List[str]:
    return comment(text, indent + "/// ").split("\n")


def error_name(status: str) -> str:
    words = pascal(status[len("LIBLLM_ERROR_"):].lower())
    return words if words.endswith("Error") else words + "Error"


class Classes(Bodies):
    def text(self) -> str:
        shown = [struct for struct in self.api["structs"] if struct["name"] != "libllm_error"]
        lines = ["/* SPDX-License-Identifier: MIT", " *",
                 *comment(f"Every object and function of the library. {NOTICE} This layer adds nothing to libllm.h; "
                          "libllm.hpp is what programs include.", " * ").split("\n"), " */",
                 "#ifndef LIBLLM_API_HPP", "#define LIBLLM_API_HPP", "", '#include "core.hpp"', "",
                 "namespace libllm", "{", ""]
        lines += [f"class {pascal(handle['name'])};" for handle in self.api["handles"]]
        lines += ["", *self.errors()]
        for constant in self.api["constants"]:
            lines += ["", *documented("", constant["doc"]),
                      f"inline constexpr std::uint32_t {bare(constant['name'])} = {constant['name']};"]
        for enum in self.api["enums"]:
            if enum["name"] != "libllm_status":
                lines += ["", *self.enum(enum)]
        for struct in shown:
            lines += ["", *self.struct(struct)]
        for handle in self.api["handles"]:
            lines += ["", *self.handle(handle)]
        for function in class_functions(self.api, None):
            lines += ["", *self.declaration(function, "")]
        lines += ["", "// --- What is behind it " + "-" * 95, "", "namespace detail", "{", "", *self.fail()]
        for struct in shown:
            lines += ["", *(self.from_c(struct) if self.is_output(struct) else self.fill(struct))]
        lines += ["", "} // namespace detail"]
        for struct in shown:
            if struct["init"]:
                lines += ["", *self.defaults(struct)]
        for _, function in self.functions:
            lines += ["", *self.definition(function)]
        return "\n".join(map(wrapped, lines + ["", "} // namespace libllm", "", "#endif", ""]))

    # --- Errors and enums -------------------------------------------------------------------------------------------

    def statuses(self) -> List[Json]:
        return [value for value in find(self.api["enums"], "libllm_status")["values"] if value["value"] < 0]

    def errors(self) -> List[str]:
        lines: List[str] = []
        for value in self.statuses():
            name = error_name(value["name"])
            short = value["name"][len("LIBLLM_ERROR_"):]
            lines += ([""] if lines else []) + [
                *documented("", value["doc"]), f"class {name} : public Error", "{", "  public:",
                f"    explicit {name}(const std::string &message) : Error({value['name']}, \"{short}\", message)",
                "    {", "    }", "};"]
        return lines

    def fail(self) -> List[str]:
        lines = ["[[noreturn]] inline void fail(std::int32_t status, const std::string &message)", "{",
                 "    switch (status) {"]
        for value in self.statuses():
            lines += [f"    case {value['name']}:", f"        throw {error_name(value['name'])}(message);"]
        return lines + ["    default:", "        throw Error(status, \"ERROR\", message);", "    }", "}"]

    def enum(self, enum: Json) -> List[str]:
        lines = [*documented("", enum["doc"]), f"enum class {pascal(enum['name'])} : std::int32_t {{"]
        for value, name in zip(enum["values"], value_names(enum).values()):
            lines += [*documented("    ", value["doc"]), f"    {variant(name)} = {value['value']},"]
        return lines + ["};"]

    # --- Structs ----------------------------------------------------------------------------------------------------

    def struct(self, struct: Json) -> List[str]:
        lines = [*documented("", struct["doc"]), f"struct {pascal(struct['name'])} {{"]
        if struct["init"]:
            lines += ["    /// The library's defaults.", f"    {pascal(struct['name'])}();", ""]
        for field in self.visible(struct):
            kind = self.field_type(field)
            value = " = {}" if field["role"] in ("value", "handle") else ""
            lines += [*documented("    ", field["doc"]),
                      f"    {kind}{'' if kind.endswith('*') else ' '}{safe(field['name'])}{value};"]
        return lines + ["};"]

    # --- Handles and functions --------------------------------------------------------------------------------------

    def handle(self, handle: Json) -> List[str]:
        name = pascal(handle["name"])
        lines = [*documented("", handle["doc"]), f"class {name} : public detail::Handle", "{", "  public:",
                 "    /// Takes over a handle of the C interface.",
                 f"    explicit {name}({handle['name']} *pointer, detail::State::Kept kept = {{}})",
                 f"        : Handle(\"{bare(handle['name'])}\", pointer, {handle['free']}, std::move(kept))",
                 "    {", "    }"]
        for function in class_functions(self.api, handle["name"]):
            lines += ["", *self.declaration(function, "    ")]
            if function["iterates"]:
                lines += self.iterator(function)
        return lines + ["};"]

    def iterator(self, function: Json) -> List[str]:
        """begin() and end(), so that the object is a range. The item that ends it is its last."""
        item = self.results(function)[1][0]
        owner = pascal(function["class"])
        return f"""
    /// Iterates over what {function['method']}() gives. The last item is the one that comes with the end.
    class iterator
    {{
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = {item};
        using difference_type = std::ptrdiff_t;
        using pointer = const {item} *;
        using reference = const {item} &;

        iterator() = default;
        explicit iterator({owner} &owner) : owner_(&owner) {{ ++*this; }}
        reference operator*() const {{ return item_; }}
        pointer operator->() const {{ return &item_; }}
        iterator &operator++()
        {{
            if (more_)
                std::tie(more_, item_) = owner_->{function['method']}();
            else
                owner_ = nullptr;
            return *this;
        }}
        iterator operator++(int)
        {{
            iterator before = *this;
            ++*this;
            return before;
        }}
        friend bool operator==(const iterator &a, const iterator &b) {{ return a.owner_ == b.owner_; }}
        friend bool operator!=(const iterator &a, const iterator &b) {{ return !(a == b); }}

      private:
        {owner} *owner_ = nullptr;
        bool more_ = true;
        {item} item_;
    }};
    iterator begin() {{ return iterator(*this); }}
    iterator end() {{ return iterator(); }}""".split("\n")

    def declaration(self, function: Json, indent: str) -> List[str]:
        lines = documented(indent, function["doc"])
        for param in call(function).inputs:
            lines += documented(indent, f"@param {safe(param['name'])} {param['doc']}")
        if function["errors"]["text"] != "none.":
            lines += documented(indent, f"@throws Error {function['errors']['text']}")
        lines += documented(indent, f"Thread safety: {function['threads']['text']}")
        static = "static " if function["kind"] in ("constructor", "static") else ""
        return lines + [f"{indent}{static}{self.signature(function, '', True)};"]
