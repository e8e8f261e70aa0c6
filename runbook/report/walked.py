"""What a report knows of one step: its attempts, what was asked and done in them, and who approved it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from runbook.model.matrix import Answered, Matrix, matrix
from runbook.model.units import lasted

MOST_COLUMNS = 6
"""Columns of a matrix beside each other on a page."""


@dataclass(frozen=True, slots=True)
class Look:
    """A question that was asked of the world; `times` equal answers in a row, the last of them at `last_at`.

    `parts`: what each of several things that were asked said, in the last of them.
    """

    at: datetime
    purpose: str
    ran: str
    expected: str
    found: str
    outcome: str
    phase: str = ""
    times: int = 1
    last_at: datetime | None = None
    kind: str = ""
    parts: tuple[Answered, ...] = ()

    @property
    def tables(self) -> list[Matrix]:
        """The matrix of a `mesh`, in tables that a page is wide enough for; none for every other kind."""
        return matrix(self.parts).bands(MOST_COLUMNS) if self.kind == "mesh" else []

    @property
    def listed(self) -> tuple[Answered, ...]:
        """The parts that are shown one by one: all hosts; of a matrix those that did not pass."""
        return tuple(part for part in self.parts if self.kind != "mesh" or part.outcome != "passed")


@dataclass(frozen=True, slots=True)
class Act:
    """An act that was begun. `ended`: done | error | unknown | not_sent, empty when nothing said so. `answer`: what a person decided."""

    step: str
    at: datetime
    act: str
    sha256: str
    ended: str = ""
    found: str = ""
    ended_at: datetime | None = None
    unknown: bool = False
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One walk through a step. `corrected`: why its answer was withdrawn later, by whom in `corrected_by`."""

    number: int
    begun_at: datetime
    ended_at: datetime | None = None
    ran: str = ""
    expected: str = ""
    found: str = ""
    outcome: str = ""
    by: str = ""
    how: str = ""
    who: str = ""
    answer: str = ""
    reason: str = ""
    looks: tuple[Look, ...] = ()
    acts: tuple[Act, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    corrected: str = ""
    corrected_by: str = ""
    right: str = ""
    recovered: str = ""

    @property
    def asked_several(self) -> Look | None:
        """The last question of this attempt that several machines answered."""
        return next((look for look in reversed(self.looks) if look.parts), None)

    @property
    def length(self) -> timedelta | None:
        return lasted(self.begun_at, self.ended_at) if self.ended_at else None


@dataclass(frozen=True, slots=True)
class Approval:
    """A yes or a no to an exact act. `refused`: empty for a yes, else refused | not_reached."""

    at: datetime
    step: str
    role: str
    name: str
    how: str
    act: str = ""
    sha256: str = ""
    expires_at: datetime | None = None
    refused: str = ""
    reason: str = ""
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One line of the plan. `why`: why it was not taken or left out, in words; empty when it was walked.

    `earlier`: attempts that a long report leaves out, before `attempts`.
    """

    number: int
    id: str
    title: str
    kind: str
    phase: str
    outcome: str
    why: str
    attempts: tuple[Attempt, ...] = ()
    approvals: tuple[Approval, ...] = ()
    earlier: int = 0
