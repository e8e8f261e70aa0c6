"""The playbook, or the program itself, is another one than at the start: what was kept is walked, and nothing is lost or guessed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runbook.store.database import Database
from runbook.store.journal import JOURNAL_NAME
from runbook.store.rows import ROOT, Row, canonical, sealed
from tests.acceptance.program import Program, outcomes
from tests.conftest import IN_CI
from tests.faults.run import at_home, kept, only_in_ci

RECORDED = Path(__file__).parent / "recorded"
ANSWERS = {"restart.unknown": "done", "restart.recovered": "yes", "write": "done"}
Body = dict[str, Any]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    yield from at_home(tmp_path)


# -- F40: the playbook on the disk changes between start and resume

PLAN = """\
runbook: 1
id: small
version: "1.0"
title: A small plan
severity: SEV3
use_when: Always.
impact: Nobody.
recovered:
  ask: Is service back?
  then: end
steps:
  - id: one
    phase: scope
    title: The first question as it was
    ask: {choices: [left, right]}
  - id: pair
    use: {block: small-pair}
  - id: last
    phase: close
    title: The last thing as it was
    instruct: {}
"""
BLOCK = """\
block: 1
id: small-pair
title: In the block
steps:
  - id: inner
    phase: scope
    title: The question in the block as it was
    ask: {choices: [up, down]}
"""


def edited(folder: Path) -> None:
    (folder / "small.yaml").write_text(PLAN.replace("as it was", "anew").replace('"1.0"', '"2.0"'), encoding="utf-8")
    (folder / "blocks" / "small-pair.yaml").write_text(BLOCK.replace("as it was", "anew"), encoding="utf-8")


def deleted(folder: Path) -> None:
    shutil.rmtree(folder)


def renamed(folder: Path) -> None:
    folder.rename(folder.with_name("plans-of-tomorrow"))


def include_missing(folder: Path) -> None:
    (folder / "blocks" / "small-pair.yaml").unlink()


def broken(folder: Path) -> None:
    (folder / "small.yaml").write_bytes(b"\xff\x00 no plan any more: [")


CHANGES = [edited, deleted, renamed, include_missing, broken]


@only_in_ci
@pytest.mark.parametrize("change", CHANGES if IN_CI else [edited])
def test_the_plan_that_was_kept_is_walked(program: Program, change: Callable[[Path], None]) -> None:
    """Whatever becomes of the files, resume asks the questions of the start, asks nothing about a newer plan, and ends the walk."""
    folder = program.home.parent / "plans"
    (folder / "blocks").mkdir(parents=True)
    (folder / "small.yaml").write_text(PLAN, encoding="utf-8")
    (folder / "blocks" / "small-pair.yaml").write_text(BLOCK, encoding="utf-8")
    begun = program.run("start", str(folder / "small.yaml"), "--lab", "--answers", program.answers({"one": "left"}))
    assert begun.code == 5, begun
    before = [row.hash for row in kept(program).events]
    change(folder)
    given = program.answers({"pair/inner": "down", "last": "done", "recovered": "yes"}, "rest.yaml")
    ran = program.run("resume", "--practice", "--answers", given)
    assert ran.code == 0, ran
    assert "The question in the block as it was" in ran.out
    assert "anew" not in ran.out + ran.err
    incident = program.only()
    assert incident["state"] == "recovered"
    assert outcomes(program.events(incident["id"])) == {"one": "passed", "pair/inner": "passed", "last": "passed"}
    reading = kept(program)
    assert [row.hash for row in reading.events][: len(before)] == before
    assert reading.events[0].event.plan_version == "1.0"  # type: ignore[attr-defined]


@pytest.mark.parametrize("harm", ["missing", "changed", "folder"] if IN_CI else ["missing"])
def test_a_kept_plan_that_is_not_what_it_was_is_not_walked(program: Program, harm: str) -> None:
    """A file missing or changed under the incident's own `plan/` is said by its name; nothing is walked, written or guessed."""
    folder = restored(program)
    block = folder / "plan" / "playbooks" / "blocks" / "night-pair.yaml"
    match harm:
        case "missing":
            block.unlink()
        case "changed":
            block.write_text(block.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        case _:
            shutil.rmtree(folder / "plan")
    before = len(kept(program).events)
    ran = program.run("resume", "--answers", program.answers(ANSWERS))
    assert ran.code == 2, ran
    assert "E-FILE" in ran.err
    assert len(kept(program).events) == before


# -- F40: a journal of another version of the program


def restored(
    program: Program, change: Callable[[list[tuple[str, Body]]], list[tuple[str, Body]]] | None = None
) -> Path:
    """The recorded incident on this machine's disk, its events changed by `change` and sealed anew; its folder."""
    recording: Mapping[str, Any] = json.loads((RECORDED / "journal-1.json").read_text(encoding="utf-8"))
    folder = program.home / "incidents" / str(recording["incident"])
    (folder / "evidence").mkdir(parents=True)
    for name, text in recording["plan"].items():
        path = folder / "plan" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in (program.home, *program.home.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    rows = [Row(*row[:8], canonical(row[8]), *row[9:]) for row in recording["rows"]]
    if change is not None:
        rows = sealed_anew(rows[0], change([(row.kind, json.loads(row.body)) for row in rows]))
    Database.create(folder / JOURNAL_NAME, rows).close()
    return folder


def sealed_anew(like: Row, events: list[tuple[str, Body]]) -> list[Row]:
    """These events as a chain."""
    rows: list[Row] = []
    for number, (kind, body) in enumerate(events, 1):
        prev = rows[-1].hash if rows else ROOT
        rows.append(sealed(like._replace(seq=number, kind=kind, body=canonical(body), prev=prev)))
    return rows


@only_in_ci
def test_a_journal_of_an_earlier_version_is_gone_on_with(program: Program) -> None:
    """An incident that was killed in the middle of a restart under the version before: unknown, the plan as it was, to its end."""
    restored(program)
    look = program.run("resume", "--answers", program.answers({}, "none.yaml"))
    assert look.code == 5, look
    for words in ("UNKNOWN: this was begun at 2026-11-30", "Before it, at", "Restart the service"):
        assert words in look.out, look.out
    assert program.only(practice=False)["unknown"] == ["restart"]
    ran = program.run("resume", "--answers", program.answers(ANSWERS))
    assert ran.code == 0, ran
    found = outcomes(program.events(program.only(practice=False)["id"]))
    assert (found["ring"], found["look"], found["pair/who"], found["restart"]) == (
        "passed",
        "failed",
        "passed",
        "passed",
    )
    assert kept(program).damage is None
    assert program.run("report", program.only(practice=False)["id"], "--format", "md", "-o", "report.md").code == 0


def of_a_later_version(events: list[tuple[str, Body]]) -> list[tuple[str, Body]]:
    """Every event with a field more, and an event of an unknown kind behind each."""
    return [
        each
        for kind, body in events
        for each in ((kind, {**body, "moon_phase": "full 满月"}), ("MoonRose", {"over": ["the yard"], "step": "ring"}))
    ]


def test_a_journal_of_a_later_version_is_kept_and_gone_on_with(program: Program) -> None:
    """What this version does not know is kept and shown; what it does know counts: above all, an intent is an intent, and is asked
    about before anything else."""
    restored(program, of_a_later_version)
    before = [row.hash for row in kept(program).events]
    look = program.run("resume", "--answers", program.answers({}, "none.yaml"))
    assert look.code == 5, look
    assert "UNKNOWN: this was begun at" in look.out
    incident = program.only(practice=False)
    assert (incident["unknown"], incident["problem"]) == (["restart"], "")
    shown = program.run("log", incident["id"]).out
    assert "MoonRose (an event of another version)" in shown
    assert "moon_phase=full 满月" in shown
    events = program.events(incident["id"])
    assert {event["body"]["moon_phase"] for event in events[: len(before) : 2]} == {"full 满月"}
    ran = program.run("resume", "--answers", program.answers(ANSWERS))
    assert ran.code == 0, ran
    assert [row.hash for row in kept(program).events][: len(before)] == before
    done = program.run("report", incident["id"], "--format", "md", "-o", "report.md")
    assert done.code == 0, done
    assert "MoonRose" in (program.home.parent / "report.md").read_text(encoding="utf-8")


@only_in_ci
def test_a_kind_that_has_lost_a_field_stops_nothing(program: Program) -> None:
    """An event that lacks a field which this version needs is kept under its name and believed to say nothing."""

    def shortened(events: list[tuple[str, Body]]) -> list[tuple[str, Body]]:
        return [(kind, {"step": "ring"} if kind == "SelfChecked" else body) for kind, body in events]

    restored(program, shortened)
    look = program.run("resume", "--answers", program.answers({}, "none.yaml"))
    assert look.code == 5, look
    assert "SelfChecked (an event of another version)" in program.run("log", program.only(practice=False)["id"]).out
    assert program.only(practice=False)["unknown"] == ["restart"]


# -- H57: what was practice stays practice


@pytest.mark.parametrize(
    ("mode", "folder"), [("lab", "practice"), ("drill", "practice")] if IN_CI else [("drill", "practice")]
)
def test_the_mode_cannot_change(program: Program, mode: str, folder: str) -> None:
    """Practice that is moved among the incidents, or an incident whose first event is made to say `drill`, is not taken for what it
    is not: the mode is in the first event, the chain proves it, and the id says it too."""
    at = restored(program)
    first = json.loads(rows_of(at)[0].body)
    assert first["mode"] == "live"
    forged = [rows_of(at)[0]._replace(body=canonical({**first, "mode": mode})), *rows_of(at)[1:]]
    (at / JOURNAL_NAME).unlink()
    Database.create(at / JOURNAL_NAME, forged).close()
    reading = kept(program)
    assert reading.damage is not None
    assert (reading.damage.seq, reading.damage.reason, reading.events) == (1, "hash", ())
    ran = program.run("resume", "--answers", program.answers(ANSWERS))
    assert ran.code in (2, 6), ran
    assert "E-" in ran.err
    assert not (program.home / folder).exists()


def rows_of(folder: Path) -> list[Row]:
    database = Database(folder / JOURNAL_NAME)
    try:
        return [row for _number, row in database.after(0)]
    finally:
        database.close()
