"""`runbook init`: a commented site file to fill in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from runbook.model.errors import EXIT_GOOD, RunbookError, system_said
from runbook.model.text import _, language


def command(
    site: Annotated[
        Path | None,
        typer.Option("--site", metavar="FILE", help=_("Where to write it; default: your configuration folder.")),
    ] = None,
) -> int:
    """Write a commented site file to fill in."""
    from runbook.loader.trust import SITE_FILE, user_folder

    path = site or user_folder() / SITE_FILE
    _write_new(path, template())
    print(_("Written: {file}").format(file=path))
    print(_("Everything in it is an example: put your own facts in."))
    again = "" if site is None else f" --site {path}"
    print(_("Next: {command}").format(command=f"runbook site scan{again}   ->   runbook site check{again}"))
    return EXIT_GOOD


def template() -> bytes:
    """The commented site file, in the language that is spoken; in English where there is none."""
    from runbook.bundled import templates_dir

    for name in (f"site.{language()}.yaml", "site.en.yaml"):
        if (path := templates_dir() / name).is_file():
            return path.read_bytes()
    raise RunbookError("E-FILE", file=templates_dir() / "site.en.yaml", reason=_("it is not there"))


def _write_new(path: Path, data: bytes) -> None:
    """Raises RunbookError E-SITE-EXISTS, E-FILE-WRITE; nothing is ever overwritten."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not even another process that writes at the same instant is overwritten.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except FileExistsError:
        raise RunbookError("E-SITE-EXISTS", file=path) from None
    except OSError as error:
        raise RunbookError("E-FILE-WRITE", file=path, reason=system_said(error)) from None
