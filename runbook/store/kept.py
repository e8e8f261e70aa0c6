"""The state of a long incident, kept beside its journal so that a resume need not fold it anew: a cache, which can be thrown away.

It stands for the first rows of the journal and is believed only where those rows prove themselves and end in the very hash that it names.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import runbook.model
from runbook import __version__
from runbook.model.state import State, fold
from runbook.model.state_json import shapes, state_read, written
from runbook.store.files import open_plain, plain_file, replace_file
from runbook.store.worker import within

if TYPE_CHECKING:
    from runbook.model.record import Recorded
    from runbook.store.journal import SqliteJournal
    from runbook.store.ledger import Ledger
    from runbook.store.rows import Damage

KEPT_NAME = "state.json"
WORTH_IT = 5_000
"""How many rows a resume must be spared before anything is kept; a shorter journal is read faster than a person looks up."""
_SCHEMA, _AT_MOST, _LIMIT_S = 1, 1 << 24, 2.0


class Kept(NamedTuple):
    """The state after the first `rows` rows, all of one writer, the last with this hash."""

    rows: int
    writer: str
    hash: str
    state: State


class Known(NamedTuple):
    """What is known of an incident: its first event, how many there are, the state after them, what cannot be believed behind them."""

    first: Recorded | None
    events: int
    state: State
    damage: Damage | None


def load(folder: Path, incident: str) -> Kept | None:
    """What is kept in an incident's folder; None where that is nothing, or not of this version and incident to the letter. Never raises."""
    try:
        data = _bytes(folder / KEPT_NAME)
        found = json.loads(data)
        if _text(found).encode("ascii") != data:
            return None  # nobody but `keep` writes it, and it writes in one way
        ((writer, (seq, digest)),) = found["heads"].items()
        if found["schema"] != _SCHEMA or found["tool"] != _tool() or found["sha256"] != _sha256(_text(found["state"])):
            return None
        state = state_read(found["state"])
        last = state.last
        agreed = last and (last.incident, last.writer, last.seq, last.hash) == (incident, writer, seq, digest)
        return Kept(seq, writer, digest, state) if agreed and state.events == found["rows"] == seq > 0 else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def keep(folder: Path, journal: SqliteJournal, state: State, before: int) -> int:
    """Keep the state where it is that of all rows of a long journal of one writer; the number of rows for which one is kept now.

    `before`: for how many one was kept. What does not come to pass within two seconds holds nobody up. Never raises.
    """
    ledger, last = journal.ledger, state.last
    rows = ledger.rows
    if journal.in_memory or ledger.damage is not None or len(rows) - before < WORTH_IT or last is None:
        return before
    if not ledger.of_one_writer or state.events != len(rows) or last.hash != rows[-1].hash:
        return before
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError):
        document = _document(ledger, written(state))
        if len(document) <= _AT_MOST:
            within(partial(replace_file, folder / KEPT_NAME, document), _LIMIT_S)
            return len(rows)
    return before


def folded(ledger: Ledger, state: State) -> State:
    """The state of everything in the ledger; gone on from `state`, where that is the state of a beginning of it."""
    behind = ledger.behind(state.events, state.last.hash) if state.last else None
    return fold(ledger.events) if behind is None else fold(behind, state)


def _document(ledger: Ledger, state: Any) -> bytes:
    """The file: one JSON object."""
    found = {
        "schema": _SCHEMA,
        "tool": _tool(),
        "rows": len(ledger.rows),
        "heads": ledger.chain.heads,
        "sha256": _sha256(_text(state)),
        "state": state,
    }
    return _text(found).encode("ascii")


def _bytes(path: Path) -> bytes:
    """The file, when it is a plain one of ours and not longer than one that `keep` writes. Raises OSError, ValueError."""
    plain_file(path)
    with open_plain(path) as file:
        data = file.read(_AT_MOST + 1)
    if len(data) > _AT_MOST:
        raise ValueError("too long")
    return data


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _tool() -> str:
    """The version, and a mark of everything that makes a state: its fields, the events, and how they change it."""
    made = hashlib.sha256(_text(shapes()).encode("ascii"))
    for folder in runbook.model.__path__:
        for source in sorted(Path(folder).rglob("*.py")):
            made.update(source.read_bytes())
    return f"{__version__} {made.hexdigest()}"
