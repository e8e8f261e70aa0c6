"""The schemas of docs/ are what the program prints, take every file that is right, and refuse nothing that `check` takes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from runbook.cli.app import main
from runbook.cli.new import scaffold
from runbook.cli.schema import NAMES, schema_text
from runbook.loader.checking import check_files
from runbook.steps import kinds
from tests.docs.generate_schemas import ROOT, TARGETS
from tests.docs.schemas import Editor, marked, mistakes

SHIPPED = [*sorted((ROOT / "playbooks").rglob("*.yaml")), *sorted((ROOT / "templates").glob("site.*.yaml"))]
PLANS = [path for path in SHIPPED if path.parent.name != "schemes" and not path.name.endswith(".rehearsal.yaml")]
BAD = ROOT / "tests" / "loader" / "bad"
STRUCTURE = {"E-KEY-UNKNOWN", "E-STEP-KIND"}
MORE_THAN_STRUCTURE = {
    "block-with-mistakes",  # the mistakes are in the block
    "retries-of-a-person",  # a key of every step, wrong for this kind
    "verify-is-an-action",  # a reading that is none with `do: restart`
}


@pytest.mark.parametrize("name", NAMES)
def test_the_file_in_docs_is_what_the_program_prints(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    printed = capsys.readouterr().out
    assert TARGETS[name].read_text(encoding="utf-8") == printed, "run: python tests/docs/generate_schemas.py"
    Draft202012Validator.check_schema(json.loads(printed))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.name)
def test_an_editor_marks_nothing_in_what_is_shipped(path: Path) -> None:
    assert marked(path) == []


@pytest.mark.parametrize("path", [p for p in PLANS if p.parent.parent.name == "playbooks"], ids=lambda path: path.name)
def test_the_first_line_of_what_is_shipped_leads_to_its_schema(path: Path) -> None:
    """The language server of editors reads it as a path from the file's own folder."""
    first, second = path.read_text(encoding="utf-8").splitlines()[:2]
    before, _equals, leads_to = first.partition("$schema=")
    assert before == "# yaml-language-server: "
    assert (path.parent / leads_to).resolve() == TARGETS["block" if second == "block: 1" else "playbook"]


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_is_completed_with_its_own_words(kind: str) -> None:
    step = json.loads(TARGETS["playbook"].read_text(encoding="utf-8"))["$defs"]["kind-step"]
    assert {"required": [kind]} in step["oneOf"]
    assert step["properties"][kind]["description"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_scaffold_has_nothing_to_mark(language: str) -> None:
    assert mistakes(scaffold("my-plan", block=False)) == []
    assert mistakes(scaffold("my-block", block=True)) == []


def test_descriptions_are_in_the_persons_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "playbook", "--lang", "zh"]) == 0
    title = json.loads(capsys.readouterr().out)["properties"]["use_when"]["description"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in title)


def test_an_unknown_file_kind_names_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "playbok"]) == 2
    assert "runbook schema playbook" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_editor_marks_a_wrong_structure(path: Path) -> None:
    """An unknown key, and a step with no kind or with several, are marked while one types."""
    said = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    codes = {line.rsplit("[", 1)[1].rstrip("]") for line in said}
    found = marked(path)
    if codes & STRUCTURE and path.stem not in MORE_THAN_STRUCTURE:
        assert found is None or found
    elif path.stem in MORE_THAN_STRUCTURE:
        assert found == []


# -- what the schema refuses, `check` refuses


class Written(yaml.SafeDumper):
    """YAML as a person writes it: nothing is nothing."""


Written.add_representer(type(None), lambda dumper, _none: dumper.represent_scalar("tag:yaml.org,2002:null", ""))


def mutations(tree: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The tree with one thing changed: a key misspelt, a value taken away, put into a list, made a number or a map."""
    whole = tree
    for parent, key in list(_nodes(tree, place)):
        value = _at(whole, parent)[key]
        name = "/".join(map(str, (*parent, key)))
        if isinstance(key, str):
            yield (
                f"{name} misspelt",
                _changed(whole, parent, lambda node, k=key, v=value: node.update({k + "x": v}), key),
            )
            yield f"{name} left out", _changed(whole, parent, lambda _node: None, key)
        for label, other in (("a list", [value]), ("a map", {"x": value}), ("a number", 7), ("nothing", None)):
            yield f"{name} {label}", _set(whole, parent, key, other)


def _nodes(tree: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str | int]]:
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in children:
        yield place, key
        yield from _nodes(value, (*place, key))


def _at(tree: Any, place: tuple[str | int, ...]) -> Any:
    for part in place:
        tree = tree[part]
    return tree


def _set(tree: Any, place: tuple[str | int, ...], key: str | int, value: Any) -> Any:
    made = copy.deepcopy(tree)
    _at(made, place)[key] = value
    return made


def _changed(tree: Any, place: tuple[str | int, ...], change: Any, key: str | int) -> Any:
    made = copy.deepcopy(tree)
    change(_at(made, place))
    del _at(made, place)[key]
    return made


SITE = """\
site: 1
name: Here
language: zh
hosts:
  cti:
    title: {en: The CTI server, zh: CTI}
    address: 192.0.2.7
    system: linux
    ports: {cti: 3000}
    ssh: {user: me, port: 22, agent: yes, jump: jump, via: openssh}
    services:
      core: {systemd: core}
      gate: {commands: {status: [gate, status]}}
    commands:
      look: {run: [look, $port], takes: {port: {type: port}}, reads: yes, reader: text, passes: {text: {contains: up}}, deadline: 5s}
  jump: {address: 192.0.2.8, ssh: {user: me}}
seats:
  s1: {address: 192.0.2.20, floor: 2, extension: 8001, mac: 00:1a:2b:3c:4d:5e}
groups: {all: [cti, jump]}
lines:
  hotline: {title: Hotline, numbers: [555 0100]}
contacts:
  lead: {title: Leader, people: [{name: A, number: 555 0101, numbers: [555 0102]}]}
roster: [A]
logs:
  core: {host: cti, path: /var/log/core, finds: {lost: lost}}
files: {trace: /tmp/trace}
secrets:
  community: {secret: keyring}
"""
SUBJECTS = {"playbook": scaffold("it", block=False), "block": scaffold("it", block=True), "site": SITE}


@pytest.mark.parametrize(("name", "at_least"), [("playbook", 120), ("block", 30), ("site", 60)])
def test_what_an_editor_refuses_check_refuses_too(name: str, at_least: int, tmp_path: Path) -> None:
    """One change at a time. The other way round does not hold: `check` knows names and ways as well."""
    whole = yaml.load(SUBJECTS[name], Editor)
    validator = Draft202012Validator(json.loads(schema_text(name)))
    file = tmp_path / "it.yaml"
    file.write_text(SUBJECTS[name], encoding="utf-8")
    assert check_files([file], [ROOT / "playbooks"], None) == []
    assert mistakes(SUBJECTS[name]) == []
    refused, missed = 0, []
    # Every second change of a playbook is enough: most of its steps are alike.
    for change, tree in list(mutations(whole))[:: 2 if name == "playbook" else 1]:
        if not validator.is_valid(tree):
            refused += 1
            file.write_text(yaml.dump(tree, Dumper=Written, allow_unicode=True, sort_keys=False), encoding="utf-8")
            if not check_files([file], [ROOT / "playbooks"], None):
                missed.append(change)
    assert missed == []
    assert refused > at_least
