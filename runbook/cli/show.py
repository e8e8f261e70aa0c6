"""`runbook show PLAYBOOK`: the plan as it will be walked, from the same tree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.completion import playbook_ids
from runbook.model.errors import EXIT_GOOD
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.model.playbook import Playbook, Step
    from runbook.model.site import Site

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
    site: Annotated[str | None, typer.Option("--site", metavar="FILE", help=_("The site file."))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Print a playbook as it will be walked."""
    from runbook.cli.finding import known_site, plan_folders
    from runbook.loader.playbooks import load_playbook
    from runbook.model.site import Site
    from runbook.ui.safe_text import safe

    found = load_playbook(plan, plan_folders(plan))
    here = known_site(site) or Site(site="1", name="-")
    steps = [_facts(step, here) for step in found.steps]
    if as_json:
        print(json.dumps({"schema": 1, "playbook": found.id, "steps": steps}, ensure_ascii=False))
        return EXIT_GOOD
    for line in (*_head(found), *(line for facts in steps for line in _lines(facts))):
        print(safe(line))
    return EXIT_GOOD


def _head(plan: Playbook) -> list[str]:
    header = plan.header
    lines = [
        f"{header.id} {header.version}  {header.severity}  {header.title.pick()}",
        _("file: {file}").format(file=plan.origin),
        _("use when: {text}").format(text=header.use_when.pick()),
    ]
    if header.not_when:
        lines.append(_("not when: {text}").format(text=header.not_when.pick()))
    lines.append(_("impact: {text}").format(text=header.impact.pick()))
    for name, entry in header.inputs.items():
        default = _(" (default {value})").format(value=entry.default) if entry.default else ""
        lines.append(
            _("input {name}: {question}{default}").format(name=name, question=entry.ask.pick(), default=default)
        )
    return [
        *lines,
        _("recovered: {question} yes -> {then}").format(
            question=header.recovered.ask.pick(), then=header.recovered.then
        ),
    ]


def _facts(step: Step, site: Site) -> dict[str, Any]:
    """One step as JSON has it; `does` is the line that the walk shows, the others stand as they are written."""
    from runbook.ui.step_screen import plan_line

    facts: dict[str, Any] = {
        "number": step.number,
        "id": step.id,
        "phase": step.keys.phase,
        "kind": step.kind,
        "title": step.keys.title.pick(),
        "changes": step.changes,
        "does": plan_line(step, site),
    }
    if step.opens and not step.keys.closes:
        facts["opens"] = step.opens
    return facts | {key: step.written[key] for key in _KEYS if key in step.written}


def _lines(facts: dict[str, Any]) -> list[str]:
    from runbook.model.words import word

    number = f"{facts['number']}."
    lines = ["", f"{number:4}{word(facts['phase'], 'phase')}  {facts['title']}  [{facts['id']}]"]
    lines.append("    " + (_("changes: {line}") if facts["changes"] else _("does: {line}")).format(line=facts["does"]))
    if "opens" in facts:
        lines.append("    " + _("leaves open: {what}").format(what=word(facts["opens"], "debt")))
    return lines + [f"    {key}: {flow(facts[key])}" for key in _KEYS if key in facts]


def flow(tree: Any) -> str:
    """A value of the plan on one line, as YAML writes it between braces."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(flow(value) for value in tree) + "]"
    return str(tree)
