"""Incident folders: named, private, found by any unique ending, practice apart."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.errors import RunbookError
from runbook.model.events import IncidentAborted, IncidentClosed, NoteAdded
from runbook.store.files import UnsafeError
from runbook.store.folder import Incident
from runbook.store.ids import ALPHABET, is_id, is_practice, match, new_id
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME
from runbook.store.places import relative_parts
from tests.store.parts import FILES, ZONE, StillClock, opening

Begin = Callable[..., Incident]


def code(problem: pytest.ExceptionInfo[RunbookError]) -> str:
    return problem.value.code


# -- ids ----------------------------------------------------------------------------------------------------------------


def test_the_date_is_the_sites() -> None:
    """At 18:51 UTC it is tomorrow in Shanghai: the id carries the date on the technician's wall."""
    now = datetime(2026, 11, 4, 18, 51, tzinfo=UTC)
    assert new_id("cti-down", "live", now, ZONE).startswith("20261105-cti-down-")
    assert new_id("cti-down", "live", now, ZoneInfo("UTC")).startswith("20261104-cti-down-")
    assert new_id("cti-down", "lab", now, ZONE).startswith("lab-20261105-cti-down-")
    assert new_id("cti-down", "drill", now, ZONE).startswith("drill-20261105-cti-down-")


@given(st.text(), st.sampled_from(["live", "lab", "drill"]))
def test_an_id_is_always_a_plain_name(plan: str, mode: str) -> None:
    """Whatever a plan is called, the id is a short name without dots, slashes or anything a file system would read otherwise."""
    made = new_id(plan, mode, datetime(2026, 11, 4, tzinfo=UTC), ZONE)
    assert is_id(made)
    assert len(made) < 90
    assert is_practice(made) == (mode != "live")


def test_the_alphabet_cannot_be_misread() -> None:
    """No two characters that sound or look alike when an id is read out over the phone."""
    assert not set("0O1ILU") & set(ALPHABET)


@pytest.mark.parametrize(
    "name", ["..", ".new-0123456789abcdef", "20261104-cti-down-7K3M.bak", "lab-x", "20261104--7K3M", "con"]
)
def test_what_is_no_id(name: str) -> None:
    """Other folders in `incidents/` are not incidents."""
    assert not is_id(name)


KNOWN = ("20261104-cti-down-7K3M", "20261104-ivr-down-AK3M", "20261103-cti-down-B2CD")


@pytest.mark.parametrize("ending", ["7K3M", "7k3m", " 7K3M ", "cti-down-7K3M", KNOWN[0]])
def test_any_unique_ending_names_it(ending: str) -> None:
    """The last characters are enough, in upper or lower case."""
    assert match(ending, KNOWN) == KNOWN[0]


def test_an_ending_of_several_names_none() -> None:
    """When several fit, the error lists them and nothing is chosen."""
    with pytest.raises(RunbookError) as many:
        match("K3M", KNOWN)
    assert code(many) == "E-INCIDENT-MANY"
    assert KNOWN[0] in many.value.text()
    assert KNOWN[1] in many.value.text()


@pytest.mark.parametrize(
    ("typed", "nearest"), [("7K3N", KNOWN[0]), ("cti-down", KNOWN[0]), ("20261103-cti-down-B2CE", KNOWN[2])]
)
def test_the_nearest_is_offered(typed: str, nearest: str) -> None:
    """A slip of the finger is answered with the id that was probably meant."""
    with pytest.raises(RunbookError) as none:
        match(typed, KNOWN)
    assert code(none) == "E-INCIDENT-NONE"
    assert nearest in none.value.text()


@pytest.mark.parametrize("typed", ["", "  ", "../../etc", "zzzzzzzz", "*"])
def test_what_names_nothing(typed: str) -> None:
    """Nothing, a path or a pattern names no incident."""
    with pytest.raises(RunbookError) as none:
        match(typed, KNOWN)
    assert code(none) == "E-INCIDENT-NONE"


# -- making and finding -------------------------------------------------------------------------------------------------


def test_an_incident_is_whole(home: Home, begin: Begin) -> None:
    """When `create` returns, the first event is there, it names every plan file by its hash, and the files are what was given."""
    incident = begin()
    (first,) = incident.read().events
    assert first.incident == incident.id == first.event.incident
    assert first.actor == "N. Night"
    assert set(first.event.files) == set(FILES)
    assert incident.plan_files(first.event.files) == FILES
    assert incident.folder == home.root / "incidents" / incident.id


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_everything_is_private(umask: int, home: Home, begin: Begin, clock: StillClock) -> None:
    """Folders are 0700 and files 0600 whatever the umask."""
    before = os.umask(umask)
    try:
        incident = begin()
        incident.evidence.keep("a", b"a")
        home.settings.remember_user("N. Night")
        with incident.lock("now"), incident.journal(clock, "a") as journal:
            journal.append(NoteAdded("x"))
    finally:
        os.umask(before)
    found = [home.root, *home.root.rglob("*")]
    wrong = {
        str(path): oct(mode)
        for path in found
        if (mode := stat.S_IMODE(path.stat().st_mode)) != (0o700 if path.is_dir() else 0o600)
    }
    assert wrong == {}
    assert len(found) > 12


def test_a_folder_open_to_others_is_closed(home: Home, begin: Begin) -> None:
    """A home folder of ours that others may write to is made private before anything is stored in it."""
    home.root.mkdir()
    home.root.chmod(0o777)
    begin()
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


@pytest.mark.parametrize("act", ["create", "find", "list"])
def test_a_link_is_refused(act: str, home: Home, begin: Begin, tmp_path: Path) -> None:
    """A home folder that is a symbolic link is refused with a code, for writing and for reading."""
    (tmp_path / "real").mkdir()
    home.root.symlink_to(tmp_path / "real")
    acts = {"create": begin, "find": lambda: home.find("7K3M"), "list": home.list}
    with pytest.raises(RunbookError, match="symbolic link") as refused:
        acts[act]()
    assert code(refused) == "E-STORE"
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.needs_root
@pytest.mark.parametrize("act", ["create", "find", "list"])
def test_somebody_elses_is_refused(act: str, home: Home, begin: Begin) -> None:
    """A home folder that belongs to somebody else is refused with a code: they could replace what we wrote."""
    home.root.mkdir()
    os.chown(home.root, 65534, 65534)
    acts = {"create": begin, "find": lambda: home.find("7K3M"), "list": home.list}
    with pytest.raises(RunbookError, match="somebody else") as refused:
        acts[act]()
    assert code(refused) == "E-STORE"


@pytest.mark.needs_root
def test_a_planted_temporary_folder_is_not_read(home: Home, begin: Begin, tmp_path: Path) -> None:
    """Somebody else's folder where ours would be in the temporary folder is neither read nor written."""
    planted = home.places.temporary
    incident = begin()
    (planted / "incidents").mkdir(parents=True)
    incident.folder.rename(planted / "incidents" / incident.id)
    assert len(home.list()) == 1
    os.chown(planted, 65534, 65534)
    assert home.list() == ()


def test_practice_is_apart(home: Home, begin: Begin) -> None:
    """Lab runs and drills lie in `practice/`, are listed and found only when asked for or by their full id."""
    live, lab, drill = begin(), begin(mode="lab"), begin(mode="drill")
    assert [each.id for each in home.list()] == [live.id]
    assert {each.id for each in home.list(practice=True)} == {lab.id, drill.id}
    assert home.find(lab.id).folder.parent.name == "practice"
    assert home.find(drill.id[-4:], practice=True).id == drill.id
    with pytest.raises(RunbookError, match="E-INCIDENT-NONE"):
        home.find(lab.id[-4:])


def test_the_list_tells_the_state(home: Home, begin: Begin, clock: StillClock) -> None:
    """The newest first, with plan, times, last event and state; a broken one is listed and hides no other."""
    incidents = [begin() for _ in range(4)]
    for incident, event in zip(
        incidents[1:], (IncidentClosed(), IncidentAborted("L. Lead", "wrong plan")), strict=False
    ):
        with incident.journal(clock, "a") as journal:
            journal.append(event)
    (incidents[3].folder / JOURNAL_NAME).write_bytes(b"no database")
    found = {each.id: each for each in home.list()}
    assert [found[each.id].state for each in incidents] == ["open", "closed", "aborted", "unreadable"]
    assert found[incidents[3].id].problem
    assert found[incidents[1].id].last.kind == "IncidentClosed"
    assert found[incidents[0].id].opened.plan == "cti-down"
    order = [each.opened_at for each in home.list()]
    assert order == sorted(order, reverse=True)


def test_nothing_is_made_by_looking(home: Home) -> None:
    """A reader on a fresh machine leaves no folder behind."""
    assert home.list() == ()
    with pytest.raises(RunbookError, match="E-INCIDENT-NONE"):
        home.find("7K3M")
    assert home.settings.load().user == ""
    assert not home.root.exists()


def test_home_and_spares_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNBOOK_HOME, else the folder that the system has for a user's data; RUNBOOK_SPARE like PATH; relative names once and for all."""
    monkeypatch.chdir(tmp_path)
    places = Home.of({"RUNBOOK_HOME": "here", "RUNBOOK_SPARE": os.pathsep.join(["one", "", "two"])}).places
    assert places.all[:3] == (tmp_path / "here", tmp_path / "one", tmp_path / "two")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Home.of({}).root == tmp_path / "data" / "runbook"


# -- plan files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["edited", "removed", "link", "pipe"])
def test_a_changed_plan_file_is_refused(change: str, begin: Begin, tmp_path: Path) -> None:
    """A plan file that is not what it was at the start is refused by its hash, never followed elsewhere, never waited for."""
    incident = begin()
    path = incident.folder / "plan" / "cti-down.yaml"
    path.unlink()
    match change:
        case "edited":
            path.write_bytes(b"runbook: 2\n")
        case "link":
            (tmp_path / "same").write_bytes(FILES["cti-down.yaml"])
            path.symlink_to(tmp_path / "same")
        case "pipe":
            os.mkfifo(path)
    with pytest.raises(RunbookError) as refused:
        incident.plan_files(incident.read().events[0].event.files)
    assert code(refused) == "E-FILE"


BAD_NAMES = [
    "../x",
    "/etc/passwd",
    "a/../../x",
    "",
    "a//b",
    "a\\b",
    "C:x",
    "a\0b",
    "-rf",
    "a/.",
    "x.",
    "x ",
    "a\nb",
    "a*",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_plan_files_stay_in_their_folder(name: str, begin: Begin, tmp_path: Path) -> None:
    """A file name that leads out of `plan/`, or means something else on another system, is refused and nothing is left behind."""
    with pytest.raises(UnsafeError):
        relative_parts(name)
    with pytest.raises(RunbookError):
        begin(files={name: b"x"})
    assert not list(tmp_path.rglob("plan"))


def test_a_mistake_of_the_caller_leaves_nothing(home: Home, clock: StillClock) -> None:
    """When the first event cannot be made, no half incident stays."""

    def fails(incident: str, digests: object) -> object:
        raise KeyError(incident)

    with pytest.raises(KeyError):
        home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=fails)
    assert list((home.root / "incidents").iterdir()) == []
    assert home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening).read().damage is None
