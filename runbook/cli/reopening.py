"""An incident whose journal is lost: what is said and asked before its record is begun anew from its plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbook.model.errors import RunbookError
from runbook.model.prompts import Answer, Choice, Gone, Prompt
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.model.events import IncidentOpened
    from runbook.model.playbook import Playbook
    from runbook.model.site import Site
    from runbook.store.folder import Incident
    from runbook.store.incidents import Home
    from runbook.store.reopening import Lost

CLAIMS_SHOWN = 20
CHOSEN = "lost"


def begin_anew(home: Home, incident: Incident, lost: Lost, at: Keyboard, as_: str | None) -> str:
    """Say what is lost, ask, keep the damaged file and begin the record anew; who is at the keyboard.

    Raises Left, and RunbookError E-JOURNAL-LOST where nobody can be asked.
    """
    from runbook.cli.opening import inputs, reported, who
    from runbook.model.events import InputAnswered
    from runbook.model.units import local_text, utc_text
    from runbook.world.clock import LiveClock
    from runbook.world.secrets import SiteSecrets

    clock = LiveClock()
    with incident.lock(utc_text(clock.now()), home.notices):
        plan, site = _plan_and_site(incident, lost)
        at.human.tell(*_said(incident, lost, plan, site))
        _agreed(at, incident, lost)
        actor = who(at, as_, home.settings, site)
        began = local_text(incident.plan_kept_at() or clock.now(), site.zone)
        moment, how = reported(at, None, clock.now(), site, guess=began)
        values = inputs(at, plan, site, {})
        secrets = SiteSecrets(site.secrets)
        secrets.learn_files()

        def opening(digests: Mapping[str, str], was: Mapping[str, str]) -> IncidentOpened:
            return _opening(home, incident, plan, site, utc_text(moment), how, digests, was)

        answered = [InputAnswered(name, value, given) for name, (value, given) in values.items()]
        incident.begin_anew(clock, actor, opening, answered, secrets.redacted)
        return actor


def _agreed(at: Keyboard, incident: Incident, lost: Lost) -> None:
    from runbook.cli.opening import Left

    choices = (
        Choice("anew", _("begin the record anew from the plan, then type in what was done")),
        Choice("leave", _("leave everything as it is")),
    )
    reply = at.human.ask(Prompt("choice", CHOSEN, _("What now?"), choices, keys="q"))
    if isinstance(reply, Gone) and not at.terminal:
        raise RunbookError("E-JOURNAL-LOST", name=incident.id, reason=lost.reason)
    if not isinstance(reply, Answer) or reply.text == "leave":
        raise Left


def _said(incident: Incident, lost: Lost, plan: Playbook, site: Site) -> list[str]:
    from runbook.model.record import event_of
    from runbook.ui.event_lines import Reader, said

    reader = Reader(plan, site.zone, site.role)
    lines = [
        _("The journal of {incident} cannot be read: {reason}.").format(incident=incident.id, reason=lost.reason),
        _("What was recorded is lost. Its plan and its evidence are there, in {folder}.").format(
            folder=incident.folder
        ),
        _("No other copy of it is in a place that is known. If it was exported, leave now: runbook import FILE"),
    ]
    claims = [(row.utc, row.actor, event_of(row.kind, row.body)) for row in lost.claims if isinstance(row.body, str)]
    shown = [f"  {utc}  {actor}  {said(event, reader)[0].text}" for utc, actor, event in claims if event is not None]
    if shown:
        lines.append(_("The damaged file claims, and nothing proves:"))
        lines += shown[-CLAIMS_SHOWN:]
    return lines


def _plan_and_site(incident: Incident, lost: Lost) -> tuple[Playbook, Site]:
    """The plan as it lies in the folder. Raises RunbookError E-JOURNAL-LOST where there is none, or none that can be read."""
    from runbook.cli.common import speak_language_of
    from runbook.loader.playbooks import load_snapshot

    files = incident.kept_plan()
    names = [name.removeprefix("playbooks/").removesuffix(".yaml") for name in files if name.startswith("playbooks/")]
    named = [name for name in names if re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] in incident.id]
    # Other playbooks, to which it leads, lie beside it; the longest name is the whole one.
    plan_id = max(named or names[:1], key=len, default="")
    try:
        plan, site = load_snapshot(files, plan_id)
    except (RunbookError, KeyError):
        raise RunbookError("E-JOURNAL-LOST", name=incident.id, reason=_("its plan cannot be read either")) from None
    speak_language_of(site)
    return plan, site


def _opening(
    home: Home,
    incident: Incident,
    plan: Playbook,
    site: Site,
    reported_at: str,
    reported_how: str,
    digests: Mapping[str, str],
    was: Mapping[str, str],
) -> IncidentOpened:
    from platform import node

    from runbook import __version__
    from runbook.model.events import IncidentOpened
    from runbook.model.text import language
    from runbook.store.ids import PRACTICE

    title, mode = plan.header.title.data(), incident.id.partition("-")[0]
    return IncidentOpened(
        incident=incident.id,
        plan=plan.id,
        plan_version=plan.header.version,
        title=title if isinstance(title, dict) else {"": title},
        severity=plan.header.severity,
        mode=mode if mode in PRACTICE else "live",
        site=site.name,
        zone=site.time_zone,
        language=language(),
        reported_at=reported_at,
        reported_how=reported_how,
        files=dict(digests),
        plan_origin="plan/",
        site_origin="plan/site.yaml",
        lab_folder=str(home.places.usable() / "lab") if mode == "lab" else "",
        tool_version=__version__,
        machine=node(),
        reopened_from=dict(was),
    )
