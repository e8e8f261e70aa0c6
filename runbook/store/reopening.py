"""A journal of which not even the first event can be read: what it claims, and a new record in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.model.events import Event, IncidentOpened
from runbook.model.ports import Clock
from runbook.model.text import _
from runbook.store.connection import UNREADABLE, NewerError
from runbook.store.examining import Examined, examined, log_of, too_new
from runbook.store.ledger import FIRST_WRITER, first_rows
from runbook.store.mending import keep, mended, write_anew
from runbook.store.notices import why
from runbook.store.rows import Damage, Row, blank
from runbook.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Lost:
    """Why the record cannot be read. `claims`: rows that can still be made out in it, by number; nothing proves them."""

    reason: str
    claims: tuple[Row, ...]


def lost(path: Path, incident: str) -> Lost | None:
    """What is wrong with a journal that does not begin with its opening; None for one that does, or can be mended so that it does.

    Raises RunbookError E-JOURNAL-NEWER.
    """
    found, reason = _looked(path, incident)
    rows = found.ledger.rows
    if rows:
        return (
            None
            if isinstance(found.ledger.arrived[0].event, IncidentOpened)
            else Lost(_("it does not begin with its opening"), ())
        )
    damage = found.ledger.damage or Damage(1, 1, "missing", reason)
    once_mended = mended([], damage, found.behind, _blank_of(incident))
    if once_mended is not None and once_mended[0].kind == IncidentOpened.__name__:
        return None
    return Lost(reason or damage.detail, tuple(found.behind))


def _blank_of(incident: str) -> Row:
    return Row(incident, FIRST_WRITER, 0, "1970-01-01T00:00:00.000Z", "", 0.0, "", "", "", "", "")


def begin_anew(
    path: Path,
    incident: str,
    clock: Clock,
    actor: str,
    opening: Callable[[Mapping[str, str]], Sequence[Event]],
    writer: str,
    redact: Callable[[str], str] = str,
) -> None:
    """Keep what is there, and put a journal in its place that begins with what `opening` makes of `file`, `sha256` and `reason`.

    Rows behind the lost beginning that prove themselves by their hash are kept, and what others claim is named, as after any damage.
    Raises OSError, sqlite3.Error, LostError; then the old file still stands there.
    """
    found, reason = _looked(path, incident)
    was = {"file": "", "sha256": "", "reason": reason}
    if path.exists():
        kept = keep(path, "journal-damaged")
        was |= {"file": kept.name, "sha256": hashlib.sha256(kept.read_bytes()).hexdigest()}
    rows = first_rows(incident, clock, actor, opening(was), writer, redact)
    if found.behind:
        damage = found.ledger.damage or Damage(1, 1, "missing", reason)
        rows = mended(rows, damage, found.behind, blank(incident, writer, clock, actor)) or rows
    write_anew(path, rows)


def _looked(path: Path, incident: str) -> tuple[Examined, str]:
    """What can be read, and why it is not more."""
    log = log_of(path)
    try:
        with Snapshot(path) as snapshot:
            found = examined(path, incident, log, snapshot)
    except NewerError as newer:
        raise too_new(incident, newer) from None
    except (*UNREADABLE, OSError) as problem:
        return examined(path, incident, log, None, problem), why(problem)
    damage = found.ledger.damage
    return found, damage.detail if damage else _("there is no event in it")
