"""Sentences that YAML broke: a comma, a colon and space, a question mark, a brace or ` #` that meant something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from runbook.model.text import _

_ENTRY = re.compile(r"(\s*(?:- +)?[A-Za-z_][\w.-]*: +)(\S.*)")
_MAP_WRITTEN_OUT = re.compile(
    r"[ -]*(when|next|expect|approval|verify|with|repeatable|recovered|clocks): ([\w./-]+: [^:]*)"
)
"""A key whose value is a map, and the map without its braces."""
_STARTERS = "{}[]%@`&*!|>\"'"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a text is no YAML, in plain words; `repair` is the line with its sentence in quotes, where that helps."""

    line: int
    column: int
    code: str
    message: str
    repair: str = ""


def question_mark() -> str:
    """The pure-Python parser ends a text at `?` between braces; the C one does not. So it is refused for both."""
    return _(
        "expected a whole sentence, found `?` between braces or brackets: put the sentence in quotes or on a line of its own"
    )


def _closed(value: str) -> bool:
    """Whether a value in braces or brackets ends on its own line."""
    return value[:1] + value.rstrip()[-1:] in ("{}", "[]")


def cut(text: str, rest: str) -> bool:
    """Whether ` #` cut a sentence: one space before it, as inside a sentence; a comment stands two spaces away."""
    return " " in text and rest.startswith(" #")


def plain_sentence(text: str, rest: str, key: str, *, flow: bool) -> str:
    """What broke a scalar without quotes, else nothing. `rest` is what follows it on its line, `key` its key."""
    if cut(text, rest):
        return _(
            "expected a whole sentence, found ` #`, which begins a comment: put the sentence in quotes (or two spaces before a comment)"
        )
    if not flow:
        return ""
    if "?" in text or "?" in key:
        return question_mark()
    if not text and " " in key.strip():
        return _(
            "expected a whole sentence, found a comma, which ended it before {rest!r}: put the sentence in quotes or on a line of its own"
        ).format(rest=key)
    return ""


def explained(error: Any, lines: list[str]) -> Cause:
    """The parser's error in plain words. Both parsers (C and pure Python) give the same sentence."""
    problem = str(getattr(error, "problem", "") or error)
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None:
        return Cause(1, 1, "E-YAML", _other(problem))
    fault = _Fault(problem, lines, min(mark.line, len(lines) - 1), mark.column, context)
    return fault.colon() or fault.token() or fault.unclosed() or fault.sentence() or fault.layout()


def _other(problem: str) -> str:
    return _("expected YAML, found what the parser calls: {problem}").format(problem=problem)


@dataclass(frozen=True)
class _Fault:
    """A parser's error: its words, the file's lines, and where it was noticed (counted from 0). Each method knows one sort of it."""

    problem: str
    lines: list[str]
    number: int
    column: int
    context: Any

    @property
    def line(self) -> str:
        return self.lines[self.number]

    @property
    def entry(self) -> re.Match[str] | None:
        return _ENTRY.fullmatch(self.line)

    @property
    def value(self) -> str:
        return self.entry[2] if self.entry else ""

    def says(self, *parts: str) -> bool:
        return any(part in self.problem for part in parts)

    def at(self, line: int, column: int, message: str) -> Cause:
        return Cause(line + 1, column + 1, "E-YAML", message)

    def broke(self, message: str, column: int, *, repair: bool = True) -> Cause:
        entry = self.entry if repair else None
        quoted = entry[1] + "'" + entry[2].rstrip().replace("'", "''") + "'" if entry else ""
        return Cause(self.number + 1, column + 1, "E-TEXT-BROKEN", message, quoted)

    def began_with(self, letter: str, column: int) -> Cause:
        sentence = _("expected a sentence, found {letter} at its beginning: put the sentence in quotes")
        return self.broke(sentence.format(letter=letter), column)

    def colon(self) -> Cause | None:
        """A colon and space inside a sentence, or a key with the colon of a Chinese keyboard."""
        if not self.says("mapping values are not allowed"):
            return None
        wide = "：" in self.line[: self.column] or (self.number > 0 and "：" in self.lines[self.number - 1])
        if wide:
            return self.at(
                self.number, self.column, _("expected a colon and a space after the key, found a full-width colon")
            )
        if self.line.find(": ") in (-1, self.column):
            return self.at(self.number, self.column, _indentation())
        if entry := _MAP_WRITTEN_OUT.fullmatch(self.line):
            sentence = _("expected a map, found a second colon: put braces around it, `{key}: {{{inside}}}`")
            return self.broke(sentence.format(key=entry[1], inside=entry[2].strip()), self.column, repair=False)
        return self.broke(
            _("expected a sentence, found a colon and a space inside it: put the sentence in quotes"), self.column
        )

    def token(self) -> Cause | None:
        """A character that begins nothing; a line without a key."""
        if self.says("cannot start any token", "tab character"):
            if "\t" in self.line[: self.column + 1]:
                return self.at(
                    self.number, self.column, _("expected spaces, found a tab: YAML is not indented with tabs")
                )
            return self.began_with(self.line[self.column : self.column + 1], self.column)
        if not self.says("could not find expected ':'") or self.context is None:
            return None
        begun = self.lines[self.context.line]
        if "：" in begun:
            wide = _("expected a colon and a space after the key, found a full-width colon")
            return self.at(self.context.line, begun.index("："), wide)
        return self.at(self.context.line, self.context.column, _("expected `key: value`, found a line without a key"))

    def unclosed(self) -> Cause | None:
        """A quote, brace or bracket that was opened and not closed."""
        if self.says("end of stream", "end of the stream") and self.context:
            message = _("expected a closing quote, found the end of the file")
            return self.at(self.context.line, self.context.column, message)
        if not self.says("',' or"):
            return None
        if self.line[self.column : self.column + 1] == "?":
            return self.broke(question_mark(), self.column, repair=_closed(self.value))
        if self.context and self.context.line < self.number:
            sentence = _("expected the closing brace or bracket of line {line}, found the next key")
            return self.at(self.number, self.column, sentence.format(line=self.context.line + 1))
        sentence = _(
            "expected a comma or the closing brace or bracket: a sentence with a colon, `?`, brace, bracket or quote inside "
            "needs quotes around it"
        )
        return self.broke(sentence, self.column, repair=_closed(self.value))

    def sentence(self) -> Cause | None:
        """A sentence that begins with a character of YAML's own."""
        if self.says("unknown escape"):
            message = _("expected no backslash in double quotes, or one that YAML knows: use single quotes")
            return self.at(self.number, max(self.line.find("\\"), 0), message)
        if self.entry and self.value[0] in _STARTERS and self.column >= len(self.entry[1]):
            return self.began_with(self.value[0], len(self.entry[1]))
        return None

    def layout(self) -> Cause:
        """Indentation and lists; else the parser's own words."""
        if self.says("block end", "expected key", "'-' indicator", "document start"):
            return self.at(self.number, self.column, _indentation())
        if self.says("node content"):
            message = _("expected a value or the closing brace or bracket, found neither")
            return self.at(self.number, self.column, message)
        if self.says("sequence entries are not allowed"):
            return self.at(
                self.number, self.column, _("expected the list on a line of its own, found `-` behind a key")
            )
        return self.at(self.number, self.column, _other(self.problem))


def _indentation() -> str:
    return _("expected the same indentation as the keys before it, found another")
