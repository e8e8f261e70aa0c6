"""The walk through each step: attempts, what was asked and done in them, and which acts had an end that nobody knew."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from runbook.model.events import (
    ActionEnded,
    ActionIntended,
    AnswerCorrected,
    DelegateAnswered,
    FailureAnswered,
    ReadingTaken,
    RecoveryAnswered,
    Resumed,
    StepBegun,
    StepFinished,
    UnknownAnswered,
)
from runbook.model.matrix import answered
from runbook.model.record import Recorded, happened
from runbook.report.walked import Act, Attempt, Look

Walks = dict[str, list[Attempt]]


def attempts(events: Iterable[Recorded]) -> Walks:
    """Every attempt of every step that was begun, in order. A step whose condition did not hold has none."""
    walks: Walks = {}
    for recorded in events:
        recorded, event = happened(recorded), recorded.event
        if isinstance(event, Resumed):
            _nobody_knows(walks)
        elif (handler := _HANDLERS.get(type(event))) is not None:
            handler(walks, recorded, event)
    return walks


def unknown_acts(walks: Walks, undecided: Collection[str] = ()) -> tuple[Act, ...]:
    """The acts of which somebody had to find out how they ended, in order of time. `undecided`: steps where nobody has yet."""
    for step in undecided:
        _change_act(walks, step, unknown=True)
    found = (act for walk in walks.values() for attempt in walk for act in attempt.acts if act.unknown)
    return tuple(sorted(found, key=lambda act: act.at))


def _current(walks: Walks, recorded: Recorded, step: str, number: int) -> Attempt:
    walk = walks.setdefault(step, [])
    if not walk or (walk[-1].ended_at and walk[-1].number != number):
        walk.append(Attempt(number, recorded.at))
    return walk[-1]


def _change(walks: Walks, step: str, **changes: Any) -> None:
    walks[step][-1] = replace(walks[step][-1], **changes)


def _begun(walks: Walks, recorded: Recorded, event: StepBegun) -> None:
    walk = walks.setdefault(event.step, [])
    if not walk or walk[-1].ended_at or walk[-1].number != event.attempt:
        walk.append(Attempt(event.attempt, recorded.at))


def _looked(walks: Walks, recorded: Recorded, event: ReadingTaken) -> None:
    looks = _current(walks, recorded, event.step, event.attempt).looks
    look = Look(
        recorded.at,
        event.purpose,
        event.ran,
        event.expected,
        event.found,
        event.outcome,
        event.phase,
        kind=event.kind,
        parts=answered(event.parts),
    )
    if looks and _same(looks[-1], look):
        look = replace(looks[-1], times=looks[-1].times + 1, last_at=recorded.at, parts=look.parts)
        looks = looks[:-1]
    _change(walks, event.step, looks=(*looks, look))


def _same(one: Look, other: Look) -> bool:
    return (one.purpose, one.ran, one.found, one.outcome) == (other.purpose, other.ran, other.found, other.outcome)


def _intended(walks: Walks, recorded: Recorded, event: ActionIntended) -> None:
    acts = _current(walks, recorded, event.step, event.attempt).acts
    _change(walks, event.step, acts=(*acts, Act(event.step, recorded.at, event.act, event.act_sha256)))


def _act_ended(walks: Walks, recorded: Recorded, event: ActionEnded) -> None:
    _change_act(
        walks, event.step, ended=event.ended, found=event.found, ended_at=recorded.at, unknown=event.ended == "unknown"
    )


def _unknown_answered(walks: Walks, recorded: Recorded, event: UnknownAnswered) -> None:
    _change_act(
        walks,
        event.step,
        unknown=True,
        answer=event.answer,
        answered_by=recorded.actor,
        answered_at=recorded.at,
        reason=event.reason,
    )


def _change_act(walks: Walks, step: str, **changes: Any) -> None:
    walk = walks.get(step)
    if walk and walk[-1].acts:
        acts = walk[-1].acts
        _change(walks, step, acts=(*acts[:-1], replace(acts[-1], **changes)))


def _nobody_knows(walks: Walks) -> None:
    """The program ended while an act was under way."""
    for step, walk in walks.items():
        if walk[-1].acts and not walk[-1].ended_at and not walk[-1].acts[-1].ended:
            _change_act(walks, step, unknown=True)


def _finished(walks: Walks, recorded: Recorded, event: StepFinished) -> None:
    if event.outcome == "not_taken":
        return
    current = _current(walks, recorded, event.step, event.attempt)
    if event.outcome == "unknown":
        _change_act(walks, event.step, unknown=True)
        current = walks[event.step][-1]
    last = current.looks[-1] if current.looks else None
    act = current.acts[-1].act if current.acts else ""
    _change(
        walks,
        event.step,
        number=event.attempt,
        ended_at=recorded.at,
        ran=event.ran or act or (last.ran if last else ""),
        expected=event.expected or (last.expected if last else ""),
        found=event.found or (last.found if last and not event.answer else ""),
        outcome=event.outcome,
        by=event.by,
        how=event.how,
        who=recorded.actor,
        answer=event.answer,
        reason=event.reason,
    )


def _answered(walks: Walks, recorded: Recorded, event: DelegateAnswered) -> None:
    """An answer that may have come long after the walk had gone on: it ends the attempt that passed the question on."""
    _current(walks, recorded, event.step, event.attempt)
    _change(
        walks,
        event.step,
        ended_at=recorded.at,
        outcome=event.outcome,
        by="person",
        how="asked",
        who=recorded.actor,
        answer=event.answer,
    )


def _chosen(walks: Walks, recorded: Recorded, event: FailureAnswered) -> None:
    if walks.get(event.step):
        _change(walks, event.step, choices=(*walks[event.step][-1].choices, (event.choice, event.reason)))


def _recovery(walks: Walks, recorded: Recorded, event: RecoveryAnswered) -> None:
    if walks.get(event.step):
        _change(walks, event.step, recovered="yes" if event.recovered else "no")


def _corrected(walks: Walks, recorded: Recorded, event: AnswerCorrected) -> None:
    if walks.get(event.step) and event.question == "step":
        _change(walks, event.step, corrected=event.reason or "-", corrected_by=recorded.actor, right=event.right)


_HANDLERS: dict[type, Any] = {
    StepBegun: _begun,
    ReadingTaken: _looked,
    ActionIntended: _intended,
    ActionEnded: _act_ended,
    UnknownAnswered: _unknown_answered,
    StepFinished: _finished,
    DelegateAnswered: _answered,
    FailureAnswered: _chosen,
    RecoveryAnswered: _recovery,
    AnswerCorrected: _corrected,
}
