"""Playbooks that lead to others, and files that are none: refused in a sentence, never followed, never waited for (H11)."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runbook.loader.checking import check_files, files_of
from runbook.loader.playbooks import load_playbook, load_snapshot
from runbook.model.errors import Problem, ProblemsError, RunbookError
from tests.loader.plans import BLOCK, HEAD, folder

LOOK = "  - id: look\n    title: Look\n    instruct: {}\n"
IN = "  - id: in\n    entry: yes\n    title: In\n    instruct: {}\n"


def ask(to: str, at: str = "in", name: str = "ask") -> str:
    target = f"{{playbook: {to}, at: {at}}}"
    return f"  - id: {name}\n    title: Ask\n    ask: {{choices: [good, bad], fails: bad}}\n    next: {{failed: {target}}}\n"


def write(root: Path, name: str, steps: str, extra: str = "") -> None:
    (root / f"{name}.yaml").write_text(HEAD.format(id=name, extra=extra) + steps, encoding="utf-8")


def check(root: Path, *names: str) -> list[Problem]:
    return check_files([root / f"{name}.yaml" for name in names] if names else files_of(root), [root], None)


def said(root: Path, *names: str) -> list[str]:
    return [
        f"{Path(problem.file).stem}: {problem.where}: {problem.message} [{problem.code}]"
        for problem in check(root, *names)
    ]


def test_a_circle_is_refused_and_the_sentence_names_its_chain(tmp_path: Path) -> None:
    write(tmp_path, "a", ask("b"))
    write(tmp_path, "b", ask("c") + IN)
    write(tmp_path, "c", IN + ask("a", "ask"))
    assert said(tmp_path, "a")[0] == (
        "c: steps[2] ask: next.failed.playbook: expected a playbook that does not lead back here, "
        "found a circle: a -> b -> c -> a [E-TARGET]"
    )


def test_a_playbook_that_leads_to_itself_is_a_circle(tmp_path: Path) -> None:
    write(tmp_path, "a", IN + ask("a"))
    assert "found a circle: a -> a" in said(tmp_path, "a")[0]


def test_a_circle_behind_the_plan_is_found_too(tmp_path: Path) -> None:
    write(tmp_path, "a", ask("b"))
    write(tmp_path, "b", IN + ask("c"))
    write(tmp_path, "c", IN + ask("b"))
    assert [line.split("found ")[1] for line in said(tmp_path, "a")] == ["a circle: b -> c -> b [E-TARGET]"]


def test_two_ways_to_one_playbook_are_no_circle(tmp_path: Path) -> None:
    write(tmp_path, "a", ask("b") + ask("c", name="more"))
    write(tmp_path, "b", IN)
    write(tmp_path, "c", IN + ask("b"))
    assert said(tmp_path) == []
    assert [step.id for step in load_playbook("a", [tmp_path]).steps] == ["ask", "more", "c:in", "c:ask", "b:in"]


def test_what_is_wrong_with_another_playbook_is_said_once_under_its_own_file(tmp_path: Path) -> None:
    write(tmp_path, "a", ask("b") + ask("b", name="more"))
    write(tmp_path, "b", IN + "  - id: p\n    title: P\n    ping: {host: cti}\n")
    once = "b: steps[2] p: expected `next` to say where failed goes, found nothing [E-READING-FAILED]"
    assert said(tmp_path, "a") == said(tmp_path, "b") == said(tmp_path) == [once]
    with pytest.raises(ProblemsError):
        load_playbook("a", [tmp_path])


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (("plan-b", "in"), "ask: next.failed.playbook: expected a playbook, found 'plan-b'; did you mean 'plan-b2'?"),
        (
            ("plan-b2", "inn"),
            "ask: next.failed.at: expected a step of the playbook plan-b2, found 'inn'; did you mean 'in'?",
        ),
        (("plan-b2", "look"), "ask: next.failed.at: expected a step with `entry: yes`, found 'look', which has none"),
        (("../plan-b2", "in"), "ask: next.failed.playbook: expected an id of lower-case letters, digits and hyphens"),
        (("/etc/passwd", "in"), "ask: next.failed.playbook: expected an id"),
        (("'http://plan-b2'", "in"), "ask: next.failed.playbook: expected an id"),
    ],
)
def test_a_wrong_target_is_explained(target: tuple[str, str], expected: str, tmp_path: Path) -> None:
    write(tmp_path, "a", ask(*target))
    write(tmp_path, "plan-b2", IN + LOOK)
    (line,) = [line for line in said(tmp_path, "a") if "next.failed" in line and "expected" in line][:1]
    assert expected in line


def test_inputs_of_one_name_must_be_alike(tmp_path: Path) -> None:
    grace = "inputs:\n  grace: {{type: {type}, ask: How long}}\n"
    write(tmp_path, "a", ask("b"), grace.format(type="duration"))
    write(tmp_path, "b", IN + ask("c"))
    write(tmp_path, "c", IN, grace.format(type="integer"))
    (line,) = said(tmp_path, "a")
    assert "expected inputs of one name to be alike, found grace as duration here and as integer in c" in line


def test_a_text_cannot_name_a_step_of_another_playbook(tmp_path: Path) -> None:
    write(tmp_path, "a", ask("b").replace("{playbook: b, at: in}", "'b:in'"))
    write(tmp_path, "b", IN)
    assert "expected a step's id, `continue` or `end`, found 'b:in'" in said(tmp_path, "a")[0]


def test_a_playbook_that_an_offer_starts_is_kept_and_checked_too(tmp_path: Path) -> None:
    write(tmp_path, "a", LOOK, "offers:\n  - {after: 5m, title: Beside, start: b}\n")
    write(tmp_path, "b", IN + ask("c"), "offers:\n  - {after: 5m, title: Beside, start: a}\n")
    write(tmp_path, "c", IN)
    assert said(tmp_path) == []
    plan = load_playbook("a", [tmp_path])
    assert set(plan.files) == {"playbooks/a.yaml", "playbooks/b.yaml", "playbooks/c.yaml"}
    assert [step.id for step in plan.beside["b"].steps] == ["in", "ask", "c:in"]
    again, _site = load_snapshot({**plan.files, "site.yaml": b"site: 1\nname: x\n"}, "b")
    assert (again.id, sorted(again.beside)) == ("b", ["a"])


# -- files that are none (H11)


def use(block: str) -> str:
    return f"  - id: vendor\n    use: {{block: {block}, with: {{who: vendor}}}}\n"


def hostile(root: Path, name: str, kind: str) -> None:
    """Something at the place of a file that is no file of this folder."""
    path = root / f"{name}.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "out":
        (root.parent / "outside.yaml").write_text(BLOCK, encoding="utf-8")
        path.symlink_to(root.parent / "outside.yaml")
    elif kind == "loop":
        path.symlink_to(path)
    else:
        path.symlink_to(root / "nowhere.yaml")


KINDS = ["pipe", "folder", "device", "out", "loop", "nowhere"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_the_place_of_a_block_is_refused_without_waiting(kind: str, tmp_path: Path) -> None:
    root = folder(tmp_path / "plans", LOOK + use("trap"))
    hostile(root / "blocks", "trap", kind)
    began = time.monotonic()
    with pytest.raises(ProblemsError) as caught:
        load_playbook("plan", [root])
    assert time.monotonic() - began < 5, "a pipe is never waited for"
    (problem,) = caught.value.problems
    assert problem.where == "steps[2] vendor: use.block"
    assert problem.code in ("E-NAME-UNKNOWN", "E-FILE")


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_the_place_of_another_playbook_is_refused_without_waiting(kind: str, tmp_path: Path) -> None:
    root = tmp_path / "plans"
    root.mkdir()
    write(root, "a", ask("trap"))
    hostile(root, "trap", kind)
    with pytest.raises(ProblemsError) as caught:
        load_playbook("a", [root])
    (problem,) = caught.value.problems
    assert (problem.where, Path(problem.file).stem) == ("steps[1] ask: next.failed.playbook", "a")


@pytest.mark.parametrize(
    "name", ["'../trap'", "/etc/passwd", "'file:///etc/passwd'", '"tr\\0ap"', "TRAP", "'blocks/tell'", "'~/trap'", "''"]
)
def test_a_block_is_named_by_an_id_and_nothing_else(name: str, tmp_path: Path) -> None:
    root = folder(tmp_path, LOOK + use(name))
    (tmp_path / "trap.yaml").write_text(BLOCK, encoding="utf-8")
    with pytest.raises(ProblemsError) as caught:
        load_playbook("plan", [root])
    assert {problem.line for problem in caught.value.problems} == {len(HEAD.splitlines()) + 5}


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    root = folder(tmp_path, LOOK + use("again"))
    (root / "blocks" / "real").mkdir()
    (root / "blocks" / "real" / "again.yaml").write_text(BLOCK.replace("id: tell", "id: again"), encoding="utf-8")
    (root / "blocks" / "again.yaml").symlink_to(root / "blocks" / "real" / "again.yaml")
    assert load_playbook("plan", [root]).has("vendor/call")


def test_a_plan_that_is_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.yaml")
    with pytest.raises(RunbookError) as caught:
        load_playbook(str(tmp_path / "plan.yaml"), [])
    assert caught.value.code == "E-FILE"


# -- exits of blocks

EXITS = """\
block: 1
id: way
title: A way with exits
exits:
  solved: It is solved
  worse: It is worse
steps:
  - id: ask
    title: How is it
    ask: {choices: [same, better, bad], fails: [better, bad]}
    next: {failed: solved, unreachable: worse}
  - id: more
    title: More
    instruct: {}
"""


def with_exits(root: Path, use_next: str, behind: str = "", block: str = EXITS) -> Path:
    steps = f"  - id: first\n    use: {{block: way}}\n{use_next}" + behind
    made = folder(root, steps)
    (made / "blocks" / "way.yaml").write_text(block, encoding="utf-8")
    return made


def test_an_exit_leads_where_the_use_says_else_behind_the_block(tmp_path: Path) -> None:
    behind = "  - id: second\n    use: {block: tell, with: {who: vendor}}\n" + LOOK
    plan = load_playbook("plan", [with_exits(tmp_path, "    next: {worse: look}\n", behind)])
    assert plan.steps[0].keys.next == {"failed": "second/call", "unreachable": "look"}


def test_an_exit_of_the_last_block_leads_to_the_end(tmp_path: Path) -> None:
    plan = load_playbook("plan", [with_exits(tmp_path, "    next: {worse: continue}\n")])
    assert plan.steps[0].keys.next == {"failed": "end", "unreachable": "end"}


def test_an_exit_may_lead_into_another_playbook(tmp_path: Path) -> None:
    root = with_exits(tmp_path, "    next: {worse: {playbook: b, at: in}}\n", LOOK)
    write(root, "b", IN)
    plan = load_playbook("plan", [root])
    assert plan.steps[0].keys.next["unreachable"] == "b:in"
    assert plan.has("b:in")


@pytest.mark.parametrize(
    ("use_next", "block", "expected"),
    [
        ("    next: {wors: look}\n", EXITS,
         "plan.yaml:14:12: steps[1] first: next.wors: expected an exit of the block way, found 'wors'; did you mean 'worse'?"),
        ("    next: {worse: loook}\n", EXITS,
         "plan.yaml:14:19: steps[1] first: next.worse: expected a step's id, `continue` or `end`, found 'loook'; did you mean 'look'?"),
        ("", EXITS.replace(", unreachable: worse", ""), "way.yaml:6:3: exits.worse: expected a step of the block whose `next` names this exit, found none"),
        ("", EXITS.replace("worse", "more"), "way.yaml:6:3: exits.more: expected a name that no step has, found 'more'"),
        ("", EXITS.replace("worse", "end"), "way.yaml:6:3: exits.end: expected a name that no step has, found 'end'"),
    ],
)  # fmt: skip
def test_a_wrong_exit_is_explained_where_it_is_written(
    use_next: str, block: str, expected: str, tmp_path: Path
) -> None:
    root = with_exits(tmp_path, use_next, LOOK, block)
    with pytest.raises(ProblemsError) as caught:
        load_playbook("plan", [root])
    lines = [f"{Path(p.file).name}:{p.line}:{p.column}: {p.where}: {p.message}" for p in caught.value.problems]
    assert expected in lines
