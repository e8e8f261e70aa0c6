"""The timeline: one line in words for every event that a reader wants to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from runbook.model import events as ev
from runbook.model.marks import Marks, marks, numbers, paper_time
from runbook.model.record import Recorded
from runbook.model.text import _
from runbook.model.units import local_text
from runbook.report.record import Line
from runbook.report.saying import Names
from runbook.report.sentences import sentence


def timeline(events: Sequence[Recorded], names: Names, reported_at: datetime) -> tuple[Line, ...]:
    """The lines in the order of the events; equal readings in a row are one line that says how many.

    What was typed in later stands where it happened, marked as late, with the time at which it was entered.
    """
    found: list[Line] = []
    late: list[Line] = []
    known = marks(events)
    for recorded, times, last in _gathered(events):
        said = sentence(recorded.event, names)
        if not said:
            continue
        if times > 1:
            said = _("{what} ({times} times, the last at {time})").format(
                what=said, times=times, time=local_text(names.shown(last), names.zone, date=False)
            )
        said, at = _marked(said, recorded, known, names), paper_time(recorded.event) or recorded.at
        line = Line(recorded.seq, at, at - reported_at, recorded.actor, said, _routine(recorded.event))
        (late if at != recorded.at else found).append(line)
    return _merged(found, late)


def _marked(said: str, recorded: Recorded, known: Marks, names: Names) -> str:
    """The sentence with what a reader must know of the entry itself: late, after the end, amended."""
    if isinstance(recorded.event, ev.NoteAdded) and recorded.event.at:
        entered = local_text(recorded.at, names.zone)
        said = _("LATE ENTRY, entered {time}: {what}").format(time=entered, what=said)
    if known.is_after_end(recorded):
        said = _("AFTER THE END: {what}").format(what=said)
    if amended := known.amended_by(recorded):
        said += "; " + _("amended by {numbers}").format(numbers=numbers(amended))
    return said


def _merged(found: list[Line], late: list[Line]) -> tuple[Line, ...]:
    """Each late line before the first line that is later than it; the others keep the order of the journal."""
    for line in sorted(late, key=lambda line: line.at):
        place = next((n for n, other in enumerate(found) if other.at > line.at), len(found))
        found.insert(place, line)
    return tuple(found)


def _routine(event: ev.Event) -> bool:
    """Whether nobody decided and nothing was changed: readings, what the machine finished well, plain notes, calls."""
    if isinstance(event, ev.StepFinished):
        return event.by == "machine" and event.outcome in ("passed", "not_taken")
    if isinstance(event, ev.NoteAdded):
        return not (event.at or event.amends)
    return isinstance(event, ev.ReadingTaken | ev.StepBegun | ev.PersonTold | ev.OthersSeen)


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
