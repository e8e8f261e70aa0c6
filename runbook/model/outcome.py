"""Outcomes, and which one a value of a reading gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from operator import ge, gt, le, lt
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from runbook.model.schema import Decimal, Model
from runbook.model.text import ExpectedError, _

OUTCOMES = ("passed", "warned", "failed", "expired", "unreachable", "unknown", "skipped", "not_taken")


Outcome = Literal["passed", "warned", "failed", "expired", "unreachable", "unknown", "skipped", "not_taken"]


Scalar = str | int | float | bool | None

SEARCHED = 65536
"""How much of a text a regular expression looks at."""


PATTERN_LIMIT = 200


def _pattern(value: Any) -> str:
    """A regular expression of bounded cost: no repetition inside a repetition, no reference back (Python's `re` backtracks)."""
    if not isinstance(value, str) or len(value) > PATTERN_LIMIT:
        raise ExpectedError(
            _("expected a regular expression of at most {limit} characters").format(limit=PATTERN_LIMIT)
        )
    try:
        tree = re._parser.parse(value)  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError):
        raise ExpectedError(_("expected a regular expression")) from None
    if _costly(tree, inside=False):
        raise ExpectedError(_("expected a regular expression without a repetition inside a repetition"))
    return value


def _costly(tree: Any, *, inside: bool) -> bool:
    for name, arguments in tree:
        repeats = str(name).endswith("REPEAT") and arguments[1] != arguments[0] and arguments[1] > 1
        if (repeats and inside) or str(name).startswith("GROUPREF"):
            return True
        if any(_costly(part, inside=inside or repeats) for part in _parts(arguments)):
            return True
    return False


def _parts(arguments: Any) -> Iterator[Any]:
    """The patterns inside one node of a parsed pattern, whatever its form."""
    if hasattr(arguments, "data"):
        yield arguments
    elif isinstance(arguments, (tuple, list)):
        for argument in arguments:
            yield from _parts(argument)


Pattern = Annotated[str, BeforeValidator(_pattern)]


class Comparison(Model):
    """What one value must be: every key that is given must hold."""

    equals: str | None = None
    """The value as it is written."""
    in_: Annotated[tuple[str, ...] | None, Field(alias="in")] = None
    """One of these."""
    between: tuple[Decimal, Decimal] | None = None
    """A number from the first to the second, both included."""
    below: Decimal | None = None
    """A smaller number."""
    above: Decimal | None = None
    """A larger number."""
    at_most: Decimal | None = None
    """This number or a smaller one."""
    at_least: Decimal | None = None
    """This number or a larger one."""
    contains: str | None = None
    """A text with this in it."""
    matches: Pattern | None = None
    """A text in which this regular expression is found."""

    def holds(self, value: Scalar) -> bool:
        """Whether `value` is as expected; a number is wanted for the comparisons, else they do not hold."""
        checks: list[bool] = []
        if self.matches is not None:
            checks.append(re.search(self.matches, str(value)[:SEARCHED]) is not None)
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
        given = self.model_dump(exclude_none=True, by_alias=True, exclude={"all_", "any_"})
        return ", ".join(f"{key} {_plain(value)}" for key, value in given.items())


class Condition(Comparison):
    """What a value must be: every key that is given must hold. `all` and `any` hold further tests, one level deep."""

    all_: Annotated[tuple[Comparison, ...], Field(alias="all")] = ()
    """Each of these must hold."""
    any_: Annotated[tuple[Comparison, ...], Field(alias="any")] = ()
    """One of these must hold."""

    def holds(self, value: Scalar) -> bool:
        """Whether `value` is as expected."""
        several = all(test.holds(value) for test in self.all_)
        one = not self.any_ or any(test.holds(value) for test in self.any_)
        return super().holds(value) and several and one

    def said(self) -> str:
        """The condition in the language's own words, for screens and reports."""
        parts = [super().said(), *(test.said() for test in self.all_)]
        if self.any_:
            parts.append(" / ".join(test.said() for test in self.any_))
        return ", ".join(part for part in parts if part)


def _written(value: Scalar) -> set[str]:
    """How a plan may write this value."""
    if isinstance(value, bool):
        return {"yes", "true"} if value else {"no", "false"}
    return {"none"} if value is None else {str(value), _plain(value)}


class Thresholds(Model):
    """`{warn:, fail:}`: from `warn` on the step is warned, from `fail` on it is failed (at least one, in the value's unit)."""

    warn: Decimal | None = None
    """From this number on it is warned."""
    fail: Decimal | None = None
    """From this number on it is failed."""

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
