"""Reader `trunk`: the tables of switches, gateways and PBXes that say UP or DOWN, one line for each trunk or interface."""

from __future__ import annotations

import re

from runbook.model.kind import Result
from runbook.model.outcome import Outcome, Scalar
from runbook.model.readers.printed import Printed, not_readable

_STATE = re.compile(
    r"(?<![\w/-])[*^#!]?(?:(?P<up>up|in[ -]service|ins)|(?P<down>down|out[ -]of[ -]service|oos|fault))(?![\w/-])",
    re.IGNORECASE,
)
_LEGEND = re.compile(r"\s*[*^#!(]?\s*(?:up|down|l|s|e|b|phy)\)?\s*:", re.IGNORECASE)
"""`*down: administratively down`, `(l): loopback`: what a device prints above its table."""


def states(printed: Printed) -> Result:
    """How many lines say up in all their columns, and how many say down in one. Passed when all are up.

    Raises CannotAskError when no line says either.
    """
    rows = [found for line in printed.lines() if (found := _row(line)) is not None]
    if not rows:
        raise not_readable("trunk", printed)
    up_count = sum(rows)
    down_count = len(rows) - up_count
    state = "up" if not down_count else "part" if up_count else "down"
    outcome: Outcome = "failed" if down_count else "passed"
    values: dict[str, Scalar] = {
        "up_count": up_count,
        "down_count": down_count,
        "state": state,
        "exit_status": printed.status,
    }
    return Result(outcome, values, found=f"up {up_count}, down {down_count}")


def _row(line: str) -> bool | None:
    """Whether the trunk of this line is up; None for a line without a state."""
    if _LEGEND.match(line):
        return None
    found = list(_STATE.finditer(line))
    return all(state["up"] for state in found) if found else None
