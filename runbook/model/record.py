"""Events as the journal holds them: rows in order, chained; an event as a JSON object and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from runbook.model.events import KINDS, Event, Unrecognised
from runbook.model.units import utc_read, utc_text


class Recorded(NamedTuple):
    """An event as the journal holds it: acknowledged, in order, chained.

    `ahead`: how far the wall clock that stored it was ahead of the incident's own time; not stored, known after the fold.
    """

    incident: str
    writer: str
    seq: int
    utc: str
    boot_id: str
    boot_s: float
    actor: str
    event: Event
    prev: str
    hash: str
    ahead: timedelta = timedelta()

    @property
    def wall(self) -> datetime:
        """When it was stored, by the clock of that machine: what is shown."""
        return utc_read(self.utc)

    @property
    def at(self) -> datetime:
        """When it happened, in the incident's own time: what is counted. In rows that no fold has seen, the same as `wall`."""
        return utc_read(self.utc) - self.ahead if self.ahead else utc_read(self.utc)

    @property
    def kind(self) -> str:
        return self.event.kind if isinstance(self.event, Unrecognised) else type(self.event).__name__


def head_code(events: int, last: Recorded) -> str:
    """`42·7F3A`: how many events there are and 16 bits of the last one's hash, to see that two people look at the same page."""
    return f"{events}·{last.hash[:4].upper()}"


def happened(recorded: Recorded) -> Recorded:
    """The event at the time when it was so: what was done on paper and typed in later counts from when it was done."""
    try:
        return recorded._replace(utc=utc_text(utc_read(recorded.event.at)))  # type: ignore[attr-defined]
    except (AttributeError, ValueError, TypeError):
        return recorded


def body(event: Event) -> dict[str, Any]:
    """The event's JSON object."""
    return dict(event.body) if isinstance(event, Unrecognised) else asdict(event)


def event(kind: str, data: Mapping[str, Any]) -> Event:
    """The event that `body` wrote. Unknown kinds and fields come back as `Unrecognised`."""
    cls = KINDS.get(kind)
    if cls is None or cls is Unrecognised or not data.keys() <= _fields(kind):
        return Unrecognised(kind, dict(data))
    try:
        return cls(**data)
    except TypeError:
        return Unrecognised(kind, dict(data))


@cache
def _fields(kind: str) -> frozenset[str]:
    return frozenset(field.name for field in fields(KINDS[kind]))


def event_of(kind: str, text: str) -> Event | None:
    """The event of a row that could not be proven, from the text of its body; None when it cannot be read."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return event(kind, data) if isinstance(data, dict) else None


def kinds() -> tuple[str, ...]:
    """The names of all events of this version, for the documentation."""
    return tuple(sorted(k for k in KINDS if k != "Unrecognised"))
