"""JSON in one canonical form, and a reader of it that lets nothing through that another reader would see differently."""

from __future__ import annotations

import json
import math
import re
from typing import Any

DEEPEST = 64
"""How many levels the JSON of a row may have: what is read here is copied and written again by code that calls itself."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class BadRowError(ValueError):
    """A row that cannot be believed; the text says why."""


def whole(text: str) -> str:
    """The text with each lone surrogate (undecodable input) replaced by U+FFFD, so that it can be stored as UTF-8."""
    return text if text.isascii() else _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces, no escapes that are not needed. Raises ValueError for NaN and infinities."""
    return whole(_encode(value))


def strict(text: str) -> Any:
    """The value of a JSON text. Raises BadRowError for what Python's reader would let through.

    That is: a key that stands twice, NaN, infinities, numbers that overflow, lone surrogates, and nesting without end.
    """
    if (value := _as_written(text)) is not None:
        return value
    try:
        # `decode` allows white space around it, which the journal never writes and which takes a third of its time.
        value, end = _strict.raw_decode(text) if text[:1] in ("{", "[") else (None, -1)
        if end != len(text):
            value = _strict.decode(text)
    except (ValueError, RecursionError) as problem:
        raise BadRowError(str(problem) or type(problem).__name__) from None
    if text.count("[") + text.count("{") > DEEPEST and _levels(value) > DEEPEST:
        raise BadRowError("nested too deeply")
    # Stored text is UTF-8 and so holds none; only an escape could bring one in.
    if "\\u" in text and _SURROGATES.search(_encode(value)):
        raise BadRowError("a lone surrogate")
    return value


def _as_written(text: str) -> Any:
    """The value of a text that is as `canonical` writes it, and not deep; None for any other. What is written again as it was read has
    no key twice, and nothing else of what the strict way looks for: a third of its time."""
    if text.count("[") + text.count("{") > DEEPEST:
        return None
    try:
        value, _end = _plain.raw_decode(text)
        return value if _encode(value) == text else None
    except (ValueError, RecursionError):
        return None


def _levels(value: Any) -> int:
    levels, here = 0, [value]
    while here:
        levels += 1
        inner = [each.values() if isinstance(each, dict) else each for each in here if isinstance(each, dict | list)]
        here = [child for children in inner for child in children]
    return levels


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRowError("a key stands twice")
    return found


def _constant(name: str) -> None:
    raise BadRowError(f"{name} is not JSON")


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise BadRowError(f"{text[:20]} overflows")
    return number


_plain = json.JSONDecoder()
_strict = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
