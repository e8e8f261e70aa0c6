"""The site file that counts here, for the commands about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook.loader.trust import Found
    from runbook.model.site import Site


def located(option: str | None) -> tuple[Found, Site]:
    """The site file that counts here, and what it holds. Raises RunbookError."""
    from runbook.cli.common import speak_language_of
    from runbook.loader.site import load_site
    from runbook.loader.trust import find_site
    from runbook.store.incidents import Home

    found = find_site(option, os.environ, Path.cwd(), Home.of().settings.load().accepted)
    site = load_site(found.path)
    speak_language_of(site)
    return found, site
