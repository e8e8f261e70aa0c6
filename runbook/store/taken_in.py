"""A person's file, taken in as evidence: read without blocking and without end, photos drawn anew, its name only a label."""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from runbook.model.errors import RunbookError, system_said
from runbook.model.text import _
from runbook.store.photos import RefusedError, drawn_anew

LARGEST = 64 << 20
NAME_AT_MOST = 100
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Taken:
    """A file's label and bytes as they are kept; `done`: what was done with a photo, in words."""

    name: str
    data: bytes
    done: str = ""


def taken_in(file: Path) -> Taken:
    """The file as it is kept. Raises RunbookError E-FILE where it cannot be read, E-EVIDENCE where it is not taken."""
    data = bounded(file)
    name = label(str(file))
    try:
        photo = drawn_anew(data)
    except RefusedError as refused:
        raise RunbookError("E-EVIDENCE", file=file, reason=refused, next=refused.next) from None
    if photo is None:
        return Taken(name, data)
    stem, dot, ending = name.rpartition(".")
    kept = ending.lower() if dot else ""
    right = f".{kept}" == photo.ending or (kept == "jpeg" and photo.ending == ".jpg")
    return Taken(name if right else (stem if dot and stem else name) + photo.ending, photo.data, photo.done)


def bounded(file: Path) -> bytes:
    """The bytes of a regular file, at most LARGEST, read piece by piece; never waits for a pipe or a device. Raises RunbookError."""
    flags = sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC", "O_NOCTTY"))
    try:
        # Looked at before it is opened: to open a device can already do something.
        _plain(file, file.stat().st_mode)
        handle = os.open(file, os.O_RDONLY | flags)
        with os.fdopen(handle, "rb", buffering=0) as source:
            _plain(file, os.fstat(handle).st_mode)
            pieces, size = [], 0
            while piece := source.read(_PIECE):
                size += len(piece)
                if size > LARGEST:
                    reason = _("it is larger than {count} MiB").format(count=LARGEST >> 20)
                    raise RunbookError(
                        "E-EVIDENCE", file=file, reason=reason, next=_("pack it, or keep the part that matters")
                    )
                pieces.append(piece)
            return b"".join(pieces)
    except OSError as error:
        raise RunbookError("E-FILE", file=file, reason=system_said(error)) from None
    except ValueError as error:  # a NUL in the name
        raise RunbookError("E-FILE", file=repr(str(file)), reason=str(error)) from None


def _plain(file: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        reason = _("it is a folder") if stat.S_ISDIR(mode) else _("it is not a file")
        raise RunbookError("E-FILE", file=file, reason=reason)


def label(name: str) -> str:
    """A name that is only a label: its last part, nothing that cannot be seen, bounded, its ending kept."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join("_" if unicodedata.category(letter)[0] in "CZ" and letter != " " else letter for letter in last)
    stem, dot, ending = seen.strip(" .").rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: NAME_AT_MOST - len(ending) - 1]}.{ending}"
    return seen.strip(" .")[:NAME_AT_MOST] or "file"
