"""Where the playbooks and the site file of this run are, and the question that a file of the current folder needs once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.model.errors import RunbookError
from runbook.model.prompts import Choice, Prompt
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.loader.trust import Accept, Found
    from runbook.model.site import Site
    from runbook.store.incidents import Home


def folders_for(at: Keyboard, home: Home, plan: str) -> list[Path]:
    """The folders of playbooks in order; one of the current folder is asked about once. Raises E-NOT-TRUSTED-PLAYBOOKS."""
    from runbook.bundled import playbooks_dir
    from runbook.loader.trust import playbook_folders

    settings = home.settings
    found = playbook_folders(Path.cwd(), playbooks_dir(), settings.load().accepted, _accept(at), plan)
    if found.new:
        settings.accept([found.new])
    return list(found.folders)


def site_for(at: Keyboard, home: Home, option: str | None, plan: str) -> Found | None:
    """The site file; None when the person chose the lab. Raises E-SITE-NONE, E-NOT-TRUSTED, E-FILE, and Left."""
    from runbook.cli.opening import Left, asked
    from runbook.loader.trust import find_site

    settings = home.settings
    try:
        found = find_site(option, os.environ, Path.cwd(), settings.load().accepted, _accept(at), _last_site(home))
    except RunbookError as error:
        if error.code != "E-SITE-NONE":
            raise
        if not at.terminal:
            raise RunbookError(error.code, **error.values, name=plan) from None
        choices = (
            Choice("lab", _("the built-in lab: practice, nothing real")),
            Choice("init", _("set up a site")),
            Choice("quit", _("quit")),
        )
        question = _("There is no site file. What do you want?")
        answer = asked(at, Prompt("choice", "no-site", question, choices, keys="q"))
        if answer == "init":
            at.human.tell(_("Type: {command}").format(command="runbook init"))
        if answer != "lab":
            raise Left from None
        return None
    if found.new:
        settings.accept([found.digest])
    settings.remember_site(str(found.path.resolve()), found.digest)
    return found


def _accept(at: Keyboard) -> Accept | None:
    """Asks once, with path, name and what differs; None where nobody can be asked."""
    if not at.terminal:
        return None

    def ask(path: Path, name: str, digest: str, differs: list[str]) -> bool:
        from runbook.cli.opening import asked

        lines = (
            _("{path} of this folder would be used ({name}, sha256 {digest}).").format(
                path=path, name=name, digest=digest[:16]
            ),
            *(f"  {line}" for line in differs[:12]),
        )
        choices = (Choice("no", _("do not use it")), Choice("yes", _("use it, now and later")))
        prompt = Prompt("choice", "trust", _("Does it count?"), choices, keys="q", lines=lines)
        return asked(at, prompt) == "yes"

    return ask


def _last_site(home: Home) -> Site | None:
    from runbook.loader.site import load_site

    path = home.settings.load().site_path
    try:
        return load_site(Path(path)) if path else None
    except RunbookError:
        return None
