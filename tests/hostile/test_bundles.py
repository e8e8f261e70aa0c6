"""Files that somebody made to be imported: refused by name and reason, never half taken, never a crash (H50, H51)."""

from __future__ import annotations

import json
import random
import stat
import struct
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.model.errors import RunbookError
from runbook.model.state import fold
from runbook.store import unpacking
from runbook.store.bundles import EVENTS, MANIFEST
from runbook.store.importing import Imported
from runbook.store.rows import Row, sealed
from runbook.store.strict_json import DEEPEST, BadRowError, strict
from runbook.store.verifying import verify_file
from tests.conftest import IN_CI
from tests.store.laptops import NOW, Laptop, chained, entries, packed, rows_of, with_manifest, with_rows

ROUNDS = 1500 if IN_CI else 120
Content = dict[str, bytes]


@pytest.fixture
def one(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path / "A")


@pytest.fixture
def two(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path / "B")


@pytest.fixture
def incident(one: Laptop) -> str:
    made = one.begin()
    one.write(made, piece=b"a photo")
    return made


@pytest.fixture
def content(one: Laptop, incident: str) -> Content:
    """The entries of an honest export."""
    return entries(one.export(incident))


def zipped(path: Path, content: Content, *more: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """The entries, and further ones as they are."""
    packed(path, content)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        for entry, data in more:
            archive.writestr(entry, data)
    return path


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def everything_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


SLIPS: dict[str, tuple[str | zipfile.ZipInfo, str]] = {
    "../../slip": ("../../slip", "name"),
    "plan/../../slip": ("plan/../../slip", "name"),
    "/slip": ("/slip", "name"),
    "C:slip": ("C:slip", "name"),
    "backslash": ("plan\\..\\slip", "name"),
    "empty part": ("plan//slip", "name"),
    "control character": ("plan/a\x1b[2J", "name"),
    "trailing dot": ("plan/slip.", "name"),
    "link": (link("plan/cti-link.yaml"), "plain"),
    "link as evidence": (link("evidence/" + "0" * 64), "plain"),
    "folder": ("plan/", "name"),
    "twice": ("plan/cti-down.yaml", "twice"),
    "case": ("PLAN/CTI-down.yaml", "twice"),
    "journal": ("journal.db", "unknown"),
    "writer": ("writer.json", "unknown"),
    "evidence without a hash": ("evidence/photo.jpg", "unknown"),
    "evidence below": ("evidence/x/" + "0" * 64, "unknown"),
    "other hash": ("evidence/" + "0" * 64, "content"),
    "unnamed plan": ("plan/more.yaml", "unnamed"),
}


@pytest.mark.parametrize(("entry", "code"), SLIPS.values(), ids=SLIPS)
def test_an_entry_that_does_not_belong_is_refused_alone(
    one: Laptop, two: Laptop, incident: str, content: Content, entry: str | zipfile.ZipInfo, code: str
) -> None:
    """It is named with its reason; the rest is taken; nothing lies outside the incident's folder."""
    path = zipped(one.folder / "x.zip", content, (entry, b"slip"))
    two.folder.mkdir()
    taken = two.take(path)
    assert code in {each.code for each in taken.refused}
    assert two.events(incident) == one.events(incident)
    assert "slip" not in " ".join(everything_below(two.folder.parent))
    folder = two.home.open(incident).folder
    assert not [path for path in folder.rglob("*") if path.is_symlink()]
    kept = {each for each in everything_below(folder) if "/" in each}
    assert kept <= set(content) | {"plan/blocks"}
    assert [doubt.reason for doubt in verify_file(path, [], NOW).doubts if doubt.reason == code]


def test_encrypted_and_strangely_packed_entries_are_refused(
    one: Laptop, two: Laptop, incident: str, content: Content
) -> None:
    """They are not even looked into."""
    (name,) = [name for name in content if name.startswith("evidence/")]
    path = packed(one.folder / "x.zip", content, zipfile.ZIP_BZIP2)
    with pytest.raises(RunbookError) as none:
        two.take(path)
    assert none.value.code == "E-BUNDLE"
    data = bytearray(packed(path, content).read_bytes())
    for sign, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = data.index(sign, data.index(name.encode()) - 50 if sign[2] == 3 else data.rindex(name.encode()) - 46)
        data[place + at] |= 1
    path.write_bytes(data)
    assert {(each.entry, each.code) for each in two.take(path).refused} == {(name, "encrypted")}


def test_bombs_are_refused_before_they_are_unpacked(one: Laptop, two: Laptop, incident: str, content: Content) -> None:
    """By ratio, by size, by the sum, by the number of entries: at once, from the directory alone."""
    name = "evidence/" + "0" * 64
    path = packed(one.folder / "x.zip", {**content, name: bytes(8 << 20)}, zipfile.ZIP_DEFLATED)
    assert (name, "bomb") in {(each.entry, each.code) for each in two.take(path).refused}
    data = bytearray(zipped(path, content, (name, b"x")).read_bytes())
    struct.pack_into("<L", data, data.rindex(name.encode()) - 46 + 24, 0xF0000000)
    path.write_bytes(data)
    with pytest.raises(RunbookError) as refused:
        two.take(path)
    assert "more than is taken" in refused.value.text()


@pytest.mark.parametrize("honest", [True, False])
def test_a_million_entries_are_refused_at_once(one: Laptop, two: Laptop, tmp_path: Path, honest: bool) -> None:
    """From the last bytes of the file, whatever number they give: the directory is not read."""
    count = 1_000_000
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    path = tmp_path / "million.zip"
    with path.open("wb") as file:
        for _ in range(count // 1000):
            file.write(entry * 1000)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0xFFFF if honest else 3, len(entry) * count, 0, 0))
    began = time.monotonic()
    with pytest.raises(RunbookError) as refused:
        two.take(path)
    assert refused.value.code == "E-BUNDLE"
    assert time.monotonic() - began < 2


def test_what_is_no_export_is_said(one: Laptop, two: Laptop, tmp_path: Path, content: Content) -> None:
    """No zip, a zip of something else, half of one, a folder, a pipe's name, a manifest that is none: E-BUNDLE or E-FILE, nothing made."""
    whole = packed(tmp_path / "whole.zip", content).read_bytes()
    said = json.loads(content[MANIFEST])
    manifests: dict[str, bytes] = {
        "no JSON": b"{",
        "a list": b"[]",
        "twice": b'{"schema":1,"schema":2}',
        "NaN": json.dumps({**said, "schema": float("nan")}).encode(),
        "true": json.dumps({**said, "schema": True}).encode(),
        "no incident": json.dumps({**said, "incident": "../../x"}).encode(),
        "a path": json.dumps({**said, "incident": "20261104-cti-down-7K3M/../x"}).encode(),
        "writers": json.dumps({**said, "writers": {"A": 3}}).encode(),
        "entries": json.dumps({**said, "entries": {"A": {"size_bytes": "x", "sha256": 4}}}).encode(),
        "deep": b"[" * 100_000,
        "deep and closed": b"[" * 100_000 + b"]" * 100_000,
        "digits": b'{"schema":' + b"9" * 5000 + b"}",
        "not UTF-8": b"\xff\xfe",
        "surrogate": b'{"schema":1,"incident":"\\ud800"}',
        "empty": b"",
    }
    files = {
        "empty": b"",
        "text": b"hello" * 100,
        "half": whole[: len(whole) // 2],
        "cut": whole[:-1],
        "more behind": whole + b"x",
        "no events": packed(tmp_path / "x", {MANIFEST: content[MANIFEST]}).read_bytes(),
        "no manifest": packed(tmp_path / "x", {EVENTS: content[EVENTS]}).read_bytes(),
        **{name: packed(tmp_path / "x", {**content, MANIFEST: data}).read_bytes() for name, data in manifests.items()},
    }
    for name, data in files.items():
        path = tmp_path / "file.zip"
        path.write_bytes(data)
        for call in (two.take, lambda path: verify_file(path, [], NOW)):
            with pytest.raises(RunbookError) as refused:
                call(path)
            assert refused.value.code == "E-BUNDLE", name
    for path in (tmp_path, tmp_path / "nowhere.zip"):
        with pytest.raises(RunbookError) as refused:
            two.take(path)
        assert refused.value.code == "E-FILE"
    assert two.home.list() == two.home.list(practice=True) == ()


def test_a_newer_schema_is_said_with_the_version_that_wrote_it(one: Laptop, two: Laptop, content: Content) -> None:
    """Nothing is guessed of a format that this version does not know."""
    path = packed(one.folder / "x.zip", with_manifest(content, schema=2, tool_version="7.1", writers="other"))
    with pytest.raises(RunbookError) as newer:
        two.take(path)
    assert newer.value.code == "E-BUNDLE-NEWER"
    assert "7.1" in newer.value.text()


def body(row: Row, text: str) -> Row:
    return row._replace(body=text, kind="NoteAdded")


BODIES = {
    "twice": '{"text":"a","text":"b"}',
    "NaN": '{"text":NaN}',
    "Infinity": '{"text":-Infinity}',
    "1e999": '{"text":1e999}',
    "5,000 digits": '{"text":' + "9" * 5000 + "}",
    "lone surrogate": '{"text":"\\ud800"}',
    "deep": '{"text":' + "[" * 100_000,
    "deep and closed": '{"text":' + "[" * 100_000 + "]" * 100_000 + "}",
    "deeper than we write": '{"text":' + "[" * DEEPEST + "]" * DEEPEST + "}",
    "a list": "[]",
    "nothing": "",
}


@pytest.mark.parametrize("text", BODIES.values(), ids=BODIES)
def test_a_row_whose_body_is_no_strict_json_is_refused(
    one: Laptop, two: Laptop, incident: str, content: Content, text: str
) -> None:
    """Though its hash is right; what stands in front of it is taken (H50)."""
    with pytest.raises(BadRowError):
        if not isinstance(strict(text), dict):
            raise BadRowError
    rows = rows_of(content)
    path = packed(one.folder / "x.zip", with_rows(content, chained([*rows, body(rows[-1], text)])))
    assert ("form", 3) in {(each.code, each.seq) for each in two.take(path).refused}
    assert two.events(incident) == one.events(incident)
    assert "form" in {doubt.reason for doubt in verify_file(path, [], NOW).doubts}


LINES: dict[str, Callable[[Row], str]] = {
    "no JSON": lambda row: "{",
    "a list": lambda row: "[1]",
    "null": lambda row: "null",
    "a column less": lambda row: json.dumps({k: v for k, v in row._asdict().items() if k != "actor"}),
    "a column more": lambda row: json.dumps({**row._asdict(), "more": 1}),
    "a list as writer": lambda row: json.dumps({**row._asdict(), "writer": ["a"]}),
    "a map as number": lambda row: json.dumps({**row._asdict(), "seq": {"a": 1}}),
    "a long number": lambda row: json.dumps({**row._asdict(), "boot_s": 10**400}),
    "true as number": lambda row: json.dumps({**row._asdict(), "seq": True}),
    "digits": lambda row: json.dumps({**row._asdict(), "seq": 1}).replace('"seq": 1', '"seq": ' + "9" * 5000),
    "infinity": lambda row: json.dumps({**row._asdict(), "boot_s": float("inf")}),
    "surrogate": lambda row: json.dumps({**row._asdict(), "actor": "\ud800"}),
    "surrogate, in UTF-8": lambda row: json.dumps({**row._asdict(), "actor": "\ud800"}, ensure_ascii=False),
    "a null as hash": lambda row: json.dumps({**row._asdict(), "hash": None}),
    "an empty hash": lambda row: json.dumps({**row._asdict(), "hash": ""}),
    "a writer that is no name": lambda row: json.dumps(sealed(row._replace(writer="\x1b[2J"))._asdict()),
    "a writer without end": lambda row: json.dumps(sealed(row._replace(writer="A" * 100_000))._asdict()),
    "no time": lambda row: json.dumps(sealed(row._replace(utc="now"))._asdict()),
    "deep": lambda row: '{"body":' + "[" * 200_000,
    "nothing": lambda row: "",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_line_that_is_no_row_is_refused(
    one: Laptop, two: Laptop, incident: str, content: Content, line: Callable[[Row], str]
) -> None:
    """The lines around it are taken, each for itself."""
    rows = rows_of(content)
    for place in range(3):
        made: list[Row | str] = [*rows]
        made.insert(place, line(rows[-1]))
        path = packed(one.folder / f"{place}.zip", with_rows(content, made))
        home = Laptop(two.folder / str(place))
        taken = home.take(path)
        assert [(each.code, each.line) for each in taken.refused if each.line] == [("form", place + 1)]
        assert home.events(incident) == one.events(incident)
        assert ("form", place + 1) in {(doubt.reason, doubt.row) for doubt in verify_file(path, [], NOW).doubts}


def test_a_line_without_end_ends_the_reading(
    one: Laptop, two: Laptop, incident: str, content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too long a line, too many lines: what stands in front is taken, the rest is refused."""
    rows = rows_of(content)
    for limit, value in (("LINE_AT_MOST", 5000), ("LINES_AT_MOST", 2)):
        with monkeypatch.context() as limited:
            limited.setattr(unpacking, limit, value)
            path = packed(one.folder / "x.zip", with_rows(content, [*rows, "x" * 6000]))
            home = Laptop(two.folder / limit)
            assert ("many", 3) in {(each.code, each.line) for each in home.take(path).refused}
            assert home.events(incident) == one.events(incident)


NONSENSE = {
    "a time that is none": ("ReportedTimeCorrected", {"at": "yesterday", "was": "", "reason": ""}),
    "a map where a text belongs": (
        "StepFinished",
        {"step": {"a": 1}, "attempt": 1, "outcome": "passed", "by": "x", "how": "y"},
    ),
    "a list as step": ("StepBegun", {"step": ["a"], "attempt": "b"}),
    "heads of nobody": ("OthersSeen", {"heads": {"A": [True, "x"], "B": [10**12, "0" * 64]}}),
    "heads that are a text": ("OthersSeen", {"heads": "x"}),
    "evidence that is a number": ("NoteAdded", {"text": "x", "evidence": 7}),
    "evidence of evidence": ("NoteAdded", {"text": "x", "evidence": [{"sha256": ["x"]}, 3]}),
    "a second opening": ("IncidentOpened", {"incident": "x"}),
    "a file that leads elsewhere": (
        "SiteReloaded",
        {"sha256": "0" * 64, "file": "../../../etc/passwd", "differences": []},
    ),
    "no time at all": ("WentTo", {}),
    "damage": (
        "JournalDamaged",
        {"seq": 1, "number": 1, "reason": "x", "detail": "", "claimed_kind": "WentTo", "claimed_body": "["},
    ),
}


@pytest.mark.parametrize(("kind", "data"), NONSENSE.values(), ids=NONSENSE)
def test_an_event_that_says_nonsense_stops_no_program(
    one: Laptop, two: Laptop, incident: str, content: Content, kind: str, data: dict[str, object]
) -> None:
    """It is refused, or kept and never interpreted: every reader of the incident goes on, and so does the next import."""
    rows = rows_of(content)
    wrong = rows[-1]._replace(kind=kind, body=json.dumps(data))
    path = packed(one.folder / "x.zip", with_rows(content, chained([*rows, wrong, wrong])))
    for _ in range(2):
        two.take(path)
        assert fold(two.events(incident)).opened
        assert two.home.list()[0].state == "open"
        two.verdict(incident)
        verify_file(path, [], NOW)
        two.export(incident, "again.zip")
        assert two.events(incident)[:2] == one.events(incident)


OPENINGS: dict[str, dict[str, object]] = {
    "another incident": {"incident": "20261104-cti-down-AAAA"},
    "a drill": {"mode": "drill"},
    "no mode": {"mode": ""},
    "no zone": {"zone": "../../etc/passwd"},
    "a zone of nowhere": {"zone": "Moon/Sea"},
    "no time": {"reported_at": "yesterday"},
    "no title": {"title": {}},
    "a title of lists": {"title": {"en": ["x"]}},
    "a list as files": {"files": ["x"]},
}


@pytest.mark.parametrize("change", OPENINGS.values(), ids=OPENINGS)
def test_an_opening_that_opens_nothing_is_refused_with_all_behind_it(
    one: Laptop, two: Laptop, content: Content, change: dict[str, object]
) -> None:
    """Nothing of the incident is made."""
    rows = rows_of(content)
    opening = rows[0]._replace(body=json.dumps({**json.loads(rows[0].body), **change}))
    path = packed(one.folder / "x.zip", with_rows(content, chained([opening, *rows[1:]])))
    taken = two.take(path)
    assert taken.folder is None
    assert "opening" in {each.code for each in taken.refused}
    assert "opening" in {doubt.reason for doubt in verify_file(path, [], NOW).doubts}
    assert two.home.list() == two.home.list(practice=True) == ()


def test_an_incident_is_opened_once(one: Laptop, two: Laptop, incident: str, content: Content) -> None:
    """A second opening, by the same writer or another, is refused though nothing in it is wrong by itself."""
    rows = rows_of(content)
    for number, writer in enumerate((rows[0].writer, "22222")):
        twin = rows[0]._replace(writer=writer, actor="somebody else")
        path = packed(one.folder / "x.zip", with_rows(content, chained([*rows, twin])))
        home = Laptop(two.folder / str(number))
        taken = home.take(path)
        assert [(each.code, each.writer) for each in taken.refused if each.line] == [("opening", writer)]
        assert home.events(incident) == one.events(incident)
        assert "opening" in {doubt.reason for doubt in verify_file(path, [], NOW).doubts}
        # Where the incident is held, the other opening does not get in front of it either.
        assert "opening" in {each.code for each in home.take(path).refused}
        assert home.events(incident) == one.events(incident)


def test_a_row_that_was_changed_is_refused_by_its_hash(
    one: Laptop, two: Laptop, incident: str, content: Content
) -> None:
    """Whatever else its columns say; it is kept aside, and what stands behind it waits for the right one."""
    rows = rows_of(content)
    path = packed(one.folder / "x.zip", with_rows(content, [rows[0]._replace(actor="somebody else"), *rows[1:]]))
    taken = two.take(path)
    assert [(each.code, each.seq) for each in taken.refused if each.line] == [("hash", 1), ("missing", 2)]
    assert taken.folder is None


def test_files_named_out_of_the_folder_are_never_read_or_written(
    one: Laptop, two: Laptop, content: Content, tmp_path: Path
) -> None:
    """An opening that names plan files elsewhere: no such file is made, and none is taken for the plan."""
    rows = rows_of(content)
    said = json.loads(rows[0].body)
    said["files"] = {
        "../../../slip": "0" * 64,
        "/etc/passwd": "0" * 64,
        "cti-down.yaml": said["files"]["cti-down.yaml"],
    }
    opening = rows[0]._replace(body=json.dumps(said))
    path = packed(one.folder / "x.zip", with_rows(content, chained([opening, *rows[1:]])))
    taken = two.take(path)
    assert taken.folder
    assert not list(tmp_path.rglob("slip"))
    assert {doubt.reason for doubt in two.verdict(taken.incident).doubts} == {"absent"}


def broken(data: bytes, chance: random.Random) -> bytes:
    """The file with a few bytes changed, a part cut out, or a part twice."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(made))
        match chance.randrange(4):
            case 0:
                made[place] ^= 1 << chance.randrange(8)
            case 1:
                made[place] = chance.randrange(256)
            case 2:
                del made[place : place + chance.randint(1, 40)]
            case _:
                made[place:place] = made[place : place + chance.randint(1, 40)]
    return bytes(made)


def test_a_file_that_was_changed_anywhere_is_refused_or_taken_but_never_believed(
    one: Laptop, two: Laptop, incident: str, content: Content, tmp_path: Path
) -> None:
    """Seeded changes over the whole file: no crash, no event that was not written, and the next honest file gives the whole."""
    print("seed 5")
    chance = random.Random(5)
    honest = one.export(incident, "honest.zip")
    packs = [honest.read_bytes(), packed(tmp_path / "p.zip", content, zipfile.ZIP_DEFLATED).read_bytes()]
    right = one.events(incident)
    path, taken = tmp_path / "broken.zip", 0
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        for number in range(ROUNDS):
            path.write_bytes(broken(chance.choice(packs), chance))
            home = Laptop(Path(folder, str(number % 10)))
            try:
                result: Imported = home.take(path)
                verify_file(path, [], NOW)
            except RunbookError as error:
                if error.code not in ("E-BUNDLE", "E-BUNDLE-NEWER"):
                    raise
                continue
            taken += 1
            if result.incident == incident and result.folder:
                events = home.events(incident)
                assert events == right[: len(events)]
                assert not [each for each in home.verdict(incident).doubts if each.what == "event"]
        for number in range(10):
            home = Laptop(Path(folder, str(number)))
            home.take(honest)
            assert home.events(incident) == right
            assert home.verdict(incident).doubts == ()
    assert 0 < taken < ROUNDS
