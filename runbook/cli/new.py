"""`runbook new ID`: a playbook or a block to begin with, which checks clean as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from runbook.model.errors import EXIT_GOOD, RunbookError, system_said
from runbook.model.ids import ID
from runbook.model.text import _


def command(
    name: Annotated[str, typer.Argument(metavar="ID", help=_("The id: lower-case letters, digits and hyphens."))],
    block: Annotated[bool, typer.Option("--block", help=_("A block, for steps that several playbooks share."))] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help=_("Where to write it; default: ./playbooks, else here.")),
    ] = None,
) -> int:
    """Write a playbook to begin with. Nothing is ever overwritten."""
    if not re.fullmatch(ID, name):
        expected = _("expected an id of lower-case letters, digits and hyphens, such as cti-down")
        raise RunbookError("E-VALUE", where="new", expected=expected, found=name, next="runbook new cti-down")
    path = output or _place(block=block) / f"{name}.yaml"
    if path.name != f"{name}.yaml":
        expected = _("expected a file that is called {name}").format(name=f"{name}.yaml")
        raise RunbookError("E-VALUE", where="-o", expected=expected, found=str(path), next=f"runbook new {path.stem}")
    _write(path, scaffold(name, block=block).encode())
    print(_("Written: {file}").format(file=path))
    print(_("It checks clean as it is. Change every sentence that says so, then:"))
    print(f"  runbook check {path}")
    if not block:
        print(f"  runbook start {path} --lab")
    return EXIT_GOOD


def scaffold(name: str, *, block: bool) -> str:
    """The file's text, its comments in the language that is spoken."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from runbook.bundled import templates_dir

    environment = Environment(
        loader=FileSystemLoader(templates_dir()),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - YAML, and the id is made of letters, digits and hyphens
    )
    environment.globals["_"] = _
    return environment.get_template(f"new.{'block' if block else 'playbook'}.yaml.j2").render(id=name)


def _place(*, block: bool) -> Path:
    folder = Path("playbooks") if Path("playbooks").is_dir() else Path()
    return folder / "blocks" if block else folder


def _write(path: Path, data: bytes) -> None:
    """Raises RunbookError E-VALUE when something is there already, E-FILE-WRITE."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        expected = _("expected a file that is not there yet")
        raise RunbookError(
            "E-VALUE", where="new", expected=expected, found=str(path), next=f"runbook check {path}"
        ) from None
    except OSError as error:
        raise RunbookError("E-FILE-WRITE", file=path, reason=system_said(error)) from None
