"""A journal row: its canonical bytes, its hash, and the strict way back to an event."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from runbook.model import events, record
from runbook.model.events import Event
from runbook.model.ports import Clock
from runbook.model.record import Recorded
from runbook.model.redaction import in_tree
from runbook.model.units import utc_read, utc_text

ROOT = "0" * 64
"""`prev` of a writer's first row."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_DIGEST = re.compile("[0-9a-f]{64}")
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class Row(NamedTuple):
    """One row of the table `events`, in the order of its columns (without the row number)."""

    incident: str
    writer: str
    seq: int
    utc: str
    boot_id: str
    boot_s: float
    actor: str
    kind: str
    body: str
    prev: str
    hash: str


class BadRowError(ValueError):
    """A row that cannot be believed; the text says why."""


@dataclass(frozen=True, slots=True)
class Damage:
    """The first row that cannot be believed.

    `number` counts the rows of the file from 1, `seq` is the event number that should stand there. `reason` is one of
    `page` (the file itself is damaged), `missing`, `repeated`, `chain`, `hash`, `incident`, `form`; `detail` is for people.
    """

    number: int
    seq: int
    reason: str
    detail: str


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
    try:
        value = _strict.decode(text)
    except (ValueError, RecursionError) as problem:
        raise BadRowError(str(problem) or type(problem).__name__) from None
    # Stored text is UTF-8 and so holds none; only an escape could bring one in.
    if "\\u" in text and _SURROGATES.search(_encode(value)):
        raise BadRowError("a lone surrogate")
    return value


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


_strict = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def digest(row: Row) -> str:
    """SHA-256 over `prev` and the canonical encoding of the row's other fields, as 64 hexadecimal digits."""
    return hashlib.sha256(f"{row.prev}\n{_encode(row[:-2])}".encode("utf-8", "surrogatepass")).hexdigest()


def sealed(row: Row) -> Row:
    """The row with its hash filled in."""
    return row._replace(hash=digest(row))


def body_text(event: Event, redact: Callable[[str], str] = str) -> tuple[str, str]:
    """Kind and canonical body of an event, each text in it passed through `redact`. Raises ValueError for what JSON cannot hold."""
    kind = event.kind if isinstance(event, events.Unrecognised) else type(event).__name__
    return kind, canonical(in_tree(record.body(event), redact))


def blank(incident: str, writer: str, clock: Clock, actor: str) -> Row:
    """A row of this moment, without number, event and hash."""
    boot_id, boot_s = clock.boot()
    return Row(incident, writer, 0, utc_text(clock.now()), whole(boot_id), float(boot_s), whole(actor), "", "", "", "")


def recorded(row: Row) -> Recorded:
    """The row as an event that the journal holds. Its form is checked, its hash and place are not. Raises BadRowError."""
    for value, kind in zip(row, (str, str, int, str, str, float, str, str, str, str, str), strict=True):
        if type(value) is not kind:
            raise BadRowError(f"expected {kind.__name__}, found {type(value).__name__}")
    try:
        utc_read(row.utc)
    except ValueError as problem:
        raise BadRowError(str(problem)) from None
    if not _DIGEST.fullmatch(row.hash) or not math.isfinite(row.boot_s):
        raise BadRowError("a field of the wrong form")
    body = strict(row.body)
    if not isinstance(body, dict):
        raise BadRowError("the body is no object")
    event = record.event(row.kind, body)
    return Recorded(*row[:7], event, row.prev, row.hash)


class Chain:
    """Follows the rows of one file and says of each whether it continues what was proven."""

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self.number = 0
        self.heads: dict[str, tuple[int, str]] = {}

    def head(self, writer: str) -> tuple[int, str]:
        """The last event number of a writer and its hash; `(0, ROOT)` before the first."""
        return self.heads.get(writer, (0, ROOT))

    def add(self, row: Row) -> Recorded | Damage:
        """The row as an event when it is the next of its writer and unchanged; else what is wrong with it (and nothing moves)."""
        last, prev = self.head(row.writer)
        number, seq = self.number + 1, last + 1
        try:
            found = recorded(row)
        except BadRowError as problem:
            return Damage(number, seq, "form", str(problem))
        if row.incident != self.incident:
            return Damage(number, seq, "incident", row.incident)
        if row.seq != seq:
            return Damage(number, seq, "missing" if row.seq > seq else "repeated", f"{seq} != {row.seq}")
        if row.prev != prev:
            return Damage(number, seq, "chain", f"{prev[:8]} != {row.prev[:8]}")
        if digest(row) != row.hash:
            return Damage(number, seq, "hash", row.hash[:8])
        self.follow(row)
        return found

    def follow(self, row: Row) -> None:
        """Take a row as proven."""
        self.number += 1
        self.heads[row.writer] = row.seq, row.hash
