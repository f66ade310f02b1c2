# SPDX-License-Identifier: Apache-2.0
"""Mutator: puts every mutant of a source file into one text, each behind a switch, by the syntax tree and no choice of ours.

    operator   < <= > >= == !=  && ||  + - * /  += -= : the neighbour of each
    condition  of if, while and ?: negated
    literal    a number one larger, true and false exchanged
    statement  a call or an assignment left out

A mutant is switched on by its number (SAMPAN_MUTANT); without it the program is what it was.
"""
import re
from dataclasses import dataclass

import clang.cindex
from clang.cindex import CursorKind as Kind
from clang.cindex import TypeKind

NEIGHBOURS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+", "*": "+", "/": "*",
              "+=": "-=", "-=": "+="}
HEAD = """extern const int sampan_mutant;
bool sampan_reached(int number);
#define SAMPAN_MUTANT(number) (sampan_reached(number) && sampan_mutant == (number))
"""
BODIES = {Kind.FUNCTION_DECL, Kind.CXX_METHOD, Kind.CONSTRUCTOR, Kind.DESTRUCTOR, Kind.FUNCTION_TEMPLATE, Kind.LAMBDA_EXPR}
CONSTANT = {Kind.STATIC_ASSERT, Kind.ENUM_DECL, Kind.TEMPLATE_NON_TYPE_PARAMETER, Kind.ALIGNED_ATTR}


@dataclass
class Mutant:
    number: int
    file: str
    line: int
    kind: str
    what: str


class File:
    """One source file; edits are kept as (offset, order, text) and applied from the end."""

    def __init__(self, path, name, arguments, next_number):
        self.path, self.name, self.next = path, name, next_number
        self.source = path.read_bytes()
        self.mutants, self.edits = [], []
        unit = clang.cindex.Index.create().parse(str(path), args=arguments)
        self.errors = [d for d in unit.diagnostics if d.severity >= 3]
        for cursor in unit.cursor.get_children():
            if cursor.location.file and cursor.location.file.name == str(path):
                self.walk(cursor, False, None)

    def span(self, cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def text(self, begin, end):
        return self.source[begin:end].decode("utf-8")

    def mutant(self, cursor, kind, what):
        number = self.next
        self.next += 1
        self.mutants.append(Mutant(number, self.name, cursor.extent.start.line, kind, " ".join(what.split())))
        return number

    def wrap(self, begin, end, before, after):
        # Of two edits at one place the outer one stands outside.
        self.edits.append((begin, 0, -(end - begin), before))
        self.edits.append((end, -1, end - begin, after))

    def is_macro(self, begin, end):
        return re.search(r"\b[A-Z]{3,}[A-Z_]*\(", self.text(begin, end)) is not None or b"SAMPAN_ASSERT" in self.line_of(begin)

    def line_of(self, at):
        return self.source[self.source.rfind(b"\n", 0, at) + 1:(self.source.find(b"\n", at) + 1 or len(self.source))]

    def walk(self, cursor, inside, parent):
        if cursor.kind in CONSTANT:
            return
        if cursor.kind == Kind.VAR_DECL and b"constexpr" in self.source[slice(*self.span(cursor))].split(b"=")[0]:
            return
        if cursor.kind in BODIES:
            begin, end = self.span(cursor)
            if b"constexpr" in self.source[begin:end].split(b"{")[0]:
                return
            inside = True
        if inside:
            self.consider(cursor, parent)
        children = list(cursor.get_children())
        for child in children[1:] if cursor.kind == Kind.CASE_STMT else children:  # a label is a constant
            self.walk(child, inside, cursor)

    def consider(self, cursor, parent):
        begin, end = self.span(cursor)
        if begin >= end or self.is_macro(begin, end):
            return
        if cursor.kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR):
            self.operator(cursor, begin, end)
        elif cursor.kind in (Kind.IF_STMT, Kind.WHILE_STMT, Kind.CONDITIONAL_OPERATOR):
            self.condition(cursor)
        elif cursor.kind in (Kind.INTEGER_LITERAL, Kind.CXX_BOOL_LITERAL_EXPR):
            self.literal(cursor, begin, end, parent)
        if parent is not None and parent.kind == Kind.COMPOUND_STMT:
            self.statement(cursor, begin, end)

    def operator(self, cursor, begin, end):
        parts = list(cursor.get_children())
        if len(parts) != 2:
            return
        left, right = self.span(parts[0]), self.span(parts[1])
        sign = self.text(left[1], right[0]).strip()
        if sign not in NEIGHBOURS or left[0] != begin or right[1] != end:
            return
        other = NEIGHBOURS[sign]
        if sign in ("+", "-", "*", "/", "+=", "-=") and not self.is_number(cursor):
            return
        number = self.mutant(cursor, "operator", f"{self.text(begin, end)}  [{sign} -> {other}]")
        # Both forms in full, so that types and order of evaluation stay; what is inside is switched in the first.
        self.wrap(begin, end, f"(SAMPAN_MUTANT({number}) ? ({self.text(*left)} {other} {self.text(*right)}) : (", "))")

    def is_number(self, cursor):
        return cursor.type.get_canonical().kind.name in ("INT", "UINT", "LONG", "ULONG", "LONGLONG", "ULONGLONG", "DOUBLE", "USHORT", "UCHAR")

    def condition(self, cursor):
        parts = list(cursor.get_children())
        first = parts[0] if parts else None
        if first is None or first.kind in (Kind.DECL_STMT, Kind.VAR_DECL) or (cursor.kind == Kind.IF_STMT and self.has_init(cursor)):
            return
        begin, end = self.span(first)
        if begin >= end or self.is_macro(begin, end):
            return
        number = self.mutant(first, "condition", f"{self.text(begin, end)}  [negated]")
        self.wrap(begin, end, f"(SAMPAN_MUTANT({number}) != static_cast<bool>(", "))")

    def has_init(self, cursor):
        begin, end = self.span(cursor)
        text = self.text(begin, end)
        depth = 0
        for i, c in enumerate(text):
            depth += (c == "(") - (c == ")")
            if c == ";" and depth == 1:
                return True
            if c == ")" and depth == 0:
                return text.startswith("if constexpr")
        return True

    def literal(self, cursor, begin, end, parent):
        text = self.text(begin, end)
        if parent is not None and parent.kind in (Kind.TEMPLATE_REF, Kind.TYPE_REF, Kind.INIT_LIST_EXPR):
            return
        if parent is not None and parent.kind == Kind.VAR_DECL and parent.type.kind == TypeKind.CONSTANTARRAY:
            return  # the size of it
        if text in ("true", "false"):
            number = self.mutant(cursor, "literal", f"{self.line_of(begin).decode().strip()}  [{text} -> {'false' if text == 'true' else 'true'}]")
            self.wrap(begin, end, f"(SAMPAN_MUTANT({number}) != ", ")")
        elif re.fullmatch(r"\d+(u|ull|ul|l|ll)?", text):
            number = self.mutant(cursor, "literal", f"{self.line_of(begin).decode().strip()}  [{text} -> one more]")
            self.wrap(begin, end, f"(SAMPAN_MUTANT({number}) ? {text} + 1 : ", ")")

    def statement(self, cursor, begin, end):
        is_call = cursor.kind == Kind.CALL_EXPR
        is_set = cursor.kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR, Kind.UNARY_OPERATOR)
        rest = self.source[end:end + 2]
        text = self.text(begin, end)
        if not (is_call or is_set) or not rest.startswith(b";") or "co_" in text:
            return
        number = self.mutant(cursor, "statement", f"{text};  [left out]")
        self.wrap(begin, end + 1, f"if (!SAMPAN_MUTANT({number})) {{ ", " }")

    def mutated(self, without=()):
        """The text with every mutant but some; and for each of its lines the mutants on it."""
        dropped = set(without)

        def kept(edit):
            found = re.search(r"SAMPAN_MUTANT\((\d+)\)", edit)
            return not found or int(found[1]) not in dropped
        pairs = [(self.edits[i], self.edits[i + 1]) for i in range(0, len(self.edits), 2) if kept(self.edits[i][3])]
        edits = sorted((edit for pair in pairs for edit in pair), key=lambda e: e[:3])
        out, at = [], 0
        for offset, _, _, text in edits:
            out += [self.source[at:offset].decode("utf-8"), text]
            at = offset
        out.append(self.source[at:].decode("utf-8"))
        return HEAD + f'#line 1 "{self.path}"\n' + "".join(out)
