"""Reader `optical`: received and transmitted power of a transceiver in dBm.

Reads one line for each power (Huawei `display transceiver diagnosis`, most gateways), and tables with a column for each (H3C,
Cisco, Ruijie).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runbook.model.kind import Result
from runbook.model.outcome import Outcome
from runbook.model.readers.printed import Printed, not_readable

_NUMBER = r"-?\d+(?:\.\d+)?"
_DARK = r"-inf|-{2,}|n/a|none"
_LABELLED = re.compile(
    rf"\b(?P<way>rx|tx|receive|transmit)[ _-]*(?:optical[ _-]*)?power(?:[ _-]*level)?\s*(?:\((?:dBm|avg\. *dBm)\))?\s*[:=]?\s*"
    rf"(?P<value>{_NUMBER}|{_DARK})(?![\w/])",
    re.IGNORECASE,
)
_COLUMN = re.compile(
    r"temp\w*|volt\w*|bias|current|(?P<way>rx|tx|receive|transmit)[ _-]*(?:optical[ _-]*)?power", re.IGNORECASE
)
_CELL = re.compile(rf"(?<![\w/.-])(?P<value>{_NUMBER}|{_DARK})(?:\([A-Za-z]+\))?(?:\[\w+\])?(?![\w/.])", re.IGNORECASE)
_THRESHOLD = re.compile(r"\s*(?:high|low|alarm|warn)", re.IGNORECASE)
_ROWS_BELOW = 4
"""So many lines below its header a table's first row stands at most."""


def power(printed: Printed) -> Result:
    """Both powers; several transceivers give the lowest of each. Failed when one of them shows no light.

    Raises CannotAskError when neither power is in the output.
    """
    lines = printed.lines()
    found = [*_labelled(lines), *_columns(lines)]
    if not found:
        raise not_readable("optical", printed)
    shown = {way: [value for named, value in found if named == way] for way in ("rx", "tx")}
    lowest = {way: min((value for value in values if value is not None), default=None) for way, values in shown.items()}
    dark = any(value is None for values in shown.values() for value in values)
    outcome: Outcome = "failed" if dark else "passed"
    values = {"rx_dbm": lowest["rx"], "tx_dbm": lowest["tx"], "exit_status": printed.status}
    return Result(outcome, values, found=f"rx {_dbm(lowest['rx'])}, tx {_dbm(lowest['tx'])}")


def _labelled(lines: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    for line in lines:
        for found in _LABELLED.finditer(line):
            yield _way(found["way"]), _value(found["value"])


def _columns(lines: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    for at, line in enumerate(lines):
        names = [_way(found["way"] or "") for found in _COLUMN.finditer(line)]
        if not {"rx", "tx"} <= set(names) or _LABELLED.search(line):
            continue
        for row in lines[at + 1 : at + 1 + _ROWS_BELOW]:
            cells = [found["value"] for found in _CELL.finditer(row)]
            # A rule of hyphens below the header is no row without light, and a threshold is no power.
            if len(cells) == len(names) and re.search(r"\d", row) and not _THRESHOLD.match(row):
                yield from ((way, _value(cell)) for way, cell in zip(names, cells, strict=True) if way)


def _way(word: str) -> str:
    return {"receive": "rx", "transmit": "tx"}.get(word.lower(), word.lower())


def _value(text: str) -> float | None:
    return float(text) if re.fullmatch(_NUMBER, text) else None


def _dbm(value: float | None) -> str:
    return "no light" if value is None else f"{value:g} dBm"
