"""Every mistake that a file can hold is explained, and its example is really wrong, and really right."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

import pytest

import runbook.loader
from runbook.loader.checking import check_files
from runbook.model.errors import REGISTRY
from runbook.model.mistakes import MISTAKES
from tests.loader.plans import HEAD

EXAMPLES = sorted(code for code, mistake in MISTAKES.items() if mistake.wrong)
NOT_OF_A_FILE = {
    "E-PLAN-UNKNOWN",
    "E-PLAN-BAD",
    "E-SITE-BAD",
    "E-SITE-NONE",
    "E-NOT-TRUSTED",
    "E-NOT-TRUSTED-PLAYBOOKS",
}


def codes(root: Path, lines: str) -> set[str]:
    """What `check` says of a playbook with these lines: steps where they begin with `-`, else keys above the steps."""
    steps = lines if lines.startswith("-") else "- id: look\n  title: Look\n  instruct: {}"
    extra = "" if lines.startswith("-") else lines + "\n"
    plan = root / "plan.yaml"
    plan.write_text(HEAD.format(id="plan", extra=extra) + indent(steps, "  ") + "\n", encoding="utf-8")
    return {problem.code for problem in check_files([plan], [], None)}


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_wrong_example_has_this_mistake_alone_and_the_right_one_none(code: str, tmp_path: Path) -> None:
    assert codes(tmp_path, MISTAKES[code].wrong) == {code}
    assert codes(tmp_path, MISTAKES[code].right) == set()


def test_every_code_that_the_loader_knows_is_explained() -> None:
    """Read from the loader's own source, so that a new code is not forgotten."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path(runbook.loader.__path__[0]).glob("*.py"))
    used = set(re.findall(r'"(E-[A-Z-]+)"', source))
    assert used - NOT_OF_A_FILE == set(MISTAKES)
    assert set(MISTAKES) <= set(REGISTRY)
