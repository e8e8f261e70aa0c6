"""Questions to the person, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

PromptKind = Literal["go", "choice", "number", "text", "act", "watch"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One numbered answer: `value` is what the journal keeps, `label` what the screen shows."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of what runs beside the question: a branch, its step, how it stands (`running`, `waiting`, or an
    outcome), for how long, and the value."""

    branch: str
    title: str
    state: str
    seconds: float
    found: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to the person.

    kind `go`: Enter does it (a reading). `choice`: the number of one of `choices`. `number`, `text`: a value.
    `act`: something that changes the world; only `act_number`, typed by a person after the screen was drawn, confirms it.
    `watch`: the machine works and nothing is asked; the keys count, and `choices` where there are some. A pipe gives no line for it.
    `name` finds the answer in an answers file (a step id, or `who`, `reported`, `inputs.NAME`). `keys` are the letters that
    count here. `default` is what Enter alone gives (never for an `act`). `lines` are shown above the question, the rows of `live` change while
    it stands, where the terminal can show that.
    """

    kind: PromptKind
    name: str
    question: str
    choices: tuple[Choice, ...] = ()
    keys: str = ""
    default: str | None = None
    act_number: int = 0
    lines: tuple[str, ...] = ()
    live: Callable[[], Sequence[Row]] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person answered: a choice's `value`, a text, a number as text, "" for Enter on `go`, the typed number for `act`."""

    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the status lines was used: `n f s b p o u g ! h ? q`; `text` is what was typed behind it (`/n the text`)."""

    letter: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """No answer will come: `end_of_input`, `hangup`, `terminate`, `interrupt`, `not_answered` (no answer in the file),
    `not_confirmed` (an act that a pipe or an answers file may not confirm). Never a yes."""

    why: Literal["end_of_input", "hangup", "terminate", "interrupt", "not_answered", "not_confirmed"]


Reply = Answer | Key | Gone
