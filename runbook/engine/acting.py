"""Actions: verify first, approval of the exact act, the typed number, the durable intent, the act, and what became of it.

Nothing here is ever done twice unasked: from the intent until the outcome, a crash leaves `unknown`, and `recovery` asks.
"""

from __future__ import annotations

from datetime import timedelta

from runbook.engine import approvals, laptop, readings, recovery, settling, waiting
from runbook.engine.checks import Check, check_of
from runbook.engine.context import BUSY, FREE, Context
from runbook.model.events import ActionEnded, ActionIntended, ReadingTaken
from runbook.model.playbook import Step
from runbook.model.ports import CannotAskError
from runbook.model.step import Kind, Result
from runbook.model.text import _

STALE = timedelta(minutes=10)


def act(context: Context, step: Step, kind: Kind, *, by_hand: bool = False) -> None:
    """One action step, from looking whether it is needed to its outcome."""
    text = kind.act(context.site)
    if laptop.still_sees_nothing(context):
        laptop.ask_own_cable(context)
    if not recovery.carried_allows(context, step, kind, text):
        return
    check = check_of(context, step)
    if check and _not_needed(context, step, check):
        return
    if not _rests_on_same(context, step, kind):
        return
    if not approvals.approved(context, step, text):
        context.finish(step, "failed", "person", "asked", reason=_refusal(context, step), ran=text)
        return
    lines = (_("By hand: {form}").format(form=kind.manual_form(context.site)),) if by_hand else ()
    context.confirm(step, _("This changes the world: {act}").format(act=text), lines)
    opens = "" if step.keys.closes else kind.opens()
    attempt = context.state.step(step.id).attempt
    context.record(
        ActionIntended(step.id, attempt, kind.NAME, text, approvals.digest(text), kind.target(context.site), opens)
    )
    result = _perform_by_hand(context, step, kind) if by_hand else _perform(context, step, kind)
    found = result.found
    context.record(
        ActionEnded(step.id, attempt, result.ended or "done", {**result.values}, found, context.keep(result))
    )
    conclude(context, step, kind, result, check, by_hand=by_hand)


def conclude(
    context: Context, step: Step, kind: Kind, result: Result, check: Check | None, *, by_hand: bool = False
) -> None:
    """From how the act ended to the step's outcome. An unknown end stays open: a person decides."""
    text = kind.act(context.site)
    by, how = ("person", "manual") if by_hand else ("machine", "acted")
    if result.ended == "not_sent":
        _not_sent(context, step, result)
    elif result.ended == "unknown" or result.outcome == "unknown":
        return
    elif check is None:
        by = "person" if kind.SPOKEN else by
        context.finish(
            step,
            result.outcome,
            by,
            how,
            answer=result.answer,
            values=result.values,
            found=result.found,
            reason=result.reason,
            ran=text,
        )
    else:
        _verify(context, step, result, check, by, how, text)


def _verify(context: Context, step: Step, result: Result, check: Check, by: str, how: str, ran: str) -> None:
    due = context.now() + check.within
    green, last = waiting.watch(context, step, check.kind, check.every, due, "verify", BUSY, unattended=True)
    if last is None or last.outcome == "unreachable":
        return
    outcome = ("warned" if result.ended == "error" else "passed") if green else "failed"
    found = "; ".join(part for part in (result.found, last.result.found) if part)
    expected = check.kind.plan_line(context.site)
    context.finish(
        step, outcome, by, how, values={**result.values, **last.result.values}, found=found, ran=ran, expected=expected
    )


def _perform(context: Context, step: Step, kind: Kind) -> Result:
    ports = context.kind_ports(step, BUSY)
    try:
        if kind.SPOKEN:
            return kind.run(ports)
        with context.ports.human.busy(kind.act(context.site)):
            return kind.run(ports)
    except CannotAskError as cannot:
        return Result("unreachable", found=f"{cannot.phase}: {cannot.detail}", ended="not_sent")


def _perform_by_hand(context: Context, step: Step, kind: Kind) -> Result:
    answer = context.choose(
        f"{step.id}.by-hand",
        _("By hand: {form}").format(form=kind.manual_form(context.site)),
        {"done": _("done"), "error": _("could not be done"), "unknown": _("I do not know how it ended")},
        BUSY,
    )
    outcome = {"done": "passed", "error": "failed", "unknown": "unknown"}[answer]
    return Result(outcome, answer=answer, ended=answer)  # type: ignore[arg-type]


def _not_sent(context: Context, step: Step, result: Result) -> None:
    """Nothing was started, that is certain: the manual form, unless the plan sends `unreachable` elsewhere."""
    if "unreachable" in step.keys.next:
        context.finish(step, "unreachable", "machine", "acted", found=result.found)
        return
    context.ports.human.tell(_("Nothing was sent: {reason}").format(reason=result.found))
    settling.unreachable_menu(context, step, result.found)


def _not_needed(context: Context, step: Step, check: Check) -> bool:
    """Read `verify` before the act; when it holds already, propose not to act."""
    taken = readings.take(context, step, check.kind, "before", {})
    if taken.outcome not in ("passed", "warned"):
        return False
    answer = context.choose(
        f"{step.id}.not-needed",
        _("It holds already: {found}. Is the action still needed?").format(found=taken.result.found),
        {"not_needed": _("not needed"), "needed": _("do it all the same")},
        FREE,
    )
    if answer == "needed":
        return False
    context.finish(
        step,
        "passed",
        "person",
        "not_needed",
        answer=answer,
        values=taken.result.values,
        found=taken.result.found,
        ran=check.kind.plan_line(context.site),
    )
    return True


def _rests_on_same(context: Context, step: Step, kind: Kind) -> bool:
    """Take the readings that the act rests on again where they are older than ten minutes or from before a resume."""
    host = getattr(kind, "host", "")
    for earlier in context.plan.steps[: context.plan.index(step.id)]:
        known = context.state.step(earlier.id)
        if known.finished is None or known.by != "machine" or not earlier.reads or earlier.kind == "wait_for":
            continue
        bound = context.bind(earlier)
        named = earlier.id in step.keys.when or (host and getattr(bound, "host", "") == host)
        fresh = context.now() - known.finished.at <= STALE and known.finished.seq > context.state.resumed_seq
        if not named or fresh or not isinstance(bound, Kind) or _taken_again(context, step, bound):
            continue
        taken = readings.take(context, step, bound, "again", earlier.keys.expect)
        if taken.outcome != known.outcome and not _go_on(context, step, earlier, known.outcome, taken.outcome):
            return False
    return True


def _taken_again(context: Context, step: Step, reading: Kind) -> bool:
    line, resumed = reading.plan_line(context.site), context.state.resumed_seq
    return any(
        isinstance(r.event, ReadingTaken) and r.event.purpose == "again" and r.event.ran == line and r.seq > resumed
        for r in context.state.step(step.id).readings
    )


def _go_on(context: Context, step: Step, earlier: Step, was: str, now: str) -> bool:
    answer = context.choose(
        f"{step.id}.changed",
        _("{title}: it was {was}, now it is {now}. Is the action still right?").format(
            title=earlier.title.pick(), was=was, now=now
        ),
        {"act": _("yes, go on to the action"), "leave": _("no, leave this action out")},
        FREE,
    )
    if answer == "leave":
        context.finish(step, "skipped", "person", "skip", reason=f"{earlier.id}: {was} -> {now}")
        return False
    return True


def _refusal(context: Context, step: Step) -> str:
    refusals = context.state.step(step.id).refusals
    return getattr(refusals[-1].event, "why", "") if refusals else ""
