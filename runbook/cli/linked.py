"""A linked incident: another playbook, opened beside a running incident from what is kept with that one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from runbook.model.units import utc_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runbook.engine.context import Context
    from runbook.model.events import IncidentOpened
    from runbook.store.folder import Incident
    from runbook.store.incidents import Home


def opener(home: Home, incident: Incident, context: Context) -> Callable[[str], str]:
    """What opens a playbook beside `incident`: the same home, site, mode and report, its inputs of the same name, its own journal.

    It gives the id of the incident; where it was opened before and the process died then, of that one.
    """

    def opened_beside(playbook: str) -> str:
        first = context.state.opened
        assert first is not None
        practice = first.mode != "live"
        for summary in home.list(practice):
            known = summary.opened
            if known and known.belongs_to == incident.id and known.plan == playbook:
                return summary.id
        return _create(home, context, first, playbook)

    return opened_beside


def _create(home: Home, context: Context, first: IncidentOpened, playbook: str) -> str:
    from platform import node

    from runbook import __version__
    from runbook.cli.opening import OpenIncident, carried
    from runbook.loader.site_kept import site_text_of
    from runbook.model.events import ClockCorrected, Event, InputAnswered
    from runbook.model.text import language

    plan, state, site = context.plan.beside[playbook], context.state, context.site
    assert state.reported_at is not None
    # As the clock stands now: the new incident's time begins with it.
    now = context.now()
    reported_at = utc_text(state.reported_at + (state.shown(now) - now))

    def opening(name: str, digests: Mapping[str, str]) -> IncidentOpened:
        title = plan.header.title.data()
        return replace(
            first,
            incident=name,
            plan=plan.id,
            plan_version=plan.header.version,
            title=title if isinstance(title, dict) else {"": title},
            severity=plan.header.severity,
            language=language(),
            reported_at=reported_at,
            files=dict(digests),
            plan_origin=plan.origin,
            tool_version=__version__,
            machine=node(),
            carried=carried([OpenIncident(first.incident, state)]),
            belongs_to=first.incident,
        )

    boot_id, seconds = state.clock_said
    told = bool(seconds) and boot_id == context.ports.world.clock.boot()[0]
    then: list[Event] = [ClockCorrected(seconds, "told")] if told else []
    then += [InputAnswered(name, state.inputs[name], "set") for name in plan.header.inputs if name in state.inputs]
    # The plan's own offers may lead further: everything that is kept here is kept there.
    files = {**context.plan.files, "site.yaml": site_text_of(site, replace(plan, beside=context.plan.beside))}
    made = home.create(
        plan.id,
        first.mode,
        files,
        context.ports.world.clock,
        context.actor,
        zone=site.zone,
        opening=opening,
        then=then,
        redact=context.ports.world.secrets.redacted,
    )
    return made.id
