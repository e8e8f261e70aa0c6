"""From the text of a body to its event: fast for the form in which the journal writes it, strict for every other.

A journal of days has 100,000 of them, and each is looked at before an incident goes on. The text that `canonical` makes of an
event has its fields in one order, so a pattern of the kind both proves the form and finds the values, at a fifth of the cost
of reading JSON and looking at every key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, make_dataclass
from functools import cache
from operator import itemgetter
from typing import Any, cast

from runbook.model import record
from runbook.model.events import KINDS, Event, Unrecognised
from runbook.store.strict_json import BadRowError, strict


def _mapping(text: str) -> Any:
    return {} if text == "{}" else strict(text)


def _list(text: str) -> Any:
    return [] if text == "[]" else strict(text)


# No escapes, no more digits than any reader takes, nothing nested twice: the rest is read in the strict way.
_FORMS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "str": (r'"([^"\\\x00-\x1f]*)"', str),
    "int": (r"(0|-?[1-9][0-9]{0,15})", int),
    "float": (r"(-?(?:0|[1-9][0-9]{0,15})\.[0-9]{1,17})", float),
    "bool": (r"(true|false)", "true".__eq__),
    "dict": (r"(\{[^{}]*\})", _mapping),
    "list": (r"(\[[^\[\]]*\])", _list),
}


_SETTABLE = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of event is written, and made. `ordered` brings the values of `match` into the order of the fields.

    `reads`: place and reader of each value that is not simply text, and whether what it read is of the field's type.
    """

    kind: type[Event]
    draft: Callable[..., Any]
    match: Callable[[str], re.Match[str] | None]
    ordered: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    reads: tuple[tuple[int, Callable[[str], Any], Callable[[Any], bool]], ...]


def body_event(kind: str, text: str) -> Event:
    """The event of a body's text; an unknown kind comes back as `Unrecognised`. Raises BadRowError (see `strict`)."""
    return read_body(kind, text)[0]


def read_body(kind: str, text: str) -> tuple[Event, Mapping[str, Any]]:
    """The same, and the fields that a later version has added to the event."""
    found = patterned(kind, text)
    if found is not None:
        return found, record.NOTHING_FURTHER
    body = strict(text)
    if not isinstance(body, dict):
        raise BadRowError("the body is no object")
    event = record.event(kind, body)
    return event, record.further(event, body)


def patterned(kind: str, text: str) -> Event | None:
    """The event, where the text has the form of its kind to the letter; None where that must be found in the strict way."""
    form = _form(kind)
    match = form.match(text) if form else None
    if form is None or match is None:
        return None
    values = list(form.ordered(match.groups()))
    try:
        for place, reader, fits in form.reads:
            values[place] = value = reader(values[place])
            if not fits(value):
                return None
    except BadRowError:
        return None  # a brace within a text cut it short, or it is wrong: the strict way says which
    event = form.draft(*values)
    event.__class__ = form.kind
    return cast("Event", event)


def _draft(kind: type[Event]) -> Callable[..., Any]:
    """A class of the same shape whose fields can still be set: made there and then frozen, an event costs a fifth."""
    names = [field.name for field in fields(kind)]
    own = {"__init__": vars(make_dataclass("Draft", names))["__init__"], "__slots__": names}
    return type(kind.__name__, (Event,), own | _SETTABLE, draft=True)


@cache
def _form(name: str) -> _Form | None:
    """How this kind is written; None for one of another version, without fields, or with a field for which there is no pattern."""
    kind = KINDS.get(name)
    if kind is None or kind is Unrecognised:
        return None
    types = {field.name: str(field.type).partition("[")[0] for field in fields(kind)}
    if not types or not set(types.values()) <= _FORMS.keys():
        return None
    written = sorted(types)
    pattern = ",".join(f'"{name}":{_FORMS[types[name]][0]}' for name in written)
    places = [written.index(name) for name in types]
    return _Form(
        kind=kind,
        draft=_draft(kind),
        match=re.compile(r"\{" + pattern + r"\}").fullmatch,
        ordered=itemgetter(*places) if len(places) > 1 else tuple,
        reads=tuple(
            (place, _FORMS[form][1], record.field_types(name)[field])
            for place, (field, form) in enumerate(types.items())
            if form != "str"
        ),
    )
