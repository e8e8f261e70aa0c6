"""What a step is: its common keys, what a kind promises, and what a kind gives back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from runbook.model.outcome import Expectation
from runbook.model.ports import JSON
from runbook.model.schema import Count, Duration, Id, Model, OneOrMore, Sentence, StepId, Whole, YesNo

PHASES = ("scope", "diagnose", "contain", "remediate", "verify", "restore", "close")
Phase = Literal["scope", "diagnose", "contain", "remediate", "verify", "restore", "close"]


class ApprovalRule(Model):
    """Who must say yes to the exact act before it is done."""

    by: Id
    """The contact who approves."""
    or_: Annotated[Id | None, Field(alias="or")] = None
    """The contact who approves when `by` cannot be reached."""
    covers: tuple[StepId, ...] = ()
    """Further steps whose acts are read aloud in the same call; each is recorded and expires alone."""


class Verify(Model):
    """The reading that says whether the action worked, and how long it may take."""

    reading: dict[str, JSON]
    """The reading, a kind with its fields."""
    within: Duration = timedelta(seconds=30)
    """How long to wait for it to hold."""
    every: Duration = timedelta(seconds=2)
    """How often it is read."""


def _verify(value: Any) -> Any:
    if isinstance(value, Mapping) and "reading" not in value:
        known = {k: v for k, v in value.items() if k in ("within", "every")}
        return {"reading": {k: v for k, v in value.items() if k not in known}, **known}
    return value


def verify_of(tree: Any) -> Verify:
    """A `verify` as a file has it, `{kind: {...}, within: 5m}`, references already replaced. Raises pydantic.ValidationError."""
    return Verify.model_validate(_verify(tree))


class Manual(Model):
    """The step's form where the tool cannot do it: what the person does or reads there."""

    do: Sentence
    """What to do or read by hand."""


class Jump(Model):
    """A target in another playbook. The incident, its clocks, debts and inputs of the same name go on there."""

    playbook: Id
    """The playbook's id."""
    at: StepId
    """A step of it that has `entry: yes`."""


def _target(value: Any) -> Any:
    """A target as one text: `PLAYBOOK:STEP` where it is in another playbook."""
    if isinstance(value, Mapping):
        jump = Jump.model_validate(value)
        return f"{jump.playbook}:{jump.at}"
    return value


Target = Annotated[
    str,
    BeforeValidator(_target),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"playbook": {"type": "string"}, "at": {"type": "string"}},
                    "required": ["playbook", "at"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Repeatable(Model):
    """A step that may be entered again, and how often."""

    at_most: Count
    """How often the step may be entered again."""


class CommonKeys(Model):
    """The keys that every step may have."""

    id: StepId
    """The step's name inside its plan."""
    title: Sentence
    """One thing to do or to know, as a sentence."""
    phase: Phase = "diagnose"
    """scope diagnose contain remediate verify restore close"""
    why: Sentence | None = None
    """Why the step is there: shown by the key ?."""
    say: Sentence | None = None
    """The sentence for the phone: shown by the key p and in every call."""
    note: Sentence | None = None
    """What is not in the source document."""
    role: Id | None = None
    """Whose duty the step is."""
    first: YesNo = False
    """Boxed on the first screen; at most three of a plan."""
    entry: YesNo = False
    """Whether another playbook may come in here."""
    when: dict[str, Annotated[tuple[str, ...], OneOrMore]] = Field(default_factory=dict)
    """Conditions on earlier steps or inputs; all must hold, else the step is not taken."""
    expect: dict[str, Expectation] = Field(default_factory=dict)
    """What the reading's values must be."""
    next: dict[Literal["passed", "warned", "failed", "expired", "unreachable", "skipped"], Target] = Field(
        default_factory=dict
    )
    """Where an outcome goes: a step id, `continue`, `end`, an exit of the block, or `{playbook: ID, at: STEP}`."""
    repeatable: Repeatable | None = None
    """How often the step may be entered again."""
    timeout: Duration | None = None
    """How long one attempt may take."""
    retries: Whole = Field(default=0, ge=0, le=10)
    """How often a reading that failed is taken again before it counts."""
    approval: ApprovalRule | None = None
    """Who must approve the act."""
    verify: Annotated[Verify, BeforeValidator(_verify)] | None = None
    """How the tool sees that the action worked."""
    undo: Sentence | None = None
    """How the action is taken back, as a sentence."""
    closes: StepId | None = None
    """The step whose debt this one closes. It is taken exactly while that debt is open."""
    recovery_test: YesNo = False
    """Whether the plan's `recovered` question is asked after this step."""
    manual: Manual | None = None
    """The step's form by hand; without it the kind's own is used."""
