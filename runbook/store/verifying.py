"""What an incident, or an export of one, proves: its events, its plan, its evidence, and what vouches for the end of the chains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runbook.model.record import head_code
from runbook.store.bundles import evidence_named, plan_named
from runbook.store.connection import UNREADABLE, NewerError
from runbook.store.evidence import FOLDER as EVIDENCE
from runbook.store.examining import Examined, examined, log_of, too_new
from runbook.store.files import UnsafeError, digest_of
from runbook.store.folder import PLAN
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME
from runbook.store.notices import why
from runbook.store.pages import carved
from runbook.store.places import relative_parts
from runbook.store.proof import By, ChainProof, Doubt, Prover
from runbook.store.rows import Row
from runbook.store.snapshot import Snapshot
from runbook.store.unpacking import Bundle, UnreadableError

Content = Callable[[str], str]
"""The SHA-256 of a file of the incident by its name, `plan/...` or `evidence/...`; empty when it is not there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. `doubts` is empty when everything is proven; `remarks` are no doubts; `files` and `pieces`: how many are whole.

    `code`: the short head code of all events that are proven.
    """

    incident: str
    chains: tuple[ChainProof, ...]
    doubts: tuple[Doubt, ...]
    remarks: tuple[Doubt, ...]
    files: int
    pieces: int
    events: int
    code: str


def verify_incident(home: Home, incident: str, heads: Sequence[str], now: datetime) -> Verdict:
    """What an incident of this home proves; the copies in other places vouch for it. Changes nothing.

    `heads` were noted elsewhere: hashes, or export files. Raises RunbookError E-INCIDENT-NONE.
    """
    found = home.open(incident)
    prover = _of_journal(found.folder / JOURNAL_NAME, found.id)

    def content(name: str) -> str:
        top, *parts = relative_parts(name)
        if top == EVIDENCE:
            return parts[0] if found.evidence.path(parts[0]) else _content(found.folder / EVIDENCE / parts[0])
        return _content(found.folder.joinpath(PLAN, *parts))

    prover.finish(now)
    for folder in home.copies(found.id):
        if folder != found.folder:
            _copy(prover, _of_journal(folder / JOURNAL_NAME, found.id), str(folder))
    return _verdict(prover, heads, content)


def verify_file(path: Path, heads: Sequence[str], now: datetime) -> Verdict:
    """What an export proves by itself. Changes nothing. Raises RunbookError E-FILE, E-BUNDLE, E-BUNDLE-NEWER."""
    with Bundle(path) as bundle:
        prover = _proven(bundle, now)
        names = set(bundle.manifest.entries)
        prover.doubts += [
            Doubt("entry", refusal.code, name=refusal.entry, detail=refusal.detail, row=max(refusal.line, 0))
            for refusal in bundle.refused
        ]
        refused = {refusal.entry for refusal in bundle.refused}
        missing = {name for name in names if not bundle.has(name)} - refused
        prover.doubts += [Doubt("entry", "absent", name=name) for name in sorted(missing)]
        unnamed = [name for name in bundle.plan if name.removeprefix(f"{PLAN}/") not in plan_named(prover.events)]
        prover.doubts += [Doubt("entry", "unnamed", name=name) for name in unnamed]

        def content(name: str) -> str:
            try:
                return bundle.digest(name) if bundle.has(name) else ""
            except UnreadableError:
                return "-"

        for name in bundle.evidence:
            if name.removeprefix(f"{EVIDENCE}/") not in evidence_named(prover.events) and content(name) != name[-64:]:
                prover.doubts.append(Doubt("entry", "content", name=name))
        return _verdict(prover, heads, content)


def _verdict(prover: Prover, heads: Sequence[str], content: Content) -> Verdict:
    for text in heads:
        _head(prover, text)
    plan, pieces = plan_named(prover.events), evidence_named(prover.events)
    wrong = [*_wrong("plan", PLAN, plan, content), *_wrong("evidence", EVIDENCE, dict.fromkeys(pieces), content)]
    chains = tuple(sorted(prover.chains.values(), key=lambda chain: chain.writer))
    lost = sum(doubt.what == "plan" for doubt in wrong)
    return Verdict(
        prover.incident,
        chains,
        (*prover.doubts, *wrong),
        tuple(prover.remarks),
        len(plan) - lost,
        len(pieces) - (len(wrong) - lost),
        len(prover.events),
        head_code(len(prover.events), prover.events[-1]) if prover.events else "",
    )


def _wrong(what: str, top: str, named: Mapping[str, str | None], content: Content) -> Iterator[Doubt]:
    for name, digest in named.items():
        try:
            found = content(f"{top}/{name}")
        except (UnsafeError, IndexError):
            found = ""
        if found != (digest or name):
            yield Doubt(
                "plan" if what == "plan" else "evidence", "content" if found else "absent", name=f"{top}/{name}"
            )


def _head(prover: Prover, text: str) -> None:
    """A hash; or the name of an export of the same incident, whose heads all are to be here."""
    path = Path(text)
    if not path.is_file():
        prover.head(text)
        return
    with Bundle(path) as bundle:
        if bundle.manifest.incident != prover.incident:
            prover.doubts.append(Doubt("head", "incident", name=bundle.manifest.incident, detail=text))
            return
        other = Prover(prover.incident)
        _take(other, ((line.number, line.row, line.problem) for line in bundle.lines()))
    _copy(prover, other, text, "head")


def _copy(prover: Prover, other: Prover, name: str, by: By = "copy") -> None:
    """A copy that holds only the beginning vouches for that; one that holds more, or other events, is a doubt."""
    for chain in other.chains.values():
        if chain.hashes:
            prover.vouch(chain.writer, chain.head, by, name)


def _proven(bundle: Bundle, now: datetime) -> Prover:
    prover = Prover(bundle.manifest.incident)
    _take(prover, ((line.number, line.row, line.problem) for line in bundle.lines()))
    prover.finish(now)
    for writer, head in bundle.manifest.writers.items():
        prover.expect(writer, head, "manifest.json")
    return prover


def _take(prover: Prover, rows: Iterable[tuple[int, Row | None, str]]) -> None:
    for number, row, problem in rows:
        prover.add(row, problem, number)


def _of_journal(path: Path, incident: str) -> Prover:
    """The rows of a journal file; behind what cannot be read, those that still can be. Raises RunbookError E-JOURNAL-NEWER."""
    prover, log = Prover(incident), log_of(path)
    try:
        with Snapshot(path) as snapshot:
            _read(prover, snapshot, path)
            if log.hides:
                _behind(prover, examined(path, incident, log, snapshot))
            # A page that hides rows without a word is found by the index, which still names them.
            if found := snapshot.problem():
                prover.doubts.append(Doubt("entry", "unreadable", name=JOURNAL_NAME, detail=found))
    except NewerError as newer:
        raise too_new(incident, newer) from None
    except (*UNREADABLE, OSError) as problem:
        carved_out = examined(path, incident, log, None, problem)
        for row in carved_out.ledger.rows:
            prover.add(row)
        _behind(prover, carved_out)
    return prover


def _read(prover: Prover, snapshot: Snapshot, path: Path) -> None:
    last = 0
    try:
        for number, row in snapshot.after(0):
            prover.add(row)
            last = number
    except UNREADABLE as problem:
        prover.stops(why(problem))
        for number, row in carved(path):
            if number > last:
                prover.add(row)


def _behind(prover: Prover, found: Examined) -> None:
    """What the file has, and SQLite does not show."""
    if found.ledger.damage and found.ledger.damage.reason == "page":
        prover.stops(found.ledger.damage.detail)
        for row in found.behind:
            prover.add(row)


def _content(path: Path) -> str:
    try:
        return digest_of(path)[1]
    except OSError:
        return ""
