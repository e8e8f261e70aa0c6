"""`runbook log`: the events of an incident in words, with the plan that was kept and without it."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from runbook.bundled import playbooks_dir
from runbook.cli.app import main
from runbook.loader.playbooks import load_playbook
from runbook.model import events as e
from runbook.model import record
from runbook.store.incidents import Home
from runbook.world.clock import LiveClock
from tests.ui.parts import NOW, OPENED

PAUSE_S = 90
SITE = b"site: 1\nname: Demo\ncontacts:\n  cs-lead: {title: group leader}\n"
TOLD = [
    e.StepBegun("tell-lead", 1),
    e.PersonTold("tell-lead", "cs-lead", "Post one", True, "phone"),
    e.StepFinished("tell-lead", 1, "passed", "person", "asked", answer="reached"),
    e.StepFinished("other-plan", 1, "not_taken", "machine", "condition", reason="test-call: dead/passed"),
    e.ReadingTaken("ping-cti", 1, "step", "ping", "ping cti", "failed", {}, "", "loss 100 %\x1b[2J\n#1  forged"),
]
STOOD_AGAINST = "[2] Call the hotline from outside and listen: no welcome prompt, and the call does not queue, passed"


@pytest.fixture
def incident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An incident of the bundled plan in a home of its own; its id."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "home"))
    files = {**load_playbook("cti-down", [playbooks_dir()]).files, "site.yaml": SITE}

    def opening(name: str, digests: object) -> e.Event:
        return record.event("IncidentOpened", {**record.body(OPENED), "incident": name, "files": digests})

    made = Home.of().create("cti-down", "live", files, LiveClock(), "technician", zone=NOW.tzinfo, opening=opening)
    journal = made.journal(LiveClock(), "technician")
    for event in TOLD:
        journal.append(event)
    journal.close()
    return made.id


def shown(incident: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `log` prints after the opening."""
    assert main(["log", incident]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("#2  "))
    return lines[place:]


def test_every_event_is_a_head_and_its_sentence(incident: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A head with number, time with offset and actor; below it the words of the screen, steps and conditions by their titles."""
    lines = shown(incident, capsys)
    heads = [line.split("  ") for line in lines if line.startswith("#")]
    assert [(number, actor) for number, _time, actor in heads] == [(f"#{n}", "technician") for n in range(2, 7)]
    assert all(time.endswith(" +08:00") for _number, time, _actor in heads)
    assert [line for line in lines if not line.startswith("#")] == [
        "  Begun: [1] The group leader knows that no call reaches an agent",
        "  Told: Post one (group leader), phone",
        "  √ passed  [1] The group leader knows that no call reaches an agent: reached (person)",
        f"  - not taken  [3] Calls still queue, so another plan fits better (machine); reason: {STOOD_AGAINST}",
        "  read: ping cti: × failed",
        r"  │ loss 100 %\u{1b}[2J",
        "  │ #1  forged",
        "  │ (1 control characters were made visible)",
    ]


def test_without_its_plan_the_ids_are_shown(incident: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lost snapshot hides no event."""
    (plan,) = (tmp_path / "home").rglob("incidents/*/plan")
    shutil.rmtree(plan)
    lines = shown(incident, capsys)
    assert "  Begun: tell-lead" in lines
    assert "  Told: Post one (cs-lead), phone" in lines
    assert "  - not taken  other-plan (machine); reason: test-call: dead/passed" in lines


def test_json_has_every_field(incident: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", incident, "--json"]) == 0
    events = json.loads(capsys.readouterr().out)["events"]
    assert [event["body"] for event in events[1:]] == [record.body(event) for event in TOLD]


class SlowClock(LiveClock):
    """Every look at it is a while after the last one."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        self.at += timedelta(seconds=PAUSE_S)
        return self.at

    def boot(self) -> tuple[str, float]:
        return "boot-of-the-film", (self.at - NOW).total_seconds()


def test_a_log_is_played_as_a_film(
    incident: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line of the log, with the pauses that there were, as many times shorter; a long one is cut and said."""
    found = Home.of().find(incident)
    with found.journal(SlowClock(), "technician") as journal:
        journal.append_all([e.NoteAdded("a"), e.NoteAdded("b"), e.NoteAdded("c")])
    assert main(["log", incident]) == 0
    whole = capsys.readouterr().out.splitlines()
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    assert main(["log", incident, "--play", "45"]) == 0
    played = capsys.readouterr().out.splitlines()
    assert [line for line in played if "later" not in line] == whole
    assert slept[-2:] == [2, 2]
    assert min(slept) >= 0
    assert max(slept) <= 3
    assert main(["log", incident, "--play", "10"]) == 0
    assert capsys.readouterr().out.splitlines().count("  ... 1m30s later") == 2


@pytest.mark.parametrize("times", ["-1", "nan", "inf"])
def test_a_film_needs_a_speed(incident: str, capsys: pytest.CaptureFixture[str], times: str) -> None:
    """A speed that is none is refused with what to type."""
    assert main(["log", incident, f"--play={times}"]) == 2
    assert "runbook log" in capsys.readouterr().err
