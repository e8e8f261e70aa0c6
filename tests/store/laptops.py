"""Laptops with a home each, an incident that moves between them as files, and files that nobody should trust."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbook.model.events import Event, NoteAdded
from runbook.model.record import Recorded
from runbook.model.state import State, fold
from runbook.store.bundles import EVENTS, MANIFEST, export
from runbook.store.importing import Imported, import_file
from runbook.store.incidents import Home
from runbook.store.places import Places
from runbook.store.rows import Row, sealed
from runbook.store.verifying import Verdict, verify_incident
from tests.store.parts import FILES, ZONE, StillClock, opening

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@dataclass
class Laptop:
    """One home, and what it has said."""

    folder: Path
    clock: StillClock = field(default_factory=StillClock)
    count: int = 0

    @property
    def home(self) -> Home:
        return Home(Places(self.folder / "home", (), self.folder / "temporary"))

    def begin(self, mode: str = "live", plan: str = "cti-down") -> str:
        made = self.home.create(plan, mode, FILES, self.clock, "Technician A", zone=ZONE, opening=opening)
        return made.id

    def write(self, incident: str, *events: Event, piece: bytes = b"") -> list[Recorded]:
        """Append events (a note without any), the last of them with a piece of evidence when there is one."""
        found = self.home.open(incident)
        kept = found.evidence.keep("photo.jpg", piece) if piece else None
        named = [{"name": kept.name, "sha256": kept.sha256, "size_bytes": kept.size_bytes}] if kept else []
        self.count += 1
        said = events or (NoteAdded(f"{self.folder.name} {self.count}", evidence=named),)
        with found.journal(self.clock, self.folder.name) as journal:
            return journal.append_all(said)

    def export(self, incident: str, name: str = "") -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / (name or f"{self.folder.name}-{self.count}.runbook.zip")
        export(self.home.open(incident), path)
        return path

    def take(self, path: Path) -> Imported:
        return import_file(self.home, path, self.clock, self.folder.name)

    def events(self, incident: str) -> list[Recorded]:
        reading = self.home.open(incident).read()
        assert reading.damage is None
        return list(reading.events)

    def state(self, incident: str) -> State:
        return fold(self.events(incident))

    def verdict(self, incident: str, *heads: str) -> Verdict:
        return verify_incident(self.home, incident, heads, NOW)


def entries(path: Path) -> dict[str, bytes]:
    """The entries of an export by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, content: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """A file with these entries."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def rows_of(content: Mapping[str, bytes]) -> list[Row]:
    return [Row(**json.loads(line)) for line in content[EVENTS].decode().splitlines()]


def with_rows(content: Mapping[str, bytes], rows: Iterable[Row | str]) -> dict[str, bytes]:
    """The same entries with other events; the manifest still says what it said."""
    lines = (row if isinstance(row, str) else json.dumps(row._asdict(), ensure_ascii=False) for row in rows)
    return {**content, EVENTS: "".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass")}


def with_manifest(content: Mapping[str, bytes], **changes: Any) -> dict[str, bytes]:
    return {**content, MANIFEST: json.dumps({**json.loads(content[MANIFEST]), **changes}).encode()}


def chained(rows: Iterable[Row], change: Callable[[int, Row], Row] = lambda _number, row: row) -> list[Row]:
    """The rows changed one by one and sealed again, each writer's as a chain of its own: a lie that holds together."""
    heads: dict[str, tuple[int, str]] = {}
    made: list[Row] = []
    for number, row in enumerate(rows):
        changed = change(number, row)
        seq, prev = heads.get(changed.writer, (0, "0" * 64))
        made.append(sealed(changed._replace(seq=seq + 1, prev=prev)))
        heads[changed.writer] = made[-1].seq, made[-1].hash
    return made
