"""One process at a time runs an incident: a lock that the kernel takes back when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.store.files import private_folder, read_plain, replace_file
from runbook.store.notices import Notice, Notices, ignore, why
from runbook.store.worker import HungError, within

FOLDER = "locks"
LOOKED_AT_S = 0.2
"""A lock that is only looked at is free again within that."""


class RunLock:
    """Held from `with` to its end. `held` is false when no folder could take the lock: the incident runs all the same."""

    def __init__(
        self,
        name: str,
        folders: Iterable[Path],
        since: str,
        notices: Notices = ignore,
        *,
        incident: str = "",
        wait_s: float = LOOKED_AT_S,
    ) -> None:
        """`folders` are tried in order, every process the same; `since` is shown to whoever finds it held for `wait_s`."""
        self.name, self.incident, self.since, self.held = name, incident or name, since, False
        self._folders, self._notices, self._wait_s = tuple(folders), notices, wait_s
        self._release = contextlib.ExitStack()

    def __enter__(self) -> RunLock:
        """Raises RunbookError E-INCIDENT-BUSY, which names the holder, while another process holds it."""
        from filelock import FileLock, Timeout

        reason = ""
        for folder in self._folders:
            path = folder / FOLDER / f"{self.name}.lock"
            try:
                private_folder(path.parent)
                lock = FileLock(path, timeout=self._wait_s, mode=0o600, thread_local=False)
                self._release.enter_context(lock)
            except Timeout:
                raise RunbookError("E-INCIDENT-BUSY", name=self.incident, holder=_holder(path)) from None
            except (OSError, NotImplementedError) as problem:
                reason = why(problem)
                continue
            self.held = True
            with contextlib.suppress(OSError):
                replace_file(_card(path), json.dumps({"pid": os.getpid(), "since": self.since}).encode())
            return self
        self._notices(Notice("unlocked", reason))
        return self

    def __exit__(self, *_exc: object) -> None:
        self.held = False
        with contextlib.suppress(HungError):
            within(self._release.close)


def _card(path: Path) -> Path:
    # Not in the lock file itself: Windows lets nobody else read that.
    return path.with_suffix(".json")


def _holder(path: Path) -> str:
    try:
        card = json.loads(read_plain(_card(path)))
        pid, since = int(card["pid"]), str(card["since"])
    except (OSError, ValueError, LookupError, TypeError):
        return _("it did not say which")
    return _("process {pid}, since {since}").format(pid=pid, since=since)


def held(name: str, folders: Iterable[Path]) -> bool:
    """Whether some process holds the lock of this name now. False where that cannot be found out."""
    return _held_at(name, folders) is not None


def refuse_if_held(name: str, folders: Iterable[Path], incident: str) -> None:
    """Raises E-INCIDENT-BUSY, which names the holder, when some process holds the lock of this name now."""
    if path := _held_at(name, folders):
        raise RunbookError("E-INCIDENT-BUSY", name=incident, holder=_holder(path))


def _held_at(name: str, folders: Iterable[Path]) -> Path | None:
    from filelock import FileLock, Timeout

    for folder in folders:
        path = folder / FOLDER / f"{name}.lock"
        if not path.exists():
            continue
        try:
            with FileLock(path, timeout=0, mode=0o600, thread_local=False):
                return None
        except Timeout:
            return path
        except (OSError, NotImplementedError):
            continue
    return None
