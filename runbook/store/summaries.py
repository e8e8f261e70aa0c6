"""A short account of an incident from the first and the last row of its journal, and which of several copies got furthest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from runbook.model.events import IncidentAborted, IncidentClosed, IncidentOpened, RecoveryAnswered
from runbook.model.record import Recorded
from runbook.model.state import fold
from runbook.store.connection import UNREADABLE, NewerError
from runbook.store.journal import JOURNAL_NAME
from runbook.store.notices import why
from runbook.store.rows import Row, recorded, sealed
from runbook.store.snapshot import Snapshot

State = Literal["open", "recovered", "closed", "aborted", "unreadable"]

_ENDS: dict[str, State] = {IncidentClosed.__name__: "closed", IncidentAborted.__name__: "aborted"}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list shows. Nothing here is verified: before anything is done the events are read.

    `opened` is the first event (None when it cannot be read), `opened_at` and `last_at` are UTC texts as stored, `state` is what
    the events fold to. `problem` says why the state is `unreadable`.
    """

    id: str
    folder: Path
    state: State
    opened: IncidentOpened | None = None
    opened_at: str = ""
    last: Recorded | None = None
    last_at: str = ""
    problem: str = ""


def summary(folder: Path, incident: str) -> Summary:
    """The account of the incident in this folder. Never raises."""
    try:
        with Snapshot(folder / JOURNAL_NAME) as snapshot:
            ends = snapshot.first_and_last()
            end = snapshot.last_of(*_ENDS)
            state: State = _ENDS[end.kind] if end else _standing(snapshot)
        if ends is None:
            return Summary(incident, folder, "unreadable")
        first, last = recorded(ends[0]), recorded(ends[1])
    except (*UNREADABLE, NewerError, OSError, ValueError, TypeError, LookupError, AttributeError) as problem:
        # Rows that nobody verified may hold anything; one bad incident must not hide the others.
        return Summary(incident, folder, "unreadable", problem=why(problem))
    opened = first.event if isinstance(first.event, IncidentOpened) else None
    return Summary(incident, folder, state, opened, first.utc, last, last.utc)


def _standing(snapshot: Snapshot) -> State:
    """Whether service is back, of an incident that has not ended."""
    if not snapshot.holds_any(RecoveryAnswered.__name__):
        return "open"
    return fold(recorded(row) for _n, row in snapshot.after(0)).status


def furthest(copies: Sequence[Path], incident: str) -> tuple[Path, list[Path]]:
    """The copy with the most events, and the others that hold something else than its beginning. Of equals the first wins."""
    if len(copies) == 1:
        return copies[0], []
    heads = {folder: _head(folder) for folder in copies}
    best = max(copies, key=lambda folder: head[0] if (head := heads[folder]) and head[1].incident == incident else 0)
    others = []
    for folder, head in heads.items():
        if folder != best and head and not _holds(best, head[1]):
            others.append(folder)
    return best, others


def _head(folder: Path) -> tuple[int, Row] | None:
    """How many rows there are, and the last one; None where nothing proves the first one."""
    try:
        with Snapshot(folder / JOURNAL_NAME) as snapshot:
            ends = snapshot.first_and_last()
            whole = ends and sealed(ends[0]).hash == ends[0].hash
            return (snapshot.count(), ends[1]) if ends and whole else None
    except (*UNREADABLE, NewerError, OSError, TypeError, ValueError):
        return None


def _holds(folder: Path, row: Row) -> bool:
    try:
        with Snapshot(folder / JOURNAL_NAME) as snapshot:
            return snapshot.holds(row.writer, row.seq, row.hash)
    except (*UNREADABLE, NewerError, OSError):
        return True
