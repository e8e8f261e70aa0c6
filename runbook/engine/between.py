"""Which steps lie between two steps of a walk."""

from __future__ import annotations

from runbook.model.playbook import Playbook
from runbook.model.state import END, State


def passed_over(plan: Playbook, state: State, origin: str, target: str) -> tuple[str, ...]:
    """The steps between two steps of the line that have no outcome of their own: these are now not taken.

    On the way into another playbook they are the rest of the one and the beginning of the other, and nothing of a third. From a
    step of a branch, only those of the same branch count.
    """
    here = plan.index(origin) if origin not in ("", END) else -1
    there = plan.index(target) if target != END else len(plan.steps)
    out_of, lane = (plan.steps[here].plan, plan.steps[here].lane) if here >= 0 else ("", "")
    into = plan.steps[there].plan if target != END else out_of
    if out_of == into or origin == END:
        steps = [step for step in plan.steps[here + 1 : there] if step.plan == into]
    else:
        rest = [step for step in plan.steps[here + 1 :] if step.plan == out_of]
        steps = [*rest, *(step for step in plan.steps[:there] if step.plan == into)]
    return tuple(step.id for step in steps if (not lane or step.lane == lane) and state.step(step.id).finished is None)
