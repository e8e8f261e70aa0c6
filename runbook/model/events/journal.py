"""What the journal gives in the place of an event: a row that could not be believed, an event of another version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runbook.model.events.base import Event


@dataclass(frozen=True, slots=True)
class JournalDamaged(Event):
    """A row of the journal could not be believed; the damaged file is kept. `claimed_*`: what the row said of itself, not proven."""

    seq: int
    number: int
    reason: str  # page | missing | repeated | chain | hash | incident | form
    detail: str
    claimed_kind: str = ""
    claimed_body: str = ""


@dataclass(frozen=True, slots=True)
class Unrecognised(Event):
    """An event of another version: kept and shown, never interpreted."""

    kind: str
    body: dict[str, Any]
