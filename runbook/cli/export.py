"""`runbook export INCIDENT`: everything of an incident in one file, to carry to another machine or to keep."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_BAD, EXIT_GOOD, RunbookError, system_said
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.store.bundles import Manifest
    from runbook.store.folder import Incident


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help=_("Where to write it; - is the standard output."))
    ] = "",
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Write everything of an incident into one file. Exit 1 when something of it could not be proven, or is not there."""
    from runbook.store.bundles import ENDING, export
    from runbook.store.incidents import Home

    found = Home.of().find(incident, practice)
    if output == "-":
        return _code(_to_stdout(found))
    target = Path(output or f"{found.id}{ENDING}")
    if target.is_dir():
        target /= f"{found.id}{ENDING}"
    written = export(found, target)
    if as_json:
        entries = [{"name": name, **each} for name, each in written.data()["entries"].items()]
        print(json.dumps({**written.data(), "file": str(target.absolute()), "entries": entries}, ensure_ascii=False))
    else:
        _say(written, target)
    return _code(written)


def _to_stdout(found: Incident) -> Manifest:
    import shutil
    import tempfile

    from runbook.store.bundles import write

    if sys.stdout.isatty():
        sentence = _("An export cannot be shown on a terminal.")
        raise RunbookError("E-USAGE", sentence=sentence, next=f"runbook export {found.id} -o FILE")
    try:
        # Whole before the first byte goes out: what is written at once is the same as in a file.
        with tempfile.TemporaryFile() as file:
            written = write(found, file)
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    except OSError as problem:
        raise RunbookError("E-OUTPUT", reason=system_said(problem)) from None
    return written


def _say(written: Manifest, target: Path) -> None:
    from runbook.ui.safe_text import safe

    print(safe(_("{incident} is in {file}").format(incident=written.incident, file=target.absolute())))
    for writer, (number, head) in sorted(written.writers.items()):
        print(
            safe(
                "  " + _("Writer {writer}: {count} events, head {head}").format(writer=writer, count=number, head=head)
            )
        )
    for name in written.left_out:
        print(safe("  " + _("Left out, because it is not there or not what it was: {name}").format(name=name)))
    if written.damage:
        sentence = _("The journal is damaged from event {seq} on; only what is proven was written.")
        print("  " + sentence.format(seq=written.damage["seq"]))
    print(
        _("Next: {command}").format(
            command=_("on the other machine: {command}").format(command=f"runbook import {target.name}")
        )
    )


def _code(written: Manifest) -> int:
    return EXIT_BAD if written.damage or written.left_out else EXIT_GOOD
