"""`runbook resume [INCIDENT]`: go on with an open incident where its journal says it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_INTERRUPTED
from runbook.model.text import _


def command(
    incident: Annotated[
        str,
        typer.Argument(
            metavar="INCIDENT",
            help=_("Its id, or any unique ending; without one, the only open one."),
            autocompletion=incident_ids,
        ),
    ] = "",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_("Who you are."))] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help=_("Answers by step id, for drills and checks."))
    ] = None,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
    paper: Annotated[bool, typer.Option("--paper", help=_("First type in what was done on paper."))] = False,
) -> int:
    """Go on with an open incident where it stands."""
    from runbook.cli.incidents import only_open
    from runbook.cli.log import follow
    from runbook.cli.opening import Left
    from runbook.cli.second import Following
    from runbook.cli.session import keyboard, resume_incident
    from runbook.store.ids import is_practice
    from runbook.store.incidents import Home

    home = Home.of()
    found = home.find(incident, practice) if incident else only_open(home, practice)
    try:
        with keyboard(answers, confirms=is_practice(found.id)) as at:
            home.notices = lambda notice: at.human.tell(notice.text())
            return resume_incident(home, found, at, as_, paper=paper)
    except Following as following:
        return follow(following.incident)
    except Left:
        return EXIT_INTERRUPTED
