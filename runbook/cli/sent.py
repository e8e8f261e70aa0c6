"""The words that a step would send over SSH: its own code runs against a world that writes down and refuses everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from runbook.model.kind import Kind, StepPorts
from runbook.model.machine import Host
from runbook.model.ports import World
from runbook.model.prompts import Prompt
from runbook.model.remote import command_line
from runbook.model.replies import CannotAskError
from runbook.model.site import Site
from runbook.model.step import CommonKeys

T = TypeVar("T")
R = TypeVar("R")


def words_sent_by(kind: Kind, keys: CommonKeys, site: Site) -> list[str]:
    """Each command line with the account and the address, in order, once. Nothing is sent: nothing here can reach anything."""
    if kind.GROUP == "people" or kind.SPOKEN:
        return []
    world = _Refusing()
    # Every question ends refused; what was to be sent is written down by then.
    with suppress(CannotAskError, LookupError, ValueError):
        kind.run(cast("StepPorts", _Ports(cast("World", world), site, keys)))
    return list(dict.fromkeys(world.sent))


class _Refusing:
    """A world in which every port refuses; a command that was to run on a host is written down."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def __getattr__(self, _port: str) -> _Refusing:
        return self

    def __call__(self, *given: Any, **_more: Any) -> Any:
        if len(given) > 1 and isinstance(given[0], Host) and _are_words(given[1]):
            self.sent.append(command_line(given[0], given[1]))
        raise CannotAskError("channel", "nothing is run")


def _are_words(given: object) -> bool:
    return isinstance(given, (tuple, list)) and bool(given) and all(isinstance(word, str) for word in given)


@dataclass(frozen=True)
class _Ports:
    """What a kind may use (`StepPorts`), with nothing behind it."""

    world: World
    site: Site
    step: CommonKeys
    timeout_s: float | None = None

    def ask(self, prompt: Prompt) -> str:
        raise CannotAskError("channel", "nobody is asked")

    def tell(self, *lines: str) -> None:
        """Nobody listens."""

    def record(self, event: Any) -> None:
        """Nothing is kept."""

    def at_once(self, run: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [run(item) for item in items]

    def since(self, what: str) -> datetime:
        return datetime.now(UTC)

    def evidence(self, step: str) -> tuple[str, ...]:
        return ()

    def away(self) -> tuple[tuple[str, str], ...]:
        return ()

    def told(self) -> tuple[str, ...]:
        return ()
