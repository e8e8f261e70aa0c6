"""What the shell completes: ids of playbooks and of incidents. Cheap, and silent whatever goes wrong."""

from __future__ import annotations

from runbook.model.errors import RunbookError


def playbook_ids(incomplete: str = "") -> list[str]:
    """The ids of the playbooks that begin with what was typed."""
    from runbook.cli.finding import plan_folders
    from runbook.loader.library import Folders

    try:
        return [name for name in Folders(plan_folders()).names("playbooks") if name.startswith(incomplete)]
    except (RunbookError, OSError):
        return []


def incident_ids(incomplete: str = "") -> list[str]:
    """The ids of the incidents that begin with what was typed; of practice ones when it begins like one of those."""
    from runbook.store.incidents import Home

    try:
        practice = incomplete.startswith(("lab-", "drill-"))
        return [summary.id for summary in Home.of().list(practice) if summary.id.startswith(incomplete)]
    except (RunbookError, OSError):
        return []
