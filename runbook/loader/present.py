"""The site file's present facts beside those that an incident was begun with: what differs, and whether its plan can go on with them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from runbook.loader.decode import file_bytes
from runbook.loader.library import Snapshot
from runbook.loader.playbooks import read_playbook
from runbook.loader.shelf import Shelf
from runbook.loader.site import differences, site_of
from runbook.loader.site_kept import kept_site, site_text_of
from runbook.model.errors import Problem, ProblemsError, RunbookError
from runbook.model.playbook import Playbook
from runbook.model.site import Site


@dataclass(frozen=True, slots=True)
class Present:
    """The part of a site file that a plan uses: as bytes to keep, as a site, and how it differs from an incident's, fact by fact."""

    data: bytes
    site: Site
    differences: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is kept as."""
        return f"site-{sha256(self.data).hexdigest()[:12]}.yaml"


def present(whole: Site, plan: Playbook, now: Site) -> Present:
    """What the site file `whole` says of all that `plan` uses, beside `now`. Raises ProblemsError E-PLAN-BAD where the plan lacks something."""
    if problems := _lacking(plan, now, whole):
        raise ProblemsError("E-PLAN-BAD", problems, name=plan.id)
    data = site_text_of(whole, plan)
    site = kept_site(data, "site.yaml")
    return Present(data, site, tuple(differences(now, site)))


def _lacking(plan: Playbook, now: Site, whole: Site) -> list[Problem]:
    """What the plan misses in another site that it has now. Rules that were added since it was kept are none of that."""
    library = Snapshot(plan.files)
    source = library.source("playbooks", plan.id)
    if source is None:
        return []
    before, after = ({*read_playbook(source, Shelf(library), site, to_walk=False).problems} for site in (now, whole))
    return sorted(after - before)


@dataclass(slots=True)
class Watched:
    """A site file that is looked at again and again: it is read only when it is another one than at the last look."""

    path: Path
    digest: str = ""

    def changed(self) -> Site | None:
        """The file's site when the file is not what it was at the last look, and loads."""
        try:
            data = file_bytes(self.path)
            digest = sha256(data).hexdigest()
            if digest == self.digest:
                return None
            self.digest = digest
            return site_of(data, str(self.path))
        except RunbookError:
            # A file that is being written just now, or is gone, has nothing to offer; `site check` says what is wrong with it.
            return None
