"""`runbook import FILE...`: take in what exports hold; the same whatever their order, and however often."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.model.errors import EXIT_BAD, EXIT_GOOD, RunbookError
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.store.importing import Imported


def command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help=_("Files that `runbook export` wrote."), show_default=False)
    ],
) -> int:
    """Take in what exports hold. Exit 1 when something in one was refused, 2 when one is no export."""
    from runbook.store.importing import import_file
    from runbook.store.incidents import Home
    from runbook.world.clock import LiveClock

    home, clock, codes = Home.of(notices=_tell), LiveClock(), [EXIT_GOOD]
    actor = home.settings.load().user or "-"
    for file in files:
        try:
            found = import_file(home, file, clock, actor)
        except RunbookError as error:
            _failed(error, file)
            codes.append(error.exit_code)
            continue
        _say(found, file)
        codes.append(EXIT_BAD if found.refused else EXIT_GOOD)
    return max(codes)


def _tell(notice: object) -> None:
    from runbook.store.notices import Notice
    from runbook.ui.safe_text import safe

    assert isinstance(notice, Notice)
    print(safe(notice.text()))


def _failed(error: RunbookError, file: Path) -> None:
    """One file that could not be taken in does not keep the others out."""
    import sys

    from runbook.ui.safe_text import safe

    said = error.next()
    if error.code == "E-INCIDENT-BUSY":
        said = _("pause it there with the key q, then: {command}").format(command=f"runbook import {file}")
    print(safe(f"{error.code}: {error.text()}"), file=sys.stderr)
    print(safe(_("Next: {command}").format(command=said)), file=sys.stderr)


def _say(found: Imported, file: Path) -> None:
    from runbook.ui.safe_text import safe

    new = sum(found.writers.values())
    values = {"file": file, "incident": found.incident, "new": new, "writers": len(found.writers), "known": found.known}
    if found.folder is None:
        said = [_("{file}: nothing of {incident} could be taken.").format(**values)]
    elif found.fresh:
        said = [_("{file}: {incident} is here now, with {new} events of {writers} writers.").format(**values)]
    else:
        said = [
            _("{file}: {incident}: {new} events of {writers} writers are new, {known} were here already.").format(
                **values
            )
        ]
    if found.folder and found.fresh and found.opened:
        sentence = _(
            "It brings its own plan and site file (site {site}, begun on {machine}): whoever goes on follows those."
        )
        said.append("  " + sentence.format(site=found.opened.site, machine=found.opened.machine))
    if found.pieces or found.files:
        sentence = _("New here: {files} plan files, {pieces} pieces of evidence.")
        said.append("  " + sentence.format(files=found.files, pieces=found.pieces))
    said += ["  " + _("Refused: {sentence}").format(sentence=refusal.text()) for refusal in found.refused]
    if found.aside and found.folder:
        said.append(
            "  " + _("What was refused is kept, not believed, in {file}").format(file=found.folder / found.aside)
        )
    if found.folder:
        said.append(_("Next: {command}").format(command=f"runbook log {found.incident}"))
    for line in said:
        print(safe(line))
