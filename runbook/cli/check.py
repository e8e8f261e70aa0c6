"""`runbook check [PATH_OR_ID ...]`: every problem of playbooks, blocks, schemes and site files, with file, line and column."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from runbook.cli.completion import playbook_ids
from runbook.model.errors import EXIT_BAD, EXIT_GOOD, Problem
from runbook.model.text import _, visible


class Format(StrEnum):
    """How problems are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


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
    form: Annotated[
        Format, typer.Option("--format", help=_("text, json, or github: annotations for a GitHub workflow."))
    ] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Check playbooks and say every problem with its line. Exit 1 when there is one."""
    from runbook.cli.finding import plan_folders
    from runbook.loader.checking import check_files, files_of, located_files
    from runbook.loader.site import load_site

    folders = plan_folders()
    files = located_files(what, folders) if what else [file for folder in folders for file in files_of(folder)]
    problems = check_files(files, folders, load_site(site) if site else None)
    for line in _PRINTED[Format.JSON if as_json else form](problems, len(files)):
        print(line)
    return EXIT_BAD if problems else EXIT_GOOD


def _text(problems: Sequence[Problem], files: int) -> list[str]:
    from runbook.ui.safe_text import safe

    counted = _("{files} file(s) checked, {count} problem(s).").format(files=files, count=len(problems))
    return [*(safe(str(problem)) for problem in problems), counted]


def _json(problems: Sequence[Problem], files: int) -> list[str]:
    found = {"schema": 1, "problems": [asdict(problem) for problem in problems]}
    return [json.dumps(found, ensure_ascii=False)]


def _github(problems: Sequence[Problem], files: int) -> list[str]:
    return [annotation(problem) for problem in problems]


_PRINTED: Mapping[Format, Callable[[Sequence[Problem], int], list[str]]] = {
    Format.TEXT: _text,
    Format.JSON: _json,
    Format.GITHUB: _github,
}


def annotation(problem: Problem) -> str:
    """A problem as an annotation of a GitHub workflow, which shows it beside its line.

    Escaped as the `@actions/core` command line does it: `%`, CR and LF everywhere, `:` and `,` in properties too.
    """
    data = f"{problem.where}: {problem.message}"
    place = f"file={_property(problem.file)},line={problem.line},col={problem.column}"
    return f"::error {place},title={_property(problem.code)}::{_escaped(data)}"


def _escaped(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
