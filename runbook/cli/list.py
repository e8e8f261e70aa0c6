"""`runbook list`: the playbooks."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from runbook.model.errors import EXIT_GOOD
from runbook.model.text import _


def command(as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False) -> int:
    """List the playbooks."""
    from runbook.cli.finding import plan_folders
    from runbook.loader.listing import listed
    from runbook.ui.safe_text import one_line

    rows = listed(plan_folders())
    if as_json:
        playbooks = [
            {"id": row.id, "title": row.title.pick(), "severity": row.severity, "file": row.where, "loads": row.loads}
            for row in rows
        ]
        print(json.dumps({"schema": 1, "playbooks": playbooks}, ensure_ascii=False))
        return EXIT_GOOD
    width = max((len(row.id) for row in rows), default=0)
    for row in rows:
        title = row.title.pick() if row.loads else _("(does not load: runbook check {id})").format(id=row.id)
        print(one_line(f"{row.id:{width}}  {row.severity:4}  {title}  ({row.where})"))
    if not rows:
        print(_("There is no playbook."))
    return EXIT_GOOD
