"""Hostile playbooks, by their numbers H01 to H11, H15 and H16: each is refused in a sentence, or read as the exact text that it is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.loader.checking import check_files
from runbook.loader.library import Folders
from runbook.loader.playbooks import load_playbook
from runbook.loader.yaml import read_yaml
from runbook.model.errors import RunbookError
from runbook.model.ids import ID
from tests.loader.plans import folder

STEP = """\
  - id: look
    title: Somebody looks
    instruct: {}
"""
QUICK_S = 2.0
"""Far above what any refusal takes, far below what following the file would."""


def said(tmp_path: Path, steps: str = STEP, *, extra: str = "", encoding: str = "utf-8") -> list[str]:
    """Every problem of one plan, as `runbook check` prints it."""
    root = folder(tmp_path, steps, extra=extra)
    plan = root / "call-centre" / "plan.yaml"
    if encoding != "utf-8":
        plan.write_bytes(plan.read_text(encoding="utf-8").encode(encoding))
    began = time.monotonic()
    problems = check_files([plan], [root], None)
    assert time.monotonic() - began < QUICK_S, "the file was followed, not refused"
    return [str(problem) for problem in problems]


def assert_said(lines: list[str], code: str, *words: str) -> str:
    """The first sentence of `code`, which holds all the words."""
    found = [line for line in lines if line.endswith(f"[{code}]")]
    assert found, lines
    assert all(word in found[0] for word in words), found[0]
    return found[0]


def test_h01_a_tag_is_refused_with_its_line_and_runs_nothing(tmp_path: Path) -> None:
    """H01: `!!python/object/apply:os.system`."""
    marker = tmp_path / "ran"
    lines = said(
        tmp_path, f"  - id: look\n    title: !!python/object/apply:os.system ['touch {marker}']\n    instruct: {{}}\n"
    )
    assert_said(lines, "E-YAML-TAG", "plan.yaml:13:", "os.system")
    assert not marker.exists()


@pytest.mark.parametrize("text", ["a: &a [x, x]\nb: [*a, *a]\n", "a: &a [*a]\n", "a: &a {b: *a}\n"])
def test_h02_h03_an_alias_is_refused_and_never_followed(tmp_path: Path, text: str) -> None:
    """H02, H03: the billion laughs, and an alias that holds itself."""
    assert_said(said(tmp_path, STEP + text.replace("\n", "\n")), "E-YAML-ALIAS", "anchor &a")


@pytest.mark.parametrize("depth", [5_000, 100_000])
@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_h04_a_deep_file_is_refused_by_its_depth(tmp_path: Path, depth: int, opening: str) -> None:
    """H04: no RecursionError, and no crash of the C parser."""
    assert_said(
        said(tmp_path, STEP + "deep: " + "\n  " * (opening == "- ") + opening * depth + "\n"),
        "E-YAML-DEPTH",
        "20 levels",
    )


def test_h05_a_file_of_200_mb_is_refused_by_its_size_before_it_is_read(tmp_path: Path) -> None:
    """H05: the file is sparse; reading it would need its size in memory."""
    root = folder(tmp_path, STEP)
    plan = root / "call-centre" / "plan.yaml"
    os.truncate(plan, 200 << 20)
    began = time.monotonic()
    problems = [str(problem) for problem in check_files([plan], [root], None)]
    assert time.monotonic() - began < QUICK_S
    assert_said(problems, "E-YAML-SIZE", "1 MiB")


@pytest.mark.parametrize("other", ["look", "Look", "lo\u043ek", "look\u200d"])
def test_h06_the_same_id_twice_or_almost_is_refused(tmp_path: Path, other: str) -> None:
    """H06: twice the same, another case, a Cyrillic letter that looks the same, a letter that cannot be seen."""
    lines = said(tmp_path, STEP + STEP.replace("look", other, 1))
    assert lines
    if other == "look":
        assert_said(lines, "E-NAME-TWICE", "line 12 already")
    else:
        assert all("steps[2]" in line or "the file" in line for line in lines), lines


def test_h06_the_same_key_twice_names_both_lines(tmp_path: Path) -> None:
    """H06: no key is lost silently."""
    assert_said(said(tmp_path, STEP + "    title: Another\n"), "E-YAML-DUPLICATE", ":15:5:", "line 13 already")


@pytest.mark.parametrize(
    "text",
    ["01062341234", "22:15", "08:30", "off", "no", "1.10", "1e3", "0x1F", "1_000", ".nan", "~", "null", "2026-11-22"],
)
def test_h07_a_plain_value_stays_exactly_what_was_written(text: str) -> None:
    """H07: a telephone number is no octal number, and a time of day no count of minutes."""
    document = read_yaml(f"it: {text}\non: {text}\n".encode(), "it.yaml")
    assert document.problems == ()
    assert document.tree == {"it": text, "on": text}


@pytest.mark.parametrize("encoding", ["utf-16", "gbk"])
def test_h08_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    """H08: what an old editor saved is not guessed at."""
    line = assert_said(said(tmp_path, encoding=encoding), "E-YAML-TEXT", "UTF-8")
    assert encoding.upper().replace("-", "") in line.upper().replace("-", "")


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ("<<: {a: b}\n", "E-YAML-ALIAS"),
        ("---\nx: y\n", "E-YAML"),
        ("%YAML 1.1\n---\n", "E-YAML"),
        ("\tx: y\n", "E-YAML"),
    ],
)
def test_h08_what_could_mean_two_things_is_refused(tmp_path: Path, extra: str, code: str) -> None:
    """H08: merge keys, a second document, directives, tabs."""
    assert_said(said(tmp_path, STEP + extra), code)


def test_h08_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    """H08: what Windows editors add changes nothing."""
    root = folder(tmp_path, STEP)
    plan = root / "call-centre" / "plan.yaml"
    plan.write_bytes(b"\xef\xbb\xbf" + plan.read_bytes().replace(b"\n", b"\r\n"))
    assert check_files([plan], [root], None) == []


@pytest.mark.parametrize("hidden", ["\\e]52;c;aGk=\\e\\\\", "\\u202e", "\\u200b", "\\U000e0041"])
@pytest.mark.parametrize("place", ["id", "title"])
def test_h09_what_cannot_be_seen_is_written_out_and_refused(tmp_path: Path, hidden: str, place: str) -> None:
    """H09: escapes pass the parser as characters; they are looked for after it."""
    lines = said(
        tmp_path,
        STEP.replace(f"{place}: ", f'{place}: "{hidden}', 1).replace("\n", '"\n', 1 if place == "id" else 0)
        if place == "id"
        else STEP.replace("title: Somebody looks", f'title: "{hidden}looks"'),
    )
    assert_said(lines, "E-YAML-TEXT")
    assert all(letter.isprintable() for line in lines for letter in line)


def test_h10_an_unknown_key_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    """H10: `aproval:`."""
    assert_said(
        said(tmp_path, STEP + "    aproval: {by: cs-lead}\n"), "E-KEY-UNKNOWN", "'aproval'", "did you mean 'approval'?"
    )


@pytest.mark.parametrize(
    "name", ["../../etc/shadow", "/etc/shadow", "file:///etc/shadow", "https://example.com/x", "..", "a/b", "a b", "A"]
)
def test_h11_a_block_is_named_never_a_path(tmp_path: Path, name: str) -> None:
    """H11: what is no id is refused as such; no file is looked for."""
    lines = said(tmp_path, f"{STEP}  - id: more\n    use: {{block: '{name}'}}\n")
    assert any("lower-case letters" in line for line in lines), lines


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "link"])
def test_h11_only_a_regular_file_of_the_folder_is_a_block(tmp_path: Path, kind: str) -> None:
    """H11: a pipe does not block, a device is not read, a link does not lead out."""
    root = folder(tmp_path, f"{STEP}  - id: more\n    use: {{block: strange}}\n")
    block = root / "blocks" / "strange.yaml"
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text("block: 1\nid: strange\ntitle: T\nsteps:\n" + STEP, encoding="utf-8")
    makers: dict[str, Callable[[], object]] = {
        "fifo": lambda: os.mkfifo(block),
        "device": lambda: block.symlink_to("/dev/zero"),
        "folder": block.mkdir,
        "link": lambda: block.symlink_to(outside),
    }
    makers[kind]()
    began = time.monotonic()
    try:
        refused = bool(check_files([root / "call-centre" / "plan.yaml"], [root], None))
    except RunbookError as error:
        refused = error.code == "E-FILE"
    assert time.monotonic() - began < QUICK_S
    assert refused, "it was read"
    assert Folders([root]).source("blocks", "tell") is not None


@pytest.mark.parametrize(
    "text", ["{{ 7*7 }}", "{% for x in y %}", "${inputs.grace}", "${${x}}", "$(id)", "{0.__class__}"]
)
def test_h15_a_template_in_a_sentence_is_literal(tmp_path: Path, text: str) -> None:
    """H15: there are no templates in plans; what looks like one is text."""
    root = folder(tmp_path, STEP.replace("Somebody looks", f"'Look at {text}'"))
    assert load_playbook("plan", [root]).step("look").title.pick() == f"Look at {text}"


@pytest.mark.parametrize("reference", ["$inputs.grase", "$steps.nothing.x", "$site.cti.secret"])
def test_h15_a_value_that_nothing_defines_is_refused_before_step_1(tmp_path: Path, reference: str) -> None:
    """H15: an undefined value never becomes an empty text."""
    lines = said(
        tmp_path, STEP.replace("instruct: {}", f"call: {{contact: {reference}}}\n    next: {{failed: continue}}")
    )
    assert_said(lines, "E-NAME-UNKNOWN")


@pytest.mark.parametrize("text", ["__import__('os')", "9**9**9", "'a'*10**9", "(" * 400 + ")" * 400, "1 == 1"])
def test_h16_a_condition_is_a_name_and_its_values_never_an_expression(tmp_path: Path, text: str) -> None:
    """H16: there is nothing that evaluates."""
    quoted = text.replace("'", "''")
    lines = said(
        tmp_path, f"{STEP}  - id: more\n    title: More\n    when: {{'{quoted}': passed}}\n    instruct: {{}}\n"
    )
    assert_said(lines, "E-NAME-UNKNOWN")
    assert_said(
        said(tmp_path, f"{STEP}  - id: more\n    title: More\n    when: '{quoted}'\n    instruct: {{}}\n"),
        "E-VALUE-TYPE",
    )


def test_an_id_is_plain_letters() -> None:
    """H06, H09, H38: what an id may be is one pattern for everybody."""
    assert ID == "[a-z0-9][a-z0-9-]{0,63}"
