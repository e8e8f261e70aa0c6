"""Readings: ask, judge by `expect`, repeat, and turn into the manual form where the question could not be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from runbook.engine import laptop, present, settling
from runbook.engine.asking import FREE
from runbook.engine.context import Context
from runbook.engine.signals import Moved
from runbook.model.events import ReadingTaken, StepFinished
from runbook.model.kind import Kind, Result
from runbook.model.outcome import Expectation, Outcome
from runbook.model.parts import judged
from runbook.model.playbook import Step
from runbook.model.prompts import Prompt
from runbook.model.replies import CannotAskError
from runbook.model.text import _

ANSWERED_BY_NETWORK = ("ping", "mesh", "tcp", "sip", "http", "dns")
ON_THE_WAY = ("resolve", "link", "route", "connect")


@dataclass(frozen=True, slots=True)
class Taken:
    """One reading: its outcome, and why it could not be asked (`phase` empty when it could)."""

    result: Result
    outcome: Outcome
    expected: str
    phase: str = ""


def expected_text(expect: Mapping[str, Expectation]) -> str:
    return "; ".join(f"{name}: {expected.said()}" for name, expected in expect.items())


def measure(context: Context, step: Step, kind: Kind, expect: Mapping[str, Expectation]) -> Taken:
    """Take one reading without recording it. Safe in a thread: it touches nothing but the world."""
    try:
        result = kind.run(context.kind_ports(step))
    except CannotAskError as cannot:
        return Taken(Result("unreachable", found=cannot.detail), "unreachable", expected_text(expect), cannot.phase)
    result = judged(result, expect)
    return Taken(result, result.outcome, expected_text(expect))


def record(context: Context, step: Step, kind: Kind, taken: Taken, purpose: str) -> None:
    """Put one reading into the journal, its raw bytes into the evidence."""
    context.record(recorded(context, step, kind, taken, purpose))


def recorded(context: Context, step: Step, kind: Kind, taken: Taken, purpose: str) -> ReadingTaken:
    """The event of one reading; its raw bytes are put into the evidence."""
    return ReadingTaken(
        step.id,
        context.state.step(step.id).attempt,
        purpose,
        kind.NAME,
        kind.exact(context.site),
        taken.outcome,
        {**taken.result.values},
        taken.expected,
        taken.result.found,
        taken.phase,
        context.keep(taken.result),
        [asdict(part) for part in taken.result.parts],
    )


def take(context: Context, step: Step, kind: Kind, purpose: str, expect: Mapping[str, Expectation]) -> Taken:
    """Take one reading, and record it. While this laptop sees nothing, silence is `unreachable`."""
    with context.ports.human.busy(kind.plan_line(context.site)):
        taken = measure(context, step, kind, expect)
    taken = seen(context, kind, taken)
    record(context, step, kind, taken, purpose)
    return taken


def seen(context: Context, kind: Kind, taken: Taken) -> Taken:
    """What a reading without an answer says: nothing at all (`unreachable`, `link`) when this laptop sees nothing."""
    if in_doubt(kind, taken) and laptop.sees_nothing(context, getattr(kind, "host", "")):
        return replace(taken, outcome="unreachable", phase="link")
    return taken


def in_doubt(kind: Kind, taken: Taken) -> bool:
    """Whether it may be this laptop, not what was asked, from which no answer came."""
    return _silent(kind, taken) or taken.phase in ON_THE_WAY


def _silent(kind: Kind, taken: Taken) -> bool:
    """Whether this laptop asked the network and nothing answered at all: its own cable may be the fault."""
    if kind.NAME not in ANSWERED_BY_NETWORK:
        return False
    if taken.result.parts:
        return all(part.origin == "here" and part.outcome in ("failed", "unreachable") for part in taken.result.parts)
    return taken.outcome == "failed" and getattr(kind, "from_", "here") == "here"


def read(context: Context, step: Step, kind: Kind) -> None:
    """A reading step, from Enter to its outcome."""
    context.ask(Prompt("go", step.id, _("Enter reads it.")), FREE)
    taken = take(context, step, kind, "step", step.keys.expect)
    for _again in range(step.keys.retries):
        if taken.outcome != "failed":
            break
        taken = take(context, step, kind, "step", step.keys.expect)
    if needs_person(step, taken):
        elsewhere(context, step, kind, taken)
    else:
        context.record(outcome_of(context, step, kind, taken))


def needs_person(step: Step, taken: Taken) -> bool:
    """Whether the question could not be asked from here, so that a person reads it."""
    return taken.outcome == "unreachable" and "unreachable" not in step.keys.next


def elsewhere(context: Context, step: Step, kind: Kind, taken: Taken) -> None:
    """The person reads what could not be asked from here, unless the site file knows better by now: then it is asked anew."""
    if taken.phase == "link":
        laptop.ask_own_cable(context)
    elif present.taken(context, step):
        raise Moved
    context.ports.human.tell(_("This could not be asked: {reason}").format(reason=taken.result.found))
    settling.manual_reading(context, step, kind)


def outcome_of(context: Context, step: Step, kind: Kind, taken: Taken) -> StepFinished:
    """The event with which a reading gives its step the outcome."""
    return context.finished(
        step,
        taken.outcome,
        "machine",
        "read",
        values=taken.result.values,
        expected=taken.expected,
        found=taken.result.found,
        ran=kind.exact(context.site),
    )
