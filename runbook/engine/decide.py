"""Decide, after the last result, what may run next. Pure: the plan and the state in, a list of moves out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runbook.engine.between import passed_over
from runbook.engine.beyond import AskOffer, EnterPlaybook, RaiseSeverity, asked_now, entering, raised
from runbook.engine.conditions import facts
from runbook.model.playbook import Playbook, Step, Together
from runbook.model.state import END, State, StepState


@dataclass(frozen=True, slots=True)
class Run:
    """This step may run now."""

    step: str


@dataclass(frozen=True, slots=True)
class PassBy:
    """This step's condition does not hold: it is not taken, because of `condition`."""

    step: str
    condition: str


@dataclass(frozen=True, slots=True)
class Go:
    """The walk leaves the line: from `origin` to `target`."""

    origin: str
    target: str
    because: str
    passed_over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskFailure:
    """A person must choose what happens after this step's failure."""

    step: str


@dataclass(frozen=True, slots=True)
class AskRecovered:
    """The plan's `recovered` question is asked now, after `step`."""

    step: str


@dataclass(frozen=True, slots=True)
class ResolveUnknown:
    """An act of this step was begun and nobody knows how it ended: a person decides."""

    step: str


@dataclass(frozen=True, slots=True)
class SettleDebt:
    """The plan is at its end and what this step opened is still open."""

    step: str


@dataclass(frozen=True, slots=True)
class Join:
    """All branches of this `together` have ended."""

    step: str


Move = (
    Run
    | PassBy
    | Go
    | AskFailure
    | AskRecovered
    | ResolveUnknown
    | SettleDebt
    | EnterPlaybook
    | RaiseSeverity
    | AskOffer
    | Join
)


def decide(plan: Playbook, state: State, now: datetime | None = None, busy: frozenset[str] = frozenset()) -> list[Move]:
    """Every move that may be made now; empty when the walk is over. What is unknown comes first. Without `now` nothing is offered.

    `busy`: the writers that work beside the walk at this moment. An act that one of them is doing is not unknown.
    """
    if state.ended:
        return []
    if raising := raised(plan, state):
        return [raising]
    undecided = [
        ResolveUnknown(step.id) for step in state.steps.values() if step.undecided and not _done_by(step, busy)
    ]
    if undecided:
        return list(undecided)
    if first := entering(plan, state) or (asked_now(plan, state, now) if now else None):
        return [first]
    position = state.position
    if position.where == "at":
        whole = around(plan, state)
        if whole is not None:
            return list(branch_moves(plan, state, whole))
        return _at(plan, state, plan.step(position.step), busy, forced=position.forced)
    if position.step == "":
        return _line(plan, state, 0, busy)
    if position.step == END:
        return _end(state)
    return _after(plan, state, plan.step(position.step), busy)


def condition_unmet(plan: Playbook, state: State, step: Step, *, forced: bool = False) -> str:
    """Why a step is not taken, as `what is: found`, or nothing. A closing step is taken exactly while its debt is open."""
    if step.keys.closes:
        return "" if state.debt(step.keys.closes) else f"{step.keys.closes}: closed"
    if forced:
        return ""
    for what, wanted in step.keys.when.items():
        found = facts(plan, state, what)
        if not found & set(wanted):
            return f"{what}: {'/'.join(sorted(found))}"
    return ""


def _enter(plan: Playbook, state: State, step: Step, *, forced: bool) -> Move:
    stands = step.id in (state.position.step, state.stands(step.lane).step)
    if stands and state.step(step.id).under_way:
        return Run(step.id)
    unmet = condition_unmet(plan, state, step, forced=forced)
    return PassBy(step.id, unmet) if unmet else Run(step.id)


def _line(plan: Playbook, state: State, index: int, busy: frozenset[str]) -> list[Move]:
    # The steps of branches stand behind their `together`, which walks them.
    while index < len(plan.steps) and plan.steps[index].lane:
        index += 1
    # Behind the last step of a playbook stand those of another one, to which only a target leads.
    if index >= len(plan.steps) or (index and plan.steps[index].plan != plan.steps[index - 1].plan):
        return _end(state)
    return _at(plan, state, plan.steps[index], busy, forced=False)


def _at(plan: Playbook, state: State, step: Step, busy: frozenset[str], *, forced: bool) -> list[Move]:
    """The walk has come to this step of the line: it is entered, unless somebody beside the walk has settled it already."""
    known = state.step(step.id)
    if known.beside and not forced and not _done_by(known, busy):
        return _after(plan, state, step, busy)
    return [_enter(plan, state, step, forced=forced)]


def _done_by(known: StepState, busy: frozenset[str]) -> bool:
    return known.holder is not None and known.holder.writer in busy


def _end(state: State) -> list[Move]:
    if state.open_debts:
        return [SettleDebt(state.open_debts[0].step)]
    if state.status == "open" and not state.step(END).recovery:
        return [AskRecovered(END)]
    return []


def _after(plan: Playbook, state: State, step: Step, busy: frozenset[str]) -> list[Move]:
    known = state.step(step.id)
    targets = step.keys.next
    outcome = known.outcome
    if outcome in ("failed", "expired") and outcome not in targets and known.failure_choice != "skip":
        return [AskFailure(step.id)]
    if step.lane:
        return _end(state)  # a closing step of a branch, to which the walk was sent back from its end
    then = plan.header_of(step.plan).recovered.then
    if known.recovery == "yes" and _ahead(plan, step, then):
        return _jump(plan, state, step, then, "recovered", busy)
    if step.keys.recovery_test and outcome in ("passed", "warned") and state.status == "open" and not known.recovery:
        return [AskRecovered(step.id)]
    target = targets.get(outcome, "continue")  # type: ignore[call-overload]
    if known.recovery != "yes" and _may_go(plan, state, step, target):
        return _jump(plan, state, step, target, "next", busy)
    if state.settling == step.id:
        return _end(state)
    return _line(plan, state, plan.index(step.id) + 1, busy)


# -- branches


def around(plan: Playbook, state: State) -> Step | None:
    """The `together` at which the walk stands and that was begun, if it stands at one."""
    position = state.position
    if position.where != "at" or not plan.has(position.step):
        return None
    step = plan.step(position.step)
    return step if isinstance(step.sample, Together) and state.step(step.id).under_way else None


def branch_moves(plan: Playbook, state: State, whole: Step) -> tuple[Move, ...]:
    """One move for each branch that has not ended, in the branches' order; the end of the whole when all have."""
    assert isinstance(whole.sample, Together)
    moves = (_in_branch(plan, state, f"{whole.id}/{branch}", steps) for branch, steps in whole.sample.branches.items())
    return tuple(move for move in moves if move is not None) or (Join(whole.id),)


def _in_branch(plan: Playbook, state: State, lane: str, steps: tuple[str, ...]) -> Move | None:
    stands = state.stands(lane)
    if stands.step == END or not steps:
        return None
    step = plan.step(stands.step or steps[0])
    if stands.where == "at" or not stands.step:
        return _at_in_branch(plan, state, step, steps, forced=stands.forced)
    return _behind_in_branch(plan, state, step, steps)


def _at_in_branch(plan: Playbook, state: State, step: Step, steps: tuple[str, ...], *, forced: bool) -> Move | None:
    if state.step(step.id).beside and not forced:
        return _behind_in_branch(plan, state, step, steps)
    return _enter(plan, state, step, forced=forced)


def _behind_in_branch(plan: Playbook, state: State, step: Step, steps: tuple[str, ...]) -> Move | None:
    known, targets = state.step(step.id), step.keys.next
    if known.outcome in ("failed", "expired") and known.outcome not in targets and known.failure_choice != "skip":
        return AskFailure(step.id)
    target = targets.get(known.outcome, "continue")  # type: ignore[call-overload]
    behind = steps.index(step.id) + 1
    following = plan.step(steps[behind]) if behind < len(steps) else None
    if _may_go(plan, state, step, target) and not (following and target == following.id):
        goal = target if target == END else plan.step(target).id
        return Go(step.id, goal, "next", passed_over(plan, state, step.id, goal))
    return _at_in_branch(plan, state, following, steps, forced=False) if following else None


def _ahead(plan: Playbook, step: Step, target: str) -> bool:
    return target == END or plan.index(target) > plan.index(step.id)


def _may_go(plan: Playbook, state: State, step: Step, target: str) -> bool:
    """Whether `target` is a jump that may be made: always forward, back only as often as `repeatable` says."""
    if target == "continue":
        return False
    if _ahead(plan, step, target):
        return True
    again = plan.step(target)
    limit = again.keys.repeatable.at_most if again.keys.repeatable else 0
    return state.step(again.id).returns < limit


def _jump(plan: Playbook, state: State, step: Step, target: str, because: str, busy: frozenset[str]) -> list[Move]:
    here = plan.index(step.id)
    if target != END and plan.index(target) == here + 1 and plan.step(target).plan == step.plan and not step.lane:
        return _line(plan, state, here + 1, busy)
    goal = target if target == END else plan.step(target).id
    return [Go(step.id, goal, because, passed_over(plan, state, step.id, goal))]
