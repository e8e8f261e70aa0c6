"""The write-ahead log of a journal file, looked at without SQLite: whether it holds what SQLite no longer shows.

SQLite reads a log up to the first frame whose checksum is wrong and takes that for its end, silently. What a crash tore off was never
acknowledged; what stands behind a damaged frame was. The form: https://www.sqlite.org/fileformat2.html#the_write_ahead_log, and of the
index beside it: https://www.sqlite.org/walformat.html.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from runbook.store.files import read_plain

PAGE = 4096
_HEADER, _FRAME = 32, 24
_BIG_ENDIAN = 0x377F0683
_INDEX_COPY = 48
_MORE_THAN_TORN = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """One page as the log has it. `commits`: a transaction ends with it. `whole`: it and all before it have the right checksum."""

    page: int
    commits: bool
    whole: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """What a log holds. `shown`: the frames that SQLite takes; `hidden`: the transactions that end behind them; `known`: the frames that
    were committed for sure, by what the index beside the log says."""

    shown: int = 0
    hidden: int = 0
    known: int = 0

    @property
    def hides(self) -> bool:
        """Whether something that was acknowledged is not shown any more. The last transaction alone may be one that a crash tore off."""
        return self.surely or self.hidden >= _MORE_THAN_TORN

    @property
    def surely(self) -> bool:
        """Whether the index says so; else what two crashes left may look the same."""
        return self.known > self.shown


def look(path: Path) -> Look:
    """What the log beside the journal file `path` holds. To be called before SQLite opens it, which writes the index anew; and not
    while this process has it open: closing the index would let go of SQLite's own locks. Never raises."""
    found = _look(path)
    # Another process may have written while this one read: what is damaged stays so.
    return found if not found.hides or found == _look(path) else Look()


def _look(path: Path) -> Look:
    index, log = _bytes(path, "-shm"), _bytes(path, "-wal")
    all_frames = frames(log)
    shown = max((n for n, frame in enumerate(all_frames, 1) if frame.whole and frame.commits), default=0)
    hidden = sum(frame.commits for frame in all_frames[shown:])
    twice = len(index) >= 2 * _INDEX_COPY and index[:_INDEX_COPY] == index[_INDEX_COPY : 2 * _INDEX_COPY]
    known = struct.unpack_from("=I", index, 16)[0] if all_frames and twice and index[32:40] == _salts(log) else 0
    return Look(shown, hidden, known)


def frames(log: bytes, *, proven: bool = True) -> list[Frame]:
    """The frames of a log that were written since it was last begun anew, damaged ones too. Not `proven`: none is `whole`."""
    found: list[Frame] = []
    if len(log) < _HEADER + _FRAME + PAGE:
        return found
    order = ">" if int.from_bytes(log[:4], "big") == _BIG_ENDIAN else "<"
    checksum = _checksum(log[:24], (0, 0), order)
    whole = proven and checksum == struct.unpack_from(">II", log, 24)
    salts = _salts(log)
    for at in range(_HEADER, len(log) - _FRAME - PAGE + 1, _FRAME + PAGE):
        page, size = struct.unpack_from(">II", log, at)
        data = log[at + _FRAME : at + _FRAME + PAGE]
        of_now = log[at + 8 : at + 16] == salts
        if whole:
            checksum = _checksum(data, _checksum(log[at : at + 8], checksum, order), order)
            whole = of_now and checksum == struct.unpack_from(">II", log, at + 16)
        if of_now:
            found.append(Frame(page, size > 0, whole, data))
    return found


def _salts(log: bytes) -> bytes:
    """What marks the frames of now: as most of the first ones have it, for the header may be what is damaged."""
    header = log[16:24]
    if _checksum(log[:24], (0, 0), "<") == struct.unpack_from(">II", log, 24):
        return header
    return log[_HEADER + 8 : _HEADER + 16]


def _checksum(data: bytes, before: tuple[int, int], order: str) -> tuple[int, int]:
    one, two = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two


def _bytes(path: Path, ending: str) -> bytes:
    try:
        return read_plain(path.with_name(path.name + ending))
    except OSError:
        return b""
