"""One incident's folder: its plan as it was at the start, its evidence, its journal; nothing else is needed to go on."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.events import Event
from runbook.model.ports import Clock
from runbook.model.record import Recorded
from runbook.model.state import State, fold
from runbook.model.text import _
from runbook.store.connection import UNREADABLE
from runbook.store.elsewhere import Elsewhere
from runbook.store.evidence import FOLDER as EVIDENCE
from runbook.store.evidence import EvidenceFolders
from runbook.store.examining import read_on
from runbook.store.files import private_folder, read_plain, replace_file
from runbook.store.ids import is_practice
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.kept import Kept, Known, folded, keep, load
from runbook.store.ledger import Ledger, Reading
from runbook.store.notices import LostError, Notices, why
from runbook.store.places import INCIDENTS, PRACTICE, Places, relative_parts
from runbook.store.reopening import Lost, begin_anew, lost
from runbook.store.running import RunLock, held, refuse_if_held
from runbook.store.worker import LIMIT_S, within
from runbook.store.writers import beside, writer_of

PLAN = "plan"
EVIDENCE_S = 2.0
PLACES = range(1, 10)
"""Who may run one incident on one machine at once: one walks it, the others work beside her."""


def _lock_name(incident: str, place: int) -> str:
    return incident if place == 1 else f"{incident}-{place}"


class Incident:
    """An incident that is on disk. `folder` is where it is stored now: it changes when the journal had to move."""

    def __init__(self, incident: str, folder: Path, places: Places, notices: Notices) -> None:
        self.id, self.folder = incident, folder
        self._places, self._notices = places, notices
        self._plan: dict[str, bytes] = {}
        self._writer = ""
        self._ledger: Ledger | None = None
        self._folded, self._kept = State(), 0

    def journal(
        self,
        clock: Clock,
        actor: str,
        *,
        writer: str = "",
        notices: Notices | None = None,
        redact: Callable[[str], str] = str,
        limit_s: float = LIMIT_S,
    ) -> SqliteJournal:
        """The journal, open for appending; what is appended passes `redact`; a disk has `limit_s` seconds to answer.

        Without a name, the home's own `writer` writes.

        Raises RunbookError E-STORE, E-JOURNAL-DAMAGED.
        """
        self._plan = _plan_in(self.folder)
        known, self._ledger = self._ledger, None
        elsewhere = Elsewhere(
            tuple(folder for folder in self._folders() if folder != self.folder),
            self._prepare,
            self._moved,
            self._places.give_up_reserve,
        )
        return SqliteJournal(
            self.folder,
            self.id,
            clock,
            actor,
            writer=writer or self.writer,
            elsewhere=elsewhere,
            notices=notices or self._notices,
            redact=redact,
            limit_s=limit_s,
            known=known,
        )

    def read(self) -> Reading:
        """Every event that is proven, and what is wrong behind them; changes nothing. Raises RunbookError E-JOURNAL-DAMAGED
        when the file cannot be opened at all, and E-JOURNAL-NEWER. What this object has read before is not read again."""
        if self._ledger and self._ledger.unread:
            self.forget()  # events are read from their rows, and nothing that was kept
        return self._proven().reading

    def _proven(self, kept: Kept | None = None) -> Ledger:
        try:
            self._ledger = read_on(self.folder / JOURNAL_NAME, self.id, self._ledger, kept)
        except (*UNREADABLE, OSError) as problem:
            raise RunbookError("E-JOURNAL-DAMAGED", name=self.id, seq=1, reason=why(problem)) from None
        return self._ledger

    def known(self) -> Known:
        """What `read` and `state` say, every row proven; events whose state was kept are not decoded for it. Raises as `read` does."""
        ledger = self._proven(kept := None if self._ledger else load(self.folder, self.id))
        if kept and ledger.unread:
            self._folded, self._kept = kept.state, kept.rows
        self._folded, ends = folded(ledger, self._folded), ledger.ends
        return Known(ends[0] if ends else None, len(ledger.rows), self._folded, ledger.damage)

    def forget(self) -> None:
        """Let go of what was read."""
        self._ledger, self._folded = None, State()

    def state(self, events: Sequence[Recorded] | None = None) -> State:
        """The fold of the events, by default of those that are proven now; from the last fold on where they go on from it."""
        events = self.read().events if events is None else events
        count, last = self._folded.events, self._folded.last
        goes_on = last is not None and count <= len(events) and events[count - 1].hash == last.hash
        self._folded = fold(events[count:], self._folded) if goes_on else fold(events)
        return self._folded

    def state_in(self, journal: SqliteJournal) -> State:
        """The state of everything in its journal, that of other processes included; kept for the next resume."""
        journal.append_all([])  # takes in what others wrote
        self._folded = folded(journal.ledger, self._folded)
        self.keep(journal, self._folded)
        return self._folded

    def keep(self, journal: SqliteJournal, state: State) -> None:
        """Keep the state of a long incident for the next resume: a cache, nothing rests on it. Never raises."""
        self._kept = keep(self.folder, journal, state, self._kept)

    def lost(self) -> Lost | None:
        """What is wrong when not even the first event can be read, so that the record can only be begun anew; else None. Changes nothing.

        Raises RunbookError E-JOURNAL-NEWER.
        """
        return lost(self.folder / JOURNAL_NAME, self.id)

    def begin_anew(
        self,
        clock: Clock,
        actor: str,
        opening: Callable[[Mapping[str, str], Mapping[str, str]], Event],
        then: Sequence[Event] = (),
        redact: Callable[[str], str] = str,
    ) -> None:
        """A new record in the place of a lost one, from the plan as it lies here. The damaged file is kept, and what proves itself in it.

        `opening` gets the SHA-256 of each plan file, and what stands in `IncidentOpened.reopened_from`. Raises RunbookError E-STORE.
        """
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in self.kept_plan().items()}
        try:
            begin_anew(
                self.folder / JOURNAL_NAME,
                self.id,
                clock,
                actor,
                lambda was: [opening(digests, was), *then],
                self.writer,
                redact,
            )
        except (*UNREADABLE, OSError, LostError) as problem:
            raise RunbookError("E-STORE", reason=why(problem), tried=self.folder) from None

    def plan_kept_at(self) -> datetime | None:
        """When the plan was put into the folder, by the disk: about when the incident was opened. None where nothing says so."""
        try:
            return datetime.fromtimestamp((self.folder / PLAN).stat().st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            return None

    def kept_plan(self) -> dict[str, bytes]:
        """Every file under `plan/`, as it is now, proven by nothing; from the next place that has any where here is none."""
        return next((found for folder in (self.folder, *self._folders()) if (found := _plan_in(folder))), {})

    def lock(self, since: str, notices: Notices | None = None, *, place: int = 1) -> RunLock:
        """The right to run this incident, for a `with` block. `since` is shown to whoever finds it held.

        `place`: 1 walks it, 2 to 9 work beside the walk.
        """
        return RunLock(
            _lock_name(self.id, place), self._lock_folders, since, notices or self._notices, incident=self.id
        )

    @contextlib.contextmanager
    def alone(self, since: str) -> Iterator[None]:
        """The right to change the incident as a whole: nobody walks it, nobody works beside a walk. Raises E-INCIDENT-BUSY."""
        with self.lock(since):
            for place in PLACES[1:]:
                refuse_if_held(_lock_name(self.id, place), self._lock_folders, self.id)
            yield

    def running(self) -> frozenset[str]:
        """The writers of this home whose processes run this incident now."""
        places = (place for place in PLACES if held(_lock_name(self.id, place), self._lock_folders))
        return frozenset(self.writer_at(place) for place in places)

    def writer_at(self, place: int) -> str:
        """The name by which the holder of a place writes."""
        return self.writer if place == 1 else beside(self.writer, place)

    @property
    def _lock_folders(self) -> list[Path]:
        return [self._places.root, *([self._places.temporary] if self._places.temporary else [])]

    @property
    def writer(self) -> str:
        """The name by which this home writes."""
        self._writer = self._writer or writer_of(self._places.root)
        return self._writer

    @property
    def evidence(self) -> EvidenceFolders:
        """The Evidence port; it follows the incident when that moves."""
        return self.evidence_without(bytes)

    def evidence_without(self, redact: Callable[[bytes], bytes]) -> EvidenceFolders:
        """The same; what is kept passes `redact`."""
        return EvidenceFolders(lambda: dict.fromkeys((self.folder, *self._folders())), redact)

    def plan_file(self, name: str, sha256: str) -> bytes:
        """A file of the plan as it was at the start. Raises RunbookError E-FILE when it is not that any more."""
        reason = ""
        try:
            data = self._plan.get(name) or read_plain(self.folder.joinpath(PLAN, *relative_parts(name)))
        except OSError as problem:
            reason = why(problem)
        else:
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
        return self._other_plan_file(name, sha256, reason)

    def plan_files(self, digests: Mapping[str, str]) -> dict[str, bytes]:
        """The plan's files by name, each checked against its SHA-256 in the first event. Raises RunbookError E-FILE."""
        return {name: self.plan_file(name, sha256) for name, sha256 in digests.items()}

    def add_plan_file(self, name: str, data: bytes) -> str:
        """Keep a further file beside those of the start, durably; its SHA-256. Raises RunbookError E-STORE."""
        path = self.folder.joinpath(PLAN, *relative_parts(name))
        try:
            private_folder(path.parent)
            replace_file(path, data)
        except OSError as problem:
            raise RunbookError("E-STORE", reason=why(problem), tried=self.folder) from None
        self._plan[name] = data
        return hashlib.sha256(data).hexdigest()

    # -- moving ---------------------------------------------------------------------------------------------------------

    def _folders(self) -> Iterator[Path]:
        kind = PRACTICE if is_practice(self.id) else INCIDENTS
        return (place / kind / self.id for place in self._places.all)

    def _prepare(self, folder: Path) -> None:
        """Make the folder in another place with the plan, and with whatever evidence can still be read."""
        self._places.ready(folder.parent.parent)
        private_folder(folder)
        for name, data in self._plan.items():
            path = folder.joinpath(PLAN, *relative_parts(name))
            private_folder(path.parent)
            replace_file(path, data)
        kept = private_folder(folder / EVIDENCE)
        with contextlib.suppress(OSError):
            # What takes longer, or a disk that does not answer, holds nobody up: the copying goes on unseen.
            within(partial(_copy, self.folder / EVIDENCE, kept), EVIDENCE_S)

    def _moved(self, folder: Path) -> None:
        self.folder = folder

    def _other_plan_file(self, name: str, sha256: str, reason: str) -> bytes:
        for folder in self._folders():
            with contextlib.suppress(OSError):
                data = read_plain(folder.joinpath(PLAN, *relative_parts(name)))
                if hashlib.sha256(data).hexdigest() == sha256:
                    return data
        raise RunbookError("E-FILE", file=f"{PLAN}/{name}", reason=reason or _("it is not what it was at the start"))


def _copy(evidence: Path, to: Path) -> None:
    for piece in evidence.iterdir():
        if not (to / piece.name).exists():
            replace_file(to / piece.name, read_plain(piece))


def _plan_in(folder: Path) -> dict[str, bytes]:
    """All files under `plan/`, held in memory: the disk may fail before they are needed elsewhere."""
    found: dict[str, bytes] = {}
    top = folder / PLAN
    with contextlib.suppress(OSError):
        for path in sorted(top.rglob("*")):
            with contextlib.suppress(OSError):
                if path.is_file():
                    found[path.relative_to(top).as_posix()] = read_plain(path)
    return found
