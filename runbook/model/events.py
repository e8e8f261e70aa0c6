"""The events: the engine's only output. Codes, values and what people typed; never sentences of ours.

Every event is a frozen dataclass named in the past tense; its fields are JSON values. `body` and `event` turn one into the
journal's JSON object and back; a kind that this version does not know is kept as `Unrecognised`, a field as `Recorded.further`,
never lost. A known event keeps its meaning whatever fields a later version has added: an intent of a newer program is an intent.
So a field is only ever added with a default, and what would change an event's meaning is an event of a new kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KINDS: dict[str, type[Event]] = {}


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    def __init_subclass__(cls, *, draft: bool = False) -> None:
        if not draft:
            KINDS[cls.__name__] = cls


# -- the incident -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncidentOpened(Event):
    """The first event. `files` maps each path under `plan/` to its SHA-256. `carried` are open unknown acts of other incidents.

    `belongs_to`: the incident beside which it was opened, where an offer of its plan did that. `reopened_from`: the record before this
    one is lost, and this one was begun anew from the plan: `file` (kept under that name), its `sha256`, and the `reason`.
    """

    incident: str
    plan: str
    plan_version: str
    title: dict[str, str]
    severity: str
    mode: str  # live | lab | drill
    site: str
    zone: str
    language: str
    reported_at: str
    reported_how: str  # typed | default
    files: dict[str, str]
    plan_origin: str
    site_origin: str
    lab_folder: str
    tool_version: str
    machine: str
    carried: list[dict[str, str]] = field(default_factory=list)
    belongs_to: str = ""
    reopened_from: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportedTimeCorrected(Event):
    at: str
    was: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InputAnswered(Event):
    """A plan's input got its value. `how`: asked | default | set."""

    name: str
    value: str
    how: str


@dataclass(frozen=True, slots=True)
class SelfChecked(Event):
    """The tool looked at itself. `sees_nothing`: this laptop has no way out; readings are then unreachable, not failed."""

    link: bool
    gateway: str
    gateway_answers: bool | None
    neighbour: str
    neighbour_answers: bool | None
    sees_nothing: bool


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """`why`: key | end_of_input | hangup | terminate | interrupt | not_answered | not_confirmed | failure_menu."""

    why: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    machine: str
    tool_version: str


@dataclass(frozen=True, slots=True)
class SiteReloaded(Event):
    """The site file's present facts hold from here on. `file`: under `plan/`, with its SHA-256; `differences`: fact by fact."""

    sha256: str
    file: str
    differences: list[str]


@dataclass(frozen=True, slots=True)
class IncidentClosed(Event):
    pass


@dataclass(frozen=True, slots=True)
class IncidentAborted(Event):
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClockJumped(Event):
    """`kind`: wall (it moved by `seconds` against the boot clock) | suspended (for `seconds`) | rebooted (`seconds` since the
    last event by the wall clock, negative where that was set back).
    """

    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ClockCorrected(Event):
    """A person said what time it is: from here on, rows of this boot are stored with this machine's clock plus `seconds`.

    `how`: told (read from another clock) | confirmed (this machine's clock is right, `seconds` is 0).
    """

    seconds: float
    how: str


# -- several writers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OthersSeen(Event):
    """This writer knows what the others wrote, up to `heads`: writer -> [event number, hash]. What follows is after that."""

    heads: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class WriterJoined(Event):
    """A second person works on the incident beside the one who walks it, as a writer of her own."""

    machine: str
    tool_version: str


@dataclass(frozen=True, slots=True)
class WriterLeft(Event):
    """She stopped. `why`: as in `Paused`."""

    why: str


@dataclass(frozen=True, slots=True)
class StepClaimed(Event):
    """This writer takes the step; who had it before keeps it, unless `takes_over` (then `reason` says why)."""

    step: str
    takes_over: bool = False
    reason: str = ""


# -- steps --------------------------------------------------------------------------------------------------------------


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


# -- people, debts, notes -----------------------------------------------------------------------------------------------


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
