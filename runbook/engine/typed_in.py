"""What was done on paper, or is in no record any more, typed in later: all steps with boxes, each answered as the paper form has it.

Nothing is sent and nothing is read here. A step that is typed in has its outcome `by: paper`, its debt opens or closes at the time when
it was done, and the walk passes it when it comes there. An act whose end she does not know becomes `unknown`, like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from runbook.engine.approvals import digest
from runbook.engine.context import Context, said_by
from runbook.model.events import ActionEnded, ActionIntended, ApprovalGiven, Event, StepBegun
from runbook.model.kind import Kind
from runbook.model.lanes import PAPER
from runbook.model.outcome import Outcome
from runbook.model.playbook import Step, Together, WaitFor
from runbook.model.prompts import Prompt
from runbook.model.replies import CannotAskError
from runbook.model.text import _
from runbook.model.units import clock_text, reported_time, utc_text
from runbook.model.words import word

NAME = "typed-in"
KEYS = "q"
LIST = "?"
ENDED = {"passed": "done", "failed": "error"}
"""How an act ended that was done on paper, by the step's outcome."""


def type_in(context: Context) -> None:
    """Take one step after the other until Enter alone. Raises Stopped when the person leaves; what was typed in until then is kept."""
    lane, context.me.lane = context.me.lane, PAPER
    try:
        context.ports.human.tell(
            _("What was done on paper: type the number of each step, then how it ended."), *form(context)
        )
        while step := _chosen(context):
            _take(context, step)
    finally:
        context.me.lane, context.current = lane, None


def form(context: Context) -> list[str]:
    """Every step of the plan with its box, and what is known of it."""
    return [_line(context, step) for step in _steps(context)]


def _steps(context: Context) -> Iterator[Step]:
    return (step for step in context.plan.steps if step.plan in context.state.playbooks)


def _line(context: Context, step: Step) -> str:
    known = context.state.step(step.id)
    box = "   " if isinstance(step.sample, Together) else "[?]" if known.unknown else "[x]" if known.outcome else "[ ]"
    line = f"{box} {step.number:>2}  {' '.join(step.title.pick().split())}"
    if not known.outcome:
        return line
    at = f", {clock_text(known.finished.wall, context.site.zone)[:5]}" if known.finished else ""
    return f"{line}  ({word(known.outcome, 'outcome')}{at})"


def _chosen(context: Context) -> Step | None:
    question = _("Number of a step that was done ({list}: the list; Enter alone: there is no more):").format(list=LIST)
    while typed := context.ask(Prompt("text", NAME, question, default=""), KEYS).strip():
        if typed in (LIST, "\uff1f"):
            context.ports.human.tell(*form(context))
            continue
        step = next((step for step in _steps(context) if typed in (str(step.number), step.id)), None)
        if refused := _refused(context, step, typed):
            context.ports.human.tell(refused)
        elif step:
            return step
    return None


def _refused(context: Context, step: Step | None, typed: str) -> str:
    """Why nothing can be typed in there; empty when it can."""
    if step is None:
        return _("There is no step {found!r}.").format(found=typed)
    known = context.state.step(step.id)
    if isinstance(step.sample, Together):
        return _("It has branches: type in their steps, one by one.")
    if known.undecided:
        return _("It is asked next how this ended.")
    if known.outcome and known.outcome != "not_taken":
        return _("It has an outcome already: {outcome}. A note corrects it (runbook note --step {step}).").format(
            outcome=word(known.outcome, "outcome"), step=step.id
        )
    return ""


# -- one step -----------------------------------------------------------------------------------------------------------


def _take(context: Context, step: Step) -> None:
    with context.at(step):
        kind = _bound(context, step)
        asks = kind is not None and kind.GROUP == "people" and not kind.DELEGATES
        how = context.choose(f"{NAME}.{step.id}", step.title.pick(), _choices(step, asks=asks), KEYS)
        if how == "back":
            return
        at = _when(context, step)
        if how == "answer" and kind is not None:
            _answered(context, step, kind, at)
            return
        why = _("Why was it skipped?") if how == "skipped" else _("A word on it (Enter: none):")
        reason = context.text(f"{NAME}.{step.id}.reason", why, needed=how == "skipped")
        if step.changes and how != "skipped":
            _acted(context, step, kind, how, at, reason)
        else:
            _begin(context, step, at, opens=False)
            _finish(context, step, how, at, reason=reason)


def _bound(context: Context, step: Step) -> Kind | None:
    """The step's kind with its values; None for a wait, and where a value is missing."""
    try:
        bound = context.bind(step)
    except CannotAskError:
        return None
    return bound if isinstance(bound, Kind) else None


def _choices(step: Step, *, asks: bool) -> dict[str, str]:
    if step.changes:
        found = {
            "passed": _("it was done, and it worked"),
            "failed": _("it was done, and it did not work"),
            "unknown": _("it was begun, and I do not know how it ended"),
        }
    elif asks:
        found = {"answer": _("it was done: answer its question")}
    elif isinstance(step.sample, WaitFor):
        found = {"passed": word("passed", "outcome"), "expired": word("expired", "outcome")}
    else:
        found = {"passed": _("as it should be"), "failed": _("not as it should be")}
    return {**found, "skipped": word("skipped", "outcome"), "back": _("not this step")}


def _when(context: Context, step: Step) -> datetime:
    """When it was done: not before the fault was reported, and not later than now."""
    now, since, zone = context.ports.world.clock.now(), context.state.reported_at, context.site.zone
    while True:
        text = context.ask(
            Prompt("text", f"{NAME}.{step.id}.at", _("When? (03:12; -20m; Enter: now)"), default="now"), KEYS
        )
        try:
            moment = reported_time(text, now, zone)
        except ValueError as error:
            context.ports.human.tell(str(error))
            continue
        if since is None or moment.replace(second=59, microsecond=999999) >= since:
            return moment
        context.ports.human.tell(
            _("That is before the fault was reported ({at}).").format(at=clock_text(since, zone)[:5])
        )


def _answered(context: Context, step: Step, kind: Kind, at: datetime) -> None:
    """A people's step is asked as ever: its own question gives choice, value, names and counts."""
    approved = _approval(context, step, kind, at)
    _begin(context, step, at, opens=True, also=approved)
    try:
        result = kind.run(context.kind_ports(step, KEYS))
    except CannotAskError as cannot:
        _finish(context, step, "unreachable", at, reason=cannot.detail)
        return
    finished = context.finished(step, result.outcome, "paper", "typed_in", **said_by(result))
    context.record(replace(finished, at=utc_text(at)))


def _acted(context: Context, step: Step, kind: Kind | None, how: str, at: datetime, reason: str) -> None:
    """An act that was done by hand: its intent and its debt are of that time. Without an end it is unknown, and is asked for next."""
    act = kind.exact(context.site) if kind else step.title.pick()
    target, when = kind.target(context.site) if kind else "", utc_text(at)
    attempt = context.state.step(step.id).attempt + 1
    opens = "" if step.keys.closes else step.opens
    approved = _approval(context, step, kind, at) if kind else []
    intent = ActionIntended(step.id, attempt, step.kind, act, digest(act), target, opens, when)
    also: list[Event] = [*approved, intent]
    if how in ENDED:
        also.append(ActionEnded(step.id, attempt, ENDED[how], {}, reason))
    _begin(context, step, at, opens=False, also=also)
    if how in ENDED:
        _finish(context, step, how, at, reason=reason, ran=act)


def _approval(context: Context, step: Step, kind: Kind, at: datetime) -> list[Event]:
    """Who allowed it, as the paper says. It is for what was done, and for nothing after it."""
    rule = step.keys.approval
    if rule is None:
        return []
    name = context.text(f"{NAME}.{step.id}.approver", _("Who approved it? (name; Enter: nobody)"), needed=False)
    act, when = kind.exact(context.site), utc_text(at)
    return [ApprovalGiven(step.id, rule.by, name, "paper", act, digest(act), when)] if name else []


def _begin(context: Context, step: Step, at: datetime, *, opens: bool, also: list[Event] | tuple[()] = ()) -> None:
    opened = step.opens if opens and not step.keys.closes else ""
    begun = StepBegun(step.id, context.state.step(step.id).attempt + 1, opened, at=utc_text(at))
    context.record_all([begun, *also])


def _finish(
    context: Context, step: Step, outcome: Outcome | str, at: datetime, *, reason: str = "", ran: str = ""
) -> None:
    finished = context.finished(step, outcome, "paper", "typed_in", reason=reason, ran=ran)
    context.record(replace(finished, at=utc_text(at)))
