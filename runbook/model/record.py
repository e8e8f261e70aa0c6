"""Events as the journal holds them: rows in order, chained; an event as a JSON object and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from runbook.model.events import KINDS, Event, Unrecognised
from runbook.model.units import utc_read, utc_text

NOTHING_FURTHER: Mapping[str, Any] = MappingProxyType({})


class Recorded(NamedTuple):
    """An event as the journal holds it: acknowledged, in order, chained. `further`: fields that a later version has added.

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
    further: Mapping[str, Any] = NOTHING_FURTHER
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
    """The event that `body` wrote; fields that this version does not know are left to `further`.

    An unknown kind, one that lacks a field, and one with a value of another type than its field's, comes back as `Unrecognised`.
    """
    cls = KINDS.get(kind)
    if cls is None or cls is Unrecognised:
        return Unrecognised(kind, dict(data))
    types = field_types(kind)
    known = types.keys()
    if not all(types[name](data[name]) for name in data.keys() & known):
        return Unrecognised(kind, dict(data))
    try:
        return cls(**(data if data.keys() <= known else {name: data[name] for name in data.keys() & known}))
    except TypeError:
        return Unrecognised(kind, dict(data))


def further(event: Event, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of the JSON object `data` that `event`, made of it, does not hold."""
    if isinstance(event, Unrecognised) or data.keys() <= (known := field_types(type(event).__name__).keys()):
        return NOTHING_FURTHER
    return {name: value for name, value in data.items() if name not in known}


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
