"""Reading an export that may come from anywhere: what is not as it should be is refused by name, nothing is unpacked unseen."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.store.bundles import (
    ENTRIES_AT_MOST,
    EVENTS,
    MANIFEST,
    PIECE_AT_MOST,
    SCHEMA,
    TOTAL_AT_MOST,
    Head,
    Manifest,
)
from runbook.store.evidence import FOLDER as EVIDENCE
from runbook.store.evidence import is_digest
from runbook.store.files import UnsafeError, chunks_of, open_plain
from runbook.store.folder import PLAN
from runbook.store.ids import is_id
from runbook.store.notices import why
from runbook.store.places import relative_parts
from runbook.store.refusals import Code, Refusal
from runbook.store.rows import Row
from runbook.store.strict_json import BadRowError, strict

LINE_AT_MOST, LINES_AT_MOST = 16 << 20, 1_000_000
MANIFEST_AT_MOST, EVENTS_AT_MOST, PLAN_AT_MOST = 32 << 20, 512 << 20, 16 << 20
DIRECTORY_AT_MOST = 12 << 20
PACKED_AT_MOST, PACKED_FROM = 200, 1 << 20
"""How many times smaller a packed entry may be, and from which size on that is looked at."""
_WRITER = re.compile("[0-9A-Za-z-]{1,32}")
_END = struct.Struct("<4s4H2LH")  # .ZIP File Format Specification 6.3.10, 4.3.16
_BAD = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError, struct.error,
    NotImplementedError, LookupError, OverflowError, TypeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the events: where it stands, its bytes, and the row; or why it is none."""

    number: int
    data: bytes
    row: Row | None
    problem: str = ""


class Bundle:
    """An open export. `refused` grows while it is read; `plan` and `evidence` are the entries that may be asked for."""

    def __init__(self, path: Path) -> None:
        """Looks at the directory and the manifest alone. Raises RunbookError E-FILE, E-BUNDLE, E-BUNDLE-NEWER."""
        self.path = path
        self.refused: list[Refusal] = []
        try:
            self._file = open_plain(path.resolve())
        except OSError as problem:
            raise RunbookError("E-FILE", file=path, reason=why(problem)) from None
        try:
            self._archive = self._opened()
            self._entries = self._sorted_out(self._archive.infolist())
            self.manifest = self._manifest()
        except RunbookError:
            self._file.close()
            raise
        except _BAD as problem:
            self._file.close()
            raise RunbookError("E-BUNDLE", file=path, reason=str(problem) or type(problem).__name__) from None
        names = list(self._entries)
        self.plan = [name for name in names if name.startswith(f"{PLAN}/")]
        self.evidence = [name for name in names if name.startswith(f"{EVIDENCE}/")]

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._archive.close()
        self._file.close()

    def has(self, name: str) -> bool:
        return name in self._entries

    def refuse(self, name: str, code: Code, detail: str = "") -> None:
        self.refused.append(Refusal(name, code, detail))

    # -- the directory --------------------------------------------------------------------------------------------------

    def _opened(self) -> zipfile.ZipFile:
        """The directory is looked at before it is read: a million entries would take the memory first."""
        size = self._file.seek(0, io.SEEK_END)
        self._file.seek(max(0, size - _END.size))
        tail = self._file.read()
        if len(tail) < _END.size or tail[:4] != b"PK\x05\x06":
            raise zipfile.BadZipFile(_("it does not end as an export does; it may be cut off"))
        _sign, _disk, _first, _here, count, directory, offset, comment = _END.unpack(tail)
        if comment or count > ENTRIES_AT_MOST or directory > DIRECTORY_AT_MOST or 0xFFFFFFFF in (directory, offset):
            raise zipfile.BadZipFile(_("it has more entries than an export may have"))
        archive = zipfile.ZipFile(self._file)
        if len(archive.infolist()) > ENTRIES_AT_MOST:
            raise zipfile.BadZipFile(_("it has more entries than an export may have"))
        if sum(entry.file_size for entry in archive.infolist()) > TOTAL_AT_MOST:
            raise zipfile.BadZipFile(_("it unpacks to more than is taken"))
        return archive

    def _sorted_out(self, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        times = Counter(entry.orig_filename.casefold() for entry in entries)
        found: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            name = entry.orig_filename
            code: Code | None = "twice" if times[name.casefold()] > 1 else _wrong(entry)
            if code:
                self.refuse(name, code)
            else:
                found[name] = entry
        return found

    def _manifest(self) -> Manifest:
        if MANIFEST not in self._entries or EVENTS not in self._entries:
            raise zipfile.BadZipFile(
                _("it lacks {name}").format(name=EVENTS if MANIFEST in self._entries else MANIFEST)
            )
        with self._archive.open(self._entries[MANIFEST]) as file:
            data = strict(file.read().decode("utf-8"))
        schema, version = data["schema"], data["tool_version"]
        if type(schema) is not int or schema < 1 or not isinstance(version, str):
            raise BadRowError(_("its manifest is not written as one is"))
        if schema > SCHEMA:
            raise RunbookError("E-BUNDLE-NEWER", file=self.path, version=version, schema=schema)
        incident, damage = data["incident"], data["damage"]
        if not isinstance(incident, str) or not is_id(incident):
            raise BadRowError(_("its manifest names no incident"))
        left_out = tuple(name for name in data["left_out"] if isinstance(name, str))
        writers = _heads(data["writers"], "events", "head")
        entries = _heads(data["entries"], "size_bytes", "sha256")
        return Manifest(incident, version, writers, entries, left_out, damage if isinstance(damage, dict) else None)

    # -- the content ----------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[Line]:
        """The events, line by line. What cannot be read on is refused, and ends it; so is what the manifest says otherwise."""
        digest, number = hashlib.sha256(), 0
        try:
            with io.BufferedReader(self._archive.open(self._entries[EVENTS]), 1 << 20) as file:  # type: ignore[type-var]
                while data := file.readline(LINE_AT_MOST + 1):
                    number += 1
                    digest.update(data)
                    if len(data) > LINE_AT_MOST or number > LINES_AT_MOST:
                        self.refused.append(Refusal(EVENTS, "many", line=number))
                        return
                    yield _line(number, data)
        except _BAD as problem:
            self.refuse(EVENTS, "unreadable", str(problem))
            return
        if self.manifest.entries.get(EVENTS, (0, ""))[1] != digest.hexdigest():
            self.refuse(EVENTS, "content")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of an entry, a part at a time. Raises UnreadableError."""
        try:
            with self._archive.open(self._entries[name]) as file:
                yield from chunks_of(file)
        except _BAD as problem:
            raise UnreadableError(str(problem) or type(problem).__name__) from None

    def digest(self, name: str) -> str:
        """SHA-256 of an entry's content. Raises UnreadableError."""
        found = hashlib.sha256()
        for chunk in self.chunks(name):
            found.update(chunk)
        return found.hexdigest()


class UnreadableError(Exception):
    """The content of an entry cannot be read."""


def _wrong(entry: zipfile.ZipInfo) -> Code | None:
    """Why an entry is not even looked into; None when it may be."""
    name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
    try:
        top, *rest = relative_parts(name)
    except UnsafeError:
        return "name"
    if kind not in (0, stat.S_IFREG) or entry.is_dir():
        return "plain"
    if entry.flag_bits & 0x1:
        return "encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packing"
    known = {MANIFEST: MANIFEST_AT_MOST, EVENTS: EVENTS_AT_MOST}
    if not rest and name in known:
        most = known[name]
    elif top == PLAN and rest:
        most = PLAN_AT_MOST
    elif top == EVIDENCE and len(rest) == 1 and is_digest(rest[0]):
        most = PIECE_AT_MOST
    else:
        return "unknown"
    packed = entry.file_size > max(PACKED_FROM, PACKED_AT_MOST * entry.compress_size)
    return "bomb" if packed or entry.file_size > most else None


def _line(number: int, data: bytes) -> Line:
    try:
        fields = strict(data.decode("utf-8"))
        if not isinstance(fields, dict) or set(fields) != set(Row._fields):
            raise BadRowError(_("other columns than those of an event"))
        if not isinstance(fields["writer"], str) or not _WRITER.fullmatch(fields["writer"]):
            raise BadRowError(_("its writer has no name"))
    except (BadRowError, UnicodeDecodeError) as problem:
        return Line(number, data, None, str(problem))
    return Line(number, data, Row(**fields))


def _heads(data: Any, number: str, text: str) -> Mapping[str, Head]:
    """Raises BadRowError where it is not an object of objects with these two."""
    found: dict[str, Head] = {}
    for name, each in data.items() if isinstance(data, dict) else ():
        if not isinstance(each, dict) or type(each.get(number)) is not int or not isinstance(each.get(text), str):
            raise BadRowError(_("its manifest is not written as one is"))
        found[name] = each[number], each[text]
    return found
