"""What several answers say together: the hosts of `hosts`, the cells of a `mesh`, the branches of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runbook.model.kind import Part, Result
from runbook.model.outcome import Condition, Expectation, Outcome, Scalar

_WORSE: tuple[Outcome, ...] = ("passed", "warned", "failed")
NAMED = 8
"""How many names a line holds before the rest is only counted."""


def combined(parts: Sequence[Part], raw: tuple[tuple[str, bytes], ...] = ()) -> Result:
    """One failed: failed. None failed but some could not be asked: warned, with their names. None was asked: unreachable."""
    by_outcome = {outcome: [_name(part) for part in parts if part.outcome == outcome] for outcome in _ORDER}
    failed, unreachable = by_outcome["failed"], by_outcome["unreachable"]
    outcome: Outcome
    if failed:
        outcome = "failed"
    elif unreachable or not parts:
        outcome = "unreachable" if len(unreachable) == len(parts) else "warned"
    else:
        outcome = "warned" if by_outcome["warned"] else "passed"
    values: dict[str, Scalar] = {
        "failed_count": len(failed),
        "unreachable_count": len(unreachable),
        "asked_count": len(parts),
    }
    found = "; ".join(_listed(name, names, len(parts)) for name, names in by_outcome.items() if names)
    return Result(outcome, values, found=found, raw=raw, parts=tuple(parts))


_ORDER: tuple[Outcome, ...] = ("failed", "unreachable", "warned", "passed")


def judged(result: Result, expect: Mapping[str, Expectation]) -> Result:
    """The result by a step's own expectations, the worst of them; the kind's verdict where it has none.

    Of several answers each is judged by itself, by what it has a value for; what is expected of `failed_count` and its like is
    judged on the whole.
    """
    if not expect or result.outcome == "unreachable":
        return result
    if not result.parts:
        return replace(result, outcome=worst(result.values, expect))
    of_all = {name: expected for name, expected in expect.items() if name in result.values}
    of_each = {name: expected for name, expected in expect.items() if name not in of_all}
    parts = [_judged(part, of_each) for part in result.parts]
    whole = combined(parts, result.raw)
    values = {**result.values, **whole.values}
    outcome = worst(values, of_all) if of_all and whole.outcome != "unreachable" else whole.outcome
    return replace(whole, values=values, outcome=outcome)


def _judged(part: Part, expect: Mapping[str, Expectation]) -> Part:
    """A part by the expectations that are about it: a port of a `mesh` loses no packets."""
    own = {name: expected for name, expected in expect.items() if name in part.values}
    return replace(part, outcome=worst(part.values, own)) if own and part.outcome != "unreachable" else part


def worst(values: Mapping[str, Scalar], expect: Mapping[str, Expectation]) -> Outcome:
    """The worst outcome that the values give."""
    found = 0
    for name, expected in expect.items():
        value = values.get(name)
        if isinstance(expected, Condition):
            found = max(found, 0 if expected.holds(value) else 2)
        else:
            found = max(found, _WORSE.index(expected.outcome(value)))
    return _WORSE[found]


_BY_WEIGHT: tuple[tuple[str, ...], ...] = (
    ("passed", "not_taken", "skipped", ""),
    ("warned",),
    ("unreachable",),
    ("expired",),
    ("failed",),
    ("unknown",),
)


def joined(branches: Mapping[str, Sequence[str]]) -> tuple[Outcome, str]:
    """What branches that have ended say together: the worst outcome of their steps, and how many ended with each."""
    worst_of = {branch: max(outcomes, key=_weight, default="") for branch, outcomes in branches.items()}
    by_weight: dict[str, list[str]] = {}
    for branch, branch_outcome in worst_of.items():
        by_weight.setdefault(_BY_WEIGHT[_weight(branch_outcome)][0], []).append(branch)
    worst_first = sorted(by_weight, key=_weight, reverse=True)
    found = "; ".join(_listed(name, by_weight[name], len(branches)) for name in worst_first)
    outcome: Outcome = worst_first[0] if worst_first else "passed"  # type: ignore[assignment]
    return outcome, found


def _weight(outcome: str) -> int:
    return next(weight for weight, alike in enumerate(_BY_WEIGHT) if outcome in alike)


def _name(part: Part) -> str:
    return part.name if part.origin == "here" else f"{part.origin}>{part.name}"


def _listed(outcome: str, names: Sequence[str], total: int) -> str:
    rest = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    listed = "" if outcome == "passed" else ": " + ", ".join(names[:NAMED]) + rest
    return f"{outcome} {len(names)}/{total}{listed}"
