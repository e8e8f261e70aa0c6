"""Approval by telephone: the exact act is read aloud, a name is typed, and the record says that it was spoken, not verified."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

from runbook.engine import asides
from runbook.engine.asking import FREE
from runbook.engine.context import Context
from runbook.model.events import ApprovalGiven, ApprovalRefused
from runbook.model.kind import Kind
from runbook.model.person import same_person
from runbook.model.playbook import Step
from runbook.model.replies import CannotAskError
from runbook.model.step import ApprovalRule
from runbook.model.text import _
from runbook.model.units import utc_read, utc_text

VALID_FOR = timedelta(minutes=30)


def digest(act: str) -> str:
    """The SHA-256 of a rendered act: an approval is for these bytes and no others."""
    return sha256(act.encode()).hexdigest()


def standing(context: Context, step: Step, kind: Kind) -> ApprovalGiven | None:
    """The approval of exactly this act that has not expired."""
    wanted = digest(kind.exact(context.site))
    for recorded in reversed(context.state.step(step.id).approvals):
        event = recorded.event
        if (
            isinstance(event, ApprovalGiven)
            and event.act_sha256 == wanted
            and recorded.at + (utc_read(event.expires_at) - recorded.wall) > context.now()
            and not same_person(event.name, context.actor)
        ):
            return event
    return None


def stands(context: Context, step: Step, kind: Kind) -> bool:
    """Whether the act may be done as far as approval goes: none is needed, or one stands at this moment."""
    return step.keys.approval is None or standing(context, step, kind) is not None


def approved(context: Context, step: Step, kind: Kind) -> bool:
    """Whether somebody else said yes to this act, asked for now unless an approval stands."""
    rule = step.keys.approval
    if rule is None or stands(context, step, kind):
        return True
    for role in (rule.by, rule.or_):
        if role is None:
            continue
        answer = _ask(context, step, rule, role, kind)
        if answer != "not_reached":
            return answer == "approves"
    return False


def refusal(context: Context, step: Step) -> str:
    """Why the step was not approved, as the last answer was recorded; empty where nobody refused."""
    refusals = [row.event for row in context.state.step(step.id).refusals if isinstance(row.event, ApprovalRefused)]
    return ": ".join(part for part in (refusals[-1].why, refusals[-1].reason) if part) if refusals else ""


def _acts(context: Context, rule: ApprovalRule, step: Step, kind: Kind) -> list[tuple[Step, Kind]]:
    """The acts of one call: this one, and those it covers that can be read aloud already."""
    acts = [(step, kind)]
    for covered in (context.plan.step(name) for name in rule.covers if name != step.id):
        with suppress(CannotAskError):
            bound = context.bind(covered)
            if isinstance(bound, Kind) and (bound.changes() or bound.GROUP == "people"):
                acts.append((covered, bound))
    return acts


def _ask(context: Context, step: Step, rule: ApprovalRule, role: str, kind: Kind) -> str:
    acts = _acts(context, rule, step, kind)
    say = context.ports.world.phone.sentence(
        _("I ask for your approval of exactly this: {act}").format(
            act="; ".join(asked.act(context.site) or asked.plan_line(context.site) for _step, asked in acts)
        )
    )
    lines = (*asides.contact(context, role), _("Read aloud: {sentence}").format(sentence=say))
    answer = context.choose(
        f"{step.id}.approval",
        _("Does {role} approve?").format(role=context.site.role(role)),
        {"approves": _("approves"), "refused": _("refuses"), "not_reached": _("cannot be reached")},
        FREE,
        lines,
    )
    if answer != "approves":
        reason = (
            context.text(f"{step.id}.approval.reason", _("What was said?"), needed=False) if answer == "refused" else ""
        )
        context.record(ApprovalRefused(step.id, role, "", answer, reason))
        return answer
    name = _name(context, step)
    expires = utc_text(context.ports.world.clock.now() + VALID_FOR)
    for covered, asked in acts:
        exact = asked.exact(context.site)
        context.record(ApprovalGiven(covered.id, role, name, "spoken", exact, digest(exact), expires))
    return answer


def _name(context: Context, step: Step) -> str:
    """The approver's name: somebody other than the person at the keyboard."""
    while True:
        name = context.text(f"{step.id}.approver", _("Name of the person who approves (spoken, not verified):"))
        if not same_person(name, context.actor):
            return name
        context.ports.human.tell(_("You cannot approve your own act: name the person on the telephone."))
