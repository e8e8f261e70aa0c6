"""A second run of an incident that a process of this machine runs: follow it, or work beside the walk as a second writer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from runbook.model.errors import RunbookError
from runbook.model.prompts import Answer, Choice, Prompt
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.store.folder import Incident
    from runbook.store.notices import Notices


class Following(Exception):
    """The person only looks on: that needs no keyboard, and ends with Ctrl-C."""

    def __init__(self, incident: Incident) -> None:
        super().__init__(incident.id)
        self.incident = incident


def place_for(incident: Incident, at: Keyboard, since: str, notices: Notices, stack: ExitStack) -> int:
    """The place at which this process runs the incident: 1 walks it; where that is taken the person chooses.

    The lock of the place is held until the stack ends. Raises E-INCIDENT-BUSY where nobody can be asked, Following and Left.
    """
    try:
        stack.enter_context(incident.lock(since, notices))
    except RunbookError as busy:
        if busy.code != "E-INCIDENT-BUSY":
            raise
        return _chosen(incident, at, since, notices, stack, busy)
    return 1


def _chosen(
    incident: Incident, at: Keyboard, since: str, notices: Notices, stack: ExitStack, busy: RunbookError
) -> int:
    from runbook.cli.opening import Left

    at.human.tell(busy.text())
    choices = (
        Choice("follow", _("follow: see what happens, change nothing")),
        Choice("join", _("join: work beside the walk as a second writer")),
        Choice("leave", _("leave")),
    )
    reply = at.human.ask(Prompt("choice", "second", _("It is being run. What do you want?"), choices, keys="q"))
    if not isinstance(reply, Answer):
        if at.terminal:
            raise Left
        raise busy
    if reply.text == "leave":
        raise Left
    if reply.text == "follow":
        raise Following(incident)
    return _beside(incident, since, notices, stack, busy)


def _beside(incident: Incident, since: str, notices: Notices, stack: ExitStack, busy: RunbookError) -> int:
    """The first place beside the walk that is free. Raises E-INCIDENT-BUSY when all are taken."""
    from runbook.store.folder import PLACES

    for place in PLACES[1:]:
        try:
            stack.enter_context(incident.lock(since, notices, place=place))
        except RunbookError:
            continue
        return place
    raise busy
