"""What is known of a journal in memory: its proven rows, the chain they make, and what is wrong behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from runbook.model.events import Event, OthersSeen
from runbook.model.ports import Clock
from runbook.model.record import Recorded
from runbook.model.writers import seen_by
from runbook.store.connection import UNREADABLE
from runbook.store.order import Order, by_cause
from runbook.store.rows import ROOT, Chain, Damage, Row, blank, body_text, digest, recorded, sealed

FIRST_WRITER = "one"


class Source(Protocol):
    """An open journal file."""

    def after(self, number: int) -> Iterator[tuple[int, Row]]: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What a journal file proves: its events up to the first that cannot be believed, and what is wrong there (None: nothing)."""

    events: tuple[Recorded, ...]
    damage: Damage | None


def first_rows(
    incident: str,
    clock: Clock,
    actor: str,
    events: Sequence[Event],
    writer: str = "",
    redact: Callable[[str], str] = str,
) -> list[Row]:
    """The first rows of a new incident. Raises ValueError for values that JSON cannot hold."""
    ledger = Ledger(incident)
    for number, event in enumerate(events, 1):
        kind, text = body_text(event, redact)
        draft = blank(incident, writer or FIRST_WRITER, clock, actor)._replace(kind=kind, body=text)
        ledger.believe(ledger.next(draft), number)
    return ledger.rows


class Ledger:
    """The rows of one journal as far as they are proven. `number` is the last row's number in the file.

    `unread`: how many rows at the beginning are proven and not decoded yet; that happens when somebody asks for their events.
    """

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self.damage: Damage | None = None
        self._clear()

    def _clear(self) -> None:
        self.chain, self.number = Chain(self.incident), 0
        self.rows: list[Row] = []
        self.unread = 0
        self._read: list[Recorded] = []
        self._order, self._ordered = Order(), 0
        self._speaks = False
        self._seen: dict[str, dict[str, int]] = {}

    @property
    def reading(self) -> Reading:
        """What is proven now."""
        return Reading(tuple(self.events), self.damage)

    @property
    def events(self) -> list[Recorded]:
        """The events in their one order; `arrived` holds them as they came."""
        if self._order.sorted:
            return self.arrived
        return by_cause(self.arrived)

    @property
    def arrived(self) -> list[Recorded]:
        """The events as they came, one for each row."""
        if self.unread:
            self._read, self.unread = [*map(recorded, self.rows[: self.unread]), *self._read], 0
        return self._read

    def since(self, count: int) -> list[Recorded]:
        """The events as they came, without the first `count`."""
        return self._read[count - self.unread :] if count >= self.unread else self.arrived[count:]

    def behind(self, count: int, digest: str) -> list[Recorded] | None:
        """The events in their one order, without the first `count`; None where the last of those has not this hash."""
        known: Sequence[Row | Recorded] = self.rows if self._order.sorted else self.events
        if not 0 < count <= len(known) or known[count - 1].hash != digest:
            return None
        return self.since(count) if self._order.sorted else self.events[count:]

    @property
    def ends(self) -> tuple[Recorded, Recorded] | None:
        """The first and the last event in their one order; None where there is none."""
        if self._order.sorted and self.unread:
            return recorded(self.rows[0]), self._read[-1] if self._read else recorded(self.rows[-1])
        events = self.events
        return (events[0], events[-1]) if events else None

    @property
    def of_one_writer(self) -> bool:
        """Whether nobody but one writer wrote here, who knew of no other."""
        return len(self.chain.heads) == 1 and not self._speaks

    def stands_in(self, source: Source) -> bool:
        """Whether the file goes on where this ends, so that what was proven need not be read again. Never raises."""
        if self.damage is not None or not self.rows:
            return False
        try:
            return next(source.after(self.number - 1), None) == (self.number, self.rows[-1])
        except UNREADABLE:
            return False

    def catch_up(self, source: Source) -> None:
        """Take the rows that were added since, up to the first that does not continue the chain: that becomes `damage`.

        Raises nothing: a page that cannot be read is damage.
        """
        if self.damage is not None:
            return
        self._go_on(source.after(self.number))

    def begin(self, source: Source, count: int, writer: str, head: str) -> bool:
        """Take the rows of the file as `catch_up` does, the first `count` without decoding them: they must be those of this writer, end
        in this hash and speak of nobody else. False: they are not; then nothing is taken. Raises nothing."""
        rows = source.after(0)
        try:
            taken = self._took(islice(rows, count), writer) == count and self.rows[-1].hash == head
        except (*UNREADABLE, ValueError, TypeError):
            taken = False
        if not taken:
            self._clear()
            return False
        self.unread = self.chain.number = count
        self.chain.heads[writer] = count, head
        self._go_on(rows)
        return True

    def _took(self, rows: Iterable[tuple[int, Row]], writer: str) -> int:
        """Take rows as long as each is the next of this writer and unchanged; how many."""
        count, prev = 0, ROOT
        for number, row in rows:
            if (
                row.seq != count + 1
                or row.prev != prev
                or row.writer != writer
                or row.incident != self.incident
                or row.kind == OthersSeen.__name__
                or digest(row) != row.hash
            ):
                break
            count, prev, self.number = count + 1, row.hash, number
            self.rows.append(row)
        return count

    def _go_on(self, rows: Iterator[tuple[int, Row]]) -> None:
        try:
            for number, row in rows:
                result = self.chain.add(row)
                if isinstance(result, Damage):
                    self.damage = result
                    return
                self._take(row, result, number)
        except UNREADABLE as problem:
            self.ends_unproven(str(problem))

    def ends_unproven(self, detail: str) -> None:
        """What is behind the last proven row cannot be read."""
        last, _prev = self.chain.head(self.writer)
        self.damage = Damage(self.chain.number + 1, last + 1, "page", detail)

    def take_proven(self, rows: Iterable[Row]) -> None:
        """Take rows as long as each of them continues its writer's chain. What was read twice is taken once."""
        for number, row in enumerate(rows, 1):
            if self.chain.head(row.writer)[1] == row.hash:
                continue
            result = self.chain.add(row)
            if isinstance(result, Damage):
                return
            self._take(row, result, number)

    def _take(self, row: Row, event: Recorded, number: int) -> None:
        self.number = number
        self.rows.append(row)
        self._read.append(event)
        speaks = type(event.event) is OthersSeen
        self._speaks = self._speaks or speaks
        if not self.of_one_writer:
            # What one writer wrote is in order as it comes.
            for each in self.since(self._ordered):
                self._order.add(each)
            self._ordered = len(self.rows)
        if not speaks:
            return
        for writer, (seq, _digest) in seen_by(event):
            seen = self._seen.setdefault(event.writer, {})
            seen[writer] = max(seen.get(writer, 0), seq)

    def unseen(self, writer: str) -> list[Event]:
        """What `writer` has to say before it writes on: how far it knows the others; nothing where that was said."""
        seen = self._seen.get(writer, {})
        heads = {
            other: [seq, digest]
            for other, (seq, digest) in self.chain.heads.items()
            if other != writer and seq > seen.get(other, 0)
        }
        return [OthersSeen(heads)] if heads else []

    @property
    def last(self) -> tuple[int, str]:
        """Number and hash of the last row; `(0, "")` when there is none."""
        return (self.number, self.rows[-1].hash) if self.rows else (0, "")

    @property
    def writer(self) -> str:
        """Who wrote the last row."""
        return self.rows[-1].writer if self.rows else FIRST_WRITER

    def next(self, draft: Row) -> Row:
        """The draft as its writer's next row."""
        return self.next_all([draft])[0]

    def next_all(self, drafts: Sequence[Row]) -> list[Row]:
        """The drafts, all of one writer, as its next rows."""
        rows: list[Row] = []
        for draft in drafts:
            seq, prev = (rows[-1].seq, rows[-1].hash) if rows else self.chain.head(draft.writer)
            rows.append(sealed(draft._replace(seq=seq + 1, prev=prev)))
        return rows

    def believe(self, row: Row, number: int) -> Recorded:
        """Take a row that is stored. Live and resumed see the same: the event is read back from what was stored."""
        event = recorded(row)
        self.chain.follow(row)
        self._take(row, event, number)
        return event

    def start_over(self, rows: list[Row]) -> None:
        """Take these rows, which make a chain, as all that there is."""
        self._clear()
        for number, row in enumerate(rows, 1):
            self.believe(row, number)
