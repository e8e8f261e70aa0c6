"""Sentences that YAML broke: a comma, a colon and space, a question mark, a brace or ` #` that meant something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from runbook.model.text import _

_ENTRY = re.compile(r"(\s*(?:- +)?[A-Za-z_][\w.-]*: +)(\S.*)")
_STARTERS = "{}[]%@`&*!|>\"'"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a text is no YAML, in plain words; `repair` is the line with its sentence in quotes, where that helps."""

    line: int
    column: int
    code: str
    message: str
    repair: str = ""


def quote_hint() -> str:
    """What helps against every one of them."""
    return _("a sentence that begins like this needs quotes around it")


def question_mark() -> str:
    """The pure-Python parser ends a text at `?` between braces; the C one does not. So it is refused for both."""
    return _("expected a whole sentence, found `?` between braces or brackets: put the sentence in quotes or on a line of its own")


def _closed(value: str) -> bool:
    """Whether a value in braces or brackets ends on its own line."""
    return value[:1] + value.rstrip()[-1:] in ("{}", "[]")


def cut(text: str, rest: str) -> bool:
    """Whether ` #` cut a sentence: one space before it, as inside a sentence; a comment stands two spaces away."""
    return " " in text and re.match(r" #", rest) is not None


def plain_sentence(text: str, rest: str, key: str, *, flow: bool) -> str:
    """What broke a scalar without quotes, else nothing. `rest` is what follows it on its line, `key` its key."""
    if cut(text, rest):
        return _("expected a whole sentence, found ` #`, which begins a comment: put the sentence in quotes (or two spaces before a comment)")
    if not flow:
        return ""
    if "?" in text or "?" in key:
        return question_mark()
    if not text and " " in key.strip():
        return _("expected a whole sentence, found a comma, which ended it before {rest!r}: put the sentence in quotes or on a line of its own").format(rest=key)
    return ""


def explained(error: Any, lines: list[str]) -> Cause:
    """The parser's error in plain words. Both parsers (C and pure Python) give the same sentence."""
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", "") or error)
    number = min(mark.line, len(lines) - 1) if mark else 0
    column = mark.column if mark else 0
    line = lines[number]

    def cause(code: str, message: str, *, at: int = column, repair: bool = False) -> Cause:
        entry = _ENTRY.fullmatch(line) if repair else None
        quoted = entry[1] + "'" + entry[2].rstrip().replace("'", "''") + "'" if entry else ""
        return Cause(number + 1, at + 1, code, message, quoted)

    entry = _ENTRY.fullmatch(line)
    value = entry[2] if entry else ""
    value_at = len(entry[1]) if entry else column
    if "mapping values are not allowed" in problem:
        if "：" in line[:column] or (number and "：" in lines[number - 1]):
            return cause("E-YAML", _("expected a colon and a space after the key, found a full-width colon"))
        if line.find(": ") not in (-1, column):
            return cause("E-TEXT-BROKEN", _("expected a sentence, found a colon and a space inside it: put the sentence in quotes"), repair=True)
        return cause("E-YAML", _("expected the same indentation as the keys before it, found another"))
    if "cannot start any token" in problem:
        if line[column : column + 1] == "\t" or "\t" in line[: column + 1]:
            return cause("E-YAML", _("expected spaces, found a tab: YAML is not indented with tabs"))
        return cause("E-TEXT-BROKEN", _("expected a sentence, found {letter} at its beginning: put the sentence in quotes").format(letter=line[column : column + 1]), repair=True)
    if "could not find expected ':'" in problem:
        context = getattr(error, "context_mark", None)
        number = context.line if context else number
        line = lines[number]
        if "：" in line:
            return cause("E-YAML", _("expected a colon and a space after the key, found a full-width colon"), at=line.index("："))
        return cause("E-YAML", _("expected `key: value`, found a line without a key"), at=context.column if context else column)
    if "end of stream" in problem or "end of the stream" in problem:
        context = getattr(error, "context_mark", None)
        number, column = (context.line, context.column) if context else (number, column)
        return cause("E-YAML", _("expected a closing quote, found the end of the file"), at=column)
    if value[:1] in ("|", ">") and "line break" in problem:
        return cause("E-TEXT-BROKEN", _("expected a sentence, found {letter} at its beginning: put the sentence in quotes").format(letter=value[0]), at=value_at, repair=True)
    if "',' or" in problem:
        context = getattr(error, "context_mark", None)
        if line[column : column + 1] == "?":
            return cause("E-TEXT-BROKEN", question_mark(), repair=_closed(value))
        if context and context.line < number:
            message = _("expected the closing brace or bracket of line {line}, found the next key").format(line=context.line + 1)
            return cause("E-YAML", message)
        return cause("E-TEXT-BROKEN", _("expected a comma or the closing brace or bracket: a sentence with : ? {{ }} [ ] or quotes inside needs quotes around it").format(), repair=_closed(value))
    if value[:1] and value[0] in _STARTERS and mark and column >= value_at:
        return cause("E-TEXT-BROKEN", _("expected a sentence, found {letter} at its beginning: put the sentence in quotes").format(letter=value[0]), at=value_at, repair=True)
    if "block end" in problem or "expected key" in problem or "'-' indicator" in problem or "document start" in problem:
        return cause("E-YAML", _("expected the same indentation as the keys before it, found another"))
    if "sequence entries are not allowed" in problem:
        return cause("E-YAML", _("expected the list on a line of its own, found `-` behind a key"))
    if "unknown escape" in problem:
        return cause("E-YAML", _("expected no backslash in double quotes, or one that YAML knows: use single quotes"), at=line.find("\\", value_at))
    return cause("E-YAML", _("expected YAML, found what the parser calls: {problem}").format(problem=problem))
