"""What a person settles: the manual form, the failure menu, `recovered`, and what is still open at the end."""

from __future__ import annotations

from runbook.engine import asides
from runbook.engine.context import BUSY, FREE, Context
from runbook.engine.signals import Moved, Stopped
from runbook.model.events import DebtWaived, Escalated, FailureAnswered, IncidentAborted, WentTo
from runbook.model.playbook import Step, WaitFor
from runbook.model.ports import Prompt
from runbook.model.state import END
from runbook.model.step import Kind
from runbook.model.text import _


def manual_reading(context: Context, step: Step, bound: Kind | WaitFor) -> None:
    """The manual form of a reading or a people's step: what the person reads there is the outcome."""
    kind = context.bind_reading(bound.until) if isinstance(bound, WaitFor) else bound
    form = step.keys.manual.do.pick() if step.keys.manual else kind.manual_form(context.site)
    answer = context.choose(
        f"{step.id}.manual",
        _("By hand: {form}").format(form=form),
        {"passed": _("as it should be"), "failed": _("not as it should be")},
        "npsougq!h?",
        (_("Expected: {title}").format(title=step.title.pick()),),
    )
    found = context.text(f"{step.id}.found", _("What do you read there? (Enter: no value)"), needed=False)
    if isinstance(bound, WaitFor) and answer == "failed":
        answer = "expired"
    context.finish(step, answer, "person", "manual", answer=answer, found=found, ran=form)


def unreachable_menu(context: Context, step: Step, found: str) -> None:
    """An action that could not be sent: the way on is the manual form, once more by machine, or a recorded skip."""
    answer = context.choose(
        f"{step.id}.unreachable",
        _("It could not be done from here. What now?"),
        {"by_hand": _("do it by hand"), "again": _("try again"), "failed": _("it cannot be done")},
        FREE,
    )
    context.finish(step, "failed", "machine", "acted", found=found)
    if answer != "failed":
        context.record(FailureAnswered(step.id, context.state.step(step.id).attempt, answer))
    raise Moved


def failure_menu(context: Context, step: Step) -> None:
    """A failure that the plan does not send anywhere: the person in front of it chooses."""
    state = context.state
    choices = {
        "again": _("try again"),
        "by_hand": _("by hand"),
        "skip": _("skip, with a reason"),
        "escalate": _("escalate"),
        "pause": _("pause"),
    }
    debts = [asides.debt_line(context, debt) for debt in state.open_debts]
    if not debts:
        choices["abort"] = _("abort the incident")
    context.current = step
    try:
        answer = context.choose(
            f"{step.id}.failure",
            _("{title}: failed. What now?").format(title=step.title.pick()),
            choices,
            BUSY + "ug",
            tuple(debts),
        )
        attempt = state.step(step.id).attempt
        reason = context.text(f"{step.id}.reason", _("Why?")) if answer in ("skip", "abort") else ""
        if answer == "abort":
            abort(context, reason, step.number)
        context.record(FailureAnswered(step.id, attempt, answer, reason))
        if answer == "escalate":
            contact = "leadership" if "leadership" in context.site.contacts else ""
            context.record(Escalated(step.id, contact))
            context.ports.human.tell(*asides.contact(context, contact))
        if answer == "pause":
            raise Stopped("failure_menu")
    finally:
        context.current = None


def abort(context: Context, reason: str, number: int) -> None:
    """End the incident without recovery. Refused with the list while anything is open; confirmed by the typed number."""
    if context.state.open_debts or context.state.unknown:
        context.ports.human.tell(
            _("This incident cannot be aborted while something is open:"), *asides.open_items(context)
        )
        return
    context.ask(
        Prompt("act", "abort", _("Abort the incident: {reason}").format(reason=reason), act_number=number), BUSY
    )
    context.record(IncidentAborted(context.actor, reason))
    raise Stopped("aborted")


def recovered_now(context: Context, step: str) -> bool:
    """The plan's one test of success, asked of the person."""
    name = "recovered" if step == END else f"{step}.recovered"
    answer = context.choose(
        name, context.plan.header.recovered.ask.pick(), {"yes": _("yes"), "no": _("no")}, BUSY + "ug"
    )
    return answer == "yes"


def settle_debt(context: Context, opener: str) -> None:
    """The plan is at its end and something is open: its closing step, a written waiver, or a pause."""
    debt = context.state.debt(opener)
    assert debt is not None
    closer = next((step for step in context.plan.steps if step.keys.closes == opener), None)
    choices = (
        {"close": _("now: [{number}] {title}").format(number=closer.number, title=closer.title.pick())}
        if closer
        else {}
    )
    choices |= {"waive": _("a written waiver, with a name"), "pause": _("pause")}
    answer = context.choose(f"{opener}.debt", _("Before the end:"), choices, BUSY, (asides.debt_line(context, debt),))
    if answer == "pause":
        raise Stopped("key")
    if answer == "waive":
        waive(context, opener)
        return
    assert closer is not None
    context.record(WentTo(END, closer.id, "goto"))


def waive(context: Context, opener: str) -> None:
    """A written waiver: a name, a reason, and the typed number of the step that opened it."""
    step = context.plan.step(opener)
    name = context.text(f"{opener}.waiver-name", _("Who answers for it? (name)"))
    reason = context.text(f"{opener}.waiver-reason", _("Why is it left open?"))
    context.current = step
    try:
        context.confirm(
            step,
            _("Waive it: {what}").format(
                what=asides.debt_line(context, next(d for d in context.state.open_debts if d.step == opener))
            ),
            keys_=BUSY,
        )
        context.record(DebtWaived(opener, name, reason))
    finally:
        context.current = None
