"""Going on after damage: what is proven stays as it was, what can be read behind it is written again, every gap is named."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

from runbook.model import record
from runbook.model.events import Unrecognised
from runbook.store.database import Database
from runbook.store.files import fsync_folder, new_file
from runbook.store.rows import Chain, Damage, Row, body_text, recorded, sealed
from runbook.store.strict_json import BadRowError
from runbook.store.strict_json import whole as whole_text

GAPS_NAMED_AT_MOST = 64


def mended(proven: list[Row], damage: Damage, behind: Iterable[Row], blank: Row) -> list[Row] | None:
    """The rows of a new file to go on with, a whole chain; None when the incident's first event cannot be read, without which nothing can go on.

    `blank` gives writer, time and actor of the `JournalDamaged` events, one for each event number that is lost (one at the
    end when only the order was wrong). A row whose own content was altered is lost, and named by the kind that it claims,
    except the first: an incident whose title has a wrong letter is better than none.
    """
    chain = Chain(blank.incident)
    rows = list(proven)
    for row in rows:
        chain.follow(row)
    named = 0

    def name_gap(row: Row | None) -> None:
        nonlocal named
        seq, prev = chain.head(blank.writer)
        claim = {"claimed_kind": row.kind, "claimed_body": row.body} if row else {}
        body = {"seq": damage.seq, "number": damage.number, "reason": damage.reason, "detail": damage.detail, **claim}
        kind, text = body_text(record.event("JournalDamaged", body))
        rows.append(sealed(blank._replace(seq=seq + 1, kind=kind, body=text, prev=prev)))
        chain.follow(rows[-1])
        named += 1

    whole, altered = _sorted(behind, blank.incident)
    if not rows and (not whole or whole[0].seq != 1):
        if 1 not in altered or isinstance(recorded(altered[1]).event, Unrecognised):
            return None
        whole.insert(0, _storable(altered.pop(1)))
    for row in whole:
        if not isinstance(chain.add(row), Damage):
            rows.append(row)
            continue
        last, prev = chain.head(row.writer)
        while last + 1 < row.seq and named < GAPS_NAMED_AT_MOST and row.writer == blank.writer:
            name_gap(altered.pop(last + 1, None))
            last, prev = chain.head(row.writer)
        rows.append(sealed(row._replace(seq=last + 1, prev=prev)))
        chain.follow(rows[-1])
    for row in altered.values():
        name_gap(row)
    if not named:
        name_gap(None)
    return rows


def _storable(row: Row) -> Row:
    """The row without the bytes that are no text."""
    return Row(*(whole_text(value) if isinstance(value, str) else value for value in row))  # type: ignore[arg-type]


def _sorted(rows: Iterable[Row], incident: str) -> tuple[list[Row], dict[int, Row]]:
    """Readable rows of this incident in the order of their numbers, each once; and those whose content was altered, by number."""
    whole: dict[tuple[str, int, str], Row] = {}
    altered: dict[int, Row] = {}
    for row in rows:
        try:
            recorded(row)
        except BadRowError:
            continue
        if row.incident != incident or row.seq < 1:
            continue
        if sealed(row).hash == row.hash:
            whole[row.writer, row.seq, row.hash] = row
        else:
            altered.setdefault(row.seq, row)
    found = list(whole.values())
    if len({row.writer for row in found}) == 1:
        found.sort(key=lambda row: row.seq)
    return found, altered


def keep(path: Path, stem: str) -> Path:
    """Keep a copy of a journal file and its log beside it, as they are now, as `STEM-1.db`; its path. Raises OSError."""
    kept = _free(path.parent, stem, "")
    for part in family(path)[:2]:
        if part.exists():
            new_file(kept.with_name(kept.name + part.name.removeprefix(path.name)), part.read_bytes())
    return kept


def write_anew(path: Path, rows: Iterable[Row]) -> None:
    """Put a journal file with these rows where none is, or one that no connection holds and of which a copy is kept.

    After a crash either the old or the new one stands there, whole. Raises sqlite3.Error or OSError, and then nothing of the
    new one is left.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        for leftover in family(new):
            leftover.unlink(missing_ok=True)
        Database.create(new, rows).close()
        # Closing says nothing: on a disk that is full the rows may still stand in the log alone, which stays behind.
        if any(part.exists() for part in family(new)[1:]):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(new))
    except BaseException:
        for leftover in family(new):
            with contextlib.suppress(OSError):
                leftover.unlink(missing_ok=True)
        raise
    # Left behind, the old write-ahead log would be played into the new file.
    for part in family(path)[1:]:
        part.unlink(missing_ok=True)
    new.replace(path)
    fsync_folder(path.parent)


def family(path: Path) -> list[Path]:
    """The journal file and what SQLite keeps beside it."""
    return [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm")]


def _free(folder: Path, stem: str, ending: str) -> Path:
    number = 1
    while (path := folder / f"{stem}-{number}.db{ending}").exists():
        number += 1
    return path
