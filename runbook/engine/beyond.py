"""What leads beyond the line of steps: another playbook entered, severity raised, offers that are due. Pure, as `decide` is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runbook.engine.conditions import found
from runbook.model.ids import plan_of
from runbook.model.playbook import SEVERITIES, Offer, Playbook
from runbook.model.state import END, State


@dataclass(frozen=True, slots=True)
class EnterPlaybook:
    """The walk stands in this playbook (empty: its own), which was not entered yet or has inputs that nobody answered."""

    playbook: str


@dataclass(frozen=True, slots=True)
class RaiseSeverity:
    """The severity rises, because of a `condition` (`detail`: what was found) or a `playbook` (`detail`: its id)."""

    to: str
    because: str
    detail: str


@dataclass(frozen=True, slots=True)
class AskOffer:
    """This offer is due, and nobody was asked yet."""

    offer: str


@dataclass(frozen=True, slots=True)
class Due:
    """An offer that may be taken: its name, what it says, and since when it is due."""

    name: str
    offer: Offer
    since: datetime


def raised(plan: Playbook, state: State) -> RaiseSeverity | None:
    """The rise that the playbooks which were walked ask for now; severity never falls."""
    if not state.severity:
        return None
    for name in state.playbooks:
        header = plan.header_of(name)
        if name and _worse(header.severity, state.severity):
            return RaiseSeverity(header.severity, "playbook", name)
        rule = header.raise_
        if rule and _worse(rule.to, state.severity):
            why = found(plan, state, rule.when)
            if why is not None:
                return RaiseSeverity(rule.to, "condition", "; ".join(why))
    return None


def _worse(one: str, other: str) -> bool:
    return SEVERITIES.index(one) < SEVERITIES.index(other)


def entering(plan: Playbook, state: State) -> EnterPlaybook | None:
    """The playbook in which the walk stands, where it has to be entered first."""
    here = state.position.step
    name = plan_of(here) if here not in ("", END) else state.playbook
    if here == state.settling and here:
        return None
    return EnterPlaybook(name) if name not in state.playbooks or unanswered(plan, state, name) else None


def unanswered(plan: Playbook, state: State, name: str) -> list[str]:
    """The inputs of a playbook that have no value and no default."""
    inputs = plan.header_of(name).inputs
    return [key for key, declared in inputs.items() if key not in state.inputs and declared.default is None]


def due_offers(plan: Playbook, state: State, now: datetime) -> list[Due]:
    """The offers of the playbook in which the walk stands that are due and not taken, answered or not. At its time one is due."""
    if state.status != "open":
        return []
    return [
        due for due in _offers(plan, state) if due.since <= now and state.offers.get(due.name, "not_now") == "not_now"
    ]


def asked_now(plan: Playbook, state: State, now: datetime) -> AskOffer | None:
    """The first offer that is due and was not answered yet."""
    return next((AskOffer(due.name) for due in due_offers(plan, state, now) if due.name not in state.offers), None)


def _offers(plan: Playbook, state: State) -> Iterator[Due]:
    for number, offer in enumerate(plan.header_of(state.playbook).offers, 1):
        name = f"{state.playbook}:{number}" if state.playbook else str(number)
        since = state.reported_at if offer.since == "reported" else _ended(plan, state, offer.since)
        if since is None or not _leads_on(plan, state, offer):
            continue
        if found(plan, state, offer.when) is not None:
            yield Due(name, offer, since + offer.after)


def _ended(plan: Playbook, state: State, step: str) -> datetime | None:
    """When a step, or the last step of a block, ended."""
    named = [known.id for known in plan.steps if known.id == step or known.id.startswith(f"{step}/")]
    finished = state.step(named[-1]).finished if named else None
    return finished.at if finished else None


def _leads_on(plan: Playbook, state: State, offer: Offer) -> bool:
    """Whether the way still lies ahead."""
    here = state.position.step
    if offer.go is None:
        return True
    if here == END:
        return offer.go != END and plan.step(offer.go).plan not in ("", state.playbook)
    return offer.go == END or not here or plan.index(offer.go) > plan.index(here)
