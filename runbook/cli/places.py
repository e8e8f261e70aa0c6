"""Where playbooks and the site file are looked for, and the question that a file of the current folder needs once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runbook.bundled import playbooks_dir

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.store.incidents import Home


def playbook_folders(at: Keyboard, home: Home) -> list[Path]:
    """The folders of playbooks in order: an accepted one here, the user's, those that come with the program."""
    return [playbooks_dir()]
