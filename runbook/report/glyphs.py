"""Which characters the report's font has, read from the font file itself, and a visible sign for those it lacks.

typst stops at a missing glyph (or, without a PDF standard, leaves a blank), and says so only after the whole run. Thirty lines
that read the font's own table (OpenType `cmap`, format 12) are certain, and need no further dependency.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from struct import iter_unpack, unpack_from

_UNICODE = {(0, 4), (0, 6), (3, 10)}
"""Platform and encoding of the tables that hold all of Unicode."""


def shown(text: str, font: Path) -> str:
    """`text` with every character that the font lacks written out, such as `‹U+1F600›`. Composed first (NFC)."""
    if text.isascii():
        return text
    known = characters(font)
    return "".join(
        letter if ord(letter) in known else f"‹U+{ord(letter):04X}›" for letter in unicodedata.normalize("NFC", text)
    )


@cache
def characters(font: Path) -> frozenset[int]:
    """The code points that an OpenType font has a glyph for. Raises ValueError when it has no full Unicode table."""
    data = font.read_bytes()
    table = _table(data, b"cmap")
    (count,) = unpack_from(">H", data, table + 2)
    for platform, encoding, offset in iter_unpack(">HHI", data[table + 4 : table + 4 + 8 * count]):
        if (platform, encoding) in _UNICODE and unpack_from(">H", data, table + offset)[0] == 12:
            return _groups(data, table + offset)
    raise ValueError(f"{font.name} has no full Unicode table")


def _table(data: bytes, wanted: bytes) -> int:
    (count,) = unpack_from(">H", data, 4)
    for tag, _checksum, offset, _length in iter_unpack(">4sIII", data[12 : 12 + 16 * count]):
        if tag == wanted:
            return int(offset)
    raise ValueError(f"the font has no table {wanted.decode()}")


def _groups(data: bytes, start: int) -> frozenset[int]:
    (count,) = unpack_from(">I", data, start + 12)
    groups = iter_unpack(">III", data[start + 16 : start + 16 + 12 * count])
    return frozenset(point for first, last, glyph in groups if glyph for point in range(first, last + 1))
