"""What must not be kept is taken out before anything is hashed or stored, and what is believed afterwards is what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from runbook.model.events import InputAnswered, NoteAdded
from runbook.model.redaction import Redactor
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from tests.store.parts import FILES, ZONE, StillClock, opening

SECRET = "Tr0ub4dor&3"


def redactor() -> Redactor:
    found = Redactor()
    found.learn("pw", SECRET)
    return found


def nowhere(folder: Path) -> bool:
    return not any(SECRET.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_event_is_stored_without_the_secret_and_believed_as_it_is_stored(
    journals: Callable[..., SqliteJournal],
) -> None:
    journal = journals(redact=redactor().text)
    evidence = [{"name": f"{SECRET}.txt", "sha256": "0" * 64, "size_bytes": 1}]
    recorded = journal.append(NoteAdded(f"it is {SECRET}", "step", evidence=evidence))
    expected = NoteAdded("it is «secret:pw»", "step", evidence=[{**evidence[0], "name": "«secret:pw».txt"}])
    assert recorded.event == expected
    folder = journal.folder
    journal.close()
    assert nowhere(folder)
    again = journals(folder)
    assert [each.event for each in again.events()] == [expected]
    assert again.damage is None


def test_several_events_at_once_pass_the_same_gate(journals: Callable[..., SqliteJournal]) -> None:
    journal = journals(redact=redactor().text)
    journal.append_all([NoteAdded(SECRET), NoteAdded(f"<{SECRET}>")])
    assert [each.event for each in journal.events()] == [NoteAdded("«secret:pw»"), NoteAdded("<«secret:pw»>")]


def test_the_first_events_of_an_incident_pass_it_too(home: Home, clock: StillClock) -> None:
    incident = home.create(
        "cti-down",
        "live",
        FILES,
        clock,
        "N. Night",
        zone=ZONE,
        opening=opening,
        then=[InputAnswered("word", SECRET, "set")],
        redact=redactor().text,
    )
    assert incident.read().events[-1].event == InputAnswered("word", "«secret:pw»", "set")
    assert (incident.folder / JOURNAL_NAME).is_file()
    assert nowhere(incident.folder)


def test_evidence_is_hashed_as_it_is_kept(home: Home, clock: StillClock) -> None:
    incident = home.create("cti-down", "live", FILES, clock, "N. Night", zone=ZONE, opening=opening)
    kept = incident.evidence_without(redactor().data).keep("stdout", f"a {SECRET} b".encode())
    clean = "a «secret:pw» b".encode()
    assert (kept.sha256, kept.size_bytes) == (hashlib.sha256(clean).hexdigest(), len(clean))
    assert incident.evidence.read(kept.sha256) == clean
    assert nowhere(incident.folder)
