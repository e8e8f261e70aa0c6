"""Marks and lines that the output can carry. A mark never stands without its word."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from runbook.model.words import word


class Shown(NamedTuple):
    """A line for people, and the rich style in which it stands; the style never carries meaning alone."""

    text: str
    style: str = ""


_OUTCOME_MARKS = {
    "passed": "√",
    "warned": "!",
    "failed": "×",
    "expired": "×",
    "unreachable": "?",
    "unknown": "?",
    "skipped": "-",
    "not_taken": "-",
}
OUTCOME_STYLES = {
    "passed": "green",
    "warned": "yellow",
    "failed": "red",
    "expired": "red",
    "unknown": "bold red",
    "unreachable": "yellow",
}

_DRAWN = {
    "√": "+", "×": "x", "·": "-", "│": "|", "┃": "|", "━": "=", "┏": "+", "┓": "+", "┗": "+", "┛": "+", "→": ">",
}  # fmt: skip
_PLAIN = _DRAWN | {
    "—": "-", "–": "-", "…": ".", "’": "'", "‘": "'", "“": '"', "”": '"', "：": ":", "，": ",", "。": ".", "？": "?",
    "！": "!", "（": "(", "）": ")", "；": ";", "、": ",",
}  # fmt: skip
_NEVER_FIRST = " ，。；：！？、）」』”》),.;:!?"
_NEVER_LAST = "（「『《("
_UNICODE = ("utf8", "utf16", "utf32")
_TWO_CELLS_WIDE = ("gb", "cp936", "big5", "cp950", "euc", "shift", "cp932", "cp949", "hz")


def outcome_mark(outcome: str) -> str:
    """The outcome's mark and word: `√ passed`."""
    return f"{_OUTCOME_MARKS.get(outcome, '?')} {word(outcome, 'outcome')}"


def short_mark(outcome: str) -> str:
    """The outcome's mark and its short word, for the cell of a table: `√ ok`; a dash where there is none."""
    return f"{_OUTCOME_MARKS.get(outcome, '?')} {word(outcome, 'cell')}" if outcome else "-"


def carried(text: str, encoding: str) -> str:
    """`text` with every character that `encoding` lacks replaced: our own marks by their ASCII form, all others by `?`.

    Never longer or shorter. Chinese code pages have the drawn marks too, but show them two cells wide: they get the ASCII form.
    """
    name = encoding.lower().replace("-", "").replace("_", "")
    if text.isascii() or name.startswith(_UNICODE):
        return text
    marks = _DRAWN if name.startswith(_TWO_CELLS_WIDE) else {}
    return "".join(
        marks.get(letter) or (letter if _carries(letter, encoding) else _PLAIN.get(letter, "?")) for letter in text
    )


@lru_cache(maxsize=4096)
def _carries(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return letter.isascii()
    return True


def cells(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fold(text: str, width: int, hang: str = "") -> list[str]:
    """One line of text as lines of at most `width` cells, broken at spaces or between wide characters; `hang` begins the later ones."""
    if cells(text) <= width:
        return [text]
    width = max(width, cells(hang) + 2)
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        for part in _parts(piece, width - cells(hang)):
            if line.strip() and cells(line) + cells(part.rstrip()) > width:
                lines.append(line.rstrip())
                line = hang + part.lstrip()
            else:
                line += part
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    """What may not be broken: a run of narrow letters with the spaces after it, or one wide letter with the stops after it."""
    piece = ""
    for letter in text:
        ended = piece.endswith(" ") and letter != " "
        beside_wide = bool(piece.strip()) and (_wide(letter) or _wide(piece[-1])) and letter not in _NEVER_FIRST
        if piece and (ended or beside_wide) and piece[-1] not in _NEVER_LAST:
            yield piece
            piece = ""
        piece += letter
    if piece:
        yield piece


def _wide(letter: str) -> bool:
    return not letter.isascii() and cells(letter) == 2


def _parts(piece: str, width: int) -> Iterator[str]:
    """A piece that is wider than a whole line, cut where it must be."""
    part = ""
    for letter in piece:
        if part and cells(part + letter.rstrip()) > width:
            yield part
            part = ""
        part += letter
    yield part


def clipped(text: str, width: int) -> str:
    """`text` cut to `width` cells, `...` at its end where something is missing."""
    if cells(text) <= width:
        return text
    kept = ""
    for letter in text:
        if cells(kept + letter) > width - 3:
            break
        kept += letter
    return kept.rstrip() + "..."


def boxed(lines: list[str], width: int, title: str = "") -> list[str]:
    """The lines in a box of `width` cells, `title` in its upper edge."""
    inner = width - 4
    head = f"┏━ {title} " if title else "┏"
    folded = [part for line in lines for part in fold(line, inner, "   ")]
    return [
        head + "━" * (width - cells(head) - 1) + "┓",
        *(f"┃ {line}{' ' * (inner - cells(line))} ┃" for line in folded),
        "┗" + "━" * (width - 2) + "┛",
    ]
