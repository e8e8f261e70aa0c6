"""`runbook report`: from an incident's folder to a file, and what it says when something is in the way."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runbook.bundled import playbooks_dir
from runbook.cli.app import main
from runbook.loader.playbooks import load_playbook
from runbook.model import events as ev
from runbook.model import record
from runbook.store.incidents import Home
from runbook.world.clock import LiveClock
from tests.report.incident import WHO, Story

SITE = b"""site: 1
name: Example call centre
lines:
  hotline: {title: hotline, numbers: ["95598"]}
contacts:
  cs-lead: {title: {en: group leader, zh: "\xe7\x8f\xad\xe9\x95\xbf"}}
"""


@pytest.fixture
def incident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An incident of the bundled plan with a few events, in a home of its own; its id. The current folder is another one."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    story = Story()
    story.opened()
    first = story.rows[0].event
    assert isinstance(first, ev.IncidentOpened)
    files = {**load_playbook("cti-down", [playbooks_dir()]).files, "site.yaml": SITE}
    zone = LiveClock().now().tzinfo
    assert zone is not None

    def opening(name: str, digests: object) -> ev.Event:
        return record.event("IncidentOpened", {**record.body(first), "incident": name, "files": digests})

    made = Home.of().create("cti-down", "live", files, LiveClock(), WHO, zone=zone, opening=opening)
    journal = made.journal(LiveClock(), WHO)
    journal.append(ev.StepBegun("tell-lead", 1))
    journal.append(ev.StepFinished("tell-lead", 1, "passed", "person", "asked", answer="reached"))
    journal.append(ev.NoteAdded("the *lights* are on"))
    journal.close()
    return made.id


def test_markdown_goes_to_a_file_of_the_current_folder(incident: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", incident]) == 0
    place = Path.cwd() / f"{incident}-report.md"
    assert str(place) in capsys.readouterr().out
    text = place.read_text(encoding="utf-8")
    assert "# Incident report: CTI server down" in text
    assert r"the \*lights\* are on" in text
    assert "Fault recovered" in text or "| Limit |" in text


@pytest.mark.parametrize("arguments", [["--format", "pdf"], ["-o", "mine.pdf"]])
def test_a_pdf_by_its_format_or_its_name(incident: str, arguments: list[str]) -> None:
    assert main(["report", incident[-4:], *arguments]) == 0
    (made,) = Path.cwd().glob("*.pdf")
    assert made.read_bytes().startswith(b"%PDF")


def test_a_dash_is_the_standard_output(incident: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["report", incident, "-o", "-"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"# Incident report")
    assert not list(Path.cwd().glob("*.md"))


def test_a_report_in_chinese_speaks_the_plans_chinese(incident: str) -> None:
    assert main(["report", incident, "-o", "zh.md", "--lang", "zh"]) == 0
    assert "CTI服务器故障" in Path("zh.md").read_text(encoding="utf-8")


def test_a_damaged_journal_is_reported_as_far_as_it_is_proven(
    incident: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Home.of().find(incident).folder / "journal.db"
    with sqlite3.connect(place) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE events SET actor = 'Somebody' WHERE seq = 3")
    database.close()
    assert main(["report", incident, "-o", "damaged.md"]) == 0
    assert "damaged from event 3 on" in capsys.readouterr().out
    text = Path("damaged.md").read_text(encoding="utf-8")
    assert "**The journal is damaged: it is proven up to event 2; from event 3 on it is not" in text
    assert "lights" not in text


@pytest.mark.parametrize("output", ["no/such/folder.md", "."])
def test_where_nothing_can_be_written_is_said(incident: str, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", incident, "-o", output]) == 6
    assert "E-FILE-WRITE" in capsys.readouterr().err


def test_an_unknown_incident_and_an_unknown_format_do_not_start(
    incident: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "nothing-like-it"]) == 2
    assert main(["report", incident, "--format", "docx"]) == 2
    assert "E-INCIDENT-NONE" in capsys.readouterr().err
