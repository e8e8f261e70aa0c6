"""What steps, inputs, answers and conditions are called. Without the plan (it cannot be read, or another version wrote it) the ids stand."""

from __future__ import annotations

from collections.abc import Callable

from runbook.model.playbook import Playbook
from runbook.model.state import State
from runbook.model.words import word


def title_of(plan: Playbook | None, step: str) -> str:
    """A step's title on one line, its id where the plan does not have it."""
    return " ".join(plan.step(step).title.pick().split()) if plan and plan.has(step) else step


def numbered(plan: Playbook | None, step: str) -> str:
    """A step as `[4] title`."""
    number = f"[{plan.step(step).number}] " if plan and plan.has(step) else ""
    return number + title_of(plan, step)


def answer_of(plan: Playbook | None, step: str, answer: str) -> str:
    """What a person answered, in the words that were on the screen where the plan has them."""
    choices = getattr(plan.step(step).sample, "choices", ()) if plan and plan.has(step) else ()
    return next((str(option.label) for option in choices if option.id == answer), word(answer, "answer"))


def question_of(plan: Playbook | None, name: str) -> str:
    """What an input asks, its name where the plan does not have it."""
    headers = (plan.header, *plan.others.values()) if plan else ()
    return next((header.inputs[name].ask.pick() for header in headers if name in header.inputs), name)


def offer_of(plan: Playbook | None, name: str) -> str:
    """What an offer says (`N`, or `PLAN:N` of another playbook), its name where the plan does not have it."""
    owner, _colon, number = name.rpartition(":")
    known = plan is not None and (not owner or owner in plan.others)
    offers = plan.header_of(owner).offers if plan and known else ()
    found = number.isdecimal() and 0 < int(number) <= len(offers)
    return " ".join(offers[int(number) - 1].title.pick().split()) if found else name


def condition_of(plan: Playbook | None, found: str, called: Callable[[str], str]) -> str:
    """What stood against a step's condition (`sign-in: fails/passed`, `inputs.loud: in-words`), in words; `called` names a step."""
    what, _colon, values = found.partition(": ")
    if what.startswith("inputs."):
        return f"{question_of(plan, what.removeprefix('inputs.'))} {values}"
    if not plan or not plan.has(what):
        return found
    said = [word(answer_of(plan, what, value), "outcome") for value in values.split("/")]
    return f"{called(what)}: {', '.join(said)}"


def helped(plan: Playbook | None, state: State) -> str:
    """The step after which a person said that service was back; empty when nobody did."""
    found = [step.id for step in state.steps.values() if step.recovery == "yes"]
    return title_of(plan, found[-1]) if found else ""
