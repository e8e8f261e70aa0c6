"""What is settled before step 1: who is here, when the fault was reported, the plan's inputs, and incidents that are still open."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from runbook.model.errors import RunbookError
from runbook.model.inputs import answered
from runbook.model.prompts import Answer, Choice, Gone, Key, Prompt
from runbook.model.text import _
from runbook.model.units import local_text, reported_time, span

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.model.playbook import Input, Playbook
    from runbook.model.ports import Clock
    from runbook.model.site import Site
    from runbook.model.state import State
    from runbook.store.folder import Incident
    from runbook.store.incidents import Home
    from runbook.store.settings import Settings
    from runbook.store.summaries import Summary


RECENT = 3


class Left(Exception):
    """The person left before anything was begun."""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident of this site that has not ended: its id and its state."""

    id: str
    state: State


def asked(at: Keyboard, prompt: Prompt) -> str:
    """One answer before the incident exists. Raises Left for q, Ctrl-C and the end of input."""
    while True:
        reply = at.human.ask(prompt)
        if isinstance(reply, Answer):
            return reply.text
        if isinstance(reply, Gone) or (isinstance(reply, Key) and reply.letter == "q"):
            raise Left


def who(at: Keyboard, given: str | None, settings: Settings, site: Site) -> str:
    """Who is here: `--as`, RUNBOOK_USER, else asked once with the last name as default; matched to the roster."""
    default = settings.load().user or login_name()
    name = given or os.environ.get("RUNBOOK_USER", "")
    if not name and at.terminal:
        name = asked(at, Prompt("text", "who", _("Who are you?"), keys="q", default=default or None))
    elif not name:
        name = default
        at.human.tell(_("You are: {name} (--as NAME to change it)").format(name=name))
    found = _on_roster(at, name.strip() or default, site.roster)
    settings.remember_user(found)
    return found


def login_name() -> str:
    """The account's name, as a guess at who is here."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "technician"


def _on_roster(at: Keyboard, name: str, roster: Sequence[str]) -> str:
    folded = {entry.casefold(): entry for entry in roster}
    if not roster or name.casefold() in folded:
        return folded.get(name.casefold(), name)
    near = get_close_matches(name.casefold(), folded, 1)
    at.human.tell(
        _("{name} is not on the roster of this site.").format(name=name)
        + (" " + _("Did you mean {near}?").format(near=folded[near[0]]) if near else "")
    )
    return name


def reported(at: Keyboard, given: str | None, now: datetime, site: Site, *, guess: str = "") -> tuple[datetime, str]:
    """When the fault was reported: `--reported`, else asked with now as default; and whether it was typed. Raises E-VALUE.

    Behind a pipe it is now; with a `guess`, which is then the default, it is asked there, too.
    """
    question = (
        _("When was the fault reported? (02:51; -20m)")
        if guess
        else _("When was the fault reported? (Enter: now; 02:51; -20m)")
    )
    while True:
        text = (
            given
            if given is not None
            else asked(at, Prompt("text", "reported", question, keys="q", default=guess or "now"))
            if at.terminal or guess
            else "now"
        )
        try:
            moment = reported_time(text, now, site.zone)
        except ValueError as error:
            if given is not None:
                raise RunbookError(
                    "E-VALUE",
                    where="--reported",
                    expected=error,
                    found=given,
                    next="--reported 02:51   or   --reported -20m",
                ) from None
            at.human.tell(str(error))
            continue
        typed = text.strip() not in ("", "now")
        at.human.tell(
            _("Fault reported: {at}, {ago} ago").format(at=local_text(moment, site.zone), ago=span(now - moment))
        )
        return moment, "typed" if typed else "default"


def inputs(at: Keyboard, plan: Playbook, site: Site, given: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Every input of the plan: its value and how it came (set | asked | default), checked when answered. Raises E-VALUE."""
    # An input of a playbook that the plan leads to may be set too: it is not asked for on entering that one.
    declared_anywhere = {
        name: entry for header in (*plan.others.values(), plan.header) for name, entry in header.inputs.items()
    }
    unknown = sorted(set(given) - set(declared_anywhere))
    if unknown:
        near = get_close_matches(unknown[0], declared_anywhere, n=1)
        known = ", ".join(declared_anywhere) or _("none")
        raise RunbookError(
            "E-VALUE",
            where="--set",
            expected=_("one of the plan's inputs ({known})").format(known=known),
            found=unknown[0],
            next=f"--set {near[0]}={given[unknown[0]]}" if near else f"runbook show {plan.id}",
        )
    found: dict[str, tuple[str, str]] = {}
    for name, text in given.items():
        try:
            found[name] = answered(declared_anywhere[name], text, site), "set"
        except ValueError as error:
            raise RunbookError(
                "E-VALUE",
                where=f"--set {name}",
                expected=error,
                found=text,
                next=f"--set {name}={declared_anywhere[name].default or 'VALUE'}",
            ) from None
    for name, declared in plan.header.inputs.items():
        if name not in found:
            found[name] = _input(at, name, declared, site)
    return found


def _input(at: Keyboard, name: str, declared: Input, site: Site) -> tuple[str, str]:
    if not at.terminal and declared.default is not None:
        at.human.tell(f"{declared.ask.pick()} {declared.default} (--set {name}=...)")
        return declared.default, "default"
    while True:
        if declared.choices:
            choices = tuple(Choice(value, value) for value in declared.choices)
            prompt = Prompt(
                "choice", f"inputs.{name}", declared.ask.pick(), choices, keys="q", default=declared.default
            )
        else:
            prompt = Prompt("text", f"inputs.{name}", declared.ask.pick(), keys="q", default=declared.default)
        answer = asked(at, prompt)
        try:
            value = answered(declared, answer, site)
        except ValueError as error:
            at.human.tell(_("{expected}, found {found!r}.").format(expected=error, found=answer))
            continue
        return value, "default" if answer == declared.default else "asked"


def earlier(home: Home, known: Sequence[Summary], plan: Playbook) -> tuple[list[Summary], dict[str, str]]:
    """Of the incidents that are known, the last of this plan, and after which step service was back in each."""
    from runbook.model.naming import helped

    same = [summary for summary in known if summary.opened and summary.opened.plan == plan.id][:RECENT]
    return same, {each.id: helped(plan, home.open(each.id).state()) for each in same}


def open_incidents(home: Home, known: Sequence[Summary], site: Site) -> list[OpenIncident]:
    """The incidents of this site that have not ended, the newest first. Of those that cannot be read it is said how to go on."""
    from runbook.store.notices import Notice

    found = []
    for summary in known:
        if summary.state == "unreadable":
            home.notices(Notice("unreadable", summary.id))
        if summary.state in ("closed", "aborted") or summary.opened is None or summary.opened.site != site.name:
            continue
        state = home.open(summary.id).state()
        if state.status == "open" or state.open_debts or state.unknown:
            found.append(OpenIncident(summary.id, state))
    return found


def made(
    home: Home, site: Site, seen: set[str], create: Callable[[], Incident], *, practice: bool
) -> Incident | list[OpenIncident]:
    """A new incident; or those of this site that somebody else began meanwhile, besides the `seen`, and then none is made."""
    with home.making():
        begun = open_incidents(home, [each for each in home.list(practice) if each.id not in seen], site)
        return begun or create()


def go_on_or_new(at: Keyboard, found: Sequence[OpenIncident], clock: Clock, plan: str, new: bool) -> str:
    """The id to go on with, or nothing for a new, separate fault. Raises E-INCIDENT-OPEN where nobody can be asked."""
    from runbook.ui.open_incidents import lines

    first = found[0]
    at.human.tell(*(line for each in found for line in lines(each.id, each.state, each.state.now(clock))))
    if new:
        return ""
    if not at.terminal:
        raise RunbookError("E-INCIDENT-OPEN", name=first.id, plan=plan)
    choices = (
        *(Choice(each.id, _("go on with {incident}").format(incident=each.id)) for each in found[:5]),
        Choice("new", _("a new, separate fault")),
    )
    answer = asked(at, Prompt("choice", "open-incident", _("An incident of this site is open."), choices, keys="q"))
    return "" if answer == "new" else answer


def carried(found: Sequence[OpenIncident]) -> list[dict[str, str]]:
    """The acts of other incidents whose end nobody knows: the new incident refuses to repeat them until they are answered."""
    from runbook.model.events import ActionIntended

    acts = []
    for each in found:
        for step in each.state.unknown:
            intent = step.intent.event if step.intent else None
            if isinstance(intent, ActionIntended):
                acts.append(
                    {
                        "incident": each.id,
                        "step": step.id,
                        "kind": intent.kind,
                        "act": intent.act,
                        "act_sha256": intent.act_sha256,
                        "target": intent.target,
                    }
                )
    return acts
