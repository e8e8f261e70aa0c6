"""`runbook start PLAN`: from the first screen to the end of the walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.cli.completion import playbook_ids
from runbook.model.errors import EXIT_INTERRUPTED, RunbookError
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.cli.sources import Sources
    from runbook.store.folder import Incident
    from runbook.store.incidents import Home
    from runbook.store.summaries import Summary


def _cases() -> list[str]:
    from runbook.world.lab.cases import CASES

    return list(CASES)


def command(
    plan: Annotated[
        str, typer.Argument(metavar="PLAYBOOK", help=_("The playbook's id, or its file."), autocompletion=playbook_ids)
    ],
    lab: Annotated[bool, typer.Option("--lab", help=_("Walk it in the built-in lab: practice, nothing real."))] = False,
    lab_case: Annotated[
        str | None,
        typer.Option("--lab-case", metavar="CASE", help=_("Start the lab broken in this way."), autocompletion=_cases),
    ] = None,
    site: Annotated[str | None, typer.Option("--site", metavar="FILE", help=_("The site file."))] = None,
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_("Who you are."))] = None,
    reported: Annotated[
        str | None, typer.Option("--reported", metavar="TIME", help=_("When the fault was reported: 02:51, -20m, now."))
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help=_("Set an input of the plan."))
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help=_("Answers by step id, for drills and checks."))
    ] = None,
    new: Annotated[bool, typer.Option("--new", help=_("A new, separate fault, although an incident is open."))] = False,
) -> int:
    """Walk a playbook: diagnose, act, record."""
    from runbook.cli.log import follow
    from runbook.cli.opening import Left
    from runbook.cli.second import Following
    from runbook.cli.session import keyboard
    from runbook.store.incidents import Home

    home = Home.of()
    practice = lab or lab_case is not None
    try:
        with ExitStack() as stack:
            at = stack.enter_context(keyboard(answers, confirms=practice))
            home.notices = lambda notice: at.human.tell(notice.text())
            from runbook.cli.sources import found_sources

            try:
                sources = stack.enter_context(found_sources(at, home, plan, site, lab=practice, case=lab_case))
                return _start(at, home, sources, as_, reported, _pairs(set_ or ()), new=new)
            except Left:
                at.human.tell(_("Nothing was begun."))
                return EXIT_INTERRUPTED
    except Following as following:
        return follow(following.incident)


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, value in pairs:
        if not equals or not name:
            raise RunbookError(
                "E-VALUE", where="--set", expected=_("NAME=VALUE"), found=name + equals + value, next="--set grace=5m"
            )
    return {name: value for name, _equals, value in pairs}


def _show_first(at: Keyboard, home: Home, known: Sequence[Summary], sources: Sources, now: datetime) -> None:
    """The first screen, as high as the terminal allows; the first question fits below it."""
    from shutil import get_terminal_size

    from runbook.cli import opening
    from runbook.cli.session import scheme_of
    from runbook.ui.first_screen import HEIGHT, first_screen

    plan, mode = sources.plan, sources.mode
    same, helped = opening.earlier(home, known, plan)
    height = max(HEIGHT, get_terminal_size().lines) if at.terminal else HEIGHT
    shown = first_screen(
        plan,
        sources.site,
        scheme_of(plan),
        sources.origins,
        same,
        mode=mode,
        now=now,
        width=at.console.width,
        height=height,
        helped=helped,
    )
    at.console.write(*shown)


def _start(
    at: Keyboard,
    home: Home,
    sources: Sources,
    as_: str | None,
    reported_text: str | None,
    given: dict[str, str],
    *,
    new: bool,
) -> int:
    from platform import node

    from runbook import __version__
    from runbook.cli import opening
    from runbook.cli.right_time import checked
    from runbook.cli.session import resume_incident, run_incident
    from runbook.model.events import IncidentOpened, InputAnswered
    from runbook.model.prompts import Prompt
    from runbook.model.text import language
    from runbook.model.units import utc_text
    from runbook.world.ssh import warm_up

    plan, site, world = sources.plan, sources.site, sources.world
    practice = sources.mode != "live"
    known = home.list(practice)
    still_open = opening.open_incidents(home, known, site)
    if still_open:
        chosen = opening.go_on_or_new(at, still_open, world.clock, plan.id, new)
        if chosen:
            return resume_incident(home, home.open(chosen), at, as_)
    said = checked(at, world.clock, site.zone)
    _show_first(at, home, known, sources, world.clock.now())
    warm_up()
    actor = opening.who(at, as_, home.settings, site)
    moment, how = opening.reported(at, reported_text, world.clock.now(), site)
    values = opening.inputs(at, plan, site, given)
    if at.terminal and as_ and reported_text is not None and not [how for _v, how in values.values() if how != "set"]:
        opening.asked(at, Prompt("go", "begin", _("Enter begins; q leaves."), keys="q"))
    if sources.lab is not None:
        sources.lab.wait_ready()

    def opened(incident: str, digests: Mapping[str, str]) -> IncidentOpened:
        title = plan.header.title.data()
        return IncidentOpened(
            incident=incident,
            plan=plan.id,
            plan_version=plan.header.version,
            title=title if isinstance(title, dict) else {"": title},
            severity=plan.header.severity,
            mode=sources.mode,
            site=site.name,
            zone=site.time_zone,
            language=language(),
            reported_at=utc_text(moment),
            reported_how=how,
            files=dict(digests),
            plan_origin=sources.origins.plan,
            site_origin=sources.origins.site,
            lab_folder=str(sources.lab_folder or ""),
            tool_version=__version__,
            machine=node(),
            carried=opening.carried(still_open),
        )

    answered = [InputAnswered(name, value, how) for name, (value, how) in values.items()]

    def create() -> Incident:
        return home.create(
            plan.id,
            sources.mode,
            sources.files,
            world.clock,
            actor,
            zone=site.zone,
            opening=opened,
            then=[*said, *answered],
            redact=world.secrets.redacted,
        )

    seen = {summary.id for summary in known}
    while isinstance(incident := opening.made(home, site, seen, create, practice=practice), list):
        chosen = opening.go_on_or_new(at, incident, world.clock, plan.id, new)
        if chosen:
            return resume_incident(home, home.open(chosen), at, as_)
        seen |= {each.id for each in incident}
        still_open += incident
    return run_incident(home, incident, plan, site, world, at, actor)
