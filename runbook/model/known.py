"""What is known of an incident: its steps, its debts, and where the walk stands. Made by `state.fold`, never by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from runbook.model.events import (
    IncidentOpened,
    PlaybookEntered,
    SeverityRaised,
    SiteReloaded,
    StaffMoved,
    TicketsCounted,
)
from runbook.model.own_time import OwnTime
from runbook.model.person import same_person
from runbook.model.record import Recorded, head_code

if TYPE_CHECKING:
    from runbook.model.ports import Clock

END = "end"
NOTES_AT_HAND = 5

IncidentState = Literal["open", "recovered", "closed", "aborted"]


@dataclass(frozen=True)
class StepState:
    """What is known of one step: its latest attempt, and how it ended.

    `holder`: the event by which somebody took it, until it is finished. `beside`: it was finished by one who works beside the walk.
    """

    id: str
    attempt: int = 0
    returns: int = 0
    begun_at: datetime | None = None
    finished: Recorded | None = None
    outcome: str = ""
    answer: str = ""
    by: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    readings: tuple[Recorded, ...] = ()
    intent: Recorded | None = None
    act_ended: Recorded | None = None
    unknown_answer: str = ""
    failure_choice: str = ""
    recovery: str = ""
    approvals: tuple[Recorded, ...] = ()
    refusals: tuple[Recorded, ...] = ()
    delegated: Recorded | None = None
    holder: Recorded | None = None
    beside: bool = False

    @property
    def evidence(self) -> tuple[str, ...]:
        """What it put into the evidence: each name, with the beginning of its SHA-256."""
        rows = [*self.readings, *([self.act_ended] if self.act_ended else [])]
        kept = [item for row in rows for item in getattr(row.event, "evidence", ())]
        return tuple(dict.fromkeys(f"{item['name']} {item['sha256'][:12]}" for item in kept))

    @property
    def under_way(self) -> bool:
        """Whether it was begun and has no outcome yet."""
        return self.begun_at is not None and self.finished is None and not self.outcome

    @property
    def awaited(self) -> bool:
        """Whether it was passed on to somebody whose answer is not there yet."""
        return self.delegated is not None and self.finished is None and not self.outcome

    @property
    def not_sent(self) -> bool:
        """Whether it is certain that nothing of the act was started."""
        return self.act_ended is not None and getattr(self.act_ended.event, "ended", "") == "not_sent"

    @property
    def undecided(self) -> bool:
        """Whether an act was begun and the walk cannot go on until a person says how it ended."""
        return self.intent is not None and self.finished is None and not self.not_sent

    @property
    def unknown(self) -> bool:
        """Whether an act was begun and nobody knows how it ended, decided to go on or not."""
        return self.undecided or (self.intent is not None and self.outcome == "unknown")


@dataclass(frozen=True, slots=True)
class Debt:
    """Something opened that must be closed. `kind`: emergency_lines | manual_tickets | ..."""

    step: str
    kind: str
    since: datetime
    seq: int
    closed_by: str = ""
    waived_by: str = ""
    waiver: str = ""
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Position:
    """Where the walk stands: `at` a step that may run now, or `after` one that has an outcome. `step` empty: before the first.

    `forced`: a person sent the walk there (key g, a correction, "try again"), so `when` is not asked; debts hold as ever.
    """

    where: Literal["at", "after"]
    step: str
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two writers had to do with a step, and the second did not know of the first: the last that each of them did there."""

    step: str
    first: Recorded
    second: Recorded


@dataclass(frozen=True)
class State:
    """The incident as its events say it is.

    `led_by`: the step whose `next` last sent the walk off the line. `settling`: the closing step to which the walk was sent back
    from its end; after it the walk is at its end again. `carried_answered`: other incidents whose unknown act was answered for here.
    `staff`: who was borrowed, moved and sent back, by the step that said so.
    `noted`: the steps about which a note was written after they had their outcome. `told`: the contacts that were told something;
    `calls`: the last time that each person of them was reached, and was not. `notes`: the last few of `notes_written`.
    `offered`: the handovers that nobody has signed on for yet. `signed_on`: who took the incident over last.
    `lanes`: where each branch of a `together` stands that was begun; the walk itself stands at the `together` meanwhile.
    `playbook`: the one whose steps are walked now, empty for the one that the walk began with; `entered`: the others that it came into.
    `offers`: what was answered to each offer, by its name: `N` for the Nth of the playbook that the walk began with, `PLAN:N`
    for another one's. `linked`: the incidents that offers opened beside this one. `raised`: how the severity rose.
    `reloaded`: the site's facts that hold now, where they are no longer those of the beginning.
    `seen`: how far each writer knew each other one. `joined`: who works beside the walk now, by writer. `resumed`: the last resume.
    Every moment here is in the incident's own time (`time`), in which lengths are counted; `shown` gives the wall time that
    was stored. `clock_said`: what a person last said of the machine's clock, with the id of that boot.
    """

    opened: IncidentOpened | None = None
    status: IncidentState = "open"
    reported_at: datetime | None = None
    opened_at: datetime | None = None
    recovered_at: datetime | None = None
    ended_at: datetime | None = None
    steps: dict[str, StepState] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    debts: tuple[Debt, ...] = ()
    tickets: dict[str, TicketsCounted] = field(default_factory=dict)
    staff: dict[str, tuple[Recorded, ...]] = field(default_factory=dict)
    position: Position = Position("after", "")
    lanes: dict[str, Position] = field(default_factory=dict)
    last: Recorded | None = None
    events: int = 0
    last_answer: Recorded | None = None
    began_since_answer: bool = False
    resumed: Recorded | None = None
    self_check: Recorded | None = None
    paused: str = ""
    led_by: str = ""
    settling: str = ""
    carried_answered: tuple[str, ...] = ()
    noted: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    calls: dict[tuple[str, str, bool], Recorded] = field(default_factory=dict)
    notes: tuple[Recorded, ...] = ()
    notes_written: int = 0
    offered: tuple[Recorded, ...] = ()
    signed_on: str = ""
    playbook: str = ""
    entered: tuple[PlaybookEntered, ...] = ()
    offers: dict[str, str] = field(default_factory=dict)
    linked: tuple[str, ...] = ()
    raised: tuple[SeverityRaised, ...] = ()
    reloaded: SiteReloaded | None = None
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    joined: dict[str, Recorded] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    time: OwnTime = field(default_factory=OwnTime)
    clock_said: tuple[str, float] = ("", 0.0)

    def now(self, clock: Clock) -> datetime:
        """This moment in the incident's own time."""
        return self.time.now(self.last, clock)

    def shown(self, moment: datetime) -> datetime:
        """The wall time of a moment of this incident."""
        return self.time.shown(moment)

    @property
    def head_code(self) -> str:
        """The head code of the last event; empty when there is none."""
        return head_code(self.events, self.last) if self.last else ""

    @property
    def severity(self) -> str:
        """How severe it is now: as it was opened, or as it was raised since."""
        return self.raised[-1].to if self.raised else self.opened.severity if self.opened else ""

    @property
    def playbooks(self) -> tuple[str, ...]:
        """The playbooks that were walked, in order: empty for the one that the walk began with."""
        return ("", *(event.playbook for event in self.entered))

    @property
    def open_debts(self) -> tuple[Debt, ...]:
        return tuple(debt for debt in self.debts if debt.open)

    @property
    def unknown(self) -> tuple[StepState, ...]:
        """The steps whose act was begun and whose end nobody knows."""
        return tuple(step for step in self.steps.values() if step.unknown)

    @property
    def awaited(self) -> tuple[StepState, ...]:
        """The steps that were passed on to somebody and have no answer yet, the oldest first."""
        waiting = (step for step in self.steps.values() if step.awaited)
        return tuple(sorted(waiting, key=lambda step: step.delegated.at.timestamp() if step.delegated else 0.0))

    def offered_to(self, name: str) -> Recorded | None:
        """The handover that waits for this person, however she types her name."""
        return next((row for row in self.offered if same_person(getattr(row.event, "to", ""), name)), None)

    @property
    def left_for_later(self) -> tuple[str, ...]:
        """The steps whose answer was left for later, or is with somebody, and that no note has answered since: parts that are missing."""
        later = (step.id for step in self.steps.values() if (step.outcome, step.answer) == ("warned", "later"))
        left = (*later, *(step.id for step in self.awaited))
        return tuple(step for step in left if step not in self.noted)

    def stands(self, lane: str = "") -> Position:
        """Where the walk stands, or one branch of it; before its first step when it was not begun."""
        return self.lanes.get(lane, Position("after", "")) if lane else self.position

    def away(self, opener: str, closer: str = "") -> tuple[tuple[str, str], ...]:
        """The people whom the step `opener` borrowed or moved, each with their place, and whom `closer` has not sent back yet."""
        back = self._moved(closer)
        return tuple(pair for pair in self._moved(opener) if pair not in back)

    def _moved(self, step: str) -> tuple[tuple[str, str], ...]:
        """Everybody whom a step named, each with their place, once."""
        events = [row.event for row in self.staff.get(step, ()) if isinstance(row.event, StaffMoved)]
        return tuple(dict.fromkeys(pair for event in events for pair in zip(event.people, event.seats, strict=False)))

    @property
    def ended(self) -> bool:
        return self.status in ("closed", "aborted")

    def step(self, step: str) -> StepState:
        """What is known of a step; an empty record when it was never begun."""
        return self.steps.get(step) or StepState(step)

    def outcome(self, step: str) -> str:
        """A step's outcome, `not_taken` when it was never taken."""
        return self.step(step).outcome or "not_taken"

    def debt(self, step: str) -> Debt | None:
        """The open debt of an opener."""
        return next((debt for debt in self.open_debts if debt.step == step), None)
