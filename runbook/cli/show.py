"""`runbook show PLAYBOOK`: the plan as it will be walked, from the same tree."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.completion import playbook_ids
from runbook.cli.flow import flow
from runbook.model.errors import EXIT_GOOD
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.model.playbook import Playbook, Step
    from runbook.model.site import Site


class Format(StrEnum):
    """What is printed."""

    TEXT = "text"
    PAPER = "paper"


_KEYS = (
    "when",
    "role",
    "approval",
    "verify",
    "expect",
    "next",
    "repeatable",
    "closes",
    "recovery_test",
    "first",
    "entry",
)


def command(
    plan: Annotated[
        str, typer.Argument(metavar="PLAYBOOK", help=_("The playbook's id, or its file."), autocompletion=playbook_ids)
    ],
    site: Annotated[
        str | None,
        typer.Option("--site", metavar="FILE", help=_("The site file: its commands, addresses and numbers are shown.")),
    ] = None,
    needs: Annotated[bool, typer.Option("--needs", help=_("Print what the playbook needs of a site."))] = False,
    form: Annotated[
        Format, typer.Option("--format", help=_("text, or paper: the form to print and fill in by hand."))
    ] = Format.TEXT,
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE", help=_("For paper: where to write it, FILE.md or FILE.pdf.")),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Print a playbook as it will be walked; with --site, exactly what it would use there. Nothing is run."""
    from runbook.cli.finding import known_site, plan_folders
    from runbook.cli.show_head import head, other
    from runbook.loader.playbooks import load_playbook
    from runbook.model.site import Site

    folders = plan_folders(plan)
    named = known_site(site) if site else None
    found = load_playbook(plan, folders, None if needs else named)
    if form is Format.PAPER:
        from runbook.cli.paper import written

        return written(found, named, folders, output)
    if needs:
        return _needs(found, named, as_json=as_json)
    steps = [_facts(step, found, named or known_site(None) or Site(site="1", name="-"), named) for step in found.steps]
    if as_json:
        print(json.dumps({"schema": 1, "playbook": found.id, "steps": steps}, ensure_ascii=False))
        return EXIT_GOOD
    lines = head(found)
    for step, facts in zip(found.steps, steps, strict=True):
        first = step.plan and step is next(each for each in found.steps if each.plan == step.plan)
        lines += [*(other(found, step.plan) if first else ()), *_lines(facts)]
    return _printed(lines)


def _needs(plan: Playbook, site: Site | None, *, as_json: bool) -> int:
    from runbook.cli.exact import needs_facts, needs_lines

    found = needs_facts(plan, site)
    if as_json:
        print(json.dumps({"schema": 1, "playbook": plan.id, "needs": found}, ensure_ascii=False))
        return EXIT_GOOD
    return _printed(needs_lines(plan, found))


def _printed(lines: Iterable[str]) -> int:
    from runbook.ui.safe_text import safe

    for line in lines:
        print(safe(line))
    return EXIT_GOOD


def _facts(step: Step, plan: Playbook, site: Site, named: Site | None) -> dict[str, Any]:
    """One step as JSON has it; `does` is the line that the walk shows, the others stand as they are written.

    With a `named` site: also what would be used there, exactly.
    """
    from runbook.cli.exact import exact_facts
    from runbook.ui.step_screen import plan_line

    facts: dict[str, Any] = {
        "number": step.number,
        "id": step.id,
        "phase": step.keys.phase,
        "kind": step.kind,
        "playbook": step.plan or plan.id,
        "title": step.keys.title.pick(),
        "changes": step.changes,
        "does": plan_line(step, site),
    }
    if step.opens and not step.keys.closes:
        facts["opens"] = step.opens
    exactly = exact_facts(step, plan, named) if named else {}
    return facts | exactly | {key: step.written[key] for key in _KEYS if key in step.written}


def _lines(facts: dict[str, Any]) -> list[str]:
    from runbook.cli.exact import exact_lines
    from runbook.model.words import word

    number = f"{facts['number']}."
    lines = ["", f"{number:4}{word(facts['phase'], 'phase')}  {facts['title']}  [{facts['id']}]"]
    lines.append("    " + (_("changes: {line}") if facts["changes"] else _("does: {line}")).format(line=facts["does"]))
    if "opens" in facts:
        lines.append("    " + _("leaves open: {what}").format(what=word(facts["opens"], "debt")))
    keys = [key for key in _KEYS if key in facts]
    if "exactly" in facts:
        lines += exact_lines(facts)
        keys = [key for key in keys if key != "verify"]
    return lines + [f"    {key}: {flow(facts[key])}" for key in keys]
