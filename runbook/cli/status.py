"""`runbook status [INCIDENT]`: the incidents, what is open in each, and how their clocks stand."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.text import _


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ] = "",
    clocks: Annotated[bool, typer.Option("--clocks", help=_("Show every service-level clock."))] = False,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Show the incidents: clocks, debts, deadlines."""
    from runbook.cli.incidents import account, running_clocks
    from runbook.model.units import utc_text
    from runbook.store.incidents import Home
    from runbook.world.clock import LiveClock

    home, clock = Home.of(), LiveClock()
    names = [home.find(incident, practice).id] if incident else [summary.id for summary in home.list(practice)]
    rows: list[dict[str, Any]] = []
    for name in names:
        try:
            found = account(home.open(name))
        except RunbookError as error:
            rows.append({"id": name, "state": "unreadable", "problem": error.text()})
            continue
        data, now = found.data(), found.state.now(clock)
        if clocks or incident:
            running = running_clocks(home.open(name), found)
            data["clocks"] = [
                {
                    "metric": c.metric,
                    "title": c.title,
                    "due": utc_text(found.state.shown(c.due)),
                    "met_at": utc_text(found.state.shown(c.met_at)) if c.met_at else None,
                    "broken": c.broken(now),
                }
                for c in running
            ]
            lines = _clock_lines(running, now)
        else:
            lines = []
        rows.append(data)
        if not as_json:
            _show(found, lines, now)
    if as_json:
        print(json.dumps({"schema": 1, "incidents": rows}, ensure_ascii=False))
        return EXIT_GOOD
    from runbook.ui.safe_text import safe

    for row in rows:
        if row["state"] == "unreadable":
            print(safe(f"{row['id']}  {row['problem']}"))
            print(safe("  " + _("Next: {command}").format(command=f"runbook resume {row['id']}")))
    if not rows:
        print(_("There is no incident."))
    return EXIT_GOOD


def _show(found: Any, clock_lines: list[str], now: Any) -> None:
    from runbook.ui.open_incidents import lines
    from runbook.ui.safe_text import safe

    for line in (*lines(found.id, found.state, now), *clock_lines):
        print(safe(line))
    if found.problem:
        print(safe("  " + _("The journal is damaged: {problem}").format(problem=found.problem)))


def _clock_lines(running: Any, now: Any) -> list[str]:
    from runbook.model.clocks import limit_line

    return ["  " + limit_line(clock, now) for clock in running]
