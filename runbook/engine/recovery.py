"""After a crash, a lost connection or a resume: acts whose end nobody knows. A person decides; nothing is redone by itself."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from runbook.engine import readings
from runbook.engine.approvals import digest
from runbook.engine.asking import BUSY
from runbook.engine.checks import check_of
from runbook.engine.context import Context
from runbook.model.errors import RunbookError
from runbook.model.events import ActionEnded, ActionIntended, ReadingTaken, UnknownAnswered
from runbook.model.kind import Kind
from runbook.model.known import StepState
from runbook.model.lanes import PAPER
from runbook.model.playbook import Step
from runbook.model.replies import CannotAskError
from runbook.model.text import _
from runbook.model.units import local_text, utc_read

HEAD_LINES, HEAD_CELLS = 5, 200
"""How much of what the host said is shown of each stream: so many lines of so many characters. The whole is in the evidence."""


def resolve(context: Context, step: Step) -> None:
    """Show what is known of the act, offer to look, and take the person's word: done, not done, or do it again.

    How it ended is never concluded from what is shown or read.
    """
    known = context.state.step(step.id)
    assert known.intent is not None
    intent = known.intent.event
    assert isinstance(intent, ActionIntended)
    begun = known.intent.at
    lines = [
        _("UNKNOWN: this was begun at {at} and nobody knows how it ended:").format(
            at=local_text(known.intent.wall, context.site.zone)
        ),
        f"  {_in_words(context, step, intent)}",
        *_recorded(context, known),
    ]
    with context.at(step):
        answer = _decided(context, step, tuple(lines), begun)
        attempt = known.attempt
        if answer == "redo":
            context.confirm(
                step, _("This does it again: {act}").format(act=_in_words(context, step, intent)), keys_=BUSY
            )
        context.record(UnknownAnswered(step.id, attempt, answer))
        if answer != "redo":
            outcome = {"done": "passed", "not_done": "failed", "unknown": "unknown"}[answer]
            finished = context.finished(step, outcome, "person", "resolved", answer=answer, ran=intent.act)
            here = step.id in (context.state.position.step, context.state.stands(step.lane).step)
            # What was begun beside the walk does not move it.
            context.record(finished if here else replace(finished, lane=PAPER))


def _recorded(context: Context, known: StepState) -> list[str]:
    """What the journal holds of the act: what was read right before it, how it was last seen, the first lines of what the host said."""
    lines = []
    before = [row for row in known.readings if isinstance(row.event, ReadingTaken) and row.event.purpose == "before"]
    if before and isinstance(reading := before[-1].event, ReadingTaken) and reading.found:
        at = local_text(before[-1].wall, context.site.zone)
        lines.append(_("Before it, at {at}: {found}").format(at=at, found=reading.found))
    ended = known.act_ended.event if known.act_ended else None
    if not isinstance(ended, ActionEnded):
        lines.append(_("Nothing is recorded of its end: the program ended while it was under way."))
        return lines
    if ended.found:
        lines.append(_("Last seen: {found}").format(found=ended.found))
    for kept in ended.evidence:
        with suppress(RunbookError):
            said = context.ports.evidence.read(kept["sha256"]).decode("utf-8", "replace").splitlines()
            # One line of ours; what stands behind its end is marked as the host's.
            lines.append(
                "\n".join(
                    [
                        f"{kept['name']}:",
                        *(line[:HEAD_CELLS] for line in said[:HEAD_LINES]),
                        *(["..."] if said[HEAD_LINES:] else []),
                    ]
                )
            )
    return lines


def _in_words(context: Context, step: Step, intent: ActionIntended) -> str:
    """The act as it was read aloud; as it was recorded where the plan would do something else today."""
    try:
        kind = context.bind(step)
    except CannotAskError:
        return intent.act
    same = isinstance(kind, Kind) and kind.exact(context.site) == intent.act
    return kind.act(context.site) if same and isinstance(kind, Kind) else intent.act


def _decided(context: Context, step: Step, lines: tuple[str, ...], begun: datetime | None = None) -> str:
    looks = _looks(context, step)
    what = "; ".join(look.plan_line(context.site) for look in looks)
    choices = {"verify": _("look first: {reading}").format(reading=what)} if looks else {}
    choices |= {
        "done": _("it was done"),
        "not_done": _("it was not done"),
        "redo": _("do it again"),
        "unknown": _("go on, it stays unknown"),
    }
    shown = lines
    while True:
        answer = context.choose(f"{step.id}.unknown", _("How did it end?"), choices, BUSY, shown)
        if answer != "verify" or not looks:
            return answer
        shown = (*lines, *(line for look in looks for line in _seen(context, step, look, begun)))


def _seen(context: Context, step: Step, look: Kind, begun: datetime | None) -> list[str]:
    """Take one reading and say what it found; since when the service runs stands beside the time at which the act was begun."""
    taken = readings.take(context, step, look, "unknown", {})
    lines = [_("Now: {found} ({outcome})").format(found=taken.result.found, outcome=taken.outcome)]
    if since := str(taken.result.values.get("since") or ""):
        with suppress(ValueError):
            since = local_text(utc_read(since), context.site.zone)
        lines.append(_("The service was last started at {since}, by its host's clock.").format(since=since))
        if begun:
            at = local_text(begun, context.site.zone)
            lines.append(_("This act was begun at {at}, by this laptop's clock.").format(at=at))
    return lines


def _looks(context: Context, step: Step) -> list[Kind]:
    """What can be read of the act: the step's `verify`, and what tells most of an act of this kind, each once."""
    looks = []
    with suppress(CannotAskError):
        if check := check_of(context, step):
            looks.append(check.kind)
    with suppress(CannotAskError):
        kind = context.bind(step)
        if isinstance(kind, Kind) and (most := kind.afterwards(context.site)):
            looks = [look for look in looks if (look.NAME, look.model_dump()) != (most.NAME, most.model_dump())]
            looks.append(most)
    return looks


def carried_allows(context: Context, step: Step, kind: Kind) -> bool:
    """Whether this act may be done although an earlier incident left the same one unknown: a person answers for it first."""
    opened = context.state.opened
    target, exact = kind.target(context.site), kind.exact(context.site)
    for carried in opened.carried if opened else []:
        same = carried["target"] == target and (carried["act_sha256"] == digest(exact) or carried["kind"] == kind.NAME)
        if not same or carried["incident"] in context.state.carried_answered:
            continue
        lines = (
            _("UNKNOWN in incident {incident}: the same act was begun there and nobody knows how it ended:").format(
                incident=carried["incident"]
            ),
            f"  {carried['act']}",
        )
        answer = _decided(context, step, lines)
        context.record(UnknownAnswered(step.id, context.state.step(step.id).attempt, answer, carried["incident"]))
        if answer in ("done", "unknown"):
            outcome = "passed" if answer == "done" else "skipped"
            context.finish(step, outcome, "person", "resolved", answer=answer, reason=carried["incident"], ran=exact)
            return False
    return True
