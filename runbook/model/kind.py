"""What a kind promises, what it gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from runbook.model.outcome import Outcome, Scalar
from runbook.model.ports import World
from runbook.model.prompts import Prompt
from runbook.model.schema import Model
from runbook.model.site import Site
from runbook.model.step import CommonKeys

Group = Literal["reading", "action", "people"]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Part:
    """One of several things that a reading asked: a host of `hosts`, a cell of a `mesh`.

    name: the host, `host:port` for a port. origin: from where it was asked (`here`, or a machine of the site). outcome: `passed
    warned failed unreachable`. found: one short line.
    """

    name: str
    outcome: Outcome
    found: str = ""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    origin: str = "here"


@dataclass(frozen=True, slots=True)
class Result:
    """What a kind found or did.

    outcome: the kind's own verdict (`expect` may change it for readings). values: by name, with the unit in the name.
    found: one short line with the value, in codes and numbers. answer: what a person chose or typed. raw: remote bytes to keep.
    ended: for actions, how the act itself ended (`done error unknown not_sent`). reason: what a person typed. parts: what each
    of several things that were asked said.
    """

    outcome: Outcome
    values: Mapping[str, Scalar] = field(default_factory=dict)
    found: str = ""
    answer: str = ""
    raw: tuple[tuple[str, bytes], ...] = ()
    ended: Literal["", "done", "error", "unknown", "not_sent"] = ""
    reason: str = ""
    parts: tuple[Part, ...] = ()


class StepPorts(Protocol):
    """What a kind's `run` may use. `ask` and `tell` go through the engine, which serves the keys."""

    @property
    def world(self) -> World: ...

    @property
    def site(self) -> Site: ...

    @property
    def step(self) -> CommonKeys: ...

    @property
    def timeout_s(self) -> float | None: ...

    def ask(self, prompt: Prompt) -> str:
        """The person's answer. Keys that leave the step, and the end of input, raise through the kind to the engine."""
        ...

    def tell(self, *lines: str) -> None: ...

    def record(self, event: Any) -> None:
        """Append an event of people (`PersonTold`, `TicketsCounted`) while the step runs."""
        ...

    def at_once(self, run: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """`run` for every item, all at the same time as far as this machine allows; the results in the items' order."""
        ...

    def since(self, what: str) -> datetime:
        """The time of `reported`, or of the end of the step `what`. Raises CannotAskError when there is none yet."""
        ...

    def evidence(self, step: str) -> tuple[str, ...]:
        """The names of what an earlier step put into the evidence, with the beginning of each SHA-256."""
        ...

    def away(self) -> tuple[tuple[str, str], ...]:
        """Who was borrowed or moved by the step that this one closes and is not back yet: each name with the place."""
        ...

    def told(self) -> tuple[str, ...]:
        """The contacts that were told something in this incident, each once, in order."""
        ...


class Kind(Model):
    """Base of the leaf kinds. One file in `steps/` defines one subclass; everything else is derived from it.

    NAME is the step's own key; GROUP says whether it reads, changes the world, or is people's; OPENS is what it leaves open.
    SPOKEN: an act that a person does by telephone, still confirmed by typing the step's number.
    VERIFIES_ITSELF: an action that ends with its own test, so it needs no `verify`. NEEDS_APPROVAL: an action that somebody must
    allow. JUDGES: whether a reading's `failed` is a fault that was found, which the plan has to send somewhere; a reading that
    only keeps something fails as an action does. KEEPS_EVIDENCE: whether it puts what machines wrote into the evidence.
    DELEGATES: its `run` passes a question on to somebody, and `answer` takes the answer when it comes. VALUES: name -> doc of
    each value. EXAMPLE: a minimal body.
    """

    NAME: ClassVar[str]
    GROUP: ClassVar[Group]
    SPOKEN: ClassVar[bool] = False
    VERIFIES_ITSELF: ClassVar[bool] = False
    JUDGES: ClassVar[bool] = True
    NEEDS_APPROVAL: ClassVar[bool] = True
    KEEPS_EVIDENCE: ClassVar[bool] = True
    DELEGATES: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {}
    EXAMPLE: ClassVar[Mapping[str, Any]] = {}

    def plan_line(self, site: Site) -> str:
        """What will be run or asked, exactly, in one line: for the screen, `runbook show` and the paper form."""
        raise AssertionError(f"{type(self).__name__} has no plan line")

    def exact(self, site: Site) -> str:
        """What is asked or done, the same in every language: what the journal keeps, and what an approval is hashed over."""
        fields = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return " ".join([self.NAME, *(f"{name}={value}" for name, value in fields.items())])

    def problems(self, site: Site | None) -> list[tuple[str, str]]:
        """(field, sentence) for each name that the site does not have."""
        return []

    def act(self, site: Site) -> str:
        """The rendered act of an action: what is approved, hashed and journalled. Empty for all others."""
        return ""

    def target(self, site: Site) -> str:
        """Where the act happens, for refusing it elsewhere while its end is unknown: `host:cti`, `line:hotline`."""
        return ""

    def changes(self) -> bool:
        """Whether this body changes the world (a `service` with `do: status` does not)."""
        return self.GROUP == "action"

    def afterwards(self, site: Site) -> Kind | None:
        """The reading that tells most of this act when nobody knows how it ended; None when there is none beside its `verify`."""
        return None

    def opens(self) -> str:
        """What it leaves open until a closing step: `emergency_lines`, `manual_tickets`, or nothing."""
        return ""

    def closes_only(self) -> bool:
        """Whether this body makes sense only at a step with `closes`."""
        return False

    def manual_form(self, site: Site) -> str:
        """What a person does or reads instead, in one sentence."""
        raise AssertionError(f"{type(self).__name__} has no manual form")

    def stands(self) -> bool:
        """Whether the walk stands at a question that was passed on until its answer is there."""
        return False

    def answer(self, ports: StepPorts) -> Result:
        """The answer to what `run` passed on, as a person types it."""
        raise AssertionError(f"{type(self).__name__} passes nothing on")

    def run(self, ports: StepPorts) -> Result:
        """Ask or act. Raises CannotAskError while it is certain that nothing was changed."""
        raise AssertionError(f"{type(self).__name__} has no run")
