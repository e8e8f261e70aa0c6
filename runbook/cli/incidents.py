"""What the commands about incidents share: finding one, reading it, and one account of it for lists and JSON."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from runbook.model.errors import RunbookError
from runbook.model.text import Text, _
from runbook.model.units import utc_text, zone_known, zone_named

if TYPE_CHECKING:
    from runbook.model.clocks import Clock
    from runbook.model.events import IncidentOpened, SiteReloaded
    from runbook.model.playbook import Playbook
    from runbook.model.site import Site
    from runbook.model.state import State
    from runbook.store.folder import Incident
    from runbook.store.incidents import Home
    from runbook.world.secrets import SiteSecrets


@dataclass(frozen=True, slots=True)
class Account:
    """One incident as `status` shows it. `problem`: why it cannot be read to its end."""

    id: str
    state: State
    events: int
    problem: str = ""

    @property
    def opened(self) -> IncidentOpened:
        assert self.state.opened is not None
        return self.state.opened

    def title(self) -> str:
        return Text.of(self.opened.title).pick()

    def data(self) -> dict[str, Any]:
        """The JSON object of one incident."""
        state, opened = self.state, self.opened

        def stored(moment: datetime | None) -> str | None:
            return utc_text(state.shown(moment)) if moment else None

        return {
            "id": self.id,
            "plan": opened.plan,
            "title": self.title(),
            "mode": opened.mode,
            "state": state.status,
            "site": opened.site,
            "severity": state.severity,
            "playbook": state.playbook or opened.plan,
            "belongs_to": opened.belongs_to,
            "linked": list(state.linked),
            "reported_at": stored(state.reported_at),
            "opened_at": stored(state.opened_at),
            "recovered_at": stored(state.recovered_at),
            "ended_at": stored(state.ended_at),
            "paused": state.paused,
            "step": state.position.step,
            "signed_on": state.signed_on,
            "offered_to": [getattr(row.event, "to", "") for row in state.offered],
            "debts": [{"step": debt.step, "kind": debt.kind, "since": stored(debt.since)} for debt in state.open_debts],
            "unknown": [step.id for step in state.unknown],
            "awaited": [{"step": step.id, "since": step.delegated.utc} for step in state.awaited if step.delegated],
            "conflicts": [
                {"step": each.step, "writers": [each.first.writer, each.second.writer]} for each in state.conflicts
            ],
            "events": self.events,
            "head": state.last.hash if state.last else "",
            "problem": self.problem,
        }


def account(incident: Incident) -> Account:
    """Read one incident. Raises RunbookError E-JOURNAL-DAMAGED when not even its opening can be read."""
    _first, events, state, damage = incident.known()
    if state.opened is None:
        raise RunbookError(
            "E-JOURNAL-DAMAGED", name=incident.id, seq=1, reason=damage or _("it does not begin with its opening")
        )
    return Account(incident.id, state, events, str(damage) if damage else "")


def only_open(home: Home, practice: bool) -> Incident:
    """The one incident that is open; else the one whose service is back while its plan is not at its end.

    Raises E-NOTHING-OPEN, or E-SEVERAL-OPEN with the list.
    """
    known = home.list(practice)
    found = [summary.id for summary in known if summary.state in ("open", "recovered")]
    unreadable = [summary.id for summary in known if summary.state == "unreadable"]
    running = [name for name in found if not _settled(home, name)]
    running = running or [name for name in found if not _walked(home.open(name))] or unreadable
    if len(running) == 1:
        return home.open(running[0])
    if not running:
        raise RunbookError("E-NOTHING-OPEN")
    raise RunbookError("E-SEVERAL-OPEN", nearest=", ".join(running))


def _settled(home: Home, name: str) -> bool:
    state = account(home.open(name)).state
    return state.status == "recovered" and not state.open_debts and not state.unknown


def _walked(incident: Incident) -> bool:
    """Whether the plan was walked to its end."""
    from runbook.engine.decide import decide

    known = account(incident)
    plan, _site = plan_and_site(incident, known.opened, known.state.reloaded)
    return not decide(plan, known.state)


def plan_and_site(
    incident: Incident, opened: IncidentOpened, reloaded: SiteReloaded | None = None
) -> tuple[Playbook, Site]:
    """The plan and the site as they were kept with the incident; from here on the site's language is spoken.

    `reloaded`: the site's facts that were taken over last. Raises RunbookError where they cannot be read.
    """
    from runbook.cli.common import speak_language_of
    from runbook.loader.playbooks import load_snapshot

    files = incident.plan_files(opened.files)
    if reloaded:
        files["site.yaml"] = incident.plan_file(reloaded.file, reloaded.sha256)
    plan, site = load_snapshot(files, opened.plan)
    speak_language_of(site)
    return plan, site


def actor_of(home: Home, given: str | None, unknown: str = "-") -> str:
    """Who types this command: `--as`, RUNBOOK_USER, else who was here last; `unknown` where nobody was."""
    import os

    return given or os.environ.get("RUNBOOK_USER") or home.settings.load().user or unknown


def secrets_of(found: Incident, known: Account) -> SiteSecrets:
    """The secrets that can be taken out without asking anybody: those of the site's files."""
    from runbook.world.secrets import SiteSecrets

    try:
        _plan, site = plan_and_site(found, known.opened, known.state.reloaded)
    except (RunbookError, KeyError):
        # What a person types is taken even where the plan that was kept cannot be read any more.
        return SiteSecrets({})
    secrets = SiteSecrets(site.secrets)
    secrets.learn_files()
    return secrets


def running_clocks(incident: Incident, known: Account) -> list[Clock]:
    """The service-level clocks of an incident, from the plan that was kept with it."""
    from runbook.cli.session import scheme_of
    from runbook.model.clocks import clocks, met_by

    plan, _site = plan_and_site(incident, known.opened, known.state.reloaded)
    scheme, rule, reported_at = scheme_of(plan), plan.header.clocks, known.state.reported_at
    if scheme is None or rule is None or reported_at is None:
        return []
    return clocks(scheme, rule.level, reported_at, met_by(known.state))


def zone_of(opened: IncidentOpened) -> tzinfo:
    """The time zone in which an incident is shown: UTC, and stderr says so, where its own cannot be read."""
    if said := zone_lost(opened.zone):
        print(said, file=sys.stderr)
    return zone_named(opened.zone)


def zone_lost(name: str) -> str:
    """That times are shown in UTC because there is no such zone here; empty when there is."""
    if zone_known(name):
        return ""
    return _("The time zone {zone} is not known on this machine; times are shown in UTC.").format(zone=name)
