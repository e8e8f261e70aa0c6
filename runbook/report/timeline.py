"""The timeline: one line in words for every event that a reader wants to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from runbook.model import events as ev
from runbook.model.record import Recorded
from runbook.model.text import _
from runbook.model.units import local_text
from runbook.report.record import Line
from runbook.report.sentences import Names, sentence


def timeline(events: Sequence[Recorded], names: Names, reported_at: datetime) -> tuple[Line, ...]:
    """The lines in the order of the events; equal readings in a row are one line that says how many."""
    found = []
    for recorded, times, last in _gathered(events):
        said = sentence(recorded.event, names)
        if said and times > 1:
            said = _("{what} ({times} times, the last at {time})").format(
                what=said, times=times, time=local_text(names.shown(last), names.zone, date=False)
            )
        if said:
            found.append(
                Line(
                    recorded.seq, recorded.at, recorded.at - reported_at, recorded.actor, said, _routine(recorded.event)
                )
            )
    return tuple(found)


def _routine(event: ev.Event) -> bool:
    """Whether nobody decided and nothing was changed: readings, what the machine finished well, notes, calls."""
    if isinstance(event, ev.StepFinished):
        return event.by == "machine" and event.outcome in ("passed", "not_taken")
    return isinstance(event, ev.ReadingTaken | ev.StepBegun | ev.NoteAdded | ev.PersonTold | ev.OthersSeen)


def _gathered(events: Sequence[Recorded]) -> Iterator[tuple[Recorded, int, datetime]]:
    """The events, equal readings in a row once, without the finish that only repeats the reading before it."""
    place = 0
    while place < len(events):
        first, last, times = events[place], events[place].at, 1
        while place + times < len(events) and _repeats(first, events[place + times]):
            last = events[place + times].at
            times += 1
        place += times
        if place < len(events) and _says_no_more(events[place], first):
            place += 1
        yield first, times, last


def _repeats(one: Recorded, other: Recorded) -> bool:
    a, b = one.event, other.event
    if not (isinstance(a, ev.ReadingTaken) and isinstance(b, ev.ReadingTaken)):
        return False
    return (a.step, a.purpose, a.ran, a.found, a.outcome) == (b.step, b.purpose, b.ran, b.found, b.outcome)


def _says_no_more(later: Recorded, reading: Recorded) -> bool:
    a, b = reading.event, later.event
    if not (isinstance(a, ev.ReadingTaken) and isinstance(b, ev.StepFinished)):
        return False
    return a.purpose == "step" and b.how == "read" and (a.step, a.outcome) == (b.step, b.outcome) and not b.reason
