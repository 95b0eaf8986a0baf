# SPDX-License-Identifier: Apache-2.0
"""Reads C++ sources as far as the checks need: includes, code without comments, function lengths."""

import re
from pathlib import Path
from typing import NamedTuple

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.MULTILINE)
_SKIPPED = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL,
)
_SCOPE = re.compile(r"^(inline\s+)?(namespace|class|struct|union|enum|extern)\b")
_MEMBER_INITIALISER = re.compile(r"\)[\w\s]*:(?!:).*[\w>]\s*$", re.DOTALL)


class Function(NamedTuple):
    name: str
    line: int  # of the opening brace, from 1
    length: int  # lines from brace to brace


def sources(root: Path) -> list[Path]:
    """Every C++ file under `root`, in a fixed order."""
    return sorted(path for path in root.rglob("*") if path.suffix in {".cpp", ".hpp"})


def code_of(text: str) -> str:
    """The text with comments emptied and literals replaced by "", line breaks kept."""

    def blank(match: re.Match) -> str:
        is_comment = match[0].startswith("/")
        return ("" if is_comment else '""') + "\n" * match[0].count("\n")

    return _SKIPPED.sub(blank, text)


def functions(text: str) -> list[Function]:
    """The outermost function bodies, found by matching braces: a heuristic, good to rank lengths."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", "", code_of(text), flags=re.MULTILINE)
    found, stack, head, parens, line = [], [], "", 0, 1
    for char in code:
        line += char == "\n"
        parens += (char == "(") - (char == ")")
        if char == "{" and parens == 0:
            stack.append(_kind(head, stack) + (line, head))
            head = head if stack[-1][0] == "initialiser" else ""
        elif char == "}" and parens == 0 and stack:
            kind, name, opened, _ = stack.pop()
            if kind == "function":
                found.append(Function(name, opened, line - opened + 1))
            head = head if kind == "initialiser" else ""
        elif char == ";" and parens == 0:
            head = ""
        elif not stack or stack[-1][0] != "initialiser":
            head += char
    return found


def _kind(head: str, stack: list) -> tuple[str, str]:
    if any(kind == "function" for kind, *_ in stack):
        return "inner", ""
    head = re.sub(r"template\s*<[^;{}]*?>\s*(?=[a-zA-Z\[])", "", head).strip()
    head = re.sub(r"^((public|private|protected)\s*:\s*)+", "", head)
    if "(" not in head or _SCOPE.match(head):
        return "scope", ""
    if _MEMBER_INITIALISER.search(head):
        return "initialiser", ""
    name = re.search(r"([\w~:]+|operator\s*\S+)\s*\(", head)
    return "function", name[1] if name else "?"
