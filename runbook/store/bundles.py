"""One file that holds an incident: manifest, events, plan, evidence. The same content gives the same bytes, wherever it is written.

The format is `docs/decisions/0011-bundles.md`.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from runbook import __version__
from runbook.model.errors import RunbookError
from runbook.model.events import IncidentOpened, SiteReloaded
from runbook.model.record import Recorded
from runbook.store.connection import UNREADABLE
from runbook.store.evidence import FOLDER as EVIDENCE
from runbook.store.examining import read_on
from runbook.store.files import chunks_of, digest_of, open_plain, replacing
from runbook.store.folder import PLAN, Incident
from runbook.store.journal import JOURNAL_NAME
from runbook.store.ledger import Ledger
from runbook.store.notices import why
from runbook.store.rows import Row
from runbook.store.strict_json import canonical

SCHEMA = 1
MANIFEST, EVENTS, ENDING = "manifest.json", "events.jsonl", ".runbook.zip"
ENTRIES_AT_MOST = 50_000
PIECE_AT_MOST, TOTAL_AT_MOST = 1 << 30, 3 << 30
"""Bytes of one piece of evidence, and of all that a file unpacks to."""

Head = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself.

    `writers`: writer -> number of its events and the hash of the last; `entries`: name -> size in bytes and SHA-256;
    `left_out`: what the incident names and the export does not hold, because it was not there or not what it was;
    `damage`: the first row of the journal that could not be proven (None: the journal is whole).
    """

    incident: str
    tool_version: str
    writers: Mapping[str, Head]
    entries: Mapping[str, Head]
    left_out: tuple[str, ...] = ()
    damage: Mapping[str, Any] | None = None

    def data(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "schema": SCHEMA,
            "incident": self.incident,
            "tool_version": self.tool_version,
            "writers": {name: {"events": number, "head": head} for name, (number, head) in self.writers.items()},
            "entries": {name: {"size_bytes": size, "sha256": digest} for name, (size, digest) in self.entries.items()},
            "left_out": list(self.left_out),
            "damage": dict(self.damage) if self.damage else None,
        }


@dataclass(slots=True)
class Contents:
    """What goes into the file: each entry's name, with its bytes or where they lie; `left_out` as in the manifest."""

    entries: dict[str, bytes | Path] = field(default_factory=dict)
    sizes: dict[str, Head] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, name: str, source: bytes | Path) -> None:
        """Raises OSError."""
        if isinstance(source, bytes):
            self.sizes[name] = len(source), hashlib.sha256(source).hexdigest()
        else:
            self.sizes[name] = digest_of(source)
        self.entries[name] = source


def write(incident: Incident, file: BinaryIO) -> Manifest:
    """Write the export of an incident to an open file: everything of it that is proven; what the manifest says.

    Raises RunbookError E-JOURNAL-DAMAGED when nothing is, OSError when a file cannot be read or written.
    """
    ledger = held(incident)
    contents = Contents()
    for name, digest in sorted(plan_named(ledger.arrived).items()):
        try:
            contents.add(f"{PLAN}/{name}", incident.plan_file(name, digest))
        except RunbookError:
            contents.left_out.append(f"{PLAN}/{name}")
    for digest in sorted({*incident.evidence.names(), *evidence_named(ledger.arrived)}):
        path = incident.evidence.path(digest)
        if path and path.stat().st_size <= PIECE_AT_MOST and len(contents.entries) < ENTRIES_AT_MOST - 2:
            contents.add(f"{EVIDENCE}/{digest}", path)
        else:
            contents.left_out.append(f"{EVIDENCE}/{digest}")
    size, digest_, lines = 0, hashlib.sha256(), lines_of(ledger)
    for line in lines:
        size += len(line)
        digest_.update(line)
    contents.sizes[EVENTS] = size, digest_.hexdigest()
    damage = ledger.damage
    manifest = Manifest(
        incident.id,
        __version__,
        dict(ledger.chain.heads),
        contents.sizes,
        tuple(contents.left_out),
        {"row": damage.number, "seq": damage.seq, "reason": damage.reason} if damage else None,
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, MANIFEST, [(canonical(manifest.data()) + "\n").encode()])
        _put(archive, EVENTS, lines_of(ledger), size)
        for name, source in sorted(contents.entries.items()):
            with io.BytesIO(source) if isinstance(source, bytes) else open_plain(source) as piece:
                _put(archive, name, chunks_of(piece), contents.sizes[name][0])
    return manifest


def export(incident: Incident, target: Path) -> Manifest:
    """Write the export of an incident to a file, whole or not at all; what the manifest says.

    What stands there is replaced only when it is an older export of the same incident: raises RunbookError E-EXPORT-EXISTS,
    E-FILE-WRITE, and E-JOURNAL-DAMAGED when nothing of the incident is proven.
    """
    if (target.exists() or target.is_symlink()) and not _older(incident, target):
        raise RunbookError("E-EXPORT-EXISTS", file=target, name=incident.id)
    try:
        with replacing(target) as file:
            return write(incident, file)
    except OSError as problem:
        raise RunbookError("E-FILE-WRITE", file=target, reason=why(problem)) from None


def held(incident: Incident) -> Ledger:
    """The proven rows of an incident. Raises RunbookError E-JOURNAL-DAMAGED when there is none."""
    try:
        ledger = read_on(incident.folder / JOURNAL_NAME, incident.id, None)
    except (*UNREADABLE, OSError) as problem:
        raise RunbookError("E-JOURNAL-DAMAGED", name=incident.id, seq=1, reason=why(problem)) from None
    if not ledger.rows:
        reason = ledger.damage.reason if ledger.damage else "-"
        raise RunbookError("E-JOURNAL-DAMAGED", name=incident.id, seq=1, reason=reason)
    return ledger


def lines_of(ledger: Ledger) -> Iterator[bytes]:
    """The rows as JSON lines, in the order of their events."""
    rows = {(row.writer, row.seq): row for row in ledger.rows}
    return (line_of(rows[each.writer, each.seq]) for each in ledger.events)


def line_of(row: Row) -> bytes:
    """A row as a line: every column by its name; the body is the very text that the hash is over."""
    return (json.dumps(row._asdict(), ensure_ascii=False, separators=(",", ":")) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def plan_named(events: Iterable[Recorded]) -> dict[str, str]:
    """The files under `plan/` that the events name, each with its SHA-256."""
    found: dict[str, str] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, IncidentOpened):
            found = {**event.files, **found}
        elif isinstance(event, SiteReloaded) and event.file:
            found.setdefault(event.file, event.sha256)
    return found


def evidence_named(events: Iterable[Recorded]) -> dict[str, Recorded]:
    """The pieces of evidence that the events name, by SHA-256, each with the first event that does."""
    found: dict[str, Recorded] = {}
    for recorded in events:
        pieces = getattr(recorded.event, "evidence", None)
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict) and isinstance(digest := piece.get("sha256"), str):
                found.setdefault(digest, recorded)
    return found


def _put(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes], size: int = 0) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    # The same on every system; nothing is packed, because packers differ from version to version.
    entry.create_system, entry.external_attr, entry.file_size = 3, 0o100600 << 16, size
    with archive.open(entry, "w") as out:
        for chunk in chunks:
            out.write(chunk)


def _older(incident: Incident, target: Path) -> bool:
    """Does the file hold an export of this incident, and nothing but the beginning of what is here now?"""
    from runbook.store.unpacking import Bundle

    try:
        with Bundle(target) as bundle:
            there = bundle.manifest
    except (RunbookError, OSError):
        return False
    here = {(row.writer, row.seq): row.hash for row in held(incident).rows}
    return there.incident == incident.id and all(
        here.get((name, head[0])) == head[1] for name, head in there.writers.items()
    )
