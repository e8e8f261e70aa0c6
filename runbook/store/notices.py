"""What the store tells the person when something could not be stored where it belongs."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runbook.model.text import N_, _

NoticeCode = Literal[
    "moved", "memory", "damaged", "renewed", "unfit", "unreadable", "reserve", "other_copy", "unlocked"
]

_SENTENCES: dict[NoticeCode, str] = {
    "moved": N_("It could not be stored where it was ({reason}). The whole incident is now stored in {path}."),
    "memory": N_(
        "Nothing can be stored any more ({reason}). The incident is only in this program's memory: write down what you do."
    ),
    "damaged": N_(
        "The journal is damaged at event {seq} ({reason}). The damaged file is kept; the incident goes on in {path}."
    ),
    "renewed": N_("The journal was written anew ({reason}): {path}."),
    "unfit": N_(
        "The journal's file is damaged, and every event in it is proven: it was written anew in {path}, the damaged file is kept."
    ),
    "unreadable": N_("The journal of {reason} cannot be read. To go on with it: runbook resume {reason}"),
    "reserve": N_("The disk is full. The reserve was given up, and the event is stored; free some space."),
    "other_copy": N_("Another copy of this incident says something else and was not used: {path}."),
    "unlocked": N_("It cannot be held against a second run of the same incident ({reason})."),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell: what happened (`code`), why, where the incident is stored now (None: nowhere), and at which event."""

    code: NoticeCode
    reason: str = ""
    path: Path | None = None
    seq: int = 0

    def text(self) -> str:
        """The sentence, in the person's language."""
        return _(_SENTENCES[self.code]).format(reason=self.reason, path=self.path, seq=self.seq)


Notices = Callable[[Notice], None]


def ignore(notice: Notice) -> None:
    """For readers that have nobody to tell."""


class LostError(Exception):
    """The file is not the one that was opened: its folder was deleted, renamed or replaced."""


_SQLITE: tuple[tuple[str, str], ...] = (
    ("SQLITE_FULL", N_("the disk is full")),
    ("SQLITE_READONLY", N_("it can only be read")),
    ("SQLITE_CANTOPEN", N_("it cannot be opened")),
    ("SQLITE_CORRUPT", N_("the file is damaged")),
    ("SQLITE_NOTADB", N_("the file is damaged")),
    ("SQLITE_BUSY", N_("another process holds it")),
    ("SQLITE_IOERR", N_("the disk reports an error")),
)
_ERRNO = {
    errno.ENOSPC: N_("the disk is full"),
    getattr(errno, "EDQUOT", -1): N_("the disk quota is used up"),
    errno.EFBIG: N_("the file may not grow"),
    errno.EROFS: N_("it can only be read"),
    errno.EACCES: N_("no permission"),
    errno.EPERM: N_("no permission"),
    errno.ENOENT: N_("it is gone"),
    errno.ENOTDIR: N_("a file stands where a folder should be"),
    errno.EIO: N_("the disk reports an error"),
    errno.ETIMEDOUT: N_("the disk does not answer"),
}


def why(problem: BaseException) -> str:
    """Why something could not be stored, in the person's language."""
    if isinstance(problem, LostError):
        return _("the folder was deleted, renamed or replaced")
    if isinstance(problem, sqlite3.Error):
        name = str(getattr(problem, "sqlite_errorname", "") or "")
        for start, sentence in _SQLITE:
            if name.startswith(start):
                return _(sentence)
    if isinstance(problem, OSError) and problem.errno is not None:
        return _(_ERRNO[problem.errno]) if problem.errno in _ERRNO else os.strerror(problem.errno)
    return str(problem) or type(problem).__name__
