"""References of a plan, resolved: `$inputs.x`, `$site.host.address`, `$steps.id.value` become the text of their value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.model.playbook import Playbook, references
from runbook.model.site import Site
from runbook.model.state import State


def reference_values(tree: Any, plan: Playbook, site: Site, state: State) -> Mapping[str, str]:
    """The value of every reference in a raw text tree, as text. Raises LookupError with the reference that has none."""
    return {reference: _value(reference, plan, site, state) for reference in references(tree)}


def input_value(name: str, plan: Playbook, state: State) -> str | None:
    """An input's value: what was answered, else its default."""
    if name in state.inputs:
        return state.inputs[name]
    headers = (plan.header, *plan.others.values())
    return next((header.inputs[name].default for header in headers if name in header.inputs), None)


def _value(reference: str, plan: Playbook, site: Site, state: State) -> str:
    source, _dot, rest = reference.partition(".")
    value: object = None
    if source == "inputs":
        value = input_value(rest, plan, state)
    elif source == "site":
        host, _dot, what = rest.partition(".")
        value = getattr(site.machine(host), what, None)
    elif source == "steps":
        step, _dot, name = rest.rpartition(".")
        value = state.step(step).values.get(name)
    if value is None:
        raise LookupError(f"${reference} has no value yet")
    return f"{value:g}" if isinstance(value, float) else str(value)
