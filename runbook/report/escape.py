"""The one gate into Markdown: whatever a person or a device wrote comes out as plain text, never as structure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runbook.model.text import visible

NEWLINE = "\N{RETURN SYMBOL}"
EMPTY = "\N{EN DASH}"

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~$&]|(?<!\s)(?=://)|(?<=www)\.")
_LINE_START = re.compile(r"[-+=:!]|\d{1,9}(?=[.)])")
_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


class Markup(str):
    """Markdown that the program itself made: the only text that is not escaped again."""

    __slots__ = ()


def inline(text: str) -> Markup:
    """`text` as one line of literal Markdown for a paragraph or a table cell; newlines are shown as a sign."""
    shown = visible(_BREAKS.sub("\n", text)).strip().replace("\n", f" {NEWLINE} ").replace("\t", " ")
    return Markup(_literal(shown) or EMPTY)


def quoted(text: str) -> Markup:
    """`text` as a quoted block that keeps its lines."""
    lines = [_literal(visible(line).replace("\t", " ").strip()) for line in _BREAKS.split(text.strip())]
    return Markup("\n".join(f"> {line or EMPTY}{'' if last else chr(92)}" for line, last in _with_last(lines)))


def digest(text: str) -> Markup:
    """A hexadecimal hash as code; anything else as literal text."""
    return Markup(f"`{text}`") if re.fullmatch("[0-9a-f]{1,128}", text) else inline(text)


def _literal(line: str) -> str:
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", line)
    if start := _LINE_START.match(escaped):
        # A digit cannot be escaped, the mark after it can.
        place = start.end() if start[0][0].isdigit() else 0
        escaped = f"{escaped[:place]}\\{escaped[place:]}"
    return escaped


def _with_last(lines: list[str]) -> Iterable[tuple[str, bool]]:
    return ((line, place == len(lines) - 1) for place, line in enumerate(lines))


class Hider:
    """Writes a sign instead of each of some telephone numbers, however it is spaced."""

    def __init__(self, numbers: Iterable[str], instead: str) -> None:
        digits = ["".join(c for c in number if c.isdigit()) for number in numbers]
        wanted = sorted({number for number in digits if len(number) >= 3}, key=lambda number: (-len(number), number))
        spaced = "|".join("[ -]?".join(number) for number in wanted)
        self._pattern = re.compile(rf"(?<![0-9A-Za-z])\+?(?:{spaced})(?![0-9A-Za-z])") if spaced else None
        self._instead = instead

    def __call__(self, text: str) -> str:
        return self._pattern.sub(lambda _found: self._instead, text) if self._pattern else text
