"""What the sentences of all events share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from runbook.model.playbook import Playbook
from runbook.model.text import _
from runbook.model.words import word
from runbook.ui.glyphs import Shown
from runbook.ui.safe_text import one_line, remote


@dataclass(frozen=True, slots=True)
class Reader:
    """What is needed to say an event: the plan for its titles (None: ids are shown), the zone of its times, and what roles are called."""

    plan: Playbook | None
    zone: tzinfo
    role: Callable[[str], str] = str


def opens(kind: str) -> list[Shown]:
    """What a step leaves open from now on, as a line of its own."""
    return [Shown(_("  Open from now on: {what}").format(what=word(kind, "debt")), "yellow")] if kind else []


def behind_bar(found: str) -> list[Shown]:
    """What a machine or a device wrote."""
    return [Shown(line) for line in remote(found)]


def because(reason: str) -> str:
    """The reason that a person gave, as the end of a sentence."""
    return _("; reason: {reason}").format(reason=one_line(reason)) if reason else ""
