"""A plan that was damaged anywhere, in any way, is either clean or says where it is not; the program never fails over it."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from runbook.bundled import playbooks_dir
from runbook.loader.checking import check_files
from runbook.loader.site import site_of
from runbook.model.site import Site

VALUES = [
    "{}", "[]", "x", "$inputs.grace", "$inputs.", "$steps.a.b", "$steps..", "$site.cti.address", "$", "1", "-1", "9" * 20,
    "~", '"', "{", "...", "a/b", "end", "continue", "[[]]", "[{}]", "[a]", "{a:{b:c}}", "!x", "&x", "*x", "?", "|", ">",
    "@x", "''", "1m", "0s", "no", "[in, out]", "{type: integer, cases: {}}",
]  # fmt: skip
SITE = site_of(b"site: 1\nname: x\nhosts: {cti: {address: a}}\ncontacts: {cs-lead: {title: Leader}}\n", "site.yaml")
SOURCE = next(playbooks_dir().rglob("cti-down.yaml"))


def damaged(lines: list[str], random: Random) -> str:
    lines = list(lines)
    for _change in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(lines))
        how = random.random()
        if how < 0.25:
            del lines[at]
        elif how < 0.4:
            lines.insert(at, random.choice(lines))
        elif how < 0.8 and ":" in lines[at]:
            lines[at] = lines[at].split(":")[0] + ": " + random.choice(VALUES)
        elif how < 0.9:
            lines[at] = lines[at].replace(random.choice("abcdeist"), random.choice("xyz {}:"), 1)
        else:
            lines[at] = " " * random.randrange(8) + lines[at].lstrip()
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("site", [None, SITE], ids=["no-site", "site"])
def test_a_damaged_plan_never_makes_the_program_fail(seed: int, site: Site | None, tmp_path: Path) -> None:
    random = Random(seed)
    for part in ("blocks", "schemes"):
        shutil.copytree(playbooks_dir() / part, tmp_path / part)
    path = tmp_path / "cti-down.yaml"
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    for _round in range(40):
        text = damaged(lines, random)
        path.write_text(text, encoding="utf-8")
        for problem in check_files([path], [], site):
            assert problem.column >= 1
            assert problem.file != str(path) or 1 <= problem.line <= text.count("\n") + 2
            assert "validation error" not in problem.message
