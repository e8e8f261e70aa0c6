"""The choices that a plan gives a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from runbook.model.schema import Id, Model, Sentence


class Option(Model):
    """One choice: an id, or an id with its sentence (`{in: {en: ..., zh: ...}}`)."""

    id: Id
    text: Sentence | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"id": value}
        if isinstance(value, Mapping) and len(value) == 1 and set(value) != {"id"}:
            ((choice, text),) = value.items()
            return {"id": choice, "text": text}
        return value

    @property
    def label(self) -> str:
        return self.text.pick() if self.text else self.id.replace("-", " ")
