"""`together` as it is read: branches flat behind their step, inside blocks too, and a branch that holds no branches."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.loader.playbooks import load_playbook
from runbook.model.errors import ProblemsError
from runbook.model.playbook import Playbook, Together

HEAD = """\
runbook: 1
id: plan
version: "1"
title: A plan
severity: SEV3
use_when: Always.
impact: Nobody.
recovered:
  ask: Is service back?
  then: end
steps:
"""
BLOCK = """\
block: 1
id: looks
title: Two looks at once
inputs:
  deep: {type: choice, choices: [yes, no], ask: Deeply}
steps:
  - id: both
    title: Both
    together:
      ports:
        - id: port
          title: The port is open
          tcp: {host: cti, port: cti}
          next: {failed: deeper, passed: continue}
        - id: deeper
          when: {inputs.deep: yes}
          title: Look deeper
          instruct: {}
      people:
        - id: ask
          title: Which
          ask: {choices: [in, out]}
    next: {failed: continue}
  - id: after
    title: After
    when: {port: passed}
    instruct: {}
"""


def read(folder: Path, steps: str) -> Playbook:
    (folder / "blocks").mkdir(exist_ok=True)
    (folder / "blocks" / "looks.yaml").write_text(BLOCK, encoding="utf-8")
    (folder / "plan.yaml").write_text(HEAD + steps, encoding="utf-8")
    return load_playbook("plan", [folder])


def test_branches_of_a_block_get_its_prefix_and_lose_what_its_inputs_leave_out(tmp_path: Path) -> None:
    steps = "  - id: first\n    use: {block: looks, with: {deep: %s}}\n    recovery_test: true\n"
    plan = read(tmp_path, steps % "yes")
    assert [(step.number, step.id, step.lane) for step in plan.steps] == [
        (1, "first/both", ""),
        (2, "first/port", "first/both/ports"),
        (3, "first/deeper", "first/both/ports"),
        (4, "first/ask", "first/both/people"),
        (5, "first/after", ""),
    ]
    sample = plan.step("first/both").sample
    assert isinstance(sample, Together)
    assert sample.branches == {"ports": ("first/port", "first/deeper"), "people": ("first/ask",)}
    assert plan.step("first/port").keys.next["failed"] == "first/deeper"
    assert [step.id for step in plan.steps if step.keys.recovery_test] == ["first/after"]
    assert [step.id for step in plan.later("first/both")] == ["first/after"]
    assert [step.id for step in plan.later("first/port")] == ["first/deeper"]


def test_a_block_with_branches_stands_in_no_branch(tmp_path: Path) -> None:
    steps = """\
  - id: outer
    title: Outer
    together:
      one:
        - id: inside
          use: {block: looks, with: {deep: yes}}
      two:
        - id: wait-here
          title: Wait here
          instruct: {}
    next: {failed: continue}
"""
    with pytest.raises(ProblemsError) as error:
        read(tmp_path, steps)
    (problem,) = error.value.problems
    assert (problem.code, problem.where) == ("E-STEP-KIND", "steps[1] outer: together.one")
    assert problem.message == "expected a step that is no `together`, found one: a branch holds no branches"
