"""The union of what is held here and what an export holds: each writer's chain goes on, or its rows are refused one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from runbook.model.events import IncidentOpened
from runbook.model.record import Recorded
from runbook.model.state import State, after
from runbook.model.text import Text
from runbook.model.units import utc_read
from runbook.store.ids import PRACTICE
from runbook.store.ledger import Ledger
from runbook.store.order import by_cause
from runbook.store.refusals import Code, Refusal
from runbook.store.rows import Chain, Damage, Row, digest, recorded
from runbook.store.strict_json import BadRowError
from runbook.store.unpacking import Line

ASIDE_AT_MOST = 64 << 20
NOT_UNDERSTOOD = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What the fold of events that nobody checked may raise."""


@dataclass(slots=True)
class Merged:
    """`new` rows in the order in which they may be stored, how many were `known`, what was refused.

    `aside` are the lines of refused rows that say something of their own: kept, never believed. `events` are all events
    in their one order.
    """

    new: list[Row] = field(default_factory=list)
    known: int = 0
    refused: list[Refusal] = field(default_factory=list)
    aside: list[bytes] = field(default_factory=list)
    events: list[Recorded] = field(default_factory=list)


def merged(held: Ledger, lines: Iterable[Line]) -> Merged:
    """What `lines` add to the rows that are held. Neither the order of files nor their repetition changes what comes out of it."""
    result = Merged()
    joining = _Joining(held, result)
    for line in lines:
        joining.add(line)
    joining.leave_out_what_cannot_be_understood()
    result.refused.extend(joining.refusals())
    return result


class _Joining:
    def __init__(self, held: Ledger, result: Merged) -> None:
        self.held, self.result = held, result
        self.chain = Chain(held.incident)
        self.chain.heads = dict(held.chain.heads)
        self.hashes = {(row.writer, row.seq): row.hash for row in held.rows}
        self.opening = next(((row.writer, row.seq) for row in held.rows if row.kind == IncidentOpened.__name__), None)
        self.lines: dict[tuple[str, int], Line] = {}
        self.kept_bytes = 0
        self._refused: dict[tuple[str, Code], Refusal] = {}

    def add(self, line: Line) -> None:
        row = line.row
        if row is None:
            self.refuse(line, "form", line.problem)
            return
        try:
            recorded(row)
        except BadRowError as problem:
            self.refuse(line, "form", str(problem))
            return
        place = row.writer, row.seq
        if digest(row) != row.hash:
            self.refuse(line, "hash")
        elif row.incident != self.held.incident:
            self.refuse(line, "incident", row.incident)
        elif self.hashes.get(place) == row.hash:
            if place in self.lines:
                self.refuse(line, "repeated")
            else:
                self.result.known += 1
                self.lines[place] = line
        elif place in self.hashes:
            self.refuse(line, "fork")
        else:
            self._next(line, row)

    def _next(self, line: Line, row: Row) -> None:
        opening = row.kind == IncidentOpened.__name__
        if opening and self.opening:
            self.refuse(line, "opening")
            return
        found = self.chain.add(row)
        if isinstance(found, Damage):
            # What no one holds is said; anything else, such as a number below 1, is no next event of anybody.
            self.refuse(line, "missing" if found.reason == "missing" else "chain", str(found.seq))
            return
        self.opening = (row.writer, row.seq) if opening else self.opening
        self.result.new.append(row)
        self.hashes[row.writer, row.seq] = row.hash
        self.lines[row.writer, row.seq] = line

    def refuse(self, line: Line, code: Code, detail: str = "") -> None:
        """Rows of a writer that are refused for the same reason are said once, with their number."""
        # What only waits for an earlier export says nothing of its own, nor does what stands there twice.
        if code not in ("missing", "repeated") and self.kept_bytes + len(line.data) <= ASIDE_AT_MOST:
            self.kept_bytes += len(line.data)
            self.result.aside.append(line.data)
        row = line.row
        writer = row.writer if row and isinstance(row.writer, str) else ""
        seq = row.seq if row and type(row.seq) is int else 0
        before = self._refused.get((writer, code))
        if before:
            self._refused[writer, code] = replace(before, count=before.count + 1)
        else:
            self._refused[writer, code] = Refusal("", code, detail, writer, seq, line.number)

    def refusals(self) -> list[Refusal]:
        return list(self._refused.values())

    def leave_out_what_cannot_be_understood(self) -> None:
        """A row that proves itself may still say what no event may say: the chain ends in front of it."""
        while True:
            new = [recorded(row) for row in self.result.new]
            self.result.events = by_cause([*self.held.arrived, *new])
            wrong = not_understood(self.held.incident, self.result.events)
            if wrong is None or (wrong[0].writer, wrong[0].seq) not in self.lines:
                return
            event, code, detail = wrong
            kept, out = _parted(self.result.new, event)
            if not out:
                return
            self.result.new = kept
            for row in out:
                line = self.lines.pop((row.writer, row.seq))
                self.refuse(
                    line,
                    code if row.seq == event.seq else "missing",
                    detail if row.seq == event.seq else str(event.seq),
                )


def _parted(rows: Sequence[Row], event: Recorded) -> tuple[list[Row], list[Row]]:
    """The rows without those of the event's writer from that event on; and those."""
    out = [row for row in rows if row.writer == event.writer and row.seq >= event.seq]
    gone = {(row.writer, row.seq) for row in out}
    return [row for row in rows if (row.writer, row.seq) not in gone], out


def not_understood(incident: str, events: Sequence[Recorded]) -> tuple[Recorded, Code, str] | None:
    """The first event that no program can go on with, why, and the detail; None when there is none. The first event opens the incident."""
    state, opened = State(), False
    for event in events:
        try:
            if isinstance(event.event, IncidentOpened):
                if opened or not opens(incident, event.event):
                    return event, "opening", ""
                opened = True
            elif not opened:
                return event, "opening", ""
            state = after(state, event)
        except NOT_UNDERSTOOD as problem:
            return event, "meaning", f"{type(problem).__name__}: {problem}"[:200]
    return None


def opens(incident: str, opened: IncidentOpened) -> bool:
    """Does this open this very incident, as what its id says it is? Practice can never be given out as real, nor the real as practice."""
    front = incident.partition("-")[0]
    mode = front if front in PRACTICE else "live"
    try:
        ZoneInfo(opened.zone)
        utc_read(opened.reported_at)
        Text.of(opened.title).pick()
    except NOT_UNDERSTOOD:
        return False
    except OSError:
        return False
    return (opened.incident, opened.mode) == (incident, mode)
