"""Notes with the real program: at any time, files and photos, amendments, what was done on paper."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.program import REPAIRED_BY_RESTART, SCOPE, Program


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, str]]:
    """One person's machine with an incident that pauses at the restart's approval: every test only adds to it."""
    made = Program(tmp_path_factory.mktemp("notes") / "home")
    ran = made.run("start", "cti-down", "--lab", "--answers", made.answers(SCOPE))
    assert ran.code == 5, ran.out + ran.err
    yield made, made.only()["id"]
    made.run("lab", "down")


@pytest.fixture
def program(desk: tuple[Program, str]) -> Program:
    return desk[0]


@pytest.fixture
def paused(desk: tuple[Program, str]) -> str:
    return desk[1]


def report(program: Program, incident: str) -> str:
    ran = program.run("report", incident, "-o", "-")
    assert ran.code == 0, ran
    return ran.out


def test_an_amendment_edits_nothing_and_both_texts_are_shown(program: Program, paused: str) -> None:
    """The log and the report say at the original by what it was amended, and show the new text at the note."""
    assert program.run("note", paused, "board 3 is dark").code == 0
    first = len(program.events(paused))
    assert program.run("note", paused, "board 4, not 3", "--amends", str(first)).code == 0
    log = program.run("log", paused).out
    assert f"amended by #{first + 1}" in log
    assert "board 3 is dark" in log
    assert f"(amends #{first}): board 4, not 3" in log
    text = report(program, paused)
    assert f"Note: board 3 is dark; amended by \\#{first + 1}" in text
    assert f"Note on event {first}: board 4, not 3" in text


@pytest.mark.parametrize("number", ["0", "-1", "9999", "x"])
def test_only_an_event_that_there_is_can_be_amended(program: Program, paused: str, number: str) -> None:
    """Any other number is refused, and nothing is recorded."""
    before = len(program.events(paused))
    assert program.run("note", paused, "text", f"--amends={number}").code == 2
    assert len(program.events(paused)) == before


def test_what_was_done_on_paper_stands_at_its_time_and_is_marked(program: Program, paused: str) -> None:
    """The paper's time and the time of the entry are both shown, in the log and in the report, where it stands among what happened then."""
    then = datetime.now(UTC) - timedelta(minutes=90)
    typed = then.astimezone().isoformat(timespec="seconds")
    ran = program.run("note", paused, "restarted by hand", "--step", "restart-cti", "--at", typed)
    assert ran.code == 0
    assert "marked as a late entry" in ran.out
    event = program.events(paused)[-1]
    assert event["body"]["at"][:16] == then.isoformat()[:16]
    assert "LATE ENTRY for " in program.run("log", paused).out
    text = report(program, paused)
    timeline = text[text.index("## Timeline") : text.index("## Steps of the plan")].splitlines()
    rows = [line for line in timeline if line.startswith("| ") and line[2].isdigit()]
    assert "LATE ENTRY, entered " in rows[0]
    assert "restarted by hand" in rows[0]
    assert "LATE ENTRY for " in text[text.index("## Notes") :]


@pytest.mark.parametrize("time", ["9999-12-31", "25:99", "-99999999999d", "0001-01-01", "soon"])
def test_a_time_that_cannot_be_is_refused(program: Program, paused: str, time: str) -> None:
    """The future, and what is no time, exit 2 with what was expected; nothing is recorded."""
    before = len(program.events(paused))
    ran = program.run("note", paused, "text", f"--at={time}")
    assert (ran.code, "E-VALUE" in ran.err) == (2, True), ran
    assert len(program.events(paused)) == before


@pytest.mark.parametrize(
    ("step", "near"), [("restart-ctl", "restart-cti"), ("caus", "close-out/cause"), ("zzzz", "runbook show cti-down")]
)
def test_an_unknown_step_is_refused_with_the_nearest(program: Program, paused: str, step: str, near: str) -> None:
    """A note that belongs nowhere would never be found again."""
    ran = program.run("note", paused, "text", "--step", step)
    assert ran.code == 2
    assert near in ran.err


def test_a_note_is_taken_after_the_end_and_marked(program: Program) -> None:
    """Append-only goes on behind the end: said at once, marked in the log and the report; the incident stays ended."""
    ran = program.run("start", "cti-down", "--lab", "--new", "--answers", program.answers(REPAIRED_BY_RESTART))
    assert ran.code == 0, ran
    incident = next(each["id"] for each in program.incidents() if each["state"] == "recovered")
    assert program.run("note", incident, "service is back").code == 0, "a recovered incident takes notes"
    ran = program.run("close", incident, "--abort", "an exercise", given=f"{len(program.events(incident))}\n")
    assert ran.code == 4, ran
    ran = program.run("note", incident, "found a cable later")
    assert ran.code == 0
    assert "after the end" in ran.out
    assert program.run("log", incident).out.count("(after the end)") == 1
    text = report(program, incident)
    assert "AFTER THE END: Note: found a cable later" in text
    assert next(each["state"] for each in program.incidents() if each["id"] == incident) == "aborted"


def test_a_text_comes_from_the_standard_input_too(program: Program, paused: str) -> None:
    """`-` reads it, NUL and control characters are stored and shown written out, one that is too long is refused."""
    assert program.run("note", paused, "-", given="line one\nline \0two \x1b[31m\u202e\n").code == 0
    assert program.events(paused)[-1]["body"]["text"] == "line one\nline \0two \x1b[31m\u202e"
    log = program.run("log", paused).out
    assert "\x1b" not in log
    assert "\0" not in log
    assert r"\u{0}two \u{1b}[31m\u{202e}" in log
    assert program.run("note", paused, "-", given="x" * 70_000).code == 2
    assert program.run("note", paused, "-", given=" \n").code == 2


def test_a_photo_is_kept_without_its_place(program: Program, paused: str, tmp_path: Path) -> None:
    """EXIF with GPS is gone from what is kept, the picture is upright, and what was done is said."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 54.0, 27.0), 3: "E", 4: (116.0, 23.0, 17.0)})
    photo = tmp_path / "board.jpg"
    Image.new("RGB", (60, 40), "red").save(photo, exif=exif, comment=b"taken at home")
    assert b"Exif" in photo.read_bytes()
    ran = program.run("note", paused, "the board", "--file", str(photo))
    assert ran.code == 0, ran
    assert "drawn anew as JPEG, 40 x 60, without its metadata" in ran.out
    kept = program.events(paused)[-1]["body"]["evidence"][0]
    data = (program.home / "practice" / paused / "evidence" / kept["sha256"]).read_bytes()
    assert (kept["name"], b"Exif" in data, b"taken at home" in data) == ("board.jpg", False, False)
    with Image.open(io.BytesIO(data)) as again:
        assert (again.size, dict(again.getexif())) == ((40, 60), {})


def test_what_is_no_file_is_refused_at_once(program: Program, paused: str, tmp_path: Path) -> None:
    """Folders, pipes, devices, sockets and what is not there: exit 2 within the time-out, nothing recorded."""
    before = len(program.events(paused))
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        for path in (
            tmp_path,
            tmp_path / "pipe",
            tmp_path / "s",
            Path("/dev/zero"),
            tmp_path / "none",
            Path("/dev/tty"),
        ):
            ran = program.run("note", paused, "text", "--file", str(path), timeout_s=30)
            assert (ran.code, "E-FILE" in ran.err) == (2, True), (path, ran)
    assert len(program.events(paused)) == before


def test_a_drawing_that_can_hold_a_script_is_refused(program: Program, paused: str, tmp_path: Path) -> None:
    """An SVG, whatever it is called, exits 2 with what to do instead."""
    drawing = tmp_path / "photo.png"
    drawing.write_text('<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')
    ran = program.run("note", paused, "text", "--file", str(drawing))
    assert (ran.code, "E-EVIDENCE" in ran.err, "PNG" in ran.err) == (2, True, True)
