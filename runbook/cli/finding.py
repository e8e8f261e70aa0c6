"""Playbooks and the site for the commands that only look: nothing is asked, what was not accepted is passed over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.model.errors import RunbookError

if TYPE_CHECKING:
    from runbook.model.site import Site


def plan_folders(wanted: str | None = None) -> tuple[Path, ...]:
    """The folders of playbooks. Raises RunbookError E-NOT-TRUSTED-PLAYBOOKS when `wanted` lies in one not accepted."""
    from runbook.bundled import playbooks_dir
    from runbook.loader.trust import playbook_folders
    from runbook.store.incidents import Home

    accepted = Home.of().settings.load().accepted
    return playbook_folders(Path.cwd(), playbooks_dir(), accepted, wanted=wanted).folders


def known_site(option: str | None) -> Site | None:
    """The site that counts here, or None where there is none. A named one that does not load raises RunbookError."""
    from runbook.loader.site import load_site
    from runbook.loader.trust import find_site
    from runbook.store.incidents import Home

    try:
        found = find_site(option, os.environ, Path.cwd(), Home.of().settings.load().accepted)
    except RunbookError as error:
        if error.code in ("E-SITE-NONE", "E-NOT-TRUSTED"):
            return None
        raise
    return load_site(found.path)
