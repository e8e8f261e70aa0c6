"""An incident moves: walked on one laptop, killed there, gone on with on another, and back; with the program as it is typed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import REPAIRED_BY_RESTART, Program, outcomes
from tests.acceptance.test_killed import KILLER


@pytest.fixture
def laptops(tmp_path: Path) -> tuple[Program, Program]:
    """Two homes, each with its own folders."""
    for name in "ab":
        (tmp_path / name).mkdir()
    return Program(tmp_path / "a" / "home"), Program(tmp_path / "b" / "home")


def test_a_walk_that_was_killed_goes_on_at_another_laptop(laptops: tuple[Program, Program]) -> None:
    """Killed behind the approval; exported, imported, resumed there to its end, and back: nothing asked twice, nothing done twice."""
    one, two = laptops
    answers = one.answers(REPAIRED_BY_RESTART)
    begun = ["start", "cti-down", "--lab", "--as", "Technician A", "--answers", answers]
    killed = subprocess.run(
        [sys.executable, str(KILLER), "after", "12", *begun],
        stdin=subprocess.DEVNULL, capture_output=True, env=one.env(), cwd=one.home.parent, timeout=120, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    incident = one.only()["id"]
    assert one.run("export", incident, "-o", "moved.runbook.zip").code == 0
    before = one.events(incident)

    taken = two.run("import", str(one.home.parent / "moved.runbook.zip"))
    assert (taken.code, taken.err) == (0, "")
    assert f"{incident} is here now" in taken.out
    assert two.events(incident) == before
    resumed = two.run("resume", incident, "--as", "Technician B", "--answers", two.answers(REPAIRED_BY_RESTART))
    assert resumed.code == 0, resumed
    events = two.events(incident)
    assert events[: len(before)] == before
    assert {event["writer"] for event in events[:1]} != {event["writer"] for event in events[-1:]}
    assert outcomes(events)["restart-cti"] == "passed"
    assert len(one.lab_acts("restart", "cti-core")) == 1
    intents = [
        event for event in events if event["kind"] == "ActionIntended" and event["body"]["step"] == "restart-cti"
    ]
    assert len(intents) == 1

    assert two.run("export", incident, "-o", "back.runbook.zip").code == 0
    back = one.run("import", str(two.home.parent / "back.runbook.zip"))
    assert back.code == 0, back
    assert one.events(incident) == events
    assert one.only() == two.only()
    report = one.run("report", incident, "-o", "-")
    heads = {event["writer"]: event["hash"] for event in events}
    assert all(head in report.out for head in heads.values())
    verified = one.run("verify", incident, "--head", str(two.home.parent / "back.runbook.zip"), "--json")
    assert (verified.code, json.loads(verified.out)["proven"]) == (0, True)


def test_export_import_and_verify_end_as_they_should(laptops: tuple[Program, Program]) -> None:
    """0 good, 1 something is refused or not proven, 2 not started; each says what to type next, in both languages."""
    one, two = laptops
    answers = one.answers({})
    assert one.run("start", "cti-down", "--lab", "--as", "Technician A", "--answers", answers).code == 5
    incident = one.only()["id"]
    assert one.run("export", incident, "--json").code == 0
    name = f"{incident}.runbook.zip"
    file = one.home.parent / name
    binary = subprocess.run(
        one.argv("export", incident, "-o", "-"), capture_output=True, env=one.env(), cwd=one.home.parent, check=True
    )
    assert binary.stdout == file.read_bytes()
    letter = one.home.parent / "letter.txt"
    letter.write_text("a letter")
    assert one.run("export", incident, "-o", "letter.txt").code == 2
    refused = two.run("import", str(letter), str(file))
    assert (refused.code, "E-BUNDLE" in refused.err, "is here now" in refused.out) == (2, True, True)
    assert two.run("import", str(file), str(file)).code == 0

    verified = two.run("verify", incident)
    assert verified.code == 0
    assert "removed from the end would not be noticed" in verified.out
    head = one.only()["head"]
    assert two.run("verify", incident, "--head", head).code == 0
    assert two.run("verify", incident, "--head", head[:4].upper()).code == 0
    wrong = two.run("verify", incident, "--head", "9·FFFF", "--lang", "zh")
    assert (wrong.code, "未证实" in wrong.out) == (1, True)
    assert two.run("verify", str(file)).code == 0
    assert two.run("verify", "nothing").code == 2
    assert two.run("verify", "nothing.zip").code == 2

    spoilt = two.home.parent / "spoilt.zip"
    data = bytearray(file.read_bytes())
    data[data.index(b'"actor":"Technician A"') + 10] ^= 1
    spoilt.write_bytes(data)
    assert two.run("verify", str(spoilt)).code == 1
    assert two.run("import", str(spoilt)).code == 1
    shutil.rmtree(two.home)
    assert two.run("import", str(spoilt), "--lang", "zh").code == 1
