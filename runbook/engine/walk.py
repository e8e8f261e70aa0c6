"""The loop: decide, do, append, believe, show."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from runbook.engine import (
    acting,
    approvals,
    delegating,
    laptop,
    offering,
    others,
    recovery,
    settling,
    together,
    typed_in,
    waiting,
)
from runbook.engine.beyond import AskOffer, EnterPlaybook, RaiseSeverity
from runbook.engine.checks import check_of
from runbook.engine.context import Context, said_by
from runbook.engine.decide import (
    AskFailure,
    AskRecovered,
    Go,
    Move,
    PassBy,
    ResolveUnknown,
    Run,
    SettleDebt,
    around,
)
from runbook.engine.readings import read
from runbook.engine.signals import ByHand, Moved, Stopped
from runbook.model.errors import RunbookError
from runbook.model.events import Paused, RecoveryAnswered, SeverityRaised, StepBegun, StepFinished, WentTo
from runbook.model.kind import Kind
from runbook.model.playbook import Step, Together, WaitFor
from runbook.model.replies import CannotAskError


@dataclass(frozen=True, slots=True)
class Ending:
    """How a walk ended: `recovered`, `not_recovered`, `aborted` or `paused` (then `why` says by what)."""

    how: str
    why: str = ""


def walk(context: Context, *, paper: bool = False) -> Ending:
    """Walk the plan from where the journal says it stands, until it ends or a person pauses. Never raises for what people do.

    `paper`: first take what was done on paper, typed in now.
    Raises RunbookError: E-OUTPUT when the screen takes no more (then it is paused), E-STORE.
    """
    try:
        if paper:
            with suppress(Moved):
                typed_in.type_in(context)
        _look_at_itself(context)
        while moves := context.moves():
            if whole := around(context.plan, context.state):
                together.go_on(context, whole, _make)
                continue
            for move in moves:
                try:
                    _make(context, move)
                except Moved:
                    break
    except Stopped as stop:
        if stop.why == "aborted":
            return Ending("aborted")
        return _paused(context, stop.why)
    except KeyboardInterrupt as signal:
        return _paused(context, getattr(signal, "why", "interrupt"))
    except RunbookError as error:
        # Nobody sees what happens any more; the journal can still say why it stopped here.
        if error.code == "E-OUTPUT":
            _paused(context, "output")
        raise
    if context.state.status == "aborted":
        return Ending("aborted")
    return Ending("recovered" if context.state.status in ("recovered", "closed") else "not_recovered")


def _paused(context: Context, why: str) -> Ending:
    context.record(Paused(why, context.state.position.step))
    return Ending("paused", why)


def _look_at_itself(context: Context) -> None:
    """Before step 1, and after every resume."""
    if laptop.look(context):
        with suppress(Moved):
            laptop.ask_own_cable(context)


def _make(context: Context, move: Move) -> None:
    match move:
        case Run(step):
            run_step(context, context.plan.step(step))
        case PassBy(step, condition):
            known = context.state.step(step)
            context.record(StepFinished(step, known.attempt, "not_taken", "machine", "condition", reason=condition))
        case Go(origin, target, because, over):
            context.record(WentTo(origin, target, because, passed_over=list(over)))
        case EnterPlaybook(playbook):
            offering.enter(context, playbook)
        case RaiseSeverity(to, because, detail):
            context.record(SeverityRaised(to, context.state.severity, because, detail))
        case AskOffer(offer):
            offering.put(context, offer)
        case AskFailure(step):
            settling.failure_menu(context, context.plan.step(step))
        case AskRecovered(step):
            context.record(RecoveryAnswered(step, settling.recovered_now(context, step)))
        case ResolveUnknown(step):
            recovery.resolve(context, context.plan.step(step))
        case SettleDebt(step):
            settling.settle_debt(context, step)


def run_step(context: Context, step: Step) -> None:
    """Run one step to its outcome. A step that was begun before a pause goes on with the same attempt."""
    known = context.state.step(step.id)
    by_hand = known.failure_choice == "by_hand"
    mine = context.me.lane
    lane = mine or step.lane
    stands = step.id in ([] if mine else [context.state.position.step]) + [context.state.stands(lane).step]
    if not others.claimed(context, step):
        return
    if not (stands and known.under_way):
        opens = step.opens if not step.changes and not step.keys.closes else ""
        context.record(StepBegun(step.id, known.attempt + 1, opens))
        if others.held(context, step.id):
            return  # somebody beside the walk took it in the same moment, and was first
    if context.state.step(step.id).undecided or isinstance(step.sample, Together):
        return
    with context.at(step):
        try:
            bound = _bound(context, step)
        except CannotAskError as cannot:
            settling.without_values(context, step, cannot.detail)
            return
        while True:
            try:
                (_by_hand if by_hand else _run_kind)(context, step, bound)
                return
            except ByHand:
                by_hand = True


def _bound(context: Context, step: Step) -> Kind | WaitFor:
    """The step with every value it refers to, those of its `verify` and `until` too. Raises CannotAskError where one is missing."""
    bound = context.bind(step)
    if isinstance(bound, WaitFor):
        context.bind_reading(bound.until)
    check_of(context, step)
    return bound


def _run_kind(context: Context, step: Step, bound: Kind | WaitFor) -> None:
    if isinstance(bound, WaitFor):
        waiting.wait_for(context, step, bound)
    elif bound.changes():
        acting.act(context, step, bound)
    elif bound.GROUP == "people":
        _people(context, step, bound)
    else:
        read(context, step, bound)


def _by_hand(context: Context, step: Step, bound: Kind | WaitFor) -> None:
    if isinstance(bound, Kind) and bound.changes():
        acting.act(context, step, bound, by_hand=True)
    else:
        settling.manual_reading(context, step, bound)


def _not_approved(context: Context, step: Step, kind: Kind) -> None:
    """Nobody allowed it and no question was asked: it failed, and what it would have left open is not open."""
    reason, ran = approvals.refusal(context, step), kind.exact(context.site)
    finished = context.finished(step, "failed", "person", "asked", reason=reason, ran=ran)
    context.record(replace(finished, closes=step.id) if context.state.debt(step.id) else finished)


def _people(context: Context, step: Step, kind: Kind) -> None:
    if kind.DELEGATES:
        delegating.delegate(context, step, kind)
        return
    if not approvals.approved(context, step, kind):
        _not_approved(context, step, kind)
        return
    try:
        result = kind.run(context.kind_ports(step))
    except CannotAskError as cannot:
        context.finish(step, "unreachable", "machine", "asked", found=cannot.detail)
        return
    context.finish(step, result.outcome, "person", "asked", **said_by(result))
