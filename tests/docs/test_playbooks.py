"""docs/playbooks.md is tried: its playbook is put together block by block, checked after each, and walked in the lab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.cli.app import main
from runbook.loader.checking import check_files, files_of
from tests.acceptance.program import Program
from tests.docs.schemas import mistakes

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PLAN = "playbooks/sign-in-fails.yaml"
WRONG = [
    (place, text.partition("\n")[2], BLOCKS[place + 1][1].splitlines())
    for place, (_kind, text) in enumerate(BLOCKS)
    if text.startswith("# wrong\n")
]


def stages() -> Iterator[tuple[str, dict[str, str]]]:
    """The files as they stand after each block of the page, with the block's first line."""
    files: dict[str, str] = {}
    for kind, text in BLOCKS:
        first, _newline, rest = text.partition("\n")
        if kind != "yaml" or first == "# wrong":
            continue
        if first.startswith("# before "):
            mark = {"tell-everyone": "  - id: tell-everyone\n", "recovered": "recovered:\n"}[first.split()[-1]]
            assert mark in files[PLAN]
            files[PLAN] = files[PLAN].replace(mark, rest + mark)
        else:
            files[first.removeprefix("# ")] = rest
        yield first, dict(files)


FINISHED = list(stages())[-1][1]


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_what_the_page_builds_is_right_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clean for `check`, and nothing that an editor marks."""
    monkeypatch.chdir(written(tmp_path, FINISHED))
    assert [str(problem) for problem in check_files(files_of(Path("playbooks")), [ROOT / "playbooks"], None)] == []
    for name, text in FINISHED.items():
        assert name == "answers.yaml" or mistakes(text) == []


def test_each_block_of_the_page_leaves_only_names_that_come_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step, an input or a block that a later paragraph brings; nothing else is ever wrong on the way."""
    monkeypatch.chdir(tmp_path)
    for first, files in stages():
        found = check_files([written(tmp_path, files) / PLAN], [ROOT / "playbooks"], None)
        later = {"E-TARGET", "E-NAME-UNKNOWN", "E-OPENER"}
        assert [str(problem) for problem in found if problem.code not in later] == [], first


@pytest.mark.parametrize(("place", "steps", "said"), WRONG)
def test_what_the_page_says_of_a_mistake_is_what_check_says(
    place: int, steps: str, said: list[str], tmp_path: Path
) -> None:
    head = FINISHED[PLAN].partition("steps:\n")[0]
    head = re.sub(r"^(raise|offers):.*\n(?: .*\n)*", "", head, flags=re.MULTILINE).replace(
        "then: tell-everyone", "then: end"
    )
    plan = tmp_path / "sign-in-fails.yaml"
    plan.write_text(f"{head}steps:\n{steps}", encoding="utf-8")
    found = [str(problem).split(": ", 1)[1] for problem in check_files([plan], [ROOT / "playbooks"], None)]
    assert sorted(found) == sorted(said)


def test_the_plan_of_the_page_is_walked_in_the_lab_with_its_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service is stopped; the restart helps; everybody is told."""
    program = Program(tmp_path / "home")
    written(tmp_path, FINISHED)
    try:
        ran = program.run(
            "start", PLAN, "--lab", "--lab-case", "service-stopped", "--answers", str(tmp_path / "answers.yaml")
        )
        assert ran.code == 0, ran.out + ran.err
        assert program.only()["state"] == "recovered"
    finally:
        program.run("lab", "down")


@pytest.mark.parametrize("command", [["show", PLAN], ["show", PLAN, "--needs"], ["show", PLAN, "--format", "paper"]])
def test_the_commands_of_the_page_take_its_plan(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(written(tmp_path, FINISHED))
    assert main(command) == 0
    assert capsys.readouterr().out


def test_every_kind_of_flow_and_every_key_above_the_steps_is_on_the_page() -> None:
    words = (
        "together",
        "delegate",
        "wait_for",
        "use",
        "exits",
        "offers",
        "raise",
        "clocks",
        "inputs",
        "recovered",
        "repeatable",
        "covers",
    )
    assert [word for word in words if f"`{word}" not in PAGE and f"{word}:" not in PAGE] == []
