"""What a report knows: frozen facts, made from the events by `facts`. Codes stay codes; the template finds their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from runbook.report.walked import Act, Approval, StepFacts


@dataclass(frozen=True, slots=True)
class Proof:
    """How far the journal is proven. `broken_at`: the event number from which it is not, and `reason` why.

    `head`: the hash of the last event.
    """

    head: str = ""
    broken_at: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DebtFacts:
    """Something that was opened: until `until` when it was closed or waived, else still open."""

    step: str
    kind: str
    since: datetime
    until: datetime | None
    length: timedelta
    closed_by: str
    waived_by: str
    waiver: str


@dataclass(frozen=True, slots=True)
class Tickets:
    step: str
    at: datetime
    written: int
    entered: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """Somebody who was borrowed (`do` add) or moved: until `until`, else not back yet, or waived."""

    step: str
    do: str
    name: str
    place: str
    since: datetime
    until: datetime | None
    approved_by: str
    waived_by: str


@dataclass(frozen=True, slots=True)
class Deviation:
    """A place where the walk left the plan's line, with the reason that was given. `detail` in words."""

    at: datetime
    kind: str
    step: str
    detail: str
    reason: str
    who: str


@dataclass(frozen=True, slots=True)
class Note:
    seq: int
    at: datetime
    text: str
    who: str
    step: str
    about: str
    amends: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who took part. `parts`: as what, in words."""

    name: str
    parts: tuple[str, ...]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """A limit. `standing`: kept | over | running | not_recorded (over or not, nothing says that it was reached)."""

    title: str
    limit: timedelta
    due: datetime
    met_at: datetime | None
    left: timedelta
    standing: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline, in words. `routine`: a long report may leave it out."""

    seq: int
    at: datetime
    elapsed: timedelta
    who: str
    what: str
    routine: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    seq: int
    step: str
    name: str
    size_bytes: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a report of one incident says.

    `hidden`: numbers that may not be printed (practice). `lost`: event numbers that could not be believed when the
    journal was mended. `heads`: each writer with the number and the hash of the last event.
    `raised_to`: the severity at the end, where it rose. `entered`: the playbooks in which the walk went on: title, id, version and the step
    at which it came in. `linked`: incidents that were opened beside this one; `belongs_to`: the one that this was opened beside.
    `omitted`: what a long report leaves out, in words.
    `reopened_from`: `file`, `sha256` and `reason` of a record before this one that is lost.
    """

    incident: str
    mode: str
    language: str
    zone: tzinfo
    shown: Callable[[datetime], datetime]
    plan: str
    plan_version: str
    title: str
    site: str
    severity: str
    status: str
    who: tuple[str, ...]
    reported_at: datetime
    reported_how: str
    opened_at: datetime
    recovered_at: datetime | None
    ended_at: datetime | None
    as_of: datetime
    impact: str
    use_when: str
    recovered_ask: str
    inputs: tuple[tuple[str, str], ...]
    people: tuple[Person, ...]
    clocks: tuple[ClockFacts, ...]
    scheme: str
    timeline: tuple[Line, ...]
    steps: tuple[StepFacts, ...]
    approvals: tuple[Approval, ...]
    debts: tuple[DebtFacts, ...]
    tickets: tuple[Tickets, ...]
    staff: tuple[StaffFacts, ...]
    deviations: tuple[Deviation, ...]
    unknown: tuple[Act, ...]
    notes: tuple[Note, ...]
    still_open: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    events: int
    proof: Proof
    lost: tuple[int, ...]
    heads: tuple[tuple[str, int, str], ...]
    tool_version: str
    plan_origin: str
    site_origin: str
    machine: str
    files: int
    hidden: tuple[str, ...] = field(default=())
    raised_to: str = ""
    entered: tuple[tuple[str, str, str, str], ...] = ()
    linked: tuple[str, ...] = ()
    belongs_to: str = ""
    omitted: tuple[str, ...] = ()
    reopened_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def typed_in(self) -> int:
        """How many steps were done on paper and typed in later."""
        return sum(any(attempt.by == "paper" for attempt in step.attempts) for step in self.steps)

    @property
    def emergency(self) -> tuple[DebtFacts, ...]:
        """The times on the emergency lines."""
        return tuple(debt for debt in self.debts if debt.kind == "emergency_lines")

    @property
    def emergency_length(self) -> timedelta:
        return sum((debt.length for debt in self.emergency), timedelta())

    @property
    def walked(self) -> tuple[StepFacts, ...]:
        return tuple(step for step in self.steps if step.attempts)

    @property
    def left_out(self) -> tuple[StepFacts, ...]:
        """Skipped, not taken and not reached steps."""
        return tuple(step for step in self.steps if step.why)
