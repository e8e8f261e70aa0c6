"""Incident folders: made whole or not at all, found by any unique ending, followed when they had to move to another disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.events import Event
from runbook.model.ports import Clock
from runbook.store.database import Database
from runbook.store.evidence import FOLDER as EVIDENCE
from runbook.store.files import UnsafeError, fsync_folder, new_file, private_folder
from runbook.store.folder import PLAN, Incident
from runbook.store.ids import is_id, is_practice, match, new_id
from runbook.store.journal import JOURNAL_NAME
from runbook.store.ledger import first_rows
from runbook.store.notices import LostError, Notice, Notices, ignore, why
from runbook.store.places import INCIDENTS, PRACTICE, Places, relative_parts
from runbook.store.running import RunLock
from runbook.store.settings import Settings
from runbook.store.summaries import Summary, furthest, summary
from runbook.store.writers import writer_of

_NEW = ".new-"
_LEFTOVER_AFTER_S = 600.0
MAKING, MAKING_S = "start", 10.0

Opening = Callable[[str, Mapping[str, str]], Event]


class Home:
    """All incidents of this person on this machine."""

    def __init__(self, places: Places, notices: Notices = ignore) -> None:
        self.places = places
        self.notices = notices
        self._opened: dict[Path, Incident] = {}

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None, notices: Notices = ignore) -> Home:
        """The home that the environment names (`RUNBOOK_HOME`, `RUNBOOK_SPARE`). Makes nothing."""
        return cls(Places.of(os.environ if environ is None else environ), notices)

    @property
    def root(self) -> Path:
        return self.places.root

    @property
    def settings(self) -> Settings:
        """What is remembered between runs."""
        return Settings(self.root)

    # -- making ---------------------------------------------------------------------------------------------------------

    def create(
        self,
        plan_id: str,
        mode: str,
        files: Mapping[str, bytes],
        clock: Clock,
        actor: str,
        *,
        zone: tzinfo,
        opening: Opening,
        then: Sequence[Event] = (),
        writer: str = "",
        redact: Callable[[str], str] = str,
    ) -> Incident:
        """A new incident, durable with its plan files and its first events when this returns; before that there is none.

        `files` are stored under `plan/` by their relative names. `opening` gets the id and the SHA-256 of each file and
        returns the first event, `then` are those that belong to it; their texts pass `redact`. `zone` decides the date in
        the id. When the home folder fails the incident is made in the
        next place, and that is told. Raises RunbookError E-STORE when none takes it, or the home folder is not safe.
        """
        tried, reason = [], ""
        for place in self.tries():
            try:
                self.places.ready(place)
                by = writer or writer_of(self.root)
                folder = _made(place, plan_id, mode, files, clock, actor, zone, opening, then, by, redact)
            except (OSError, sqlite3.Error, LostError) as problem:
                if isinstance(problem, UnsafeError) and place == self.root:
                    raise RunbookError("E-STORE", reason=problem, tried=place) from None
                tried.append(str(place))
                reason = reason or why(problem)
                continue
            if place == self.root:
                self.places.keep_reserve()
            else:
                self.notices(Notice("moved", reason, folder))
            return Incident(folder.name, folder, self.places, self.notices)
        raise RunbookError("E-STORE", reason=reason, tried=", ".join(dict.fromkeys(tried)))

    def tries(self) -> Iterator[Path]:
        """The places in which a new incident may be made, in order; the reserve is given up for it."""
        yield self.root
        if self.places.give_up_reserve():
            yield self.root
        yield from self.places.all[1:]

    @contextlib.contextmanager
    def making(self) -> Iterator[None]:
        """The right to make an incident, for a `with` block: nobody else of this home makes one meanwhile.

        Waits for at most `MAKING_S`; where no lock can be had the incident is made all the same.
        """
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(RunbookError):
                stack.enter_context(RunLock(MAKING, [self.root], "", wait_s=MAKING_S))
            yield

    # -- finding --------------------------------------------------------------------------------------------------------

    def find(self, ending: str, practice: bool = False) -> Incident:
        """The incident whose id ends so; practice only when asked for or named by a full id (`lab-...`, `drill-...`).

        Raises RunbookError E-INCIDENT-NONE with the nearest ids, E-INCIDENT-MANY with those that fit.
        """
        return self.open(match(ending, self._copies(practice or is_practice(ending.strip().lower()))))

    def open(self, incident: str) -> Incident:
        """The incident with this id, in the place where it got furthest. Raises RunbookError E-INCIDENT-NONE."""
        copies = self._copies(is_practice(incident)).get(incident)
        if not copies:
            raise RunbookError("E-INCIDENT-NONE", name=incident, nearest="-")
        folder, others = furthest(copies, incident)
        for other in others:
            self.notices(Notice("other_copy", path=other))
        # One object for one folder: what it has read of a long journal is not read again. One that moved is elsewhere now.
        if folder not in self._opened or self._opened[folder].folder != folder:
            self._opened[folder] = Incident(incident, folder, self.places, self.notices)
        return self._opened[folder]

    def forget(self) -> None:
        """Let go of what was read of the incidents."""
        self._opened.clear()

    def list(self, practice: bool = False) -> tuple[Summary, ...]:
        """A short account of each incident, the newest first: its first and last rows, not verified. Never raises for one."""
        found = (summary(furthest(copies, name)[0], name) for name, copies in self._copies(practice).items())
        return tuple(sorted(found, key=lambda each: (each.opened_at, each.id), reverse=True))

    def copies(self, incident: str) -> Sequence[Path]:
        """Every folder that holds this incident."""
        return self._copies(is_practice(incident)).get(incident, ())

    def _copies(self, practice: bool) -> Mapping[str, Sequence[Path]]:
        copies: dict[str, list[Path]] = {}
        for place in self.places.to_read():
            with contextlib.suppress(OSError):
                for folder in sorted((place / (PRACTICE if practice else INCIDENTS)).iterdir()):
                    if is_id(folder.name) and ((folder / JOURNAL_NAME).is_file() or (folder / PLAN).is_dir()):
                        copies.setdefault(folder.name, []).append(folder)
        return copies


def _made(
    place: Path,
    plan_id: str,
    mode: str,
    files: Mapping[str, bytes],
    clock: Clock,
    actor: str,
    zone: tzinfo,
    opening: Opening,
    then: Sequence[Event],
    writer: str,
    redact: Callable[[str], str],
) -> Path:
    """A new incident's folder. Raises OSError, sqlite3.Error, LostError."""
    incident = new_id(plan_id, mode, clock.now(), zone)
    parent = place / (PRACTICE if is_practice(incident) else INCIDENTS)

    def fill(building: Path) -> str:
        write_plan(building, files)
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        name = incident
        while (parent / name).exists():
            name = new_id(plan_id, mode, clock.now(), zone)
        rows = first_rows(name, clock, actor, [opening(name, digests), *then], writer, redact)
        Database.create(building / JOURNAL_NAME, rows).close()
        return name

    return made_whole(parent, fill)


def made_whole(parent: Path, fill: Callable[[Path], str]) -> Path:
    """Build an incident's folder under a name that nobody looks for, then give it the name that `fill` gave; or nothing is there.

    Raises OSError, and what `fill` raises.
    """
    _sweep(private_folder(parent))
    building = private_folder(parent / f"{_NEW}{secrets.token_hex(8)}")
    try:
        private_folder(building / EVIDENCE)
        name = fill(building)
        fsync_folder(building)
        building.rename(parent / name)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    fsync_folder(parent)
    return parent / name


def write_plan(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write plan files and make them durable with the folders that hold them. Raises OSError."""
    folders = {private_folder(folder / PLAN)}
    for name, data in files.items():
        path = folder.joinpath(PLAN, *relative_parts(name))
        for parent in [*path.relative_to(folder).parents][-2::-1]:
            folders.add(private_folder(folder / parent))
        new_file(path, data)
    for each in folders:
        fsync_folder(each)


def _sweep(parent: Path) -> None:
    """Remove what a crash left of incidents that were never begun."""
    for leftover in parent.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.lstat().st_mtime > _LEFTOVER_AFTER_S:
                shutil.rmtree(leftover, ignore_errors=True)
