"""`runbook lab`: the built-in practice call centre, run beside the practice."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from runbook.model.errors import EXIT_BAD, EXIT_GOOD, RunbookError
from runbook.model.text import _

app = typer.Typer(add_completion=False)


def _cases() -> list[str]:
    from runbook.world.lab.cases import CASES

    return list(CASES)


CaseOption = Annotated[
    str | None, typer.Option("--case", metavar="CASE", help=_("Break it in this way."), autocompletion=_cases)
]
CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help=_("The way to break it, such as service-stopped."), autocompletion=_cases)
]
JsonOption = Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))]


@app.command(help=_("Start the lab; it runs until `lab down`."))
def up(case: CaseOption = None) -> int:
    from runbook.world.lab.child import start_detached

    folder = _folder()
    start_detached(folder, case)
    print(_("The lab is up: {sentence}").format(sentence=_said_case(_asked(folder, "status"))))
    print(_("Its site file: {file}").format(file=folder / "site.yaml"))
    print(_("Next: {command}").format(command="runbook start cti-down --lab"))
    return EXIT_GOOD


@app.command("break", help=_("Break the running lab in a named way."))
def break_(case: CaseArgument) -> int:
    from runbook.world.lab.cases import known_case

    known_case(case)
    print(_("The lab now: {sentence}").format(sentence=_said_case(_asked(_folder(), "break", case=case))))
    return EXIT_GOOD


@app.command(help=_("Make everything in the running lab healthy."))
def fix() -> int:
    print(_("The lab now: {sentence}").format(sentence=_said_case(_asked(_folder(), "fix"))))
    return EXIT_GOOD


@app.command(help=_("Show the lab: its hosts, ports and services."))
def status(as_json: JsonOption = False) -> int:
    from runbook.world.lab.control import Control, LabGoneError

    folder = _folder()
    try:
        found = Control(folder).ask("status")
    except LabGoneError as gone:
        found = {"case": None, "hosts": []}
        said = str(gone)
    else:
        said = _("The lab is up: {sentence}").format(sentence=_said_case(found))
    up_now = found["case"] is not None
    if as_json:
        print(json.dumps({"schema": 1, "folder": str(folder), "up": up_now, **found}, ensure_ascii=False))
        return EXIT_GOOD if up_now else EXIT_BAD
    print(said)
    for host in found["hosts"]:
        print(f"  {host['name']:10} {_said_host(host)}")
    if not up_now:
        print(_("Next: {command}").format(command="runbook lab up"))
    return EXIT_GOOD if up_now else EXIT_BAD


@app.command(help=_("Stop the lab. Its keys, ports and states stay in its folder."))
def down() -> int:
    from runbook.world.lab.child import stop

    print(_("The lab is stopped.") if stop(_folder()) else _("The lab was not running."))
    return EXIT_GOOD


def _folder() -> Path:
    from runbook.store.places import Places

    return Places.of(os.environ).usable() / "lab"


def _asked(folder: Path, op: str, **values: object) -> dict[str, Any]:
    from runbook.world.lab.control import Control, LabGoneError

    try:
        return Control(folder).ask(op, **values)
    except LabGoneError as gone:
        raise RunbookError("E-USAGE", sentence=str(gone), next="runbook lab up") from None


def _said_case(found: dict[str, Any]) -> str:
    from runbook.world.lab.cases import CASES

    name = found["case"]
    return f"{name}. {_(CASES[name].line)}" if name in CASES else str(name)


def _said_host(host: dict[str, Any]) -> str:
    if not host["up"]:
        return _("does not answer")
    words = {"running": _("running"), "starting": _("starting"), "stopped": _("stopped"), "broken": _("broken")}
    ports = ", ".join(f"{name} {port}" for name, port in host["ports"].items())
    services = ", ".join(f"{name} {words[state]}" for name, state in host["services"].items())
    return "   ".join(filter(None, [ports, services]))
