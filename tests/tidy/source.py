# SPDX-License-Identifier: Apache-2.0
"""Just enough reading of C++ for the rules: includes, text without comments and strings, lengths of functions."""
import ast
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
# Comments, string and character literals; what is between them is code.
OPAQUE = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'', re.S)
CLASS_HEAD = re.compile(r"\b(class|struct|union|enum|namespace)\b")


class Include(NamedTuple):
    line: int
    quoted: bool
    name: str


class Function(NamedTuple):
    name: str
    line: int
    lines: int


# Bytes that a machine made: nobody reads them as text.
NO_TEXT = ("tests/fuzz/corpus/",)


class Tree:
    """The files the rules look at: path from the top -> text. Tests make one from a dictionary."""

    def __init__(self, files):
        self.files = dict(sorted(files.items()))

    @classmethod
    def of_checkout(cls, top):
        names = subprocess.run(["git", "-c", "safe.directory=*", "-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                               check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
        files = {}
        for name in filter(None, names):
            path = Path(top, name)
            if path.is_file() and not name.startswith(NO_TEXT):
                files[name] = path.read_bytes().decode("utf-8", "replace")
        return cls(files)

    def under(self, *prefixes, suffixes=()):
        return {p: t for p, t in self.files.items()
                if p.startswith(prefixes) and (not suffixes or p.endswith(tuple(suffixes)))}

    def cxx(self, *prefixes):
        return self.under(*(prefixes or ("agent/", "plugins/", "tests/")), suffixes=(".h", ".cc", ".c"))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def includes(text):
    return [Include(line_of(text, m.start()), m[1] == '"', m[2]) for m in INCLUDE.finditer(text)]


def code_only(text):
    """The text with comments and literals blanked out and preprocessor lines removed; line numbers stay."""
    blank = OPAQUE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), blank, flags=re.M)


def closing(code, start):
    """Offset of the brace that closes the one at start; the end of the text when there is none."""
    depth = 0
    for i in range(start, len(code)):
        if code[i] == "{":
            depth += 1
        elif code[i] == "}":
            depth -= 1
            if depth == 0:
                return i
    return len(code) - 1


def is_member_initialiser(head):
    """In `X::X() : a_{1}, b_{2} {` the first two braces are values; the body follows `)` or `}`."""
    past_arguments = head[head.rfind(")") + 1:] if re.search(r"\)\s*:", head) else None
    return bool(re.search(r"\)\s*(noexcept\s*)?:[^:]", head)) and past_arguments is not None and \
        bool(re.search(r"[\w>]\s*$", head))


def cxx_functions(text):
    """Functions at namespace or class scope, lambdas of theirs counted as part of them."""
    code, found, begin, i = code_only(text), [], 0, 0
    while i < len(code):
        char = code[i]
        if char in ";}":
            begin = i + 1
        elif char == "{":
            head = code[begin:i]
            if is_member_initialiser(head):
                i = closing(code, i)  # head grows on; the body is still to come
            elif CLASS_HEAD.search(head) and not re.search(r"\)\s*(const\b|noexcept\b|override\b|->|$)", head):
                begin = i + 1
            elif 'extern' in head and "(" not in head:
                begin = i + 1
            else:
                end = closing(code, i)
                if "(" in head:
                    found.append(Function(function_name(text[begin:i]), line_of(code, i),
                                          code.count("\n", i, end) + 1))
                begin, i = end + 1, end
        i += 1
    return found


def function_name(head):
    name = re.search(r'TEST_CASE\w*\(\s*"([^"]*)', head) or re.search(r"([\w:~]+)\s*\(", head)
    return name[1] if name else "?"


def python_functions(text):
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [Function(n.name, n.lineno, n.end_lineno - n.lineno + 1) for n in nodes]
