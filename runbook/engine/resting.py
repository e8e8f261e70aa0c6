"""The readings that an act rests on, taken again before it where they are older than ten minutes or from before a resume."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from runbook.engine import readings
from runbook.engine.asking import FREE
from runbook.engine.context import Context
from runbook.model.events import ReadingTaken
from runbook.model.kind import Kind
from runbook.model.playbook import Step
from runbook.model.record import Recorded
from runbook.model.replies import CannotAskError
from runbook.model.state import StepState
from runbook.model.text import _
from runbook.model.words import word

STALE = timedelta(minutes=10)
FOUND = ("passed", "warned", "failed", "unreachable")


def rests_on_same(context: Context, step: Step, kind: Kind) -> bool:
    """Whether what the act rests on is still so, or the person goes on all the same; else the step is left out."""
    for earlier, known, reading in list(_rests_on(context, step, kind)):
        if _fresh(context, step, known, reading):
            continue
        taken = readings.take(context, step, reading, "again", earlier.keys.expect)
        if taken.outcome != known.outcome and not _go_on(context, step, earlier, known.outcome, taken.outcome):
            return False
    return True


def _rests_on(context: Context, step: Step, kind: Kind) -> Iterator[tuple[Step, StepState, Kind]]:
    """The machine's readings (those that a person took on paper, too) that the step's `when` names, that led here, or that are of the same host."""
    host = getattr(kind, "host", "")
    for earlier in context.plan.steps[: context.plan.index(step.id)]:
        known = context.state.step(earlier.id)
        if (
            not earlier.reads
            or known.finished is None
            or known.by not in ("machine", "paper")
            or known.outcome not in FOUND
        ):
            continue
        try:
            bound = context.bind(earlier)
        except CannotAskError:
            continue
        named = earlier.id in step.keys.when or earlier.id == context.state.led_by
        if isinstance(bound, Kind) and (named or (host and getattr(bound, "host", "") == host)):
            yield earlier, known, bound


def _fresh(context: Context, step: Step, known: StepState, reading: Kind) -> bool:
    """Whether the reading, or the same one taken again for this step, is of this session and not older than ten minutes."""
    line, since = reading.exact(context.site), context.state.resumed
    again = [
        row
        for row in context.state.step(step.id).readings
        if isinstance(row.event, ReadingTaken) and row.event.purpose in ("before", "again") and row.event.ran == line
    ]
    taken = [*again, *([known.finished] if known.finished and known.by == "machine" else [])]
    return any(_since(row, since) and context.now() - row.at <= STALE for row in taken)


def _since(row: Recorded, resumed: Recorded | None) -> bool:
    """Whether it is of this session: on this machine, since the walk was last gone on with."""
    if resumed is None or row.writer == resumed.writer:
        return resumed is None or row.seq > resumed.seq
    return row.boot_id == resumed.boot_id and row.boot_s >= resumed.boot_s


def _go_on(context: Context, step: Step, earlier: Step, was: str, now: str) -> bool:
    answer = context.choose(
        f"{step.id}.changed",
        _("{title}: it was {was}, now it is {now}. Is the action still right?").format(
            title=earlier.title.pick(), was=word(was, "outcome"), now=word(now, "outcome")
        ),
        {"act": _("yes, go on to the action"), "leave": _("no, leave this action out")},
        FREE,
    )
    if answer == "leave":
        context.finish(step, "skipped", "person", "skip", reason=f"{earlier.id}: {was} -> {now}")
        return False
    return True
