"""The state of an incident: a pure fold of its events. Nothing else is ever the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from runbook.model.events import (
    ActionEnded,
    ActionIntended,
    AnswerCorrected,
    ApprovalGiven,
    ApprovalRefused,
    DebtWaived,
    FailureAnswered,
    IncidentAborted,
    IncidentClosed,
    IncidentOpened,
    InputAnswered,
    JournalDamaged,
    Paused,
    ReadingTaken,
    Recorded,
    RecoveryAnswered,
    ReportedTimeCorrected,
    Resumed,
    SelfChecked,
    StepBegun,
    StepFinished,
    TicketsCounted,
    UnknownAnswered,
    WentTo,
    event_of,
)
from runbook.model.units import utc_read

END = "end"

IncidentState = Literal["open", "recovered", "closed", "aborted"]


@dataclass(frozen=True)
class StepState:
    """What is known of one step: its latest attempt, and how it ended."""

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

    @property
    def under_way(self) -> bool:
        """Whether it was begun and has no outcome yet."""
        return self.begun_at is not None and self.finished is None and not self.outcome

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


@dataclass(frozen=True)
class State:
    """The incident as its events say it is.

    `led_by`: the step whose `next` last sent the walk off the line. `settling`: the closing step to which the walk was sent back
    from its end; after it the walk is at its end again.
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
    position: Position = Position("after", "")
    last: Recorded | None = None
    last_answer: Recorded | None = None
    began_since_answer: bool = False
    resumed_seq: int = 0
    self_check: Recorded | None = None
    paused: str = ""
    led_by: str = ""
    settling: str = ""

    @property
    def open_debts(self) -> tuple[Debt, ...]:
        return tuple(debt for debt in self.debts if debt.open)

    @property
    def unknown(self) -> tuple[StepState, ...]:
        """The steps whose act was begun and whose end nobody knows."""
        return tuple(step for step in self.steps.values() if step.unknown)

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


def fold(events: Iterable[Recorded], state: State | None = None) -> State:
    """The state after these events. Pure: the same events give the same state."""
    state = state or State()
    for recorded in events:
        state = after(state, recorded)
    return state


def after(state: State, recorded: Recorded) -> State:
    """The state after one more event. Events that this version does not know change nothing but `last`."""
    handler = _HANDLERS.get(type(recorded.event))
    if handler:
        state = handler(state, recorded, recorded.event)
    return replace(state, last=recorded)


def _with_step(state: State, step: str, **changes: Any) -> State:
    return replace(state, steps={**state.steps, step: replace(state.step(step), **changes)})


def _opened(state: State, recorded: Recorded, event: IncidentOpened) -> State:
    return replace(state, opened=event, opened_at=recorded.at, reported_at=utc_read(event.reported_at))


def _reported(state: State, recorded: Recorded, event: ReportedTimeCorrected) -> State:
    return replace(state, reported_at=utc_read(event.at))


def _input(state: State, recorded: Recorded, event: InputAnswered) -> State:
    return replace(state, inputs={**state.inputs, event.name: event.value})


def _self_checked(state: State, recorded: Recorded, event: SelfChecked) -> State:
    return replace(state, self_check=recorded)


def _begun(state: State, recorded: Recorded, event: StepBegun) -> State:
    before = state.step(event.step)
    # An act that stayed unknown is not forgotten by a new attempt: it is answered for before it can be done again.
    unknown = before if before.unknown else StepState(event.step)
    fresh = StepState(
        event.step,
        attempt=event.attempt,
        returns=before.returns,
        begun_at=recorded.at,
        intent=unknown.intent,
        act_ended=unknown.act_ended,
        failure_choice=before.failure_choice if before.failure_choice == "by_hand" else "",
        approvals=before.approvals,
    )
    state = replace(state, steps={**state.steps, event.step: fresh}, position=Position("at", event.step), paused="")
    return _open_debt(state, recorded, event.step, event.opens)


def _open_debt(state: State, recorded: Recorded, step: str, kind: str) -> State:
    if not kind or state.debt(step):
        return state
    return replace(state, debts=(*state.debts, Debt(step, kind, recorded.at, recorded.seq)))


def _reading(state: State, recorded: Recorded, event: ReadingTaken) -> State:
    return _with_step(state, event.step, readings=(*state.step(event.step).readings, recorded))


def _approved(state: State, recorded: Recorded, event: ApprovalGiven) -> State:
    return _with_step(state, event.step, approvals=(*state.step(event.step).approvals, recorded))


def _refused(state: State, recorded: Recorded, event: ApprovalRefused) -> State:
    return _with_step(state, event.step, refusals=(*state.step(event.step).refusals, recorded))


def _intended(state: State, recorded: Recorded, event: ActionIntended) -> State:
    state = _with_step(state, event.step, intent=recorded, act_ended=None, unknown_answer="")
    state = replace(state, began_since_answer=True)
    return _open_debt(state, recorded, event.step, event.opens)


def _act_ended(state: State, recorded: Recorded, event: ActionEnded) -> State:
    return _with_step(state, event.step, act_ended=recorded)


def _unknown_answered(state: State, recorded: Recorded, event: UnknownAnswered) -> State:
    if event.answer == "redo":
        return _with_step(state, event.step, intent=None, act_ended=None, unknown_answer="redo")
    return _with_step(state, event.step, unknown_answer=event.answer)


def _finished(state: State, recorded: Recorded, event: StepFinished) -> State:
    before = state.step(event.step)
    state = _with_step(
        state,
        event.step,
        attempt=event.attempt,
        finished=recorded,
        outcome=event.outcome,
        answer=event.answer,
        by=event.by,
        values=dict(event.values),
        failure_choice="",
        begun_at=before.begun_at or recorded.at,
    )
    if event.closes:
        debts = tuple(
            replace(debt, closed_by=event.step, closed_at=recorded.at)
            if debt.open and debt.step == event.closes
            else debt
            for debt in state.debts
        )
        state = replace(state, debts=debts)
    if event.by == "person":
        state = replace(state, last_answer=recorded, began_since_answer=False)
    return replace(state, position=Position("after", event.step))


def _failure(state: State, recorded: Recorded, event: FailureAnswered) -> State:
    if event.choice not in ("again", "by_hand"):
        return _with_step(state, event.step, failure_choice=event.choice)
    state = _with_step(state, event.step, failure_choice=event.choice, begun_at=None)
    return replace(state, position=Position("at", event.step, forced=True))


def _recovery(state: State, recorded: Recorded, event: RecoveryAnswered) -> State:
    state = _with_step(state, event.step, recovery="yes" if event.recovered else "no")
    state = replace(state, last_answer=recorded, began_since_answer=False)
    return replace(state, status="recovered", recovered_at=recorded.at) if event.recovered else state


def _went(state: State, recorded: Recorded, event: WentTo) -> State:
    steps = dict(state.steps)
    for step in event.passed_over:
        known = steps.get(step) or StepState(step)
        steps[step] = known if known.finished else replace(known, outcome="not_taken")
    there = steps.get(event.target)
    if event.because == "next" and there and there.finished:
        steps[event.target] = replace(there, returns=there.returns + 1)
    forced = event.because == "goto"
    here = Position("after", END) if event.target == END else Position("at", event.target, forced=forced)
    return replace(
        state,
        steps=steps,
        position=here,
        led_by=event.origin if event.because == "next" else "",
        settling=event.target if event.origin == END else "",
    )


def _corrected(state: State, recorded: Recorded, event: AnswerCorrected) -> State:
    state = replace(state, last_answer=None)
    if not event.walk_goes_back:
        return state
    if state.step(event.step).recovery == "yes":
        state = replace(state, status="open", recovered_at=None)
    state = _with_step(state, event.step, recovery="")
    if event.question == "recovered":
        inside = event.step != END and state.step(event.step).finished is None
        return replace(state, position=Position("at" if inside else "after", event.step))
    # The intent stays: a wrong answer about an act makes its end unknown again, it does not undo it.
    state = _with_step(state, event.step, begun_at=None, finished=None, outcome="", answer="", by="", values={})
    return replace(state, position=Position("at", event.step, forced=True))


def _tickets(state: State, recorded: Recorded, event: TicketsCounted) -> State:
    return replace(state, tickets={**state.tickets, event.step: event})


def _waived(state: State, recorded: Recorded, event: DebtWaived) -> State:
    debts = tuple(
        replace(debt, waived_by=event.name, waiver=event.reason, closed_at=recorded.at)
        if debt.open and debt.step == event.step
        else debt
        for debt in state.debts
    )
    return replace(state, debts=debts)


def _closed(state: State, recorded: Recorded, event: IncidentClosed) -> State:
    return replace(state, status="closed", ended_at=recorded.at)


def _aborted(state: State, recorded: Recorded, event: IncidentAborted) -> State:
    return replace(state, status="aborted", ended_at=recorded.at)


def _paused(state: State, recorded: Recorded, event: Paused) -> State:
    return replace(state, paused=event.why)


def _resumed(state: State, recorded: Recorded, event: Resumed) -> State:
    state = replace(state, paused="", resumed_seq=recorded.seq)
    # Whoever goes on with a walk that ended without recovery is asked again.
    return _with_step(state, END, recovery="") if state.step(END).recovery == "no" else state


def _damaged(state: State, recorded: Recorded, event: JournalDamaged) -> State:
    """What claims to have been an intent is taken for one: rather a question too many than an act done twice."""
    claimed = event_of(event.claimed_kind, event.claimed_body)
    if not isinstance(claimed, ActionIntended):
        return state
    return _intended(state, replace(recorded, event=claimed), claimed)


_HANDLERS: dict[type, Any] = {
    JournalDamaged: _damaged,
    IncidentOpened: _opened,
    ReportedTimeCorrected: _reported,
    InputAnswered: _input,
    SelfChecked: _self_checked,
    StepBegun: _begun,
    ReadingTaken: _reading,
    ApprovalGiven: _approved,
    ApprovalRefused: _refused,
    ActionIntended: _intended,
    ActionEnded: _act_ended,
    UnknownAnswered: _unknown_answered,
    StepFinished: _finished,
    FailureAnswered: _failure,
    RecoveryAnswered: _recovery,
    WentTo: _went,
    AnswerCorrected: _corrected,
    TicketsCounted: _tickets,
    DebtWaived: _waived,
    IncidentClosed: _closed,
    IncidentAborted: _aborted,
    Paused: _paused,
    Resumed: _resumed,
}
