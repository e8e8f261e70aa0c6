"""`runbook new`: what it writes is clean, can be walked in the lab as it is, and never overwrites."""

from __future__ import annotations

import pytest

from tests.acceptance.program import RESTART, Program

WALK = {
    "tell-lead": "reached",
    "how-many": "3",
    **{name.replace("restart-cti", "restart"): answer for name, answer in RESTART.items()},
    "tell-everyone": ["confirm", "told"],
    **{
        f"close-out/{name}": "later"
        for name in ("cause", "impact", "responsibility", "measures", "course", "lessons", "amendments", "weak-points")
    },
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_new_playbook_checks_clean_and_says_what_to_type_next(program: Program, language: str) -> None:
    ran = program.run("new", "my-plan", "--lang", language)
    assert ran.code == 0, ran.err
    assert "runbook check my-plan.yaml\n" in ran.out
    assert "runbook start my-plan.yaml --lab\n" in ran.out
    checked = program.run("check", "my-plan.yaml")
    assert checked.code == 0, checked.out
    comments = [
        line for line in (program.home.parent / "my-plan.yaml").read_text("utf-8").splitlines() if " # " in line
    ]
    assert comments


def test_a_new_playbook_is_walked_in_the_lab_as_it_is(program: Program) -> None:
    """The steps that it is made of are the ones that people use most; each runs."""
    assert program.run("new", "my-plan").code == 0
    ran = program.run(
        "start", "my-plan.yaml", "--lab", "--lab-case", "service-stopped", "--answers", program.answers(WALK)
    )
    assert ran.code == 0, ran.out + ran.err
    assert program.only()["state"] == "recovered"


def test_playbooks_and_blocks_go_into_the_folder_of_playbooks(program: Program) -> None:
    place = program.home.parent / "playbooks"
    place.mkdir()
    assert program.run("new", "my-plan").code == 0
    assert program.run("new", "my-block", "--block").code == 0
    assert (place / "my-plan.yaml").is_file()
    assert (place / "blocks" / "my-block.yaml").is_file()
    assert program.run("check", "playbooks").code == 0


def test_nothing_is_overwritten_and_no_other_name_is_taken(program: Program) -> None:
    path = program.home.parent / "my-plan.yaml"
    path.write_text("mine", encoding="utf-8")
    refused = program.run("new", "my-plan")
    assert (refused.code, path.read_text("utf-8")) == (2, "mine")
    assert "runbook check my-plan.yaml" in refused.err
    assert program.run("new", "my-plan", "-o", "elsewhere.yaml").code == 2
    assert program.run("new", "../my-plan").code == 2
    assert program.run("new", "My Plan").code == 2
    assert program.run("new", "other", "-o", "deep/er/other.yaml").code == 0
    assert not (program.home.parent / "elsewhere.yaml").exists()
