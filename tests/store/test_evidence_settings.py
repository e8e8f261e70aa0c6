"""Evidence by hash, and the small facts whose loss costs a question."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.model.errors import RunbookError
from runbook.store.evidence import EvidenceFolders
from runbook.store.folder import Incident
from runbook.store.settings import ACCEPTED_AT_MOST, FILE, Remembered, Settings


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(), data=st.binary(max_size=200))
def test_bytes_come_back_by_their_hash(tmp_path: Path, name: str, data: bytes) -> None:
    """Whatever it is called, a piece is stored under its own hash, once, and comes back as it was."""
    evidence = EvidenceFolders(lambda: [tmp_path])
    kept = evidence.keep(name, data)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert kept.size_bytes == len(data)
    assert evidence.keep("again", data).sha256 == kept.sha256
    assert evidence.read(kept.sha256) == data
    assert (tmp_path / "evidence" / kept.sha256).is_file()


@pytest.mark.parametrize("name", ["../../x", "a\0b", "CON", "-rf", "n" * 300, "照片.jpg", "\udc80"])
def test_a_name_is_never_a_path(name: str, begin: Callable[..., Incident]) -> None:
    """The name given to a piece of evidence names no file."""
    incident = begin()
    kept = incident.evidence.keep(name, b"x")
    assert [path.name for path in (incident.folder / "evidence").iterdir()] == [kept.sha256]
    kept.name.encode()


@pytest.mark.parametrize("sha256", ["", "../journal.db", "0" * 64, "A" * 64])
def test_what_is_not_there(sha256: str, begin: Callable[..., Incident]) -> None:
    """A hash that names nothing, or a path in its place, is an error with a code."""
    with pytest.raises(RunbookError) as missing:
        begin().evidence.read(sha256)
    assert missing.value.code == "E-FILE"


def test_damaged_evidence_is_stored_again(tmp_path: Path) -> None:
    """A piece whose bytes changed on the disk is refused when read, and put right when it is kept again."""
    evidence = EvidenceFolders(lambda: [tmp_path])
    kept = evidence.keep("a", b"right")
    (tmp_path / "evidence" / kept.sha256).write_bytes(b"wrong")
    with pytest.raises(RunbookError):
        evidence.read(kept.sha256)
    evidence.keep("a", b"right")
    assert evidence.read(kept.sha256) == b"right"


def test_facts_are_remembered(tmp_path: Path) -> None:
    """User, site and what was accepted come back; the oldest accepted are forgotten when there are too many."""
    facts = Settings(tmp_path / "home")
    assert facts.load() == Remembered()
    assert facts.remember_user("夜班")
    assert facts.remember_site("/srv/site.yaml", "ab" * 32)
    assert facts.accept(["one"])
    assert facts.accept(str(n) for n in range(ACCEPTED_AT_MOST))
    again = Settings(tmp_path / "home").load()
    assert (again.user, again.site_path, again.site_sha256) == ("夜班", "/srv/site.yaml", "ab" * 32)
    assert len(again.accepted) == ACCEPTED_AT_MOST
    assert "one" not in facts.load().accepted
    assert "7" in facts.load().accepted


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"user": 7, "accepted": {"a": 1}}',
        b'{"accepted": [1, null]}',
        b"[" * 100_000,
    ],
)
def test_damaged_settings_cost_a_question(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, reading it gives what is usable, and the next fact is stored."""
    (tmp_path / FILE).write_bytes(content)
    facts = Settings(tmp_path)
    assert facts.load() == Remembered()
    assert facts.remember_user("N. Night")
    assert json.loads((tmp_path / FILE).read_text())["user"] == "N. Night"


def test_settings_that_cannot_be_stored(tmp_path: Path) -> None:
    """Where nothing can be written the fact is not remembered, and nothing else happens."""
    (tmp_path / "file").touch()
    facts = Settings(tmp_path / "file")
    assert not facts.remember_user("N. Night")
    assert not facts.accept(["x"])
    os.mkfifo(tmp_path / FILE)
    assert Settings(tmp_path).load() == Remembered()
