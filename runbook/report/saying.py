"""What the sentences of all events share: how things are called, and what may stand behind a sentence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo

from runbook.model.text import _
from runbook.model.units import local_text, utc_read


@dataclass(frozen=True, slots=True)
class Names:
    """How the report calls things: a step by number and title, a contact by its role, an input by its question, an answer and a condition in words."""

    step: Callable[[str], str]
    role: Callable[[str], str]
    question: Callable[[str], str]
    answer: Callable[[str, str], str]
    condition: Callable[[str], str]
    offer: Callable[[str], str]
    recovered: Callable[[str], str]
    title: str
    zone: tzinfo
    shown: Callable[[datetime], datetime]


def with_details(said: str, **details: str) -> str:
    """The sentence with those of the details that there are."""
    labels = {
        "expected": _("expected {value}"),
        "found": _("found {value}"),
        "answer": _("answer {value}"),
        "reason": _("reason: {value}"),
    }
    given = [labels[key].format(value=value) for key, value in details.items() if value]
    return "; ".join([said, *given])


def typed_in(text: str, names: Names) -> str:
    """For what time it was typed in later."""
    if not text:
        return ""
    with suppress(ValueError):  # another program wrote it
        text = local_text(utc_read(text), names.zone)
    return " (" + _("at {time}").format(time=text) + ")"
