"""The one gate between what others wrote and the screen: nothing that passes it can move, hide or imitate anything."""

from __future__ import annotations

import unicodedata

from runbook.model.text import _

BAR = "│ "
"""Stands before every line that another machine wrote; our own lines never begin with it."""

CHARACTERS_AT_MOST = 16_384
LINES_AT_MOST = 400
REMOTE_LINES_AT_MOST = 40
REMOTE_CELLS_AT_MOST = 400
_MARKS_AT_MOST = 4

_SEEN_THROUGH = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)
"""Letters, marks and fillers that show nothing although their category says that they would."""


def safe(text: str) -> str:
    """`text` with every character that is not plainly visible written out (`\\u{1b}`); newline and tab stay.

    At most CHARACTERS_AT_MOST characters and LINES_AT_MOST lines; what was cut off is said. Passing twice changes nothing.
    """
    return _bounded(_visible(text)[0])


def one_line(text: str, at_most: int = 300) -> str:
    """`text` for the middle of a sentence: safe, newlines and tabs written out, cut at `at_most` characters."""
    shown = _visible(text)[0].replace("\n", r"\u{a}").replace("\t", " ")
    return shown if len(shown) <= at_most else shown[: at_most - 3].rstrip() + "..."


def remote(text: str) -> list[str]:
    """What another machine wrote, as lines that begin with BAR; says how many characters were made visible and lines left out.

    The first lines are kept: the whole is evidence.
    """
    shown, hidden = _visible(text.replace("\r\n", "\n"))
    lines = shown.expandtabs(8).rstrip("\n").split("\n") if shown.strip("\n") else []
    kept = [_cut(line) for line in lines[:REMOTE_LINES_AT_MOST]]
    said = []
    if left_out := len(lines) - len(kept):
        said.append(_("({count} more lines are in the record)").format(count=left_out))
    if hidden:
        said.append(_("({count} control characters were made visible)").format(count=hidden))
    return [BAR + line for line in [*kept, *said]]


def _cut(line: str) -> str:
    return line if len(line) <= REMOTE_CELLS_AT_MOST else line[: REMOTE_CELLS_AT_MOST - 3] + "..."


def _visible(text: str) -> tuple[str, int]:
    """The text with what cannot be seen written out, and how many characters that were."""
    if text.isascii() and text.isprintable():
        return text, 0
    shown: list[str] = []
    hidden = marks = 0
    for letter in text:
        category = unicodedata.category(letter)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if letter in "\n\t" or not (category in _SEEN_THROUGH or letter in _BLANK or marks > _MARKS_AT_MOST):
            shown.append(letter)
        else:
            hidden += 1
            shown.append(f"\\u{{{ord(letter):x}}}")
    return "".join(shown), hidden


def _bounded(text: str) -> str:
    lines = text.split("\n")
    if len(text) <= CHARACTERS_AT_MOST and len(lines) <= LINES_AT_MOST:
        return text
    said = _("... (the rest was left out: {count} characters in all)").format(count=len(text))
    kept = "\n".join(lines[: LINES_AT_MOST - 1])[: CHARACTERS_AT_MOST - len(said) - 1]
    return f"{kept}\n{said}"
