"""What a condition of the plan finds: the outcome and the answer of a step, or the value of an input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runbook.model.binding import input_value
from runbook.model.playbook import Playbook
from runbook.model.state import State


def facts(plan: Playbook, state: State, what: str) -> set[str]:
    """What is known of a step or an input; a step that was never taken is `not_taken`."""
    if what.startswith("inputs."):
        return {input_value(what.removeprefix("inputs."), plan, state) or ""}
    known = state.step(plan.step(what).id if plan.has(what) else what)
    return {known.outcome or "not_taken"} | ({known.answer} if known.answer else set())


def found(plan: Playbook, state: State, when: Mapping[str, Sequence[str]]) -> list[str] | None:
    """What made every condition hold, each as `what: found`; None when one does not. A step that the walk has not come to decides nothing."""
    said = []
    for what, wanted in when.items():
        step = "" if what.startswith("inputs.") else plan.step(what).id if plan.has(what) else what
        if step and not state.step(step).outcome:
            return None
        here = facts(plan, state, what)
        if not here & set(wanted):
            return None
        said.append(f"{what}: {'/'.join(sorted(here))}")
    return said
