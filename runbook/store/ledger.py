"""What is known of a journal in memory: its proven rows, the chain they make, and what is wrong behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from runbook.model.events import Event, OthersSeen
from runbook.model.ports import Clock
from runbook.model.record import Recorded
from runbook.model.writers import seen_by
from runbook.store.connection import UNREADABLE
from runbook.store.order import Order, by_cause
from runbook.store.rows import Chain, Damage, Row, blank, body_text, recorded, sealed

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
    """The rows of one journal as far as they are proven. `number` is the last row's number in the file."""

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self.damage: Damage | None = None
        self._clear()

    def _clear(self) -> None:
        self.chain, self.number = Chain(self.incident), 0
        self.rows: list[Row] = []
        self.arrived: list[Recorded] = []
        self._order = Order()
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
        try:
            for number, row in source.after(self.number):
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
        self.arrived.append(event)
        self._order.add(event)
        if type(event.event) is not OthersSeen:
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
