"""How the events of several playbooks in one walk change what is known: another one entered, severity raised, offers answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runbook.model.events import OfferAnswered, PlaybookEntered, SeverityRaised
from runbook.model.ids import plan_of
from runbook.model.known import END, State
from runbook.model.record import Recorded


def standing(state: State) -> State:
    """The state with the playbook in which the walk stands. A step that settles a debt from the end, or the end itself, changes none."""
    here = state.position.step
    if here in ("", END, state.settling) or plan_of(here) == state.playbook:
        return state
    return replace(state, playbook=plan_of(here))


def _entered(state: State, recorded: Recorded, event: PlaybookEntered) -> State:
    return replace(state, entered=(*state.entered, event))


def _raised(state: State, recorded: Recorded, event: SeverityRaised) -> State:
    return replace(state, raised=(*state.raised, event))


def _offered(state: State, recorded: Recorded, event: OfferAnswered) -> State:
    linked = (*state.linked, event.incident) if event.incident else state.linked
    return replace(state, offers={**state.offers, event.offer: event.answer}, linked=linked)


HANDLERS: dict[type, Any] = {PlaybookEntered: _entered, SeverityRaised: _raised, OfferAnswered: _offered}
