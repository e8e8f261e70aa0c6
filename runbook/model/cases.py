"""Cases of a number: names for ranges that together cover every number exactly once, and where they do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from math import ceil, floor, inf, isfinite

from runbook.model.outcome import Condition, Scalar
from runbook.model.text import _

Number = int | float


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Numbers between which no condition changes. `sample` is one of them; `low` and `high` belong to it where the flags say so."""

    low: Number
    high: Number
    has_low: bool
    has_high: bool
    sample: Number


def fitting(cases: Mapping[str, Condition], number: Number) -> list[str]:
    """The names of the cases that `number` fits."""
    return [name for name, condition in cases.items() if condition.holds(number)]


def uncovered(cases: Mapping[str, Condition], *, whole: bool) -> list[str]:
    """A sentence for the first numbers that fit no case, and for the first that fit several.

    `whole`: only whole numbers from 0 count; otherwise every number does.
    """
    if not cases:
        return []
    stretches = _whole_stretches(cases) if whole else _all_stretches(cases)
    runs = [
        (list(names), list(group)) for names, group in groupby(stretches, key=lambda one: fitting(cases, one.sample))
    ]
    none = [_no_case(_joined(group)) for names, group in runs if not names]
    several = [_several(_joined(group), names) for names, group in runs if len(names) > 1]
    return none[:1] + several[:1]


def whole(text: str) -> int | None:
    """A whole number from 0, as a person types it; None where it is none."""
    return int(text) if text.isdecimal() and len(text) <= 15 else None


def decimal(text: str) -> float | None:
    """A number, as a person types it; None where it is none."""
    return float(text) if re.fullmatch(r"-?[0-9]{1,15}([.][0-9]{1,15})?", text) else None


def plain_number(number: Number) -> str:
    """The number as a person writes it: without an exponent, and without the `.0` of a whole one."""
    return str(int(number)) if float(number).is_integer() else format(Decimal(repr(float(number))), "f")


def _whole_stretches(cases: Mapping[str, Condition]) -> list[_Stretch]:
    """Between two neighbouring bounds nothing changes: a stretch begins at each bound, and at the next number behind it."""
    edges = {0, *(edge for bound in _bounds(cases.values()) for edge in (ceil(bound), floor(bound) + 1))}
    starts = sorted(edge for edge in edges if edge >= 0)
    ends = [after - 1 for after in starts[1:]]
    finite = [_Stretch(low, high, True, True, low) for low, high in zip(starts, ends, strict=False)]
    return [*finite, _Stretch(starts[-1], inf, True, False, starts[-1])]


def _all_stretches(cases: Mapping[str, Condition]) -> list[_Stretch]:
    """Each bound by itself, and the numbers between two neighbours."""
    edges = sorted(set(_bounds(cases.values())))
    if not edges:
        return [_Stretch(-inf, inf, False, False, 0)]
    found = [_Stretch(-inf, edges[0], False, False, edges[0] - 1)]
    for low, high in pairwise([*edges, inf]):
        found.append(_Stretch(low, low, True, True, low))
        found.append(_Stretch(low, high, False, False, low + 1 if high == inf else low + (high - low) / 2))
    return found


def _joined(group: Sequence[_Stretch]) -> _Stretch:
    first, last = group[0], group[-1]
    return _Stretch(first.low, last.high, first.has_low, last.has_high, first.sample)


def _no_case(gap: _Stretch) -> str:
    if gap.low == gap.high:
        return _("no case for the number {number}").format(number=plain_number(gap.low))
    return _("no case for the numbers {range}").format(range=_said(gap))


def _several(gap: _Stretch, names: Sequence[str]) -> str:
    if gap.low == gap.high:
        sentence = _("the number {number} fits several cases: {names}")
        return sentence.format(number=plain_number(gap.low), names=", ".join(names))
    return _("the numbers {range} fit several cases: {names}").format(range=_said(gap), names=", ".join(names))


def _said(gap: _Stretch) -> str:
    """The numbers in the language's own words, as a case would name them: `above 2, below 3`."""
    words = []
    if gap.low != -inf:
        words.append(f"{'at_least' if gap.has_low else 'above'} {plain_number(gap.low)}")
    if gap.high != inf:
        words.append(f"{'at_most' if gap.has_high else 'below'} {plain_number(gap.high)}")
    return ", ".join(words) or "-"


def _bounds(conditions: Iterable[Condition]) -> Iterable[float]:
    for condition in conditions:
        for test in (condition, *condition.all_, *condition.any_):
            for value in test.model_dump(exclude_none=True, exclude={"all_", "any_"}).values():
                yield from _numbers(value)


def _numbers(value: Scalar | tuple[Scalar, ...]) -> Iterable[float]:
    for text in value if isinstance(value, (tuple, list)) else (value,):
        try:
            number = float(str(text))
        except ValueError:
            continue
        if isfinite(number):
            yield number
