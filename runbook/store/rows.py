"""A journal row: its canonical bytes, its hash, and the strict way back to an event."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring as _quoted
from typing import NamedTuple

from runbook.model import events, record
from runbook.model.events import Event
from runbook.model.own_time import NONE
from runbook.model.ports import Clock
from runbook.model.record import Recorded
from runbook.model.redaction import in_tree
from runbook.model.units import utc_read, utc_text
from runbook.store.bodies import body_event
from runbook.store.strict_json import BadRowError, canonical, whole

ROOT = "0" * 64
"""`prev` of a writer's first row."""

_BEFORE = (0, ROOT)
_TYPES = (str, str, int, str, str, float, str, str, str, str, str)

_DIGEST = re.compile("[0-9a-f]{64}")


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


def digest(row: Row) -> str:
    """SHA-256 over `prev` and the canonical encoding of the row's other fields, as 64 hexadecimal digits.

    The encoding is a JSON list of the nine fields. Raises ValueError for a `boot_s` that JSON cannot hold, TypeError for text that
    is none.
    """
    incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, prev, _hash = row
    if not math.isfinite(boot_s):
        raise ValueError(f"{boot_s} is not JSON compliant")
    head = f"{prev}\n[{_quoted(incident)},{_quoted(writer)},{seq},{_quoted(utc)},{_quoted(boot_id)},{boot_s!r}"
    text = f"{head},{_quoted(actor)},{_quoted(kind)},{_quoted(body)}]"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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
    for value, kind in zip(row, _TYPES, strict=True):
        if type(value) is not kind:
            raise BadRowError(f"expected {kind.__name__}, found {type(value).__name__}")
    try:
        utc_read(row.utc)
    except ValueError as problem:
        raise BadRowError(str(problem)) from None
    if not _DIGEST.fullmatch(row.hash) or not math.isfinite(row.boot_s):
        raise BadRowError("a field of the wrong form")
    event = body_event(row.kind, row.body)
    return Recorded(*row[:7], event, row.prev, row.hash)


class Chain:
    """Follows the rows of one file and says of each whether it continues what was proven."""

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self.number = 0
        self.heads: dict[str, tuple[int, str]] = {}

    def head(self, writer: str) -> tuple[int, str]:
        """The last event number of a writer and its hash; `(0, ROOT)` before the first."""
        return self.heads.get(writer, _BEFORE)

    def add(self, row: Row) -> Recorded | Damage:
        """The row as an event when it is the next of its writer and unchanged; else what is wrong with it (and nothing moves)."""
        return self._next(row) or self.judged(row)

    def _next(self, row: Row) -> Recorded | None:
        """The row as an event when nothing is wrong with it: every check of `judged`, the cheapest way round."""
        incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, prev, mark = row
        last, head = self.heads.get(writer, _BEFORE)
        if (
            seq != last + 1
            or prev != head
            or incident != self.incident
            or type(seq) is not int
            or type(boot_s) is not float
        ):
            return None
        try:
            # What is no text has no digest, so the types of the other fields need no look of their own.
            if digest(row) != mark or datetime.fromisoformat(utc).tzinfo is not UTC:
                return None
            event = body_event(kind, body)
        except (ValueError, TypeError):
            return None
        self.number += 1
        self.heads[writer] = seq, mark
        return tuple.__new__(Recorded, (incident, writer, seq, utc, boot_id, boot_s, actor, event, head, mark, NONE))

    def judged(self, row: Row) -> Recorded | Damage:
        """The same as `add` for any row, one check after the other, with the name of what is wrong."""
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
