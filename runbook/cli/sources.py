"""Where the plan, the site and the world of a new incident come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.model.ports import World

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.model.playbook import Playbook
    from runbook.model.site import Site
    from runbook.store.incidents import Home
    from runbook.world.lab.child import Kept


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the plan's and the site's files were found, for the first screen and the record."""

    plan: str
    site: str


@dataclass(frozen=True, slots=True)
class Sources:
    """A plan, a site and a world that belong together."""

    plan: Playbook
    site: Site
    world: World
    mode: str
    origins: Origins
    files: Mapping[str, bytes]
    lab: Kept | None
    lab_folder: Path | None


@contextmanager
def found_sources(
    at: Keyboard, home: Home, plan_id: str, site_option: str | None, *, lab: bool, case: str | None
) -> Iterator[Sources]:
    """Everything a new incident needs; a lab of our own ends with the block. Raises RunbookError before anything was begun."""
    from runbook.cli.common import speak_language_of
    from runbook.cli.places import folders_for, site_for
    from runbook.cli.session import world_of
    from runbook.loader.playbooks import load_playbook, located
    from runbook.loader.site import load_site
    from runbook.loader.site_kept import site_text_of

    with ExitStack() as stack:
        folders = folders_for(at, home, plan_id)
        located(plan_id, folders)
        found = None if lab else site_for(at, home, site_option, plan_id)
        folder: Path | None = None
        kept: Kept | None = None
        if found is None:
            from runbook.world.lab.cases import DEFAULTS, known_case
            from runbook.world.lab.child import ensure_lab

            if case is not None:
                known_case(case, plan=plan_id)
            folder, kept = ensure_lab(home.places.usable(), case, default=DEFAULTS.get(plan_id))
            stack.callback(kept.close)
            path = folder / "site.yaml"
        else:
            path = found.path
        site = load_site(path)
        speak_language_of(site)
        plan = load_playbook(plan_id, folders, site)
        mode = "lab" if found is None else "live"
        world = stack.enter_context(world_of(mode, site, folder, at))
        files = {**plan.files, "site.yaml": site_text_of(site, plan)}
        yield Sources(plan, site, world, mode, Origins(plan.origin, str(path.absolute())), files, kept, folder)
