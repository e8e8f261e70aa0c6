"""`runbook handover INCIDENT --to NAME`: a brief of one page, the offer, and the second person's own name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.completion import incident_ids
from runbook.cli.report import Format
from runbook.model.errors import EXIT_GOOD, EXIT_PAUSED, RunbookError
from runbook.model.text import _

if TYPE_CHECKING:
    from datetime import datetime

    from runbook.cli.incidents import Account
    from runbook.model.brief import Brief
    from runbook.model.playbook import Playbook
    from runbook.model.site import Site
    from runbook.store.folder import Incident
    from runbook.store.incidents import Home


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help=_("Who takes over; without it the brief is only shown."))
    ] = "",
    form: Annotated[
        Format | None, typer.Option("--format", help=_("md, pdf: write a file; without it what -o ends in."))
    ] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help=_("Where to write it; - is the standard output."))
    ] = "",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_("Who you are, who hands over."))] = None,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Hand an incident over to the next shift."""
    from runbook.cli.incidents import account, actor_of
    from runbook.cli.opening import login_name
    from runbook.cli.right_time import take_over
    from runbook.store.incidents import Home
    from runbook.world.clock import LiveClock

    home = Home.of()
    found = home.find(incident, practice)
    known = account(found)
    actor = actor_of(home, as_, login_name())
    plan, site = _kept(found, known)
    name = _to_whom(known, to, actor, site) if to.strip() else ""
    clock = LiveClock()
    take_over(clock, known.state)
    made = replace(brief_of(found, known, plan, site, clock.now()), who=actor, to=name)
    if name:
        _append(home, found, known, actor, name, made)
    if as_json:
        print(json.dumps(data(made), ensure_ascii=False))
        return EXIT_PAUSED if name else EXIT_GOOD
    written = _write(made, site, form, output) if form or output else _show(made)
    if not name:
        return EXIT_GOOD
    return _signed(home, found, known, actor, name, quiet=written)


def _kept(found: Incident, known: Account) -> tuple[Playbook | None, Site | None]:
    """The plan and the site; a brief is made where they cannot be read any more, too: then with ids."""
    from runbook.cli.incidents import plan_and_site

    try:
        return plan_and_site(found, known.opened, known.state.reloaded)
    except (RunbookError, KeyError):
        return None, None


def _to_whom(known: Account, to: str, actor: str, site: Site | None) -> str:
    """Who takes over, as the roster spells the name. Raises RunbookError E-VALUE for whoever hands over, and E-INCIDENT-ENDED."""
    from runbook.model.person import on_roster, same_person

    if known.state.ended:
        raise RunbookError("E-INCIDENT-ENDED", name=known.id, state=known.state.status)
    if same_person(to, actor):
        expected = _("expected another person than the one who hands over ({name})").format(name=actor)
        command = f"runbook handover {known.id} --to NAME"
        raise RunbookError("E-VALUE", where="--to", expected=expected, found=to, next=command)
    return on_roster(to, site.roster if site else ())


def brief_of(found: Incident, known: Account, plan: Playbook | None, site: Site | None, now: datetime) -> Brief:
    """The brief of an incident as its folder holds it."""
    from runbook.cli.incidents import running_clocks, zone_of
    from runbook.engine.handing import standing
    from runbook.model.brief import Standing, brief

    if plan is None or site is None:
        return brief(known.state, None, now, zone_of(known.opened), str, Standing())
    running = running_clocks(found, known)
    return brief(known.state, plan, now, site.zone, site.role, standing(plan, known.state), running)


def data(made: Brief) -> dict[str, Any]:
    """The JSON object of a brief, nothing left out."""
    from runbook.model.units import utc_text

    return {
        "schema": 1,
        "incident": made.incident,
        "title": made.title,
        "plan": made.plan,
        "version": made.version,
        "mode": made.mode,
        "site": made.site,
        "severity": made.severity,
        "state": made.status,
        "paused": made.paused,
        "who": made.who,
        "to": made.to,
        "reported_at": utc_text(made.reported_at),
        "as_of": utc_text(made.as_of),
        "events": made.events,
        "head": made.head,
        "items": [
            {
                "section": item.section,
                "code": item.code,
                "step": item.step,
                "at": utc_text(item.at) if item.at else None,
                "text": item.text,
            }
            for item in made.items
        ],
    }


def _show(made: Brief) -> bool:
    from runbook.model.brief_lines import brief_lines
    from runbook.ui.safe_text import one_line

    for line in brief_lines(made):
        print(one_line(line))
    return False


def _write(made: Brief, site: Site | None, form: Format | None, output: str) -> bool:
    """Write the page; whether it went to the standard output, where nothing else may stand then."""
    import sys

    from runbook.report.brief_page import render_brief
    from runbook.report.facts import numbers_of
    from runbook.report.write import default_name, to_stdout, write

    chosen = form or (Format.PDF if output.lower().endswith(".pdf") else Format.MD)
    if output == "-" and chosen is Format.PDF and sys.stdout.isatty():
        sentence = _("A PDF cannot be shown on a terminal.")
        raise RunbookError("E-USAGE", sentence=sentence, next=f"runbook handover {made.incident} -o FILE.pdf")
    hidden = numbers_of(site) if site and made.mode != "live" else ()
    page = render_brief(made, chosen.value, hidden)
    if output == "-":
        to_stdout(page)
        return True
    place = write(Path(output or default_name(made.incident, chosen.value, "handover")), page)
    print(_("The brief is in {file}").format(file=place))
    return False


def _append(home: Home, found: Incident, known: Account, actor: str, name: str, made: Brief) -> None:
    from runbook.cli.incidents import secrets_of
    from runbook.model.events import HandoverOffered
    from runbook.world.clock import LiveClock

    redact = secrets_of(found, known).redacted
    with found.journal(LiveClock(), actor, notices=home.notices, redact=redact) as journal:
        journal.append(HandoverOffered(name, known.state.position.step, made.head))


def _signed(home: Home, found: Incident, known: Account, actor: str, name: str, *, quiet: bool) -> int:
    """Let the second person sign on at this keyboard. Off a terminal, and when she does not now, it says what she types later."""
    from runbook.cli.opening import Left, asked
    from runbook.cli.session import keyboard, remembers
    from runbook.engine.handing import not_signed, signs
    from runbook.model.events import SignedOn
    from runbook.model.prompts import Prompt
    from runbook.world.clock import LiveClock

    with keyboard(None, confirms=False) as at:

        def typed(question: str) -> str:
            return asked(at, Prompt("text", "sign-on", question, keys="q", default=""))

        try:
            done = at.terminal and not quiet and signs(name, typed, at.human.tell)
        except Left:
            done = False
        if done:
            with found.journal(LiveClock(), name, notices=home.notices) as journal:
                recorded = journal.append(SignedOn(name, actor, "keyboard"))
                saved = journal.head_code
            remembers(home.settings)(recorded)
            at.human.tell(_("{name} has signed on; saved #{code}.").format(name=name, code=saved))
            return EXIT_GOOD
        if not quiet:
            at.human.tell(not_signed(found.id, name))
    return EXIT_PAUSED
