"""Actions: verify first, approval of the exact act, the typed number, the durable intent, the act, and what became of it.

Nothing here is ever done twice unasked: from the intent until the outcome, a crash leaves `unknown`, and `recovery` asks.
"""

from __future__ import annotations

from runbook.engine import approvals, laptop, present, readings, recovery, resting, settling, waiting
from runbook.engine.asking import BUSY, FREE
from runbook.engine.checks import Check, check_of
from runbook.engine.context import Context, said_by
from runbook.model.events import ActionEnded, ActionIntended
from runbook.model.kind import Kind, Result
from runbook.model.playbook import Step
from runbook.model.replies import CannotAskError
from runbook.model.text import _


def act(context: Context, step: Step, kind: Kind, *, by_hand: bool = False) -> None:
    """One action step, from looking whether it is needed to its outcome."""
    earlier = context.state.step(step.id)
    if not by_hand and earlier.not_sent and earlier.act_ended is not None and not earlier.failure_choice:
        _not_sent(context, step, getattr(earlier.act_ended.event, "found", ""))
        return
    if not recovery.carried_allows(context, step, kind):
        return
    check = check_of(context, step)
    if not _agreed(context, step, kind, check, by_hand=by_hand):
        return
    exact = kind.exact(context.site)
    opens = "" if step.keys.closes else kind.opens()
    attempt = context.state.step(step.id).attempt
    context.record(
        ActionIntended(step.id, attempt, kind.NAME, exact, approvals.digest(exact), kind.target(context.site), opens)
    )
    result = _perform_by_hand(context, step, kind) if by_hand else _perform(context, step, kind)
    context.record(
        ActionEnded(step.id, attempt, result.ended or "done", {**result.values}, result.found, context.keep(result))
    )
    conclude(context, step, kind, result, check, by_hand=by_hand)


def _agreed(context: Context, step: Step, kind: Kind, check: Check | None, *, by_hand: bool) -> bool:
    """Look, have it approved, and take the typed number; all of it again when it took too long. False: the step has its outcome."""
    lines = (_("By hand: {form}").format(form=kind.manual_form(context.site)),) if by_hand else ()
    while True:
        looked_at = context.now()
        if check and _not_needed(context, step, check):
            return False
        if not resting.rests_on_same(context, step, kind):
            return False
        if laptop.still_sees_nothing(context):
            laptop.ask_own_cable(context)
        if not approvals.approved(context, step, kind):
            ran = kind.exact(context.site)
            context.finish(step, "failed", "person", "asked", reason=approvals.refusal(context, step), ran=ran)
            return False
        context.confirm(step, _("This changes the world: {act}").format(act=kind.act(context.site)), lines)
        if context.now() - looked_at > resting.STALE:
            context.ports.human.tell(_("That took more than ten minutes: what it rests on is looked at again."))
        elif approvals.stands(context, step, kind):
            return True
        else:
            context.ports.human.tell(_("The approval has expired: it is asked for again."))


def conclude(
    context: Context, step: Step, kind: Kind, result: Result, check: Check | None, *, by_hand: bool = False
) -> None:
    """From how the act ended to the step's outcome. An unknown end stays open: a person decides."""
    ran = kind.exact(context.site)
    by, how = ("person", "manual") if by_hand else ("machine", "acted")
    if result.ended == "not_sent":
        _not_sent(context, step, result.found)
    elif result.ended == "unknown" or result.outcome == "unknown":
        return
    elif check is None:
        by = "person" if kind.SPOKEN else by
        context.finish(step, result.outcome, by, how, **said_by(result, ran))
    else:
        _verify(context, step, result, check, by, how, ran)


def _verify(context: Context, step: Step, result: Result, check: Check, by: str, how: str, ran: str) -> None:
    due = context.now() + check.within
    green, last = waiting.watch(context, step, check.kind, check.every, due, "verify", BUSY, unattended=True)
    if last is None or last.outcome == "unreachable":
        return
    outcome = ("warned" if result.ended == "error" else "passed") if green else "failed"
    found = "; ".join(part for part in (result.found, last.result.found) if part)
    expected = check.kind.exact(context.site)
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
        return Result("unreachable", found=cannot.detail, ended="not_sent")


def _perform_by_hand(context: Context, step: Step, kind: Kind) -> Result:
    answer = context.choose(
        f"{step.id}.by-hand",
        _("By hand: {form}").format(form=kind.manual_form(context.site)),
        {"done": _("done"), "error": _("could not be done"), "unknown": _("I do not know how it ended")},
        BUSY,
    )
    outcome = {"done": "passed", "error": "failed", "unknown": "unknown"}[answer]
    return Result(outcome, answer=answer, ended=answer)  # type: ignore[arg-type]


def _not_sent(context: Context, step: Step, found: str) -> None:
    """Nothing was started, that is certain: the manual form, unless the plan sends `unreachable` elsewhere."""
    if "unreachable" in step.keys.next:
        context.finish(step, "unreachable", "machine", "acted", found=found)
        return
    context.ports.human.tell(_("Nothing was sent: {reason}").format(reason=found))
    present.taken(context, step)
    settling.unreachable_menu(context, step, found)


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
        ran=check.kind.exact(context.site),
    )
    return True
