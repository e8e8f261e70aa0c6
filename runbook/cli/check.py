"""`runbook check [PATH_OR_ID ...]`: every problem of playbooks, blocks, schemes and site files, with file, line and column."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from runbook.cli.completion import playbook_ids
from runbook.model.errors import EXIT_BAD, EXIT_GOOD
from runbook.model.text import _


def command(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH_OR_ID]...", help=_("Files, folders or ids; default: all."), autocompletion=playbook_ids
        ),
    ] = None,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="FILE", help=_("Check the names against this site file too."))
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Check playbooks and say every problem with its line. Exit 1 when there is one."""
    from runbook.cli.finding import plan_folders
    from runbook.loader.checking import check_files, files_of, located_files
    from runbook.loader.site import load_site
    from runbook.ui.safe_text import safe

    folders = plan_folders()
    files = located_files(what, folders) if what else [file for folder in folders for file in files_of(folder)]
    problems = check_files(files, folders, load_site(site) if site else None)
    if as_json:
        print(json.dumps({"schema": 1, "problems": [asdict(problem) for problem in problems]}, ensure_ascii=False))
        return EXIT_BAD if problems else EXIT_GOOD
    for problem in problems:
        print(safe(str(problem)))
    counted = _("{files} file(s) checked, {count} problem(s).").format(files=len(files), count=len(problems))
    print(counted)
    return EXIT_BAD if problems else EXIT_GOOD
