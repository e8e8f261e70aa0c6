"""`runbook site`: check the site and this laptop, collect the hosts' keys, take the file's present facts into an incident."""

from __future__ import annotations

import typer

from runbook.cli.completion import incident_ids
from runbook.model.text import _

app = typer.Typer(add_completion=False, no_args_is_help=True)

SITE = typer.Option(None, "--site", metavar="FILE", help=_("The site file."))
JSON = typer.Option(False, "--json", help=_("Print one JSON object."))


@app.command("scan", help=_("Collect the hosts' public keys; write them only after you chose to."))
def scan(
    hosts: list[str] | None = typer.Argument(
        None, metavar="[HOST]...", help=_("Ids or addresses; default: all with `ssh:`.")
    ),
    site: str | None = SITE,
    as_json: bool = JSON,
) -> int:
    """Exit 0 when every key that was shown is pinned in the end, 1 otherwise."""
    from runbook.cli.site_scan import scan as run

    return run(hosts or [], site, as_json=as_json)


@app.command("check", help=_("Check the site file, its hosts, people and secrets, and this laptop; the preflight."))
def check(
    site: str | None = SITE,
    as_json: bool = JSON,
    output: str = typer.Option(
        "", "-o", "--output", metavar="FILE", help=_("Also write a report to file: Markdown, or PDF by its suffix.")
    ),
    clocks: bool = typer.Option(False, "--clocks", help=_("Also compare the hosts' clocks with this laptop's.")),
) -> int:
    """Exit 0 when the file loads and nothing must be put right, 1 otherwise."""
    from runbook.cli.site_check import check as run

    return run(site, output, as_json=as_json, clocks=clocks)


@app.command(
    "reload", help=_("Take the site file's present facts into an open incident, after you have seen what differs.")
)
def reload(
    incident: str = typer.Argument(
        "",
        metavar="INCIDENT",
        help=_("Its id, or any unique ending; without one, the only open one."),
        autocompletion=incident_ids,
    ),
    site: str | None = SITE,
) -> int:
    """Exit 0 when the incident has the file's facts in the end, 1 when the person chose not to take them."""
    from runbook.cli.site_reload import command

    return command(incident, site)
