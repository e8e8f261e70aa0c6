"""The plan: a playbook with its blocks put in place, as the engine walks it and `runbook show` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from runbook.model.kind import Kind
from runbook.model.ports import JSON
from runbook.model.schema import Duration, Id, Model, OneOrMore, Sentence, StepId
from runbook.model.step import CommonKeys, Target
from runbook.model.text import ExpectedError, Text, _

SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4", "SEV5")
Severity = Literal["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"]
InputType = Literal["text", "integer", "duration", "time", "choice", "host", "seat", "seats", "line", "contact"]


class Input(Model):
    """A value that the plan asks for before step 1."""

    type: InputType
    """text integer duration time choice host seat seats line contact"""
    ask: Sentence
    """The question."""
    default: str | None = None
    """What Enter alone gives."""
    choices: tuple[str, ...] = ()
    """The choices of a `choice`."""
    note: Sentence | None = None
    """What is not in the source document."""


class Recovered(Model):
    """The plan's one test of success."""

    ask: Sentence
    """The question that a person answers."""
    then: str
    """Where a yes goes: a step id or `end`."""


When = dict[str, Annotated[tuple[str, ...], OneOrMore]]


class Raise(Model):
    """When the severity of the incident rises."""

    to: Severity
    """The severity that it rises to."""
    when: When
    """Conditions on steps or inputs; all must hold."""


class Offer(Model):
    """A way out that is offered when it is due, and never taken by itself."""

    after: Duration
    """How long after `since` it is due."""
    since: Literal["reported"] | StepId = "reported"
    """From where the time counts: the report of the fault, or the end of a step."""
    when: When = Field(default_factory=dict)
    """Conditions on steps or inputs; all must hold."""
    title: Sentence
    """What is offered, verb first."""
    note: Sentence | None = None
    """What is not in the source document."""
    go: Target | None = None
    """Where the walk goes: a later step, `end`, or `{playbook: ID, at: STEP}`."""
    start: Id | None = None
    """The playbook of a linked incident that is opened beside this one."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.go is None) == (self.start is None):
            raise ExpectedError(_("expected either `go` or `start`"))
        return self


class ClockRule(Model):
    """Which service-level clocks run."""

    scheme: Id
    """A file of playbooks/schemes."""
    level: str
    """The level inside the scheme."""
    from_: Literal["reported"] = Field(default="reported", alias="from")
    """Where the clocks begin."""


class Header(Model):
    """The keys of a playbook above its steps."""

    runbook: Literal["1"]
    """The version of the language."""
    id: Id
    """The playbook's name; the file is ID.yaml."""
    version: str
    """The plan's own version."""
    title: Sentence
    """What has happened, as people say it."""
    source: str = ""
    """The document and chapter it comes from."""
    severity: Severity
    """SEV1 (callers cannot get through) to SEV5."""
    use_when: Sentence
    """When this is the right plan."""
    not_when: Sentence | None = None
    """When it is not, and which one is."""
    impact: Sentence
    """Who is affected."""
    clocks: ClockRule | None = None
    """The service-level clocks."""
    inputs: dict[Id, Input] = Field(default_factory=dict)
    """Values asked before step 1."""
    recovered: Recovered
    """The plan's one test of success."""
    raise_: Annotated[Raise | None, Field(alias="raise")] = None
    """When the severity of the incident rises."""
    offers: tuple[Offer, ...] = ()
    """Ways out that are offered when they are due."""


class BlockHeader(Model):
    """The keys of a block above its steps."""

    block: Literal["1"]
    """The version of the language."""
    id: Id
    """The block's name; the file is blocks/ID.yaml."""
    title: Sentence
    """What the block does."""
    source: str = ""
    """The document and chapter it comes from."""
    inputs: dict[Id, Input] = Field(default_factory=dict)
    """Values that `with:` gives."""
    exits: dict[Id, Sentence] = Field(default_factory=dict)
    """Ways out of the block besides its end, each with what it means. A `next` inside the block may name one; the `use` step says
    where it goes."""


class Together(Model):
    """`together`: branches that are walked at the same time. It ends when all have ended, with the worst outcome."""

    branches: dict[Id, tuple[str, ...]]
    """The branches by name, each with the ids of its steps."""


class WaitFor(Model):
    """`wait_for`: keep taking a reading until it passes or the limit is over."""

    until: dict[str, JSON]
    """The reading, a kind with its fields."""
    and_: Literal["recovered"] | None = Field(default=None, alias="and")
    """With `recovered`, green counts only when the person says that service is back."""
    limit: Duration
    """How long, from the end of `since`; at the limit it expires."""
    since: StepId | None = None
    """The step from whose end the limit counts; without it, this step's own start."""
    every: Duration = timedelta(seconds=5)
    """How often the reading is taken."""
    hold: Duration | None = None
    """How long it must stay green."""


@dataclass(frozen=True)
class Step:
    """One line of the walk. `id` is `STEP/ID` inside a block. `body` is the kind's raw text tree, references and all:
    `runbook.steps.bind` replaces the references and validates it, so that no kind ever holds one. `written` is the whole step
    like that; in `keys` and `sample` a sample stands where a reference was. `lane` is `STEP/BRANCH` for a step inside a branch of
    the `together` step STEP. `plan` is the playbook it belongs to where that is another one than the walk began with: its id is
    then `PLAN:ID`, so that two plans never share a step."""

    number: int
    id: str
    keys: CommonKeys
    kind: str
    body: Mapping[str, JSON]
    sample: Kind | WaitFor | Together
    block: str = ""
    written: Mapping[str, JSON] = field(default_factory=dict)
    lane: str = ""
    plan: str = ""

    @property
    def title(self) -> Text:
        return self.keys.title

    @property
    def changes(self) -> bool:
        """Whether it changes the world."""
        return isinstance(self.sample, Kind) and self.sample.changes()

    @property
    def reads(self) -> bool:
        """Whether the machine only reads."""
        if not isinstance(self.sample, Kind):
            return isinstance(self.sample, WaitFor)
        return self.sample.GROUP != "people" and not self.sample.changes()

    @property
    def opens(self) -> str:
        return self.sample.opens() if isinstance(self.sample, Kind) else ""


@dataclass(frozen=True)
class Playbook:
    """A playbook ready to be walked: header, steps in order with blocks in place, and the files it came from.

    `others`: the headers of the playbooks that its targets lead to, by id; their steps stand behind its own, with `Step.plan`.
    `beside`: the playbooks that its offers start as linked incidents, by id.
    """

    header: Header
    steps: tuple[Step, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    origin: str = ""
    others: Mapping[str, Header] = field(default_factory=dict)
    beside: Mapping[str, Playbook] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {step.id: n for n, step in enumerate(self.steps)})

    @property
    def id(self) -> str:
        return self.header.id

    def index(self, step: str) -> int:
        """The position of a step id, or of the first step of a block used as `step`. Raises KeyError."""
        index: dict[str, int] = self.__dict__["_index"]
        if step in index:
            return index[step]
        for name, position in index.items():
            if name.startswith(step + "/"):
                return position
        raise KeyError(step)

    def step(self, step: str) -> Step:
        return self.steps[self.index(step)]

    def has(self, step: str) -> bool:
        try:
            self.index(step)
        except KeyError:
            return False
        return True

    @property
    def own(self) -> tuple[Step, ...]:
        """Its own steps, without those of the playbooks that it leads to."""
        return tuple(step for step in self.steps if not step.plan)

    def header_of(self, plan: str) -> Header:
        """The header of the playbook `plan` of this walk; its own for an empty name."""
        return self.others[plan] if plan and plan != self.id else self.header

    def later(self, step: str) -> tuple[Step, ...]:
        """The steps of the same playbook after `step`, those inside branches left out."""
        here = self.steps[self.index(step)]
        return tuple(
            other for other in self.steps[self.index(step) + 1 :] if other.plan == here.plan and other.lane == here.lane
        )


def references(tree: Any) -> list[str]:
    """Every reference (`$inputs.x`, `$site.host.address`, `$steps.id.value`) in a raw text tree."""
    if isinstance(tree, str):
        return [tree[1:]] if tree.startswith(("$inputs.", "$site.", "$steps.")) else []
    if isinstance(tree, Mapping):
        return [found for value in tree.values() for found in references(value)]
    if isinstance(tree, (list, tuple)):
        return [found for value in tree for found in references(value)]
    return []


def replaced(tree: JSON, values: Mapping[str, str]) -> JSON:
    """The tree with every reference replaced by its value's text. A value is data: it is never looked at again."""
    if isinstance(tree, str):
        return values[tree[1:]] if tree[1:] in values and tree.startswith("$") else tree
    if isinstance(tree, Mapping):
        return {key: replaced(value, values) for key, value in tree.items()}
    if isinstance(tree, list):
        return [replaced(value, values) for value in tree]
    return tree
