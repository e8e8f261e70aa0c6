"""`runbook site reload`: take the site file's present facts into an open incident, and the same offer within a walk."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.model.errors import EXIT_BAD, EXIT_GOOD, ProblemsError, RunbookError
from runbook.model.events import SiteReloaded
from runbook.model.ports import PresentFacts
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.engine.context import Context
    from runbook.loader.present import Present
    from runbook.model.events import IncidentOpened
    from runbook.store.folder import Incident


def command(named: str, option: str | None) -> int:
    """Exit 0 when the incident has the file's facts in the end, 1 when the person chose not to take them."""
    from runbook.cli.incidents import account, only_open, plan_and_site
    from runbook.cli.opening import Left, asked, login_name
    from runbook.cli.right_time import take_over
    from runbook.cli.session import keyboard
    from runbook.cli.site_file import located
    from runbook.loader.present import present
    from runbook.model.prompts import Choice, Prompt
    from runbook.model.units import utc_text
    from runbook.store.incidents import Home
    from runbook.world.clock import LiveClock

    home = Home.of()
    incident = home.find(named) if named else only_open(home, practice=False)
    known = account(incident)
    _reloadable(known.opened, known.state.status)
    clock = LiveClock()
    take_over(clock, known.state)
    with keyboard(None, confirms=False) as at, incident.lock(utc_text(clock.now()), home.notices):
        file, whole = located(option)
        _same_centre(whole.name, known.opened.site)
        plan, site = plan_and_site(incident, known.opened, known.state.reloaded)
        found = present(whole, plan, site)
        if not found.differences:
            at.human.tell(_("{file} says what the incident says: nothing was changed.").format(file=file.path))
            return EXIT_GOOD
        at.human.tell(_("{file} says otherwise:").format(file=file.path), *(f"  {line}" for line in found.differences))
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            at.human.tell(_("Nothing was taken over: that is asked in a terminal only."))
            return EXIT_BAD
        choices = (
            Choice("leave", _("leave the incident as it is")),
            Choice("take", _("take the site file's present facts")),
        )
        question = _("What is to hold in {incident} from here on?").format(incident=incident.id)
        try:
            answer = asked(at, Prompt("choice", "site-reload", question, choices, keys="q"))
        except Left:
            answer = "leave"
        if answer != "take":
            at.human.tell(_("Nothing was taken over."))
            return EXIT_BAD
        actor = home.settings.load().user or login_name()
        with incident.journal(clock, actor, notices=home.notices) as journal:
            journal.append(kept(incident, found))
            saved = journal.head_code
        at.human.tell(
            _("Taken over, saved #{code}. Next: {command}").format(code=saved, command=f"runbook resume {incident.id}")
        )
        return EXIT_GOOD


def kept(incident: Incident, found: Present) -> SiteReloaded:
    """Keep the facts beside those that the incident began with; the event that says so. Raises RunbookError E-STORE."""
    return SiteReloaded(incident.add_plan_file(found.name, found.data), found.name, list(found.differences))


def within_walk(
    context: Context, incident: Incident, at: Keyboard, stack: ExitStack, show: Callable[[Context], None]
) -> Callable[[], PresentFacts | None]:
    """What a walk asks where something could not be asked: does its site file say something else by now?

    Only on a live site, and only of a person at a terminal. `show` is told when the site is another one; connections of the
    old facts are closed with the new ones, when `stack` ends.
    """
    from runbook.loader.present import Watched, present
    from runbook.world.live import live
    from runbook.world.secrets import SiteSecrets

    opened = context.state.opened
    secrets = context.ports.world.secrets
    if opened is None or opened.mode != "live" or not at.terminal or not isinstance(secrets, SiteSecrets):
        return lambda: None
    watched = Watched(Path(opened.site_origin).expanduser().absolute())

    def take(found: Present) -> None:
        context.record(kept(incident, found))
        secrets.declare(found.site.secrets)
        world = live(found.site, secrets)
        stack.callback(world.ssh.close)
        context.site = found.site
        context.ports = replace(context.ports, world=world)
        show(context)

    def look() -> PresentFacts | None:
        whole = watched.changed()
        if whole is None or whole.name != opened.site:
            return None
        try:
            found = present(whole, context.plan, context.site)
        except ProblemsError as error:
            at.human.tell(
                _("The site file has changed, but this plan cannot go on with it:"), *map(str, error.problems)
            )
            return None
        return PresentFacts(found.differences, lambda: take(found)) if found.differences else None

    return look


def _reloadable(opened: IncidentOpened, status: str) -> None:
    if opened.mode != "live":
        expected = _("a live incident: a lab has a site of its own")
        raise RunbookError("E-VALUE", where="INCIDENT", expected=expected, found=opened.incident, next="runbook status")
    if status in ("closed", "aborted"):
        raise RunbookError("E-INCIDENT-ENDED", name=opened.incident, state=status)


def _same_centre(name: str, wanted: str) -> None:
    if name != wanted:
        expected = _("the file of the site {name!r}").format(name=wanted)
        raise RunbookError("E-VALUE", where="--site", expected=expected, found=name, next="--site FILE")
