"""`runbook schema playbook|block|site`: JSON Schema for editors, which then complete keys and mark mistakes while one types."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.text import _

NAMES = ("playbook", "block", "site")


def _names(incomplete: str = "") -> list[str]:
    return [name for name in NAMES if name.startswith(incomplete)]


def command(
    what: Annotated[
        str, typer.Argument(metavar="|".join(NAMES), help=_("What the file is."), autocompletion=_names)
    ] = "playbook",
) -> int:
    """Print the JSON Schema of a playbook, a block or the site file."""
    from runbook.loader.json_schema import SCHEMAS
    from runbook.loader.validation import nearest

    if what not in SCHEMAS:
        expected = _("expected one of {names}").format(names=", ".join(NAMES))
        command_line = f"runbook schema {nearest(what, NAMES) or 'playbook'}"
        raise RunbookError("E-VALUE", where="schema", expected=expected, found=what, next=command_line)
    print(schema_text(what), end="")
    return EXIT_GOOD


def schema_text(what: str) -> str:
    """The schema as its file in docs/ holds it, in the language that is spoken."""
    from runbook.loader.json_schema import SCHEMAS

    return json.dumps(SCHEMAS[what](), ensure_ascii=False, indent=1) + "\n"
