"""The commands that only look at files: check, list, show, explain; and init, which writes one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runbook.bundled import playbooks_dir
from runbook.cli.app import main
from runbook.cli.check import annotation
from runbook.cli.completion import incident_ids, playbook_ids
from runbook.cli.explanations import explained, known
from runbook.loader.playbooks import load_playbook
from runbook.loader.site import load_site
from runbook.model.errors import REGISTRY, Problem
from runbook.model.site import Site
from runbook.steps import kinds
from tests.loader.plans import folder

LOOK = "  - id: look\n    title: Look\n    instruct: {}\n"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments, "--json")[1])


# -- check


def test_what_is_shipped_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _err = said(capsys, "check", str(playbooks_dir()))
    assert code == 0
    assert out.endswith(" 0 problem(s).\n")
    assert said(capsys, "check")[0] == 0


def test_every_problem_is_one_line_and_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder(tmp_path, LOOK + LOOK))
    code, out, _err = said(capsys, "check", "call-centre/plan.yaml")
    assert code == 1
    line = "call-centre/plan.yaml:15:9: steps[2] look: id: expected an id of its own, found 'look', which stands in line 12 already [E-NAME-TWICE]"
    assert out.splitlines()[0] == line
    (problem,) = as_json(capsys, "check", ".")["problems"]
    assert problem == {
        "file": "call-centre/plan.yaml",
        "line": 15,
        "column": 9,
        "code": "E-NAME-TWICE",
        "where": "steps[2] look: id",
        "message": "expected an id of its own, found 'look', which stands in line 12 already",
    }


def test_every_problem_is_one_annotation_of_a_github_workflow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder(tmp_path, LOOK + LOOK))
    code, out, _err = said(capsys, "check", ".", "--format", "github")
    assert (code, out) == (
        1,
        (
            "::error file=call-centre/plan.yaml,line=15,col=9,title=E-NAME-TWICE::steps[2] look: id: expected an id of its own, "
            "found 'look', which stands in line 12 already\n"
        ),
    )
    assert json.loads(said(capsys, "check", ".", "--format", "json")[1]) == as_json(capsys, "check", ".")


def test_nothing_that_stands_in_a_file_becomes_an_annotation_of_its_own() -> None:
    problem = Problem("a,b:c%.yaml", 1, 2, "E-YAML", "the file", "50 %\r\n::error::, \x1b[31m")
    assert annotation(problem) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=E-YAML::the file: 50 %25\\u{d}%0A::error::, \\u{1b}[31m"
    )


@pytest.mark.parametrize("argument", ["nowhere/plan.yaml", "plan.yaml", "cti-dwon"])
def test_what_is_not_there_cannot_be_checked(
    argument: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = said(capsys, "check", argument)
    assert (code, out) == (2, "")
    assert argument.split("/")[-1] in err


def test_names_are_checked_against_a_site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("site: 1\nname: x\n", encoding="utf-8")
    code, out, _err = said(capsys, "check", "cti-down", "--site", str(site))
    assert code == 1
    assert "expected a host" in out
    assert "found cti" in out


def test_a_site_file_can_be_checked_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("site: 1\nnmae: x\n", encoding="utf-8")
    code, out, _err = said(capsys, "check", str(site))
    assert code == 1
    assert "did you mean 'name'?" in out


def test_two_files_of_one_name_are_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder(tmp_path, LOOK)
    (root / "other").mkdir()
    (root / "other" / "plan.yaml").write_bytes((root / "call-centre" / "plan.yaml").read_bytes())
    code, out, _err = said(capsys, "check", str(root))
    assert code == 1
    assert "E-NAME-TWICE" in out


# -- list and show


def test_every_playbook_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _err = said(capsys, "list")
    assert code == 0
    assert "cti-down" in out
    rows = as_json(capsys, "list")["playbooks"]
    assert [row["id"] for row in rows] == playbook_ids()
    assert all(row["loads"] and row["title"] and row["severity"] for row in rows)


def test_a_playbook_that_does_not_load_is_listed_as_such(tmp_path: Path) -> None:
    from runbook.loader.listing import listed

    root = folder(tmp_path, LOOK)
    (root / "broken.yaml").write_bytes(b"\xff[")
    assert [(row.id, row.loads) for row in listed([root])] == [("broken", False), ("plan", True)]


def test_the_printed_plan_is_the_walked_plan(capsys: pytest.CaptureFixture[str]) -> None:
    from runbook.ui.step_screen import plan_line

    plan = load_playbook("cti-down", [playbooks_dir()])
    steps = as_json(capsys, "show", "cti-down")["steps"]
    here = Site(site="1", name="-")
    assert [(step["number"], step["id"], step["does"]) for step in steps] == [
        (step.number, step.id, plan_line(step, here)) for step in plan.steps
    ]
    _code, out, _err = said(capsys, "show", "cti-down")
    assert all(step.keys.title.pick() in out for step in plan.steps)


def test_an_unknown_plan_cannot_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, _out, err = said(capsys, "show", "cti-dwon")
    assert code == 2
    assert "cti-down" in err


# -- explain


@pytest.mark.parametrize("word", known())
def test_every_word_is_explained(word: str) -> None:
    lines = explained(word)
    assert lines
    assert all(isinstance(line, str) for line in lines)


def test_codes_kinds_and_keys_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert {*REGISTRY, *kinds(), "when", "kinds", "outcomes", "exit-codes"} <= set(known())
    code, out, _err = said(capsys, "explain", "ping")
    assert code == 0
    assert "host" in out
    assert as_json(capsys, "explain", "E-YAML")["lines"][0].startswith("E-YAML: ")


def test_a_code_of_a_file_is_explained_with_wrong_and_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Offline, from the registry: why it is a mistake, the lines before and after, what to type next."""
    _code, out, _err = said(capsys, "explain", "E-PORT-NUMBER")
    wrong, right = out.index("tcp: {host: sip, port: 5060}"), out.index("tcp: {host: sip, port: sip}")
    assert out.index("Wrong:") < wrong < out.index("Right:") < right


def test_a_key_is_explained_wherever_it_may_stand(capsys: pytest.CaptureFixture[str]) -> None:
    """Keys of steps, of the header, of flow, of kinds and of the site file, with the keys inside them."""
    fields = {"together", "wait_for", "use", "offers", "raise", "exits", "recovered", "covers", "host_keys", "use_when"}
    assert fields <= set(known())
    _code, out, _err = said(capsys, "explain", "host")
    assert "a key of `ping`" in out
    assert "a key of a log of site.yaml" in out
    _code, out, _err = said(capsys, "explain", "offers")
    assert "How long after `since` it is due." in out


def test_an_unknown_word_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, _out, err = said(capsys, "explain", "pnig")
    assert code == 2
    assert "'ping'" in err


# -- init


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_written_site_loads_and_names_nobody(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new" / "site.yaml"
    code, out, _err = said(capsys, "init", "--site", str(path), "--lang", language)
    assert code == 0
    assert str(path) in out
    site = load_site(path)
    assert not any(person.number for contact in site.contacts.values() for person in contact.people)
    assert not any(line.numbers for line in site.lines.values())
    assert load_playbook("cti-down", [playbooks_dir()], site)


def test_both_languages_of_the_site_file_have_the_same_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sites = []
    for language in ("en", "zh"):
        said(capsys, "init", "--site", str(tmp_path / language), "--lang", language)
        sites.append(load_site(tmp_path / language))
    one, other = sites
    assert list(one.hosts) == list(other.hosts)
    assert list(one.contacts) == list(other.contacts)
    assert list(one.lines) == list(other.lines)


def test_a_site_file_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("mine", encoding="utf-8")
    code, _out, err = said(capsys, "init", "--site", str(path))
    assert code == 2
    assert err.startswith("E-SITE-EXISTS")
    assert path.read_text(encoding="utf-8") == "mine"


def test_completion_waits_for_no_model() -> None:
    code = (
        "import sys; from runbook.cli.completion import playbook_ids, incident_ids; playbook_ids(); incident_ids()\n"
        "print([name for name in ('pydantic', 'yaml', 'jinja2', 'paramiko') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_completion_never_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "none"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # the last place of incidents
    assert playbook_ids("cti") == ["cti-down"]
    assert playbook_ids("x") == []
    assert incident_ids() == []
