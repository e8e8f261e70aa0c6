"""What a kind gets from the walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from runbook.engine.at_once import R, T, at_once
from runbook.model.events import Event
from runbook.model.ports import World
from runbook.model.prompts import Prompt
from runbook.model.site import Site
from runbook.model.step import CommonKeys

if TYPE_CHECKING:
    from runbook.engine.context import Context


@dataclass(frozen=True, slots=True)
class KindPorts:
    """What a kind gets: the world, the site, its step, and questions that serve the keys. Satisfies `StepPorts`."""

    context: Context
    step: CommonKeys
    step_id: str
    keys: str

    @property
    def world(self) -> World:
        return self.context.ports.world

    @property
    def site(self) -> Site:
        return self.context.site

    @property
    def timeout_s(self) -> float | None:
        return self.step.timeout.total_seconds() if self.step.timeout else None

    def ask(self, prompt: Prompt) -> str:
        name = (
            self.step_id + prompt.name.removeprefix(self.step.id)
            if prompt.name.startswith(self.step.id)
            else prompt.name
        )
        return self.context.ask(replace(prompt, name=name), self.keys)

    def tell(self, *lines: str) -> None:
        self.context.ports.human.tell(*lines)

    def at_once(self, run: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) > 1:
            self.world.secrets.ready()
        return at_once(run, items)

    def since(self, what: str) -> datetime:
        return self.context.since(what)

    def evidence(self, step: str) -> tuple[str, ...]:
        return self.context.state.step(step).evidence

    def away(self) -> tuple[tuple[str, str], ...]:
        return self.context.state.away(self.step.closes, self.step_id) if self.step.closes else ()

    def told(self) -> tuple[str, ...]:
        return self.context.state.told

    def record(self, event: Event) -> None:
        named = replace(event, step=self.step_id) if hasattr(event, "step") else event  # type: ignore[call-arg]
        self.context.record(named)
