"""Steps and the walk: readings, approvals, acts, outcomes, answers, and where the walk goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runbook.model.events.base import Event


@dataclass(frozen=True, slots=True)
class StepBegun(Event):
    """A step is now the one on the screen. `opens`: what a people's opener leaves open from now on.

    `lane`, here and below: the branch `STEP/BRANCH` of a `together` that the step stands in. `at`, here and below: when it was, where
    it was done on paper and typed in later.
    """

    step: str
    attempt: int
    opens: str = ""
    lane: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class ReadingTaken(Event):
    """One question was asked of the world. `purpose`: step | before (verify before the act) | verify | unknown | again | wait.

    `parts`: what each host of several said: `name`, `origin`, `outcome`, `found`, `values`.
    """

    step: str
    attempt: int
    purpose: str
    kind: str
    ran: str
    outcome: str
    values: dict[str, Any]
    expected: str
    found: str
    phase: str = ""
    evidence: list[dict[str, Any]] = field(default_factory=list)
    parts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ApprovalGiven(Event):
    """`how`: spoken (a typed name, not verified) | paper (typed in later). `act_sha256` is of the rendered act; the approval stands until
    `expires_at` for this act alone.
    """

    step: str
    role: str
    name: str
    how: str
    act: str
    act_sha256: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class ApprovalRefused(Event):
    """`why`: refused | not_reached."""

    step: str
    role: str
    name: str
    why: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ActionIntended(Event):
    """Durable before anything is sent. From here until `StepFinished` nobody knows whether it happened. `opens`: the debt it leaves."""

    step: str
    attempt: int
    kind: str
    act: str
    act_sha256: str
    target: str
    opens: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class ActionEnded(Event):
    """How the act itself ended. `ended`: done | error | unknown | not_sent (certain that nothing was started)."""

    step: str
    attempt: int
    ended: str
    values: dict[str, Any]
    found: str
    evidence: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StepFinished(Event):
    """A step has an outcome. `by`: machine | person | paper. `answer`: a choice or a value that a person gave.

    `how`: read | acted | asked | manual | not_needed | condition | skip | key_failed | resolved (an unknown that a person decided) |
    joined (all branches of a `together` have ended) | left (its `together` was left before it ended) | typed_in (done on paper, `at`).
    `closes`: the opener whose debt this closes.
    """

    step: str
    attempt: int
    outcome: str
    by: str
    how: str
    answer: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    expected: str = ""
    found: str = ""
    reason: str = ""
    ran: str = ""
    closes: str = ""
    lane: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class UnknownAnswered(Event):
    """A person said of an act whose end nobody knew: done | not_done | redo | unknown. `reason`: the other incident it was begun in."""

    step: str
    attempt: int
    answer: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FailureAnswered(Event):
    """The failure menu: again | by_hand | skip | escalate | pause | abort."""

    step: str
    attempt: int
    choice: str
    reason: str = ""
    lane: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryAnswered(Event):
    """The plan's `recovered` question was answered after `step` (`end`: at the end). Yes makes the incident `recovered`."""

    step: str
    recovered: bool


@dataclass(frozen=True, slots=True)
class WentTo(Event):
    """The walk left the line. `because`: next | recovered | goto (key g) | corrected (key u) | offer. `passed_over` are not_taken now.

    `offer`: which offer of the plan was taken, by its name (`state.offers`).
    """

    origin: str
    target: str
    because: str
    reason: str = ""
    passed_over: list[str] = field(default_factory=list)
    lane: str = ""
    offer: str = ""


@dataclass(frozen=True, slots=True)
class PlaybookEntered(Event):
    """The walk came into another playbook at its step `at`. The incident, its clocks, debts and inputs go on."""

    playbook: str
    version: str
    title: dict[str, str]
    at: str


@dataclass(frozen=True, slots=True)
class SeverityRaised(Event):
    """The severity of the incident rose from `was` to `to`; it never falls.

    `because`: condition (`detail`: what the plan's `raise` found, `step: answer`) | playbook (`detail`: the playbook that was entered).
    """

    to: str
    was: str
    because: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OfferAnswered(Event):
    """A way out that was due was not taken by going there. `answer`: not_now | start (the linked `incident` was opened)."""

    offer: str
    answer: str
    reason: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True)
class AnswerCorrected(Event):
    """A person's last answer was wrong (key u). Where no action has begun since, the walk goes back to it.

    `question`: step | recovered | delegate (an answer that came later: it is waited for again, the walk stays where it is).
    `right`: the right answer, where the walk cannot go back.
    """

    step: str
    attempt: int
    finished_seq: int
    was: str
    reason: str
    walk_goes_back: bool
    question: str = "step"
    right: str = ""
    lane: str = ""
