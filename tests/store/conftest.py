"""A home of its own for each test, and a list of what the store told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook.store.database import Database
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.notices import Notice
from tests.store.parts import FILES, INCIDENT, ZONE, StillClock, opening


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last place on disk is the test's own, too."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def told() -> list[Notice]:
    """What the store told the person."""
    return []


@pytest.fixture
def journals(tmp_path: Path, clock: StillClock, told: list[Notice]) -> Iterator[Callable[..., SqliteJournal]]:
    """Opens the journal of one incident folder; the folder is made at the first call. All are closed at the end."""
    opened: list[SqliteJournal] = []

    def journal(folder: Path | None = None, **options: object) -> SqliteJournal:
        folder = folder or tmp_path / INCIDENT
        if not folder.exists():
            folder.mkdir()
            Database.create(folder / JOURNAL_NAME).close()
        opened.append(SqliteJournal(folder, INCIDENT, clock, "N. Night", notices=told.append, **options))
        return opened[-1]

    yield journal
    for each in opened:
        each.close()


@pytest.fixture
def home(tmp_path: Path, told: list[Notice]) -> Home:
    """A home whose spare folder is there."""
    (tmp_path / "spare").mkdir()
    return Home.of({"RUNBOOK_HOME": str(tmp_path / "home"), "RUNBOOK_SPARE": str(tmp_path / "spare")}, told.append)


@pytest.fixture
def begin(home: Home, clock: StillClock) -> Callable[..., object]:
    """Makes an incident in the home."""

    def made(plan: str = "cti-down", mode: str = "live", files: dict[str, bytes] | None = None) -> object:
        return home.create(plan, mode, FILES if files is None else files, clock, "N. Night", zone=ZONE, opening=opening)

    return made
