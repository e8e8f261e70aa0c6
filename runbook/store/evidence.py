"""Evidence: pieces of bytes kept under their own SHA-256, so that none is kept twice and none can be changed unseen."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.replies import Kept
from runbook.store.files import digest_of, private_folder, read_plain, replace_file
from runbook.store.notices import why
from runbook.store.strict_json import whole
from runbook.store.worker import within

FOLDER = "evidence"
_DIGEST = re.compile("[0-9a-f]{64}")


class EvidenceFolders:
    """Implements the Evidence port. `folders` are the incident's folders, the one it is stored in first, asked each time.

    What is kept passes `redact` before it is hashed.
    """

    def __init__(self, folders: Callable[[], Iterable[Path]], redact: Callable[[bytes], bytes] = bytes) -> None:
        self._folders, self._redact = folders, redact

    def keep(self, name: str, data: bytes) -> Kept:
        """Store bytes durably under their hash; `name` is only a label.

        Goes to the next folder when one fails, or its disk does not answer. Raises RunbookError E-STORE when none takes it.
        """
        data = self._redact(data)
        digest = hashlib.sha256(data).hexdigest()
        kept = Kept(digest, whole(name), len(data))
        tried, reason = [], ""
        for folder in self._folders():
            try:
                within(partial(_put, folder / FOLDER, digest, data))
            except OSError as problem:
                tried.append(str(folder))
                reason = why(problem)
            else:
                return kept
        raise RunbookError("E-STORE", reason=reason, tried=", ".join(tried) or "-")

    def read(self, sha256: str) -> bytes:
        """The bytes with this hash. Raises RunbookError E-FILE when they are not there or are not what they were."""
        if _DIGEST.fullmatch(sha256):
            for folder in self._folders():
                with contextlib.suppress(OSError):
                    data = within(partial(read_plain, folder / FOLDER / sha256))
                    if hashlib.sha256(data).hexdigest() == sha256:
                        return data
        raise RunbookError("E-FILE", file=f"{FOLDER}/{sha256[:64]}", reason=why(FileNotFoundError(2, "")))

    def path(self, sha256: str) -> Path | None:
        """Where the piece with this hash lies, its content looked at; None when it is nowhere, or not what it was."""
        for folder in self._folders() if is_digest(sha256) else ():
            path = folder / FOLDER / sha256
            with contextlib.suppress(OSError):
                if digest_of(path)[1] == sha256:
                    return path
        return None

    def names(self) -> list[str]:
        """The hashes by which pieces are kept, in order; their content is not looked at."""
        found: set[str] = set()
        for folder in self._folders():
            with contextlib.suppress(OSError):
                found.update(path.name for path in (folder / FOLDER).iterdir() if is_digest(path.name))
        return sorted(found)


def is_digest(text: str) -> bool:
    """Is this a SHA-256 as it is written here?"""
    return _DIGEST.fullmatch(text) is not None


def _put(folder: Path, digest: str, data: bytes) -> None:
    path = private_folder(folder) / digest
    if not _holds(path, digest):
        replace_file(path, data)


def _holds(path: Path, digest: str) -> bool:
    try:
        return digest_of(path)[1] == digest
    except OSError:
        return False
