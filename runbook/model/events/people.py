"""People, debts, notes: who was told, who was asked, who helps, what was waived and written down, who hands over to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runbook.model.events.base import Event


@dataclass(frozen=True, slots=True)
class PersonTold(Event):
    """Somebody was called or told. `name` is empty where the whole contact was. `reached`: yes | no."""

    step: str
    contact: str
    name: str
    reached: bool
    means: str


@dataclass(frozen=True, slots=True)
class Delegated(Event):
    """A question was passed on to somebody. `waits`: the walk stands at the step until the answer is there."""

    step: str
    attempt: int
    contact: str
    name: str
    waits: bool
    lane: str = ""


@dataclass(frozen=True, slots=True)
class DelegateAnswered(Event):
    """What was passed on has its answer, and the step its outcome. `waited`: the walk stood there, and goes on now."""

    step: str
    attempt: int
    outcome: str
    answer: str
    waited: bool
    values: dict[str, Any] = field(default_factory=dict)
    lane: str = ""


@dataclass(frozen=True, slots=True)
class TicketsCounted(Event):
    """Tickets written by hand and those entered since. `missing` are the numbers not yet entered."""

    step: str
    written: int
    entered: int
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StaffMoved(Event):
    """People came to help, agents moved, or they are back. `do`: add | move | release. `seats`: the place of each of `people`."""

    step: str
    do: str
    people: list[str]
    seats: list[str]


@dataclass(frozen=True, slots=True)
class DebtWaived(Event):
    """A written waiver: somebody answers with a name for what `step` left open."""

    step: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoteAdded(Event):
    """`at`: when it happened, where it was typed in later. `amends`: the number of the event that it corrects, of the writer `of`."""

    text: str
    step: str = ""
    at: str = ""
    amends: int = 0
    evidence: list[dict[str, Any]] = field(default_factory=list)
    of: str = ""


@dataclass(frozen=True, slots=True)
class Escalated(Event):
    """Key !: the next contact up was shown and, when `name` is there, called."""

    step: str
    contact: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class StatePrinted(Event):
    """Key h: the brief was shown, and nobody was named to take over."""

    step: str = ""


@dataclass(frozen=True, slots=True)
class HandoverOffered(Event):
    """The brief of the incident up to the event with the hash `head` was made for `to`, who is to go on with it. Who hands over is
    the actor."""

    to: str
    step: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True)
class SignedOn(Event):
    """`name` took the incident over from `from_` with her own name. `how`: keyboard (where it was offered) | resume."""

    name: str
    from_: str
    how: str
