"""Rows as they stand on the pages of a journal file and of its log, read without SQLite: it refuses a whole file for one wrong byte.

The form of the pages: https://www.sqlite.org/fileformat2.html. Nothing that is found here is proven before its hash is.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from runbook.store.files import read_plain
from runbook.store.rows import Row
from runbook.store.wal import PAGE, frames

COLUMNS = 1 + len(Row._fields)
LARGEST_LOCAL, SMALLEST_LOCAL = PAGE - 35, (PAGE - 12) * 32 // 255 - 23
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_LEAF_HEADER = 8

Value = int | float | str | bytes | None


def carved(path: Path) -> list[tuple[int, Row]]:
    """Every row that can be read on a page, with its row number, in the order of those: as the log has the page last, else as the
    file has it. Raises OSError."""
    data = read_plain(path)
    pages = {number + 1: data[at : at + PAGE] for number, at in enumerate(range(0, len(data), PAGE))}
    with contextlib.suppress(OSError):
        log = read_plain(path.with_name(path.name + "-wal"))
        pages |= {frame.page: frame.data for frame in frames(log, proven=False)}
    # The first page holds the schema.
    found = [row for number, page in pages.items() if number > 1 for row in _rows(page, lambda n: pages.get(n, b""))]
    return sorted(found, key=lambda pair: pair[0])


def _rows(page: bytes, other: Callable[[int], bytes]) -> Iterator[tuple[int, Row]]:
    """The rows of one page, if it is one that holds rows. Its kind and its count of rows are not trusted: they may be what is damaged."""
    for place in range(_LEAF_HEADER, len(page) - 1, 2):
        start = int.from_bytes(page[place : place + 2], "big")
        if not place < start < len(page):
            return
        with contextlib.suppress(LookupError, ValueError, struct.error):
            yield _cell(page, start, other)


def _cell(page: bytes, start: int, other: Callable[[int], bytes]) -> tuple[int, Row]:
    size, at = _varint(page, start)
    number, at = _varint(page, at)
    local = size
    if size > LARGEST_LOCAL:
        local = SMALLEST_LOCAL + (size - SMALLEST_LOCAL) % (PAGE - 4)
        local = local if local <= LARGEST_LOCAL else SMALLEST_LOCAL
    payload = page[at : at + local]
    following = page[at + local : at + local + 4] if local < size else b""
    seen: set[int] = set()
    while len(payload) < size:
        next_page = int.from_bytes(following, "big")
        if next_page in seen or not (rest := other(next_page)):
            raise ValueError("an overflow page is not there")
        seen.add(next_page)
        payload += rest[4 : 4 + size - len(payload)]
        following = rest[:4]
    first, *values = _record(payload)
    if first is not None:
        raise ValueError("no row of ours")
    return number, Row(*values)  # type: ignore[arg-type]  # what it holds is looked at with its hash


def _record(payload: bytes) -> list[Value]:
    """The columns of a record. Raises LookupError, ValueError or struct.error where it is none of ours."""
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if len(kinds) != COLUMNS or at != end:
        raise ValueError("no row of ours")
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return values


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    size = _INTEGERS[kind] if kind in _INTEGERS else (kind - 12) // 2
    piece = payload[at : at + size]
    if size < 0 or len(piece) < size:
        raise ValueError("the record is cut off")
    if kind in _INTEGERS:
        return int.from_bytes(piece, "big", signed=True), at + size
    return (piece.decode("utf-8", "surrogateescape") if kind % 2 else piece), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where what follows it begins."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | data[at + 8], at + 9
