"""How the events of several writers change what is known: who works beside whom, who has a step, and who did not know of the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runbook.model.changing import changed, with_step
from runbook.model.events import (
    ActionIntended,
    DelegateAnswered,
    OthersSeen,
    StepBegun,
    StepClaimed,
    StepFinished,
    WriterJoined,
    WriterLeft,
)
from runbook.model.known import Conflict, State
from runbook.model.record import Recorded

Head = tuple[int, str]

TOUCHING = (StepClaimed, StepBegun, ActionIntended, StepFinished, DelegateAnswered)
"""The events by which somebody has to do with a step."""


def seen_by(recorded: Recorded) -> Iterator[tuple[str, Head]]:
    """How far the writer of this event knew the others, where the event says so: writer, event number and hash."""
    if isinstance(recorded.event, OthersSeen) and isinstance(recorded.event.heads, dict):
        for writer, head in recorded.event.heads.items():
            if isinstance(head, list) and len(head) == 2 and isinstance(head[0], int) and isinstance(head[1], str):
                yield writer, (head[0], head[1])


def noticed(state: State, recorded: Recorded) -> State:
    """The state with a conflict where this event is about a step that another writer had to do with, who did not know of it."""
    event = recorded.event
    if not state.seen or not isinstance(event, TOUCHING) or _made_by_condition(recorded):
        return state
    known, seen = state.step(event.step), state.seen.get(recorded.writer, {})
    for other in (known.holder, known.intent, known.finished):
        unseen = other is not None and other.writer != recorded.writer and other.seq > seen.get(other.writer, 0)
        if other is not None and unseen and not _made_by_condition(other):
            state = changed(state, conflicts=_with(state.conflicts, event.step, other, recorded))
    return state


def _made_by_condition(recorded: Recorded) -> bool:
    """Whether nobody did anything: the plan's condition did not hold."""
    return isinstance(recorded.event, StepFinished) and recorded.event.how == "condition"


def _with(known: tuple[Conflict, ...], step: str, first: Recorded, second: Recorded) -> tuple[Conflict, ...]:
    """One conflict for a step and two writers, with the last that each of them did there."""
    pair = {first.writer, second.writer}
    others = tuple(each for each in known if each.step != step or {each.first.writer, each.second.writer} != pair)
    return (*others, Conflict(step, first, second))


def _seen(state: State, recorded: Recorded, event: OthersSeen) -> State:
    before = state.seen.get(recorded.writer, {})
    heads = {writer: number for writer, (number, _hash) in seen_by(recorded)}
    return changed(state, seen={**state.seen, recorded.writer: {**before, **heads}})


def _joined(state: State, recorded: Recorded, event: WriterJoined) -> State:
    return changed(state, joined={**state.joined, recorded.writer: recorded})


def _left(state: State, recorded: Recorded, event: WriterLeft) -> State:
    return changed(state, joined={name: who for name, who in state.joined.items() if name != recorded.writer})


def _claimed(state: State, recorded: Recorded, event: StepClaimed) -> State:
    holder = state.step(event.step).holder
    if holder and holder.writer != recorded.writer and not event.takes_over:
        return state
    return with_step(state, event.step, holder=recorded)


HANDLERS: Mapping[type, Any] = {
    OthersSeen: _seen,
    WriterJoined: _joined,
    WriterLeft: _left,
    StepClaimed: _claimed,
}


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else has this step: `writer`, the person's name, and since when she has it."""

    writer: str
    name: str
    since: Recorded


def held_by_another(state: State, step: str, mine: str) -> Held | None:
    """Who has a step that is not finished, when that is not this writer."""
    known = state.step(step)
    if known.holder is None or known.holder.writer == mine:
        return None
    return Held(known.holder.writer, known.holder.actor, known.holder)
