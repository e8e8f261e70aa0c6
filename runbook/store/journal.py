"""The incident's journal: one SQLite file, appended to and read back; what `append` returned survives a power cut."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.events import Event
from runbook.model.ports import Clock
from runbook.model.record import Recorded, head_code
from runbook.model.text import _
from runbook.store.connection import UNREADABLE
from runbook.store.database import Database
from runbook.store.elsewhere import Elsewhere
from runbook.store.examining import of_the_file, opened
from runbook.store.files import UnsafeError, plain_file
from runbook.store.ledger import Ledger
from runbook.store.mending import keep, mended, write_anew
from runbook.store.notices import LostError, Notice, Notices, ignore, why
from runbook.store.rows import Damage, Row, blank, body_text
from runbook.store.worker import LIMIT_S, HungError, WatchedDatabase

JOURNAL_NAME = "journal.db"
_BUSY, _FULL = 5, 13  # https://www.sqlite.org/rescode.html


class SqliteJournal:
    """Implements the Journal port. May be used from several threads; several processes may append to one file.

    `actor` is written into every row and may be changed. `folder` is where it is stored now. `in_memory`: nothing could be
    stored any more, and from there on events are only in this object. `damage`: what was wrong with the file (None: nothing).
    """

    def __init__(
        self,
        folder: Path,
        incident: str,
        clock: Clock,
        actor: str,
        *,
        writer: str = "",
        elsewhere: Elsewhere | None = None,
        notices: Notices = ignore,
        redact: Callable[[str], str] = str,
        limit_s: float = LIMIT_S,
        known: Ledger | None = None,
    ) -> None:
        """Open the journal of an incident folder for appending; `writer` defaults to the one that wrote the last row.

        `known`: what this process has proven of it already; it is the journal's from here on.
        Every text of an event passes `redact` before it is hashed or stored. A disk that does not answer within `limit_s`
        seconds is given up like one that reports an error.
        Damage is told and mended, never in the way. Raises RunbookError E-STORE (not a file of ours), E-JOURNAL-NEWER and
        E-JOURNAL-DAMAGED (not even the first event can be read).
        """
        self.incident, self.folder, self.actor = incident, folder, actor
        self.in_memory = False
        self._clock, self._notices, self._redact = clock, notices, redact
        self._elsewhere = elsewhere or Elsewhere()
        self._untried = list(self._elsewhere.folders)
        self._guard = threading.RLock()
        self._limit_s = limit_s
        self._database: WatchedDatabase | None = None
        self._abandoned: list[WatchedDatabase] = []
        self._ledger = known or Ledger(incident)
        self._reason = ""
        self._open()
        self.writer = writer or self._ledger.writer
        self._given = len(self._ledger.rows)

    # -- the port -------------------------------------------------------------------------------------------------------

    def append(self, event: Event) -> Recorded:
        """Store the event; once this returns it survives a power cut, unless `in_memory` says otherwise.

        Raises ValueError for values that JSON cannot hold, and RunbookError E-STORE while another process holds the file.
        """
        return self.append_all([event])[-1]

    def append_all(self, events: Sequence[Event]) -> list[Recorded]:
        """The same for several events that came at once: all of them are stored, or none.

        What others have stored since the last call comes first in what it gives; without events of its own it only looks for that.
        """
        texts = [body_text(event, self._redact) for event in events]
        with self._guard:
            drafts = [self._draft(kind, text) for kind, text in texts]
            if not drafts:
                self._catch_up()
            elif not self._stored(drafts):
                self._moved(drafts)
            new = self._ledger.since(self._given)
            self._given += len(new)
            return new

    def events(self) -> Iterator[Recorded]:
        """All events in order, those of other processes included, up to the first that cannot be believed."""
        with self._guard:
            self._catch_up()
            self._given = len(self._ledger.rows)
            return iter(list(self._ledger.events))

    def take(self, rows: Sequence[Row]) -> None:
        """Store rows that other writers wrote elsewhere, each the next of its writer. Raises RunbookError E-STORE; then none is stored."""
        with self._guard:
            if rows and not self._stored(rows):
                self._moved(rows)

    def _draft(self, kind: str, text: str) -> Row:
        return blank(self.incident, self.writer, self._clock, self.actor)._replace(kind=kind, body=text)

    def _catch_up(self) -> None:
        if self._database is not None:
            try:
                self._ledger.catch_up(self._database)
            except HungError as problem:
                self._leave(problem)

    @property
    def head(self) -> Recorded | None:
        """The last event that this object knows."""
        ends = self._ledger.ends
        return ends[1] if ends else None

    @property
    def head_code(self) -> str:
        """The head code of the last event that this object knows; empty when there is none."""
        last = self.head
        return head_code(len(self._ledger.rows), last) if last else ""

    @property
    def ledger(self) -> Ledger:
        """What this object knows: to be looked at, not changed."""
        return self._ledger

    @property
    def damage(self) -> Damage | None:
        """The first row of the file that could not be believed."""
        return self._ledger.damage

    def close(self) -> None:
        """Let go of the file. Never raises."""
        with self._guard:
            for database in (*self._abandoned, *([self._database] if self._database else [])):
                database.close()
            self._abandoned, self._database = [], None

    def __enter__(self) -> SqliteJournal:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # -- storing --------------------------------------------------------------------------------------------------------

    def _stored(self, drafts: Sequence[Row]) -> bool:
        """Whether the rows are in the file where the journal is; else the file is given up."""
        reserve = self._elsewhere.reserve
        while self._database is not None:
            try:
                self._commit(self._database, drafts)
            except UNREADABLE as problem:
                self._database.end()
                code = int(getattr(problem, "sqlite_errorcode", 0)) & 0xFF
                if code == _BUSY:
                    raise RunbookError("E-STORE", reason=why(problem), tried=self.folder) from None
                # Full while writing: nothing was synced, so this file may be tried again. After a failed sync never.
                if code == _FULL and reserve():
                    self._notices(Notice("reserve", why(problem), self.folder))
                else:
                    self._leave(problem)
            except (OSError, LostError) as problem:
                self._leave(problem)
            else:
                return True
        return False

    def _commit(self, database: WatchedDatabase, drafts: Sequence[Row]) -> None:
        known = self._ledger
        number, digest = database.begin()
        if number > known.number:
            before = known.damage
            known.catch_up(database)
            if known.damage is not before:
                raise sqlite3.DatabaseError(_("the file is damaged"))
        elif (number, digest) != known.last:
            raise LostError
        rows = self._next(drafts)
        for row, number in zip(rows, database.add(rows), strict=True):
            known.believe(row, number)

    def _next(self, drafts: Sequence[Row]) -> list[Row]:
        """The drafts as rows, behind what this writer has to say of the others; rows that have their hash stay as they are."""
        if drafts[0].hash:
            return list(drafts)
        seen = [self._draft(*body_text(event)) for event in self._ledger.unseen(self.writer)]
        return self._ledger.next_all([*seen, *drafts])

    def _leave(self, problem: BaseException) -> None:
        """Give the file up for good; it is closed at the end, because closing a file that failed may write to it."""
        self._reason = why(problem)
        if self._database is not None:
            self._database.end()
            self._abandoned.append(self._database)
            self._database = None

    def _moved(self, drafts: Sequence[Row]) -> None:
        """Store the rows with the whole incident in the next folder that takes it; in memory when none does."""
        before = len(self._ledger.rows)
        rows = [*self._ledger.rows, *self._next(drafts)]
        for folder in tuple(self._untried):
            try:
                self._database = self._watched(partial(self._elsewhere.settled, folder / JOURNAL_NAME, rows))
            except HungError:
                # It would hold up every event from here on.
                self._untried.remove(folder)
                continue
            except (OSError, *UNREADABLE, LostError):
                continue
            self._untried.remove(folder)
            self.folder, self.in_memory = folder, False
            self._elsewhere.moved(folder)
            self._believe(rows, before)
            self._notices(Notice("moved", self._reason, folder))
            return
        if not self.in_memory:
            self._notices(Notice("memory", self._reason))
        self.in_memory = True
        self._believe(rows, before)

    def _believe(self, rows: Sequence[Row], before: int) -> None:
        for number, row in enumerate(rows[before:], before + 1):
            self._ledger.believe(row, number)

    # -- opening --------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        path = self.folder / JOURNAL_NAME
        renew = ""
        try:
            plain_file(path)
        except OSError as problem:
            if not isinstance(problem, UnsafeError) or path.is_symlink() or not path.is_file():
                raise RunbookError("E-STORE", reason=why(problem), tried=self.folder) from None
            renew = why(problem)
        try:
            self._database, found, refused = opened(path, self.incident, self._limit_s, self._ledger)
        except HungError as problem:
            raise RunbookError("E-STORE", reason=why(problem), tried=self.folder) from None
        self._ledger, broken = found.ledger, of_the_file(refused)
        if refused and self._database is None:
            self._leave(refused)
        if self.damage:
            self._mend(self.damage, found.behind)
        if broken or (self.damage and self._database is not None):
            self._renew(path, "journal-damaged")
        elif renew:
            self._renew(path, "journal-older")
        if self.damage:
            self._notices(Notice("damaged", self.damage.reason, self.folder, self.damage.seq))
        elif broken:
            self._notices(Notice("unfit", path=self.folder))
        elif renew:
            self._notices(Notice("renewed", renew, self.folder))

    def _watched(self, opened: Callable[[], Database]) -> WatchedDatabase:
        return WatchedDatabase(opened, self._limit_s)

    def _mend(self, damage: Damage, behind: list[Row]) -> None:
        known = self._ledger
        by = known.rows[-1].writer if known.rows else behind[-1].writer if behind else known.writer
        rows = mended(known.rows, damage, behind, blank(self.incident, by, self._clock, self.actor))
        if rows is None:
            if self._database is not None:
                self._database.let_be()
                self._database = None
            self.close()
            raise RunbookError("E-JOURNAL-DAMAGED", name=self.incident, seq=1, reason=damage.detail)
        known.start_over(rows)

    def _renew(self, path: Path, keep_as: str) -> None:
        """Put a new file with what is known in the place of one that cannot be gone on with; else the next append moves."""
        try:
            # Before it is closed: closing writes the log into the file.
            keep(path, keep_as)
            if self._database is not None:
                self._database.close()
                self._database = None
            write_anew(path, self._ledger.rows)
            self._ledger.number = len(self._ledger.rows)
            self._database = self._watched(lambda: Database(path))
        except (*UNREADABLE, OSError, LostError) as problem:
            self._leave(problem)
