"""Events as the journal holds them: rows in order, chained; an event as a JSON object and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from runbook.model.events import KINDS, Event, Unrecognised
from runbook.model.units import utc_read


class Recorded(NamedTuple):
    """An event as the journal holds it: acknowledged, in order, chained."""

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

    @property
    def at(self) -> datetime:
        return utc_read(self.utc)

    @property
    def kind(self) -> str:
        return self.event.kind if isinstance(self.event, Unrecognised) else type(self.event).__name__


def head_code(events: int, last: Recorded) -> str:
    """`42·7F3A`: how many events there are and 16 bits of the last one's hash, to see that two people look at the same page."""
    return f"{events}·{last.hash[:4].upper()}"


def body(event: Event) -> dict[str, Any]:
    """The event's JSON object."""
    return dict(event.body) if isinstance(event, Unrecognised) else asdict(event)


def event(kind: str, data: Mapping[str, Any]) -> Event:
    """The event that `body` wrote. Unknown kinds and fields, and values of another type, come back as `Unrecognised`."""
    cls = KINDS.get(kind)
    if cls is None or cls is Unrecognised:
        return Unrecognised(kind, dict(data))
    known = field_types(kind)
    for name, value in data.items():
        if name not in known or not known[name](value):
            return Unrecognised(kind, dict(data))
    try:
        return cls(**data)
    except TypeError:
        return Unrecognised(kind, dict(data))


Fits = Callable[[Any], bool]


@cache
def field_types(kind: str) -> dict[str, Fits]:
    """The fields of a kind of event, each with what says whether a JSON value is of its type."""
    return {name: _fits(hint) for name, hint in get_type_hints(KINDS[kind]).items()}


def _fits(hint: Any) -> Fits:
    """Says of a JSON value whether it is of the type that a field is written with."""
    if hint is Any:
        return lambda _value: True
    if isinstance(hint, UnionType):
        ways = [_fits(each) for each in get_args(hint)]
        return lambda value: any(way(value) for way in ways)
    if hint is float:
        return lambda value: type(value) in (float, int)
    inner = [_fits(each) for each in get_args(hint)]
    if get_origin(hint) is dict:
        of_value = inner[1]
        return lambda value: type(value) is dict and all(map(of_value, value.values()))
    if get_origin(hint) is list:
        of_item = inner[0]
        return lambda value: type(value) is list and all(map(of_item, value))
    return lambda value: type(value) is hint


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
