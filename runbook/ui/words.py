"""Codes of the journal in words for people."""

from __future__ import annotations

from datetime import datetime

from runbook.model.playbook import Playbook
from runbook.model.state import Debt, State
from runbook.model.text import N_, _
from runbook.model.units import span

PHASES = {
    "scope": N_("scope"),
    "diagnose": N_("diagnose"),
    "contain": N_("contain"),
    "remediate": N_("remediate"),
    "verify": N_("verify"),
    "restore": N_("restore"),
    "close": N_("close"),
}
MODES = {
    "live": "",
    "lab": N_("LAB"),
    "drill": N_("DRILL"),
}
STATUS = {
    "open": N_("open"),
    "recovered": N_("recovered"),
    "closed": N_("closed"),
    "aborted": N_("aborted"),
}
DEBTS = {
    "emergency_lines": N_("the hotline is on the emergency lines"),
    "manual_tickets": N_("tickets written by hand are not all entered"),
}
BY = {
    "machine": N_("by machine"),
    "person": N_("by a person"),
    "paper": N_("from paper"),
}
ANSWERS = {
    "reached": N_("reached"),
    "nobody": N_("nobody was reached"),
    "done": N_("done"),
    "not_done": N_("not done"),
    "could_not": N_("could not be done"),
    "error": N_("could not be done"),
    "not_needed": N_("not needed"),
    "not_sure": N_("not sure"),
    "unknown": N_("unknown"),
    "refused": N_("refused"),
    "confirmed": N_("confirmed"),
    "told": N_("told"),
    "not_all": N_("not all were told"),
    "by_hand": N_("by hand"),
    "not_possible": N_("not possible"),
    "complete": N_("all are entered"),
    "missing": N_("some are missing"),
    "later": N_("later"),
}
PAUSES = {
    "key": N_("key q"),
    "end_of_input": N_("the input ended"),
    "hangup": N_("the window was closed"),
    "terminate": N_("the program was told to end"),
    "interrupt": N_("Ctrl-C"),
    "not_answered": N_("there was no answer"),
    "not_confirmed": N_("nobody at a terminal confirmed the act"),
    "failure_menu": N_("after a failure"),
}
PURPOSES = {
    "step": N_("read"),
    "before": N_("read before the act"),
    "verify": N_("read to verify"),
    "unknown": N_("read because the end is unknown"),
    "again": N_("read again"),
    "wait": N_("read while waiting"),
}


def word(words: dict[str, str], code: str) -> str:
    """The word for a code; the code itself where this version has none."""
    return _(words[code]) if words.get(code) else code


def mark(mode: str) -> str:
    """What marks practice on every status line; nothing for a live incident."""
    return _(MODES[mode]) if MODES.get(mode) else ""


def title_of(plan: Playbook | None, step: str) -> str:
    """A step's title, its id where the plan does not have it."""
    if plan is not None and plan.has(step):
        return " ".join(plan.step(step).title.pick().split())
    return step


def numbered(plan: Playbook | None, step: str) -> str:
    """A step as `[4] title`."""
    number = f"[{plan.step(step).number}] " if plan is not None and plan.has(step) else ""
    return number + title_of(plan, step)


def answer_of(plan: Playbook | None, step: str, answer: str) -> str:
    """What a person answered, in the words that were on the screen where the plan has them."""
    if plan is not None and plan.has(step):
        for option in getattr(plan.step(step).sample, "choices", ()):
            if getattr(option, "id", "") == answer:
                return str(option.label)
    return word(ANSWERS, answer)


def debt_line(debt: Debt, plan: Playbook | None, now: datetime) -> str:
    """One open debt: what it is, for how long, and which step opened it."""
    return _("OPEN for {age}: {what} (since step {step})").format(
        age=span(now - debt.since), what=word(DEBTS, debt.kind), step=title_of(plan, debt.step)
    )


def debts_lines(state: State, plan: Playbook | None, now: datetime) -> list[str]:
    """Every open debt, oldest first; nothing when there is none."""
    return [debt_line(debt, plan, now) for debt in sorted(state.open_debts, key=lambda debt: debt.since)]


def open_items(state: State, plan: Playbook | None, now: datetime) -> list[str]:
    """Open debts and acts whose end nobody knows; nothing when there is none."""
    unknown = [
        _("UNKNOWN: {title}: nobody knows how it ended").format(title=title_of(plan, step.id)) for step in state.unknown
    ]
    return [*debts_lines(state, plan, now), *unknown]


def helped(state: State, plan: Playbook | None) -> str:
    """The step after which a person said that service was back; empty when nobody did."""
    found = [step.id for step in state.steps.values() if step.recovery == "yes"]
    return title_of(plan, found[-1]) if found else ""
