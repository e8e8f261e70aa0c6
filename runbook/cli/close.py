"""`runbook close INCIDENT`: end an incident. Refused, with the list, while anything that was opened is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_ABORTED, EXIT_GOOD, EXIT_PAUSED, RunbookError
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.cli.incidents import Account
    from runbook.model.events import Event
    from runbook.model.ports import Clock
    from runbook.store.folder import Incident


def command(
    incident: Annotated[
        str,
        typer.Argument(
            metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids, show_default=False
        ),
    ],
    abort: Annotated[
        str, typer.Option("--abort", metavar="REASON", help=_("End it without recovery, for this reason."))
    ] = "",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_("Who you are."))] = None,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
) -> int:
    """Close an incident when nothing is open; with --abort, end it without recovery, confirmed by the typed number."""
    from runbook.cli.incidents import account, actor_of
    from runbook.cli.right_time import take_over
    from runbook.model.events import IncidentAborted, IncidentClosed
    from runbook.model.units import utc_text
    from runbook.store.incidents import Home
    from runbook.world.clock import LiveClock

    home, clock = Home.of(), LiveClock()
    found = home.find(incident, practice)
    actor = actor_of(home, as_)
    with found.alone(utc_text(clock.now())):
        known = account(found)
        take_over(clock, known.state)
        if known.state.ended:
            raise RunbookError("E-INCIDENT-ENDED", name=found.id, state=known.state.status)
        _refuse_while_open(known, aborting=bool(abort))
        if abort and not _confirmed(known, abort):
            return EXIT_PAUSED
        event: Event = IncidentAborted(actor, abort) if abort else IncidentClosed()
        code = _append(found, event, actor, clock)
    sentence = _("{incident} is aborted; saved #{code}.") if abort else _("{incident} is closed; saved #{code}.")
    print(sentence.format(incident=found.id, code=code))
    print(_("Next: {command}").format(command=f"runbook report {found.id}"))
    return EXIT_ABORTED if abort else EXIT_GOOD


def _refuse_while_open(known: Account, *, aborting: bool) -> None:
    """Raises E-DEBTS-OPEN with the list. Whoever aborts need not have service back nor every part, but leaves nothing open."""
    from runbook.ui.open_incidents import lines
    from runbook.ui.safe_text import safe
    from runbook.world.clock import LiveClock

    state = known.state
    not_back = state.status == "open" and not aborting
    later = () if aborting else state.left_for_later
    missing = len(state.open_debts) + len(state.unknown) + not_back + len(later)
    if not missing:
        return
    for line in lines(known.id, state, state.now(LiveClock())):
        print(safe(line))
    if not_back:
        print("  " + _("Service is not back: nobody has answered the plan's question with yes."))
    for step in later:
        answer = f"runbook note {known.id} TEXT --step {step}"
        print(safe("  " + _("to be answered later: {step}").format(step=step) + f"   {answer}"))
    raise RunbookError("E-DEBTS-OPEN", name=known.id, count=missing)


def _confirmed(known: Account, reason: str) -> bool:
    """Whether a person typed the number of this incident's last event. A pipe never does."""
    from runbook.cli.session import keyboard
    from runbook.model.prompts import Answer, Prompt

    assert known.state.last is not None
    number = known.state.last.seq
    with keyboard(None, confirms=known.opened.mode != "live") as at:
        question = _("Abort {incident}: {reason}").format(incident=known.id, reason=reason)
        reply = at.human.ask(Prompt("act", "abort", question, keys="q", act_number=number))
    return isinstance(reply, Answer) and reply.text.strip() == str(number)


def _append(found: Incident, event: Event, actor: str, clock: Clock) -> str:
    journal = found.journal(clock, actor)
    try:
        journal.append(event)
        return journal.head_code
    finally:
        journal.close()
