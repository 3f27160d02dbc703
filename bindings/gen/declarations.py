# SPDX-License-Identifier: MIT
"""Tokens of the header to declarations: what is written there, without asking whether it makes sense together."""
import re
from dataclasses import dataclass, field
from typing import Dict, List, NoReturn, Optional

from lexer import HeaderError, Token, tokens

PRIMITIVES = ("void", "char", "int32_t", "uint32_t", "int64_t", "uint64_t", "size_t", "float", "double")
FLAGS = {"LIBLLM_NULLABLE": "nullable", "LIBLLM_OWNED": "owned", "LIBLLM_OUT": "out"}
LENGTHS = {"LIBLLM_ARRAY": "array", "LIBLLM_STRING": "string"}
# Directives that carry no declaration, and the macros that are annotations; both are part of the header's form.
IGNORED = re.compile(r"#(ifndef LIBLLM_LIBLLM_H|define LIBLLM_LIBLLM_H|include <std(def|int)\.h>|ifdef __cplusplus|endif"
                     r"|define LIBLLM_API .*|define LIBLLM_(NULLABLE|OWNED|OUT|ARRAY\(n\)|STRING\(n\)))$")
VERSION = re.compile(r"#define LIBLLM_VERSION_(MAJOR|MINOR|PATCH) (\d+)$")
CONSTANT = re.compile(r"#define (LIBLLM_\w+) (\d+|0x[0-9a-fA-F]+)u$")


@dataclass
class Declarator:
    """A type and a name: a parameter, a field, or the result of a function (without a name)."""
    name: str
    base: str
    line: int
    const: bool = False
    pointers: int = 0
    inner_const: bool = False  # of `const char *const *`, the second
    count: Optional[int] = None
    nullable: bool = False
    owned: bool = False
    out: bool = False
    array: Optional[str] = None
    string: Optional[str] = None
    doc: Optional[str] = None


@dataclass
class Declaration:
    """kind is constant, enum, struct, handle, callback or function."""
    kind: str
    name: str
    line: int
    doc: Optional[str] = None
    value: int = 0
    members: List[Declarator] = field(default_factory=list)
    values: List["Declaration"] = field(default_factory=list)
    result: Optional[Declarator] = None


@dataclass
class Header:
    path: str
    version: Dict[str, int] = field(default_factory=dict)
    declarations: List[Declaration] = field(default_factory=list)


class Parser:
    def __init__(self, path: str, text: str):
        self.path = path
        self.tokens = tokens(path, text)
        self.position = 0

    def fail(self, message: str, line: Optional[int] = None) -> NoReturn:
        at = min(self.position, len(self.tokens) - 1)
        raise HeaderError(self.path, line or (self.tokens[at].line if self.tokens else 1), message)

    def peek(self) -> Token:
        if self.position == len(self.tokens):
            self.fail("the file ends within a declaration")
        return self.tokens[self.position]

    def next(self) -> Token:
        token = self.peek()
        self.position += 1
        return token

    def accept(self, text: str) -> bool:
        found = self.position < len(self.tokens) and self.tokens[self.position].text == text
        self.position += found
        return found

    def expect(self, text: str) -> None:
        token = self.peek()
        if not self.accept(text):
            self.fail(f"found {token.text!r}, expected {text!r}")

    def name(self, prefix: str = "") -> str:
        token = self.peek()
        if token.kind != "name" or not token.text.startswith(prefix):
            self.fail(f"found {token.text!r}, expected a name" + (f" that starts with {prefix}" if prefix else ""))
        return self.next().text

    def number(self) -> int:
        token = self.next()
        if token.kind != "number":
            self.fail(f"found {token.text!r}, expected a number", token.line)
        return int(token.text.rstrip("uU"), 0)

    def doc(self) -> Optional[str]:
        """The doc block here, if there is one. A second one belongs to nothing."""
        if self.peek().kind != "doc":
            return None
        text = self.next().text
        if self.peek().kind == "doc":
            self.fail("a second description; the one before it belongs to nothing")
        return text

    def header(self) -> Header:
        header = Header(self.path)
        while self.position < len(self.tokens):
            if self.tokens[self.position].kind == "doc" and self.position + 1 == len(self.tokens):
                self.fail("a description of nothing")
            doc = self.doc()
            token = self.peek()
            if token.kind == "directive":
                self.directive(header, doc)
            elif self.accept("extern"):
                self.expect('"C"')
                self.expect("{")
            elif doc is None and self.accept("}"):
                pass
            elif self.accept("typedef"):
                header.declarations.append(self.typedef(doc, token.line))
            elif self.accept("LIBLLM_API"):
                header.declarations.append(self.function(doc, token.line))
            else:
                self.fail(f"found {token.text!r}, expected a typedef, LIBLLM_API or a constant")
        return header

    def directive(self, header: Header, doc: Optional[str]) -> None:
        token = self.next()
        version, constant = VERSION.match(token.text), CONSTANT.match(token.text)
        if version:
            header.version[version.group(1).lower()] = int(version.group(2))
        elif constant:
            header.declarations.append(
                Declaration("constant", constant.group(1), token.line, doc, int(constant.group(2), 0)))
        elif doc is not None or not IGNORED.match(token.text):
            self.fail(f"found {token.text!r}, expected a constant such as #define LIBLLM_NAME 1u", token.line)

    def typedef(self, doc: Optional[str], line: int) -> Declaration:
        if self.accept("enum"):
            return self.enum(doc, line)
        if self.accept("struct"):
            return self.struct(doc, line)
        result = self.type()
        self.expect("(")
        self.expect("*")
        declaration = Declaration("callback", self.name("libllm_"), line, doc, result=result)
        self.expect(")")
        declaration.members = self.parameters()
        self.expect(";")
        return declaration

    def repeated_name(self, name: str) -> None:
        again = self.name("libllm_")
        if again != name:
            self.fail(f"the type is named {name} and {again}; expected one name")
        self.expect(";")

    def enum(self, doc: Optional[str], line: int) -> Declaration:
        declaration = Declaration("enum", self.name("libllm_"), line, doc)
        self.expect("{")
        while not self.accept("}"):
            value_doc = self.doc()
            value_line = self.peek().line
            value = Declaration("value", self.name("LIBLLM_"), value_line, value_doc)
            self.expect("=")
            value.value = self.number()
            declaration.values.append(value)
            if not self.accept(","):
                self.expect("}")
                break
        self.repeated_name(declaration.name)
        return declaration

    def struct(self, doc: Optional[str], line: int) -> Declaration:
        name = self.name("libllm_")
        if not self.accept("{"):
            self.repeated_name(name)
            return Declaration("handle", name, line, doc)
        declaration = Declaration("struct", name, line, doc)
        while not self.accept("}"):
            field_doc = self.doc()
            member = self.declarator()
            member.doc = field_doc
            if self.accept("["):
                member.count = self.number()
                self.expect("]")
            self.expect(";")
            declaration.members.append(member)
        self.repeated_name(name)
        return declaration

    def function(self, doc: Optional[str], line: int) -> Declaration:
        result = self.type()
        declaration = Declaration("function", self.name("libllm_"), line, doc, result=result)
        declaration.members = self.parameters()
        self.expect(";")
        return declaration

    def parameters(self) -> List[Declarator]:
        self.expect("(")
        if [token.text for token in self.tokens[self.position:self.position + 2]] == ["void", ")"]:
            self.position += 2
            return []
        found = [self.declarator()]
        while self.accept(","):
            found.append(self.declarator())
        self.expect(")")
        return found

    def declarator(self) -> Declarator:
        declarator = self.type()
        declarator.name = self.name()
        return declarator

    def type(self) -> Declarator:
        """A base type, then stars and annotations in any order up to the name."""
        line = self.peek().line
        const = self.accept("const")
        base = self.name()
        if base not in PRIMITIVES and not base.startswith("libllm_"):
            self.fail(f"type {base}; expected one of {', '.join(PRIMITIVES)} or one that starts with libllm_", line)
        found = Declarator("", base, line, const)
        while True:
            token = self.peek()
            if self.accept("*"):
                found.pointers += 1
            elif self.accept("const"):
                found.inner_const = True
            elif token.text in FLAGS:
                self.annotate(found, FLAGS[self.next().text], True)
            elif token.text in LENGTHS:
                self.next()
                self.expect("(")
                star = "*" if self.accept("*") else ""
                self.annotate(found, LENGTHS[token.text], star + self.name())
                self.expect(")")
            else:
                return found

    def annotate(self, declarator: Declarator, name: str, value: object) -> None:
        if getattr(declarator, name):
            self.fail(f"LIBLLM_{name.upper()} is there twice")
        setattr(declarator, name, value)


def parse(path: str, text: str) -> Header:
    return Parser(path, text).header()
