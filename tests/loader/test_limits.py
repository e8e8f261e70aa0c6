"""What makes a file too much: more keys, steps or mistakes than anybody writes or reads; and that each file is opened once."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.loader import library
from runbook.loader.checking import check_files, files_of
from runbook.loader.decode import file_bytes
from runbook.loader.document import Mark
from runbook.loader.found import PROBLEMS_LIMIT, EnoughError, Found, many
from runbook.loader.reading import STEPS_LIMIT
from runbook.loader.tree import NODES_LIMIT
from runbook.loader.yaml import read_yaml
from runbook.model.errors import Problem
from tests.loader.plans import HEAD, folder

STEP = "  - id: {}\n    title: T\n    instruct: {{}}\n"
PARSERS = [pytest.param(yaml.CSafeLoader, id="c"), pytest.param(yaml.SafeLoader, id="python")]


def codes(path: Path) -> set[str]:
    return {problem.code for problem in check_files([path], [], None)}


def test_as_many_keys_and_values_as_are_promised_are_read_however_they_are_nested() -> None:
    for text in ("[" + "a, " * (NODES_LIMIT - 1) + "]", "[" + "[], " * (NODES_LIMIT - 1) + "]"):
        assert read_yaml(text.encode(), "x.yaml").problems == ()


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("text", ["[]", "a", "a: {b: c}"])
def test_a_file_of_too_many_keys_and_values_is_refused_without_a_tree(text: str, parser: type) -> None:
    data = ("- " + text + "\n") * (2 * NODES_LIMIT + 10)
    document = read_yaml(data.encode()[: 1 << 20], "x.yaml", parser)
    assert [problem.code for problem in document.problems] == ["E-YAML-SIZE"]
    assert document.tree is None


@pytest.mark.parametrize("text", ["- *a\n", "- !t a\n", "- &a a\n", "a: b\n", "<<: a\n"])
def test_after_so_many_mistakes_the_rest_of_a_file_is_not_read(text: str) -> None:
    document = read_yaml(text.encode() * 5_000, "x.yaml")
    assert len(document.problems) == PROBLEMS_LIMIT + 2
    assert document.problems[-1].code == "E-MANY"
    assert document.tree is None


def test_directives_by_the_thousand_are_refused_before_the_parser_compares_them() -> None:
    data = b"# A plan\n" + b"".join(b"%%TAG !t%d! x\n" % number for number in range(5_000)) + b"---\na: b\n"
    problems = read_yaml(data, "x.yaml").problems
    assert [(problem.line, problem.code) for problem in problems] == [(2, "E-YAML")]


def test_a_tag_of_a_megabyte_is_not_repeated_in_its_sentence() -> None:
    problems = read_yaml(b"a: !" + b"t" * 1_000_000 + b" x\n", "x.yaml").problems
    assert [problem.code for problem in problems] == ["E-YAML-TAG"]
    assert len(problems[0].message) < 300


def test_a_hidden_letter_at_the_end_of_a_long_line_is_found_where_it_stands() -> None:
    problem = read_yaml(("a: b\nc: " + "标\u3000" * 1_000 + "\u200b\n").encode(), "x.yaml").problems[0]
    assert (problem.line, problem.column, problem.code) == (2, 2_004, "E-YAML-TEXT")


def test_many_broken_sentences_in_a_large_file_are_given_up_before_it_is_read_again_and_again() -> None:
    data = "k: v\n".join(f"a{number}: b: c\n" for number in range(20)) + "".join(f"b{n}: x\n" for n in range(9_000))
    document = read_yaml("".join(f"b{n}: x\n" for n in range(9_000)).encode() + data.encode(), "x.yaml")
    assert {problem.code for problem in document.problems} <= {"E-TEXT-BROKEN", "E-YAML-DUPLICATE"}
    assert 1 <= sum(problem.code == "E-TEXT-BROKEN" for problem in document.problems) < 20


def test_a_place_that_is_not_there_stands_where_the_nearest_above_it_does() -> None:
    document = read_yaml(b"a:\n  - b: c\n  - d\n", "x.yaml")
    assert document.at(("a", 0, "missing", 3)) == document.at(("a", 0)) == Mark(2, 5)
    assert document.at(("a", 7)) == document.at(("a",)) == Mark(2, 3)
    assert document.at(("a", 0, "b"), key=True) == Mark(2, 5)
    assert document.at(("a", 1), key=True) == Mark(3, 5)
    assert read_yaml(b"", "x.yaml").at(("a",)) == Mark(1, 1)


@pytest.mark.parametrize(
    "steps",
    [
        "".join(STEP.format(f"s{number}") for number in range(STEPS_LIMIT + 1)),
        "".join(f"  - id: s{number}\n    use: {{block: tell, with: {{who: vendor}}}}\n" for number in range(300)),
    ],
    ids=["written", "out-of-blocks"],
)
def test_a_plan_of_too_many_steps_is_refused(steps: str, tmp_path: Path) -> None:
    path = folder(tmp_path, steps) / "call-centre" / "plan.yaml"
    assert codes(path) == {"E-YAML-SIZE"}


@pytest.mark.parametrize(
    "text",
    [
        HEAD.format(id="plan", extra="") + "".join(STEP.format(f"S_{number}") for number in range(250)),
        HEAD.format(id="plan", extra="") + "  - id: a\n" + "".join(f"    k{number}: v\n" for number in range(3_000)),
        HEAD.format(id="plan", extra="".join(f"k{number}: v\n" for number in range(3_000))) + STEP.format("a"),
        HEAD.format(id="plan", extra="") + STEP.format("a") + "    when:\n" + "".join(f"      s{n}: x\n" for n in range(999)),
        "block: 1\nid: plan\ntitle: T\nsteps:\n" + "  - x\n" * 250,
        "site: 1\nname: x\nhosts:\n" + "".join(f"  h{number}: x\n" for number in range(3_000)),
    ],
    ids=["ids", "keys-of-a-step", "keys-of-the-plan", "conditions", "block", "site"],
)  # fmt: skip
def test_hundreds_of_mistakes_are_cut_short_and_that_is_said(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    problems = check_files([path], [], None)
    assert PROBLEMS_LIMIT < len(problems) <= PROBLEMS_LIMIT + 10
    assert problems[0].code == "E-MANY"


def test_the_same_problem_again_and_again_is_one() -> None:
    found = Found()
    found += [many("x.yaml")] * 1_000
    with pytest.raises(EnoughError):
        found.extend(Problem("x.yaml", line, 1, "E-YAML", "", "") for line in range(1_000))
    assert len(set(found)) == PROBLEMS_LIMIT + 1


def test_each_block_and_scheme_is_opened_once_however_many_plans_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = "  - id: one\n    use: {block: tell, with: {who: vendor}}\n"
    for name in ("plan", "other", "third"):
        folder(tmp_path, use, name=name, extra="clocks: {scheme: simple, level: '1', from: reported}\n")
    opened: list[str] = []

    def noted(path: Path, **how: Any) -> bytes:
        opened.append(path.name)
        return file_bytes(path, **how)

    monkeypatch.setattr(library, "file_bytes", noted)
    assert check_files(files_of(tmp_path), [], None) == []
    assert sorted(opened) == ["simple.yaml", "tell.yaml"]


def test_the_search_for_cycles_goes_on_after_a_check_even_one_that_failed(tmp_path: Path) -> None:
    assert gc.isenabled()
    with pytest.raises(Exception, match=r"missing\.yaml"):
        check_files([tmp_path / "missing.yaml"], [], None)
    assert gc.isenabled()
