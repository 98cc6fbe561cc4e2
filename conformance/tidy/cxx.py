"""C++ text made fit for searching: comments and literals blanked, line and column numbers kept.

It is a lexer of a few states, no parser: enough that a rule never trips over a word in a comment, a
string or a raw string. A line whose comment says `tidy: REASON` is excused from every rule; the
reason is for the reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
      (?P<line>//[^\n]*)
    | (?P<block>/\*.*?\*/)
    | (?P<raw>\b(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
    | (?P<digits>\b\d[\w.']*)
    | (?P<text>"(?:\\.|[^"\\\n])*")
    | (?P<char>'(?:\\.|[^'\\\n])*')
    """,
    re.VERBOSE | re.DOTALL,
)
_EXCUSE = re.compile(r"tidy:\s*\S")


@dataclass
class Cxx:
    """A C++ file as the rules see it."""

    path: str
    text: str
    #: The text with comments and literals blanked.
    code: str = ""
    #: Numbers of the lines that carry a reason.
    excused: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        def blank(match: re.Match[str]) -> str:
            kind, found = match.lastgroup, match.group()
            if kind == "mark":
                kind = "raw"
            if kind == "digits":
                return found
            if kind in ("line", "block") and _EXCUSE.search(found):
                self.excused.add(self.line_at(match.start()))
            # Quotes stay, so that `#include "x"` and calls keep their shape.
            keep = '"' if kind in ("text", "raw") else ""
            inner = re.sub(r"[^\n]", " ", found)
            return keep + inner[len(keep) : len(inner) - len(keep)] + keep

        self.code = _TOKEN.sub(blank, self.text)

    def line_at(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def includes(self) -> list[tuple[int, str]]:
        """(line, path) of each include of one of our own files."""
        found = re.finditer(r'^\s*#\s*include\s*"([^"]+)"', self.text, re.MULTILINE)
        return [(self.line_at(match.start(1)), match.group(1)) for match in found]
