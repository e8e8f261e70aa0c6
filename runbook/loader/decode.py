"""Bytes of a file to text: read safely, at most 1 MiB, UTF-8 only, nothing that cannot be seen."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

from runbook.model.errors import RunbookError, system_said
from runbook.model.text import _

SIZE_LIMIT_BYTES = 1 << 20
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_ASKED_OF_THE_SYSTEM = ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class UnreadableTextError(ValueError):
    """Why bytes are not text that may be read: `line` and `column` count from 1, the sentence is for people."""

    def __init__(self, line: int, column: int, sentence: str) -> None:
        self.line, self.column = line, column
        super().__init__(sentence)


def file_bytes(path: Path, *, no_link: bool = False) -> bytes:
    """The bytes of a regular file, one more than the limit at most. Never blocks on a pipe or a device.

    `no_link`: the path itself may not be a link. Raises RunbookError E-FILE.
    """
    flags = [*_ASKED_OF_THE_SYSTEM, *(["O_NOFOLLOW"] if no_link else [])]
    try:
        descriptor = os.open(path, os.O_RDONLY | sum(getattr(os, flag, 0) for flag in flags))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RunbookError("E-FILE", file=path, reason=_("it is not a file"))
            return file.read(SIZE_LIMIT_BYTES + 1)
    except OSError as error:
        raise RunbookError("E-FILE", file=path, reason=system_said(error)) from None
    except ValueError as error:  # a NUL in the name
        raise RunbookError("E-FILE", file=repr(str(path)), reason=str(error)) from None


def text_of(data: bytes) -> str:
    """UTF-8 bytes as text with plain line ends, a byte-order mark dropped. Raises UnreadableTextError."""
    if data.startswith(_UTF16_MARKS) or b"\0" in data[:64]:
        raise UnreadableTextError(1, 1, _("expected UTF-8 text, found UTF-16: save the file as UTF-8"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        before = data[data.rfind(b"\n", 0, error.start) + 1 : error.start]
        raise UnreadableTextError(line, len(before.decode("utf-8", "replace")) + 1, _other_encoding(data)) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").isprintable() and not any(letter in text for letter in _BLANK_LETTERS):
        return text
    # The parser would count some of these as ends of lines, and every line after them would be named wrongly.
    at = first_unseen(text)
    if at >= 0:
        column = at - text.rfind("\n", 0, at)
        raise UnreadableTextError(text.count("\n", 0, at) + 1, column, unseen_sentence(text[at]))
    return text


def first_unseen(text: str) -> int:
    """Where the first letter stands that cannot be seen, ends of lines and tabs apart; -1 when there is none."""
    # Each letter is looked at once, however often it stands there: a large file has few different ones.
    return min((text.index(letter) for letter in set(text) - {"\n", "\t"} if unseen(letter)), default=-1)


def _other_encoding(data: bytes) -> str:
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return _("expected UTF-8 text, found bytes that are no text")
    return _("expected UTF-8 text, found what looks like GBK: convert it with `iconv -f GBK -t UTF-8`")


def unseen(letter: str) -> bool:
    """Whether a character cannot be seen, or changes how its neighbours are shown (control, bidi, zero-width, tag)."""
    if letter.isascii():
        return not letter.isprintable()
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") or letter in _BLANK_LETTERS


def unseen_sentence(letter: str) -> str:
    """What is wrong with such a character, by its number and name."""
    name = unicodedata.name(letter, _("control character"))
    return _("expected text that can be seen, found U+{code:04X} ({name})").format(code=ord(letter), name=name)
