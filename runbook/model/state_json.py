"""The state as JSON and back, by the types of its fields: for the cache of a long incident, never for the record.

What is read back is equal to what was written, or is refused: a value of another type than its field's is ValueError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from runbook.model import record
from runbook.model.events import KINDS, Event, Unrecognised
from runbook.model.known import Conflict, Debt, Position, State, StepState
from runbook.model.own_time import Boot, OwnTime
from runbook.model.record import Recorded

_SHAPES = (State, StepState, Debt, Position, Conflict, OwnTime, Boot)


class _Form(NamedTuple):
    """How values of one type are written, and read back."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def written(state: State) -> Any:
    """The state as a JSON value."""
    return _form(State).write(state)


def state_read(value: Any) -> State:
    """The state that `written` wrote. Raises ValueError for everything else."""
    try:
        found: State = _form(State).read(value)
    except (TypeError, KeyError, AttributeError, OverflowError, RecursionError) as problem:
        raise ValueError(str(problem)) from None
    return found


def shapes() -> list[Any]:
    """The names and types of everything that a state can hold: where they differ, a state of one version is none of the other."""
    return [
        Recorded._fields,
        *([cls.__name__, *((field.name, str(field.type)) for field in fields(cls))] for cls in _SHAPES),
        *([name, *((field.name, str(field.type)) for field in fields(KINDS[name]))] for name in sorted(KINDS)),
    ]


@cache
def _form(hint: Any) -> _Form:
    """How a type is written. Raises TypeError for one that no field has had so far: then it has to be added here."""
    if hint is Any:
        return _Form(_same, _same)
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _Form(_same, _only(lambda value: value in inner))
    if isinstance(hint, UnionType):
        (kind,) = (each for each in inner if each is not NoneType)
        return _optional(_form(kind))
    if origin is tuple:
        return _sequence(_form(inner[0]), tuple) if inner[1:] == (...,) else _places(inner, lambda *values: values)
    if origin is frozenset:
        return _sequence(_form(inner[0]), frozenset, sorted)
    if origin in (dict, Mapping):
        return _mapping(inner[0], _form(inner[1]))
    if isinstance(hint, type) and issubclass(hint, Event):
        return _event(hint)
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        hints = get_type_hints(hint)
        return _places(tuple(hints.values()), hint, tuple(hints))
    raise TypeError(f"no way to write {hint}")


def _same(value: Any) -> Any:
    return value


def _only(fits: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not fits(value):
            raise ValueError(f"a value of another type: {str(value)[:40]}")
        return value

    return read


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without a zone")
    return found


_PLAIN: dict[Any, _Form] = {
    **{kind: _Form(_same, _only(lambda value, kind=kind: type(value) is kind)) for kind in (str, int, bool)},  # type: ignore[misc]
    float: _Form(_same, _only(lambda value: type(value) in (float, int))),
    datetime: _Form(datetime.isoformat, _moment),
    timedelta: _Form(
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda value: timedelta(value[0], value[1], value[2]),
    ),
}


def _optional(inner: _Form) -> _Form:
    return _Form(
        lambda value: None if value is None else inner.write(value),
        lambda value: None if value is None else inner.read(value),
    )


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise ValueError("no list")
    return value


def _sequence(inner: _Form, make: Callable[[Any], Any], ordered: Callable[[Any], Any] = list) -> _Form:
    return _Form(
        lambda value: [inner.write(each) for each in ordered(value)],
        lambda value: make(inner.read(each) for each in _list(value)),
    )


def _places(hints: tuple[Any, ...], make: Callable[..., Any], names: tuple[str, ...] = ()) -> _Form:
    """Values that each have a place, by name where they have names."""
    inner = [_form(hint) for hint in hints]

    def write(value: Any) -> list[Any]:
        values = [getattr(value, name) for name in names] if names else value
        return [form.write(each) for form, each in zip(inner, values, strict=True)]

    def read(value: Any) -> Any:
        return make(*(form.read(each) for form, each in zip(inner, _list(value), strict=True)))

    return _Form(write, read)


def _mapping(key: Any, inner: _Form) -> _Form:
    """An object where the keys are texts, else a list of pairs; the order is kept."""
    if key is not str:
        pairs = _sequence(_pair(_form(key), inner), dict)
        return _Form(lambda value: pairs.write(value.items()), pairs.read)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise ValueError("no object")
        return {name: inner.read(each) for name, each in value.items()}

    return _Form(lambda value: {name: inner.write(each) for name, each in value.items()}, read)


def _pair(key: _Form, inner: _Form) -> _Form:
    def read(value: Any) -> tuple[Any, Any]:
        first, second = _list(value)
        return key.read(first), inner.read(second)

    return _Form(lambda pair: [key.write(pair[0]), inner.write(pair[1])], read)


def _event(wanted: type[Event]) -> _Form:
    """An event as its kind and the body that the journal holds."""

    def read(value: Any) -> Event:
        kind, body = _list(value)
        found = record.event(kind, body)
        if not isinstance(found, wanted):
            raise ValueError(f"no {wanted.__name__}")
        return found

    return _Form(lambda event: [_kind(event), record.body(event)], read)


def _kind(event: Event) -> str:
    return event.kind if isinstance(event, Unrecognised) else type(event).__name__
