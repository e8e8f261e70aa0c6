"""Every wrong file says exactly what is wrong with it, where, and what was probably meant; with either YAML parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from runbook.loader import yaml as strict
from runbook.loader.checking import check_files
from runbook.model.errors import REGISTRY

BAD = Path(__file__).parent / "bad"
CASES = sorted(path.stem for path in BAD.glob("*.yaml"))
PARSERS = [pytest.param(yaml.CSafeLoader, id="c"), pytest.param(yaml.SafeLoader, id="python")]


def sentences(name: str) -> list[str]:
    return [str(problem) for problem in check_files([Path(f"{name}.yaml")], [], None)]


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("name", CASES)
def test_a_wrong_file_says_exactly_this(name: str, parser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    monkeypatch.setattr(strict, "PARSER", parser)
    assert sentences(name) == (BAD / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def test_the_corpus_is_large_and_every_sentence_has_a_known_code() -> None:
    said = [line for name in CASES for line in (BAD / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
    assert len(CASES) >= 120
    assert {line.rsplit("[", 1)[1].rstrip("]") for line in said} <= set(REGISTRY)


def test_seven_planted_mistakes_are_all_found_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    lines = (BAD / "seven-mistakes.yaml").read_text(encoding="utf-8").splitlines()
    problems = check_files([Path("seven-mistakes.yaml")], [], None)
    at = [lines[problem.line - 1][problem.column - 1 :].split(" ")[0] for problem in problems]
    assert at == ["diagnosis", "hots:", "restrat}", "aproval:", "$inputs.grase}", ":", "look"]


def test_the_files_that_the_corpus_leans_on_are_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    assert (
        check_files([Path("blocks/tell-all.yaml"), Path("schemes/simple.yaml"), Path("others/leads-on.yaml")], [], None)
        == []
    )
