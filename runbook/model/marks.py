"""What later events say of earlier ones: which were amended, and which came after the end."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from runbook.model.events import Event, IncidentAborted, IncidentClosed, NoteAdded
from runbook.model.record import Recorded
from runbook.model.units import utc_read

Row = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Marks:
    """`amended`: the numbers of the notes on an event, by its writer and number. `after_end`: the events behind the incident's end."""

    amended: dict[Row, list[int]] = field(default_factory=dict)
    after_end: frozenset[Row] = frozenset()

    def amended_by(self, recorded: Recorded) -> list[int]:
        """The numbers of the notes that amend this event."""
        return self.amended.get(_row(recorded), [])

    def is_after_end(self, recorded: Recorded) -> bool:
        return _row(recorded) in self.after_end


def _row(recorded: Recorded) -> Row:
    return recorded.writer, recorded.seq


def marks(events: Iterable[Recorded]) -> Marks:
    """The marks of a journal, in its order."""
    amended: dict[Row, list[int]] = {}
    after, ended = set(), False
    for recorded in events:
        event = recorded.event
        if ended:
            after.add(_row(recorded))
        if isinstance(event, (IncidentClosed, IncidentAborted)):
            ended = True
        elif isinstance(event, NoteAdded) and event.amends:
            amended.setdefault((event.of or recorded.writer, event.amends), []).append(recorded.seq)
    return Marks(amended, frozenset(after))


def paper_time(event: Event) -> datetime | None:
    """When what was typed in later happened, as the paper said; None for any other event, and where it cannot be read."""
    if isinstance(event, NoteAdded) and event.at:
        with suppress(ValueError):
            return utc_read(event.at)
    return None


def numbers(found: Iterable[int]) -> str:
    """`#12, #15`."""
    return ", ".join(f"#{number}" for number in found)
