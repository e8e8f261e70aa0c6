"""A short account of each playbook, without reading its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.loader.library import Folders
from runbook.loader.yaml import read_yaml
from runbook.model.errors import RunbookError
from runbook.model.text import Text


@dataclass(frozen=True, slots=True)
class Listed:
    """One playbook. `loads`: whether its file could be read that far."""

    id: str
    title: Text
    severity: str
    where: str
    loads: bool = True


def listed(folders: Sequence[Path]) -> list[Listed]:
    """Every playbook by its id; the first folder that has it counts."""
    library = Folders(folders)
    return [_account(library, name) for name in library.names("playbooks")]


def _account(library: Folders, name: str) -> Listed:
    where = str(library.path("playbooks", name))
    try:
        source = library.source("playbooks", name)
        assert source is not None
        where = source.shown
        tree = read_yaml(source.data, where).tree
        if isinstance(tree, dict) and "runbook" in tree:
            severity = tree.get("severity")
            title = tree.get("title")
            if isinstance(severity, str) and isinstance(title, (str, dict)):
                return Listed(
                    name,
                    Text.of({k: str(v) for k, v in title.items()} if isinstance(title, dict) else title),
                    severity,
                    where,
                )
    except (RunbookError, ValueError):
        pass
    return Listed(name, Text.of(name), "", where, loads=False)
