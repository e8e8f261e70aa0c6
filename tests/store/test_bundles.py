"""An incident as one file: the same content gives the same bytes, whole or not at all, and nobody else's file is overwritten."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model.errors import RunbookError
from runbook.model.events import ActionIntended, NoteAdded, StepBegun, StepFinished
from runbook.store import bundles
from runbook.store.bundles import EVENTS, MANIFEST, Manifest
from runbook.store.journal import JOURNAL_NAME
from tests.conftest import IN_CI
from tests.store.laptops import Laptop, chained, entries, packed, rows_of, with_rows
from tests.store.parts import FILES
from tests.store.test_damage import tamper


@pytest.fixture
def laptops(tmp_path: Path) -> tuple[Laptop, Laptop]:
    return Laptop(tmp_path / "A"), Laptop(tmp_path / "B")


def test_an_export_holds_everything_and_says_so(laptops: tuple[Laptop, Laptop]) -> None:
    """Manifest, events with every column, plan files, evidence by hash: each with its size and SHA-256, each writer with its head."""
    one, _ = laptops
    incident = one.begin()
    one.write(incident, piece=b"a photo")
    path = one.export(incident)
    content = entries(path)
    assert list(content) == [MANIFEST, EVENTS, f"evidence/{hashlib.sha256(b'a photo').hexdigest()}", *(f"plan/{name}" for name in sorted(FILES))]  # fmt: skip
    said = json.loads(content[MANIFEST])
    assert (said["schema"], said["incident"], said["damage"], said["left_out"]) == (1, incident, None, [])
    for name, data in content.items():
        if name != MANIFEST:
            assert said["entries"][name] == {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    events = one.events(incident)
    assert said["writers"] == {events[0].writer: {"events": len(events), "head": events[-1].hash}}
    assert [row.hash for row in rows_of(content)] == [each.hash for each in events]


def test_the_same_content_gives_the_same_bytes(laptops: tuple[Laptop, Laptop]) -> None:
    """On the same laptop twice, and on another one that took it in and gave it on."""
    one, two = laptops
    incident = one.begin("lab")
    one.write(incident, piece=b"x")
    path = one.export(incident)
    two.take(path)
    assert two.home.open(incident).folder.parent.name == "practice"
    two.write(incident)
    one.take(two.export(incident, "other"))
    assert one.export(incident, "again").read_bytes() == two.export(incident, "other").read_bytes() != path.read_bytes()


def test_only_an_older_export_of_the_incident_is_replaced(laptops: tuple[Laptop, Laptop]) -> None:
    """A stranger's file, another incident's export, one that holds more, one that went another way: each stays as it is."""
    one, two = laptops
    incident, another = one.begin(), one.begin()
    path = one.export(incident, "x.zip")
    two.take(path)
    one.write(incident)
    one.export(incident, "x.zip")
    assert len(rows_of(entries(path))) == 2
    newer = two.folder / "newer.zip"
    two.take(path)
    two.write(incident)
    two.export(incident, "newer.zip")
    stranger = one.folder / "letter.txt"
    stranger.write_text("a letter")
    link = one.folder / "link.zip"
    link.symlink_to(stranger)
    for file in (one.export(another, "other.zip"), newer, stranger, link):
        before = file.read_bytes()
        with pytest.raises(RunbookError) as refused:
            bundles.export(one.home.open(incident), file)
        assert refused.value.code == "E-EXPORT-EXISTS"
        assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    laptops: tuple[Laptop, Laptop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails in the middle: the older export stands, nothing lies beside it, the error says what to do."""
    one, _ = laptops
    incident = one.begin()
    path = one.export(incident, "x.zip")
    before = path.read_bytes()
    one.write(incident, piece=b"x" * 5000)

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundles, "chunks_of", full)
    with pytest.raises(RunbookError) as failed:
        one.export(incident, "x.zip")
    assert failed.value.code == "E-FILE-WRITE"
    assert path.read_bytes() == before
    assert [each.name for each in one.folder.iterdir() if each.is_file()] == ["x.zip"]


def test_of_a_damaged_incident_what_is_proven_is_exported(laptops: tuple[Laptop, Laptop]) -> None:
    """The damage, and what the incident names and is not whole, stand in the manifest; the other laptop takes the rest."""
    one, two = laptops
    incident = one.begin()
    for number in range(3):
        one.write(incident, piece=b"piece %d" % number)
    folder = one.home.open(incident).folder
    (folder / "plan" / "cti-down.yaml").write_bytes(b"changed")
    kept = folder / "evidence" / hashlib.sha256(b"piece 1").hexdigest()
    kept.write_bytes(b"changed")
    tamper(folder, "UPDATE events SET actor = 'X' WHERE n = 4")
    with (one.folder / "d.zip").open("wb") as file:
        said = bundles.write(one.home.open(incident), file)
    assert said.damage == {"row": 4, "seq": 4, "reason": "hash"}
    assert set(said.left_out) == {"plan/cti-down.yaml", f"evidence/{kept.name}"}
    taken = two.take(one.folder / "d.zip")
    assert (taken.fresh, sum(taken.writers.values())) == (True, 3)
    assert [(each.entry, each.code) for each in taken.refused] == [("plan/cti-down.yaml", "absent")]


def test_repeated_imports_change_nothing(laptops: tuple[Laptop, Laptop]) -> None:
    """Whole, again, an older one behind it: everything was here already, and the journal is the same file with the same rows."""
    one, two = laptops
    incident = one.begin()
    older = one.export(incident, "older")
    one.write(incident, piece=b"x")
    path = one.export(incident, "newer")
    assert two.take(path).fresh
    before = two.events(incident)
    for file in (path, older, path):
        again = two.take(file)
        assert (again.fresh, again.writers, again.pieces, again.files, again.refused) == (False, {}, 0, 0, ())
    assert two.events(incident) == before


def test_evidence_and_plan_files_that_are_lost_come_back(laptops: tuple[Laptop, Laptop]) -> None:
    """What was deleted or changed here is put back from an export that holds it."""
    one, two = laptops
    incident = one.begin()
    one.write(incident, piece=b"x")
    path = one.export(incident)
    two.take(path)
    folder = two.home.open(incident).folder
    (folder / "plan" / "cti-down.yaml").write_bytes(b"changed")
    shutil.rmtree(folder / "evidence")
    assert len(two.verdict(incident).doubts) == 2
    taken = two.take(path)
    assert (taken.pieces, taken.files, taken.refused) == (1, 1, ())
    assert two.verdict(incident).doubts == ()


def test_a_new_incident_is_made_whole_or_not_at_all(
    laptops: tuple[Laptop, Laptop], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Wherever the disk fails while it is made, no half of it is there; afterwards the same import works."""
    one, _two = laptops
    incident = one.begin()
    one.write(incident, piece=b"x")
    path = one.export(incident)
    import runbook.store.files as files

    for failing in itertools.count(1):
        calls = itertools.count(1)

        def fsync(_handle: int, calls: itertools.count[int] = calls, failing: int = failing) -> None:
            if next(calls) == failing:
                raise OSError(5, "Input/output error")

        home = Laptop(tmp_path / f"C{failing}")
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / f"C{failing}" / "nowhere"))
        with monkeypatch.context() as broken:
            broken.setattr(files.os, "fsync", fsync)
            with contextlib.suppress(RunbookError):
                home.take(path)
        for copy in home.home.copies(incident):
            assert (copy / JOURNAL_NAME).is_file()
            assert home.verdict(incident).doubts == ()
        if next(calls) <= failing:
            break
        home.take(path)
        assert home.events(incident) == one.events(incident)
    assert failing > 8


def test_while_it_is_walked_here_nothing_comes_in(laptops: tuple[Laptop, Laptop]) -> None:
    """The import is refused while a process runs the incident, walking it or beside the walk; then it works."""
    one, two = laptops
    incident = one.begin()
    path = one.export(incident)
    two.take(path)
    for place in (1, 2):
        with two.home.open(incident).lock("", place=place), pytest.raises(RunbookError) as busy:
            two.take(path)
        assert busy.value.code == "E-INCIDENT-BUSY"
    assert two.take(path).refused == ()


# -- several laptops --------------------------------------------------------------------------------------------------

ACTS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["write", "step", "act", "file", "A", "B", "C"])), max_size=14
)


class Three:
    """An incident that three laptops have; they write apart, and hand each other files."""

    def __init__(self, folder: Path) -> None:
        self.laptops = {name: Laptop(folder / name) for name in "ABC"}
        self.incident = self.laptops["A"].begin()
        first = self.laptops["A"].export(self.incident)
        for name in "BC":
            self.laptops[name].take(first)

    def do(self, name: str, what: str) -> None:
        laptop = self.laptops[name]
        if what in self.laptops:
            assert self.laptops[what].take(laptop.export(self.incident)).refused == ()
        elif what == "step":
            finished = StepFinished("look", 1, "passed", "person", "asked", answer=name)
            laptop.write(self.incident, StepBegun("look", 1), finished)
        elif what == "act":
            laptop.write(
                self.incident, StepBegun("do", 1), ActionIntended("do", 1, "ssh", "restart", "0" * 64, "host:a")
            )
        else:
            laptop.write(self.incident, piece=name.encode() if what == "file" else b"")


@settings(max_examples=40 if IN_CI else 12, deadline=None)
@given(ACTS, st.permutations("ABCABC"), st.randoms(use_true_random=False))
def test_every_order_of_imports_gives_the_same_state(
    acts: list[tuple[str, str]], order: list[str], chance: object
) -> None:
    """Three laptops that wrote apart give each other what they have, in any order and repeated: same events, state, verdict, bytes."""
    with tempfile.TemporaryDirectory() as folder:
        three = Three(Path(folder))
        for name, what in acts:
            three.do(name, what)
        written = {(each.writer, each.seq, each.hash) for each in three.laptops["A"].events(three.incident)}
        for laptop in three.laptops.values():
            written |= {(each.writer, each.seq, each.hash) for each in laptop.events(three.incident)}
        files = {name: laptop.export(three.incident) for name, laptop in three.laptops.items()}
        for laptop in three.laptops.values():
            mine = list(order)
            chance.shuffle(mine)  # type: ignore[attr-defined]
            for name in mine:
                assert laptop.take(files[name]).refused == ()
        found = [laptop.events(three.incident) for laptop in three.laptops.values()]
        assert {(each.writer, each.seq, each.hash) for each in found[0]} == written
        assert found[0] == found[1] == found[2]
        states = [laptop.state(three.incident) for laptop in three.laptops.values()]
        assert states[0] == states[1] == states[2]
        verdicts = [laptop.verdict(three.incident) for laptop in three.laptops.values()]
        assert verdicts[0] == verdicts[1] == verdicts[2]
        assert verdicts[0].doubts == ()
        assert len({laptop.export(three.incident, "last").read_bytes() for laptop in three.laptops.values()}) == 1


def test_what_does_not_reach_down_to_what_is_here_says_what_to_import_first(laptops: tuple[Laptop, Laptop]) -> None:
    """The second half of a chain alone: refused with the number that is missing; behind the first half it comes in."""
    one, two = laptops
    incident = one.begin()
    for _ in range(3):
        one.write(incident)
    content = entries(one.export(incident))
    first = packed(one.folder / "first.zip", with_rows(content, rows_of(content)[:2]))
    second = packed(one.folder / "second.zip", with_rows(content, rows_of(content)[2:]))
    taken = two.take(second)
    assert taken.folder is None
    (refused,) = [each for each in taken.refused if each.code == "missing"]
    assert (refused.seq, refused.detail, refused.count) == (3, "1", 2)
    assert "event 1" in refused.text()
    assert sum(two.take(first).writers.values()) == 2
    assert sum(two.take(second).writers.values()) == 2
    assert two.events(incident) == one.events(incident)
    assert not list(two.home.open(incident).folder.glob("refused-*"))


def test_a_fork_is_never_silently_resolved(laptops: tuple[Laptop, Laptop], tmp_path: Path) -> None:
    """A cloned home wrote under the same name: what is here stays, the other events are refused one by one, kept aside, and shown."""
    one, _ = laptops
    incident = one.begin()
    clone = Laptop(tmp_path / "clone")
    shutil.copytree(one.folder, clone.folder)
    one.write(incident, NoteAdded("mine"))
    clone.write(incident, NoteAdded("theirs"), NoteAdded("theirs too"))
    path, before = clone.export(incident), one.events(incident)
    for _ in range(2):
        taken = one.take(path)
        assert {(each.code, each.seq) for each in taken.refused} == {("fork", 2), ("chain", 3)}
        assert one.events(incident) == before
        (aside,) = one.home.open(incident).folder.glob("refused-*.jsonl")
        assert aside.name == taken.aside
        assert [json.loads(json.loads(line)["body"])["text"] for line in aside.read_text().splitlines()] == ["theirs", "theirs too"]  # fmt: skip
    assert "stays" in taken.refused[0].text()


def test_an_export_can_be_verified_and_the_manifest_is_believed_only_where_it_is_right(
    laptops: tuple[Laptop, Laptop],
) -> None:
    """A file whose last rows were cut off is taken, and what the manifest promised is missed by name."""
    one, two = laptops
    incident = one.begin()
    one.write(incident)
    content = entries(one.export(incident))
    taken = two.take(packed(one.folder / "cut.zip", with_rows(content, rows_of(content)[:-1])))
    assert {(each.code, each.seq) for each in taken.refused} == {("content", 0), ("end", 2)}
    assert len(two.events(incident)) == 1


def test_two_who_finish_the_same_step_apart_are_both_kept(laptops: tuple[Laptop, Laptop]) -> None:
    """Nothing is lost, and the two laptops come to one order and one state (H52)."""
    one, two = laptops
    incident = one.begin()
    two.take(one.export(incident))
    for laptop, answer in ((one, "dead"), (two, "alive")):
        finished = StepFinished("look", 1, "passed", "person", "asked", answer=answer)
        laptop.write(incident, StepBegun("look", 1), finished)
    mine, theirs = one.export(incident, "one"), two.export(incident, "two")
    one.take(theirs)
    two.take(mine)
    assert one.events(incident) == two.events(incident)
    answers = [each.event.answer for each in one.events(incident) if isinstance(each.event, StepFinished)]
    assert sorted(answers) == ["alive", "dead"]
    assert one.state(incident) == two.state(incident)
    assert one.state(incident).conflicts


def test_the_manifest_that_is_written_is_the_one_that_is_read(laptops: tuple[Laptop, Laptop]) -> None:
    """What comes back is what was said."""
    from runbook.store.unpacking import Bundle

    one, _ = laptops
    path = one.export(one.begin())
    with Bundle(path) as bundle:
        assert isinstance(bundle.manifest, Manifest)
        assert bundle.manifest.data() == json.loads(entries(path)[MANIFEST])
        assert bundle.refused == []


def test_a_journal_that_cannot_be_opened_is_no_export(laptops: tuple[Laptop, Laptop]) -> None:
    """No empty file is written in its name."""
    one, _ = laptops
    incident = one.begin()
    folder = one.home.open(incident).folder
    (folder / JOURNAL_NAME).write_bytes(b"no database" * 1000)
    for part in folder.glob(f"{JOURNAL_NAME}-*"):
        part.unlink()
    with pytest.raises((RunbookError, sqlite3.Error)) as failed:
        bundles.export(one.home.open(incident), one.folder / "x.zip")
    assert isinstance(failed.value, RunbookError)
    assert failed.value.code == "E-JOURNAL-DAMAGED"
    assert not (one.folder / "x.zip").exists()


def test_a_chain_that_holds_together_is_no_licence(laptops: tuple[Laptop, Laptop]) -> None:
    """A stranger's whole chain under another writer's name is kept beside what is here: it changes nobody else's events."""
    one, two = laptops
    incident = one.begin()
    one.write(incident)
    content = entries(one.export(incident))
    two.take(one.export(incident))
    foreign = chained(
        [rows_of(content)[1]], lambda _n, row: row._replace(writer="ZZZZZ", utc="2001-01-01T00:00:00.000Z")
    )
    taken = two.take(packed(one.folder / "f.zip", with_rows(content, [*rows_of(content), *foreign])))
    assert taken.writers == {"ZZZZZ": 1}
    assert [each for each in two.events(incident) if each.writer != "ZZZZZ"] == one.events(incident)
