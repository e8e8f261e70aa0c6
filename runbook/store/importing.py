"""Taking an export in: the union of what is held here and what it holds. A new incident is made whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.events import IncidentOpened
from runbook.model.ports import Clock
from runbook.model.text import _
from runbook.model.units import utc_text
from runbook.store.bundles import plan_named
from runbook.store.connection import UNREADABLE
from runbook.store.database import Database
from runbook.store.evidence import FOLDER as EVIDENCE
from runbook.store.examining import read_on
from runbook.store.files import digest_of, private_folder, replace_file, replacing
from runbook.store.folder import PLAN, Incident
from runbook.store.ids import is_practice
from runbook.store.incidents import Home, made_whole
from runbook.store.journal import JOURNAL_NAME
from runbook.store.ledger import Ledger
from runbook.store.merging import Merged, merged
from runbook.store.notices import LostError, Notice, why
from runbook.store.places import INCIDENTS, PRACTICE, relative_parts
from runbook.store.refusals import Refusal
from runbook.store.unpacking import Bundle, UnreadableError

ASIDE = "refused-{digest}.jsonl"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file. `fresh`: the incident was not here before; `folder` is None where nothing could be taken at all.

    `writers`: new events by writer; `known`: events that were here already; `pieces` and `files`: evidence and plan files
    that are new here. `aside`: the file that keeps what was refused. `opened`: the first event.
    """

    incident: str
    folder: Path | None
    fresh: bool
    writers: Mapping[str, int]
    known: int
    pieces: int
    files: int
    refused: tuple[Refusal, ...]
    aside: str = ""
    opened: IncidentOpened | None = None


def import_file(home: Home, path: Path, clock: Clock, actor: str) -> Imported:
    """Take in what an export holds and is proven; the rest is refused, each with its reason.

    Raises RunbookError E-FILE, E-BUNDLE, E-BUNDLE-NEWER (nothing was taken), E-INCIDENT-BUSY while it is run here, E-STORE.
    """
    with Bundle(path) as bundle:
        name = bundle.manifest.incident
        kind = PRACTICE if is_practice(name) else INCIDENTS
        guard = Incident(name, home.root / kind / name, home.places, home.notices)
        with guard.lock(utc_text(clock.now())):
            if beside := guard.running() - {guard.writer_at(1)}:
                raise RunbookError("E-INCIDENT-BUSY", name=name, holder=", ".join(sorted(beside)))
            if home.copies(name):
                return _Taking(bundle).into(home.open(name), clock, actor)
            return _Taking(bundle).as_new(home, kind)


class _Taking:
    """One file on its way in."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.name = bundle.manifest.incident
        self.pieces = self.files = 0
        self.aside = ""

    def into(self, incident: Incident, clock: Clock, actor: str) -> Imported:
        """Evidence and plan first: what events name is there when they are."""
        try:
            held = read_on(incident.folder / JOURNAL_NAME, self.name, None)
            if held.damage:
                # To open it is to mend it; what is held is what is there then.
                incident.journal(clock, actor).close()
                held = read_on(incident.folder / JOURNAL_NAME, self.name, None)
            found = merged(held, self.bundle.lines())
            aside = self._fill(incident.folder, found)
        except (OSError, *UNREADABLE) as problem:
            raise RunbookError("E-STORE", reason=why(problem), tried=incident.folder) from None
        if found.new:
            with incident.journal(clock, actor) as journal:
                journal.take(found.new)
                if journal.in_memory:
                    raise RunbookError("E-STORE", reason=_("no place takes it"), tried=incident.folder)
        return self._done(incident.folder, found, aside)

    def as_new(self, home: Home, kind: str) -> Imported:
        """The first place that takes it."""
        found = merged(Ledger(self.name), self.bundle.lines())
        if not found.new:
            return self._done(None, found, "", fresh=True)
        tried, reason, before = [], "", list(self.bundle.refused)
        for place in home.tries():
            self.pieces = self.files = 0
            self.bundle.refused[:] = before
            try:
                home.places.ready(place)
                folder = made_whole(place / kind, partial(self._built, found))
            except (OSError, *UNREADABLE, LostError) as problem:
                tried.append(str(place))
                reason = reason or why(problem)
                continue
            if place != home.root:
                home.notices(Notice("moved", reason, folder))
            return self._done(folder, found, self.aside, fresh=True)
        raise RunbookError("E-STORE", reason=reason, tried=", ".join(dict.fromkeys(tried)))

    def _built(self, found: Merged, building: Path) -> str:
        private_folder(building / PLAN)
        self.aside = self._fill(building, found)
        Database.create(building / JOURNAL_NAME, found.new).close()
        return self.name

    def _fill(self, folder: Path, found: Merged) -> str:
        """Plan files, evidence, and the lines that were refused; the name of the file that holds those. Raises OSError."""
        self._plan(folder, plan_named(found.events))
        self._evidence(private_folder(folder / EVIDENCE))
        self._absent()
        if not found.aside:
            return ""
        data = b"".join(found.aside)
        name = ASIDE.format(digest=hashlib.sha256(data).hexdigest()[:12])
        replace_file(folder / name, data)
        return name

    def _plan(self, folder: Path, named: Mapping[str, str]) -> None:
        for entry in self.bundle.plan:
            name = entry.removeprefix(f"{PLAN}/")
            path = folder.joinpath(PLAN, *relative_parts(name))
            if name not in named:
                self.bundle.refuse(entry, "unnamed")
            elif not _is(path, named[name]):
                private_folder(path.parent)
                self.files += self._copied(entry, path, named[name])
        for name, digest in named.items():
            entry = f"{PLAN}/{name}"
            if not self.bundle.has(entry) and not _is(folder / PLAN / name, digest):
                self._refuse_absent(entry)

    def _evidence(self, folder: Path) -> None:
        for entry in self.bundle.evidence:
            digest = entry.removeprefix(f"{EVIDENCE}/")
            if not _is(folder / digest, digest):
                self.pieces += self._copied(entry, folder / digest, digest)

    def _copied(self, entry: str, path: Path, digest: str) -> bool:
        """Whether the entry was put in place; it is refused when its content is not what its hash says. Raises OSError."""
        try:
            if self.bundle.digest(entry) != digest:
                self.bundle.refuse(entry, "content")
                return False
            with replacing(path) as file:
                for chunk in self.bundle.chunks(entry):
                    file.write(chunk)
        except UnreadableError as problem:
            self.bundle.refuse(entry, "unreadable", str(problem))
            return False
        return True

    def _absent(self) -> None:
        for entry in self.bundle.manifest.entries:
            if not self.bundle.has(entry):
                self._refuse_absent(entry)

    def _refuse_absent(self, entry: str) -> None:
        if all(refusal.entry != entry for refusal in self.bundle.refused):
            self.bundle.refuse(entry, "absent")

    def _done(self, folder: Path | None, found: Merged, aside: str, *, fresh: bool = False) -> Imported:
        new: dict[str, int] = {}
        for row in found.new:
            new[row.writer] = new.get(row.writer, 0) + 1
        refused = (*self.bundle.refused, *found.refused, *self._short(found))
        first = found.events[0].event if found.events else None
        opened = first if isinstance(first, IncidentOpened) else None
        return Imported(self.name, folder, fresh, new, found.known, self.pieces, self.files, refused, aside, opened)

    def _short(self, found: Merged) -> list[Refusal]:
        """What the manifest promises and the events do not hold: cut off, or replaced."""
        here = {(each.writer, each.seq): each.hash for each in found.events}
        said = {refusal.writer for refusal in found.refused}
        return [
            Refusal("", "end", writer=writer, seq=number)
            for writer, (number, head) in self.bundle.manifest.writers.items()
            if writer not in said and here.get((writer, number)) != head
        ]


def _is(path: Path, digest: str) -> bool:
    try:
        return digest_of(path)[1] == digest
    except OSError:
        return False
