"""After a crash, a lost connection or a resume: acts whose end nobody knows. A person decides; nothing is redone by itself."""

from __future__ import annotations

from dataclasses import replace

from runbook.engine import readings
from runbook.engine.approvals import digest
from runbook.engine.checks import Check, check_of
from runbook.engine.context import BUSY, Context
from runbook.model.events import ActionEnded, ActionIntended, UnknownAnswered
from runbook.model.kind import Kind
from runbook.model.known import PAPER
from runbook.model.playbook import Step
from runbook.model.replies import CannotAskError
from runbook.model.text import _
from runbook.model.units import local_text


def resolve(context: Context, step: Step) -> None:
    """Show what is known of the act, offer its `verify`, and take the person's word: done, not done, or do it again."""
    known = context.state.step(step.id)
    assert known.intent is not None
    intent = known.intent.event
    assert isinstance(intent, ActionIntended)
    lines = [
        _("UNKNOWN: this was begun at {at} and nobody knows how it ended:").format(
            at=local_text(known.intent.wall, context.site.zone)
        ),
        f"  {_in_words(context, step, intent)}",
    ]
    if known.act_ended is not None and isinstance(known.act_ended.event, ActionEnded) and known.act_ended.event.found:
        lines.append(_("Last seen: {found}").format(found=known.act_ended.event.found))
    with context.at(step):
        answer = _decided(context, step, tuple(lines))
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


def _in_words(context: Context, step: Step, intent: ActionIntended) -> str:
    """The act as it was read aloud; as it was recorded where the plan would do something else today."""
    try:
        kind = context.bind(step)
    except CannotAskError:
        return intent.act
    same = isinstance(kind, Kind) and kind.exact(context.site) == intent.act
    return kind.act(context.site) if same and isinstance(kind, Kind) else intent.act


def _decided(context: Context, step: Step, lines: tuple[str, ...]) -> str:
    check = _check(context, step)
    choices = {"verify": _("look first: {reading}").format(reading=check.kind.plan_line(context.site))} if check else {}
    choices |= {
        "done": _("it was done"),
        "not_done": _("it was not done"),
        "redo": _("do it again"),
        "unknown": _("go on, it stays unknown"),
    }
    while True:
        answer = context.choose(f"{step.id}.unknown", _("How did it end?"), choices, BUSY, lines)
        if answer != "verify" or check is None:
            return answer
        taken = readings.take(context, step, check.kind, "unknown", {})
        lines = (*lines[:2], _("Now: {found} ({outcome})").format(found=taken.result.found, outcome=taken.outcome))


def _check(context: Context, step: Step) -> Check | None:
    try:
        return check_of(context, step)
    except CannotAskError:
        return None


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
