"""Outcomes, and which one a value of a reading gives."""

from __future__ import annotations

from collections.abc import Mapping
from operator import ge, gt, le, lt
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from runbook.model.schema import Decimal, Model

OUTCOMES = ("passed", "warned", "failed", "expired", "unreachable", "unknown", "skipped", "not_taken")


Outcome = Literal["passed", "warned", "failed", "expired", "unreachable", "unknown", "skipped", "not_taken"]


Scalar = str | int | float | bool | None


class Condition(Model):
    """What a value must be: every key that is given must hold."""

    equals: str | None = None
    in_: Annotated[tuple[str, ...] | None, Field(alias="in")] = None
    between: tuple[Decimal, Decimal] | None = None
    below: Decimal | None = None
    above: Decimal | None = None
    at_most: Decimal | None = None
    at_least: Decimal | None = None
    contains: str | None = None

    def holds(self, value: Scalar) -> bool:
        """Whether `value` is as expected; a number is wanted for the comparisons, else they do not hold."""
        checks: list[bool] = []
        if self.equals is not None:
            checks.append(self.equals in _written(value))
        if self.in_ is not None:
            checks.append(not _written(value).isdisjoint(self.in_))
        if self.contains is not None:
            checks.append(self.contains in str(value))
        number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        for wanted, holds in ((self.below, lt), (self.above, gt), (self.at_most, le), (self.at_least, ge)):
            if wanted is not None:
                checks.append(number is not None and bool(holds(number, wanted)))
        if self.between is not None:
            checks.append(number is not None and self.between[0] <= number <= self.between[1])
        return all(checks)

    def said(self) -> str:
        """The condition in the language's own words, for screens and reports."""
        given = self.model_dump(exclude_none=True, by_alias=True)
        return ", ".join(f"{key} {_plain(value)}" for key, value in given.items())


def _written(value: Scalar) -> set[str]:
    """How a plan may write this value."""
    if isinstance(value, bool):
        return {"yes", "true"} if value else {"no", "false"}
    return {"none"} if value is None else {str(value), _plain(value)}


class Thresholds(Model):
    """`{warn:, fail:}`: from `warn` on the step is warned, from `fail` on it is failed (at least one, in the value's unit)."""

    warn: Decimal | None = None
    fail: Decimal | None = None

    def outcome(self, value: Scalar) -> Outcome:
        number = float(value) if isinstance(value, (int, float)) else float("inf")
        if self.fail is not None and number >= self.fail:
            return "failed"
        return "warned" if self.warn is not None and number >= self.warn else "passed"

    def said(self) -> str:
        given = self.model_dump(exclude_none=True)
        return ", ".join(f"{key} {_plain(value)}" for key, value in given.items())


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (tuple, list)):
        return "/".join(_plain(v) for v in value)
    return str(value)


def _expectation(value: Any) -> Any:
    if isinstance(value, str):
        return Condition(equals=value)
    if isinstance(value, Mapping) and set(value) <= {"warn", "fail"}:
        return Thresholds.model_validate(value)
    return value


Expectation = Annotated[Condition | Thresholds, BeforeValidator(_expectation)]
