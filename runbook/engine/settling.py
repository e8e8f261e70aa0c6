"""What a person settles: the manual form, the failure menu, `recovered`, and what is still open at the end."""

from __future__ import annotations

from runbook.engine import asides
from runbook.engine.asking import BUSY, FREE
from runbook.engine.context import Context
from runbook.engine.signals import Stopped
from runbook.model.events import DebtWaived, Escalated, FailureAnswered, IncidentAborted, RecoveryAnswered, WentTo
from runbook.model.kind import Kind
from runbook.model.naming import numbered
from runbook.model.open_items import debt_line, open_items
from runbook.model.playbook import Step, Together, WaitFor
from runbook.model.prompts import Prompt
from runbook.model.replies import CannotAskError
from runbook.model.state import END
from runbook.model.text import _


def manual_reading(context: Context, step: Step, bound: Kind | WaitFor) -> None:
    """The manual form of a reading or a people's step: what the person reads there is the outcome."""
    form = _manual_form(context, step, bound)
    answer = context.choose(
        f"{step.id}.manual",
        _("By hand: {form}").format(form=form),
        {"passed": _("as it should be"), "failed": _("not as it should be")},
        "npsougq!h?",
        (_("Expected: {title}").format(title=step.title.pick()),),
    )
    found = context.text(f"{step.id}.found", _("What do you read there? (Enter: no value)"), needed=False)
    outcome = answer
    if isinstance(bound, WaitFor):
        back = answer == "passed" and (not bound.and_ or service_is_back(context, step))
        outcome = "passed" if back else "expired"
    context.finish(step, outcome, "person", "manual", answer=answer, found=found)


def _manual_form(context: Context, step: Step, bound: Kind | WaitFor) -> str:
    if step.keys.manual:
        return step.keys.manual.do.pick()
    try:
        context.bind(step)
        kind = context.bind_reading(bound.until) if isinstance(bound, WaitFor) else bound
    except CannotAskError:
        # A form with a sample in the place of the missing value would be a lie.
        return step.title.pick()
    return kind.manual_form(context.site)


def unreachable_menu(context: Context, step: Step, found: str) -> None:
    """An action that could not be sent: the way on is the manual form, once more by machine, or a recorded skip."""
    answer = context.choose(
        f"{step.id}.unreachable",
        _("It could not be done from here. What now?"),
        {"by_hand": _("do it by hand"), "again": _("try again"), "failed": _("it cannot be done")},
        FREE,
    )
    if answer == "failed":
        context.finish(step, "failed", "machine", "acted", found=found)
    else:
        context.record(FailureAnswered(step.id, context.state.step(step.id).attempt, answer))


def without_values(context: Context, step: Step, why: str) -> None:
    """A step that refers to a value which no step gave: a person reads it; an action is never made up, it failed."""
    if not step.changes and "unreachable" in step.keys.next:
        context.finish(step, "unreachable", "machine", "read", found=why)
    elif step.changes:
        context.finish(step, "failed", "machine", "acted", found=why, reason=why)
    else:
        context.ports.human.tell(_("This could not be asked: {reason}").format(reason=why))
        assert not isinstance(step.sample, Together)  # its steps are bound one by one
        manual_reading(context, step, step.sample)


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
    if isinstance(step.sample, Together):
        del choices["by_hand"]  # its steps have forms of their own
    still_open = state.open_debts or state.unknown
    if not still_open:
        choices["abort"] = _("abort the incident")
    context.current = step
    try:
        answer = context.choose(
            f"{step.id}.failure",
            _("{title}: failed. What now?").format(title=step.title.pick()),
            choices,
            BUSY + "ug",
            tuple(open_items(state, context.plan, context.now())),
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
    """End the incident without recovery, confirmed by the typed number. Never while anything is open: then it is not offered."""
    assert not (context.state.open_debts or context.state.unknown)
    question = _("Abort the incident: {reason}").format(reason=reason)
    context.ask(Prompt("act", "abort", question, act_number=number), BUSY)
    context.record(IncidentAborted(context.actor, reason))
    raise Stopped("aborted")


def recovered_now(context: Context, step: str) -> bool:
    """The plan's one test of success, asked of the person."""
    name = "recovered" if step == END else f"{step}.recovered"
    answer = context.choose(
        name, context.header(step).recovered.ask.pick(), {"yes": _("yes"), "no": _("no")}, BUSY + "ug"
    )
    return answer == "yes"


def service_is_back(context: Context, step: Step) -> bool:
    """The same question inside a wait: the answer is recorded, a yes that stands is not asked for twice."""
    if context.state.step(step.id).recovery != "yes":
        context.record(RecoveryAnswered(step.id, recovered_now(context, step.id)))
    return context.state.step(step.id).recovery == "yes"


def settle_debt(context: Context, opener: str) -> None:
    """The plan is at its end and something is open: its closing step, a written waiver, or a pause."""
    debt = context.state.debt(opener)
    assert debt is not None
    closer = next((step for step in context.plan.steps if step.keys.closes == opener), None)
    choices = {"close": _("now: {step}").format(step=numbered(context.plan, closer.id))} if closer else {}
    choices |= {"waive": _("a written waiver, with a name"), "pause": _("pause")}
    answer = context.choose(
        f"{opener}.debt", _("Before the end:"), choices, BUSY, (debt_line(debt, context.plan, context.now()),)
    )
    if answer == "pause":
        raise Stopped("key")
    if answer == "waive":
        waive(context, opener)
        return
    assert closer is not None
    context.record(WentTo(END, closer.id, "goto"))


def waive(context: Context, opener: str) -> None:
    """A written waiver: a name, a reason, and the typed number of the step that opened it."""
    step, debt = context.plan.step(opener), context.state.debt(opener)
    assert debt is not None
    name = context.text(f"{opener}.waiver-name", _("Who answers for it? (name)"))
    reason = context.text(f"{opener}.waiver-reason", _("Why is it left open?"))
    context.current = step
    try:
        context.confirm(
            step,
            _("Waive it: {what}").format(what=debt_line(debt, context.plan, context.now())),
            keys_=BUSY,
        )
        context.record(DebtWaived(opener, name, reason))
    finally:
        context.current = None
