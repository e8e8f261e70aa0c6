"""Whether a key was pressed by a person who had seen the question: pure rules over the times of keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from runbook.model.prompts import Prompt

SETTLE_S = 0.3
"""A question stands at least so long before a bare Enter counts, or any key where the world is changed."""
HELD_S = 0.8
"""A bare Enter that decides something comes at least so long after the Enter before it: a held key repeats faster."""
HAND_S = 0.02
"""Between the last figure and the Enter of a number typed by hand lies at least so long."""
ALONE_S = 0.08
"""A letter is a key when nothing else was typed for so long; what is pasted comes faster."""

Verdict = Literal["take", "too_soon", "not_by_hand"]


@dataclass(slots=True)
class Pace:
    """The times of keys at one keyboard, in seconds of a clock that never goes back."""

    drawn: float = 0.0
    key: float = 0.0
    enter: float = field(default=float("-inf"))

    def begin(self, now: float) -> None:
        """A question was drawn."""
        self.drawn = self.key = now

    def settling(self, prompt: Prompt, now: float) -> bool:
        """Whether keys are still ignored: the question changes the world and has only just appeared."""
        return prompt.kind == "act" and now - self.drawn < SETTLE_S

    def entered(self, prompt: Prompt, text: str, now: float) -> Verdict:
        """What Enter behind `text` means, judged by when it came."""
        before, self.enter = self.enter, now
        if prompt.kind == "act":
            return "take" if now - self.key >= HAND_S or not text else "not_by_hand"
        if text.strip():
            return "take"
        quiet = SETTLE_S if prompt.kind == "go" else HELD_S
        return "take" if now - self.drawn >= SETTLE_S and now - before >= quiet else "too_soon"
