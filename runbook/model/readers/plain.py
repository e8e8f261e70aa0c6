"""Readers `exit` and `text`: a command's exit status, and what it printed."""

from __future__ import annotations

from runbook.model.kind import Result
from runbook.model.outcome import Outcome
from runbook.model.readers.printed import Printed

TEXT_LIMIT = 4000


def exit_status(printed: Printed) -> Result:
    """Exit status 0 passes. A device that tells none is judged by nothing here: warned."""
    outcome: Outcome = "warned" if printed.status is None else "failed" if printed.status else "passed"
    status = "-" if printed.status is None else printed.status
    return Result(outcome, {"exit_status": printed.status}, found=f"exit {status}")


def text(printed: Printed) -> Result:
    """What was printed, without blanks at its ends; failed with another exit status than 0."""
    shown = printed.text.strip()[:TEXT_LIMIT]
    lines = shown.splitlines()
    first = lines[0][:120] if lines else "-"
    more = f" (+{len(lines) - 1} lines)" if len(lines) > 1 else ""
    values = {"text": shown, "exit_status": printed.status}
    return Result("failed" if printed.status else "passed", values, found=f"{first}{more}")
