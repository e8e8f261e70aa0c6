"""The offer to take the site file's present facts: it stands wherever something could not be asked, and is never taken by itself."""

from __future__ import annotations

from runbook.engine.context import Context
from runbook.model.playbook import Step
from runbook.model.text import _

SHOWN_AT_MOST = 12


def taken(context: Context, step: Step) -> bool:
    """Offer the file's facts where they differ from the incident's; whether the person took them."""
    facts = context.ports.present_facts()
    if facts is None:
        return False
    shown = tuple(f"  {line}" for line in facts.differences[:SHOWN_AT_MOST])
    if left_out := len(facts.differences) - len(shown):
        shown = (*shown, _("  ... and {count} more").format(count=left_out))
    answer = context.choose(
        f"{step.id}.site-file",
        _("The site file has changed since. What now?"),
        {"leave": _("go on with the facts of this incident"), "take": _("take the site file's present facts")},
        lines=shown,
    )
    if answer == "take":
        facts.take()
    return answer == "take"
