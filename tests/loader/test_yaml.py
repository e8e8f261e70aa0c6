"""The strict reader: what is written is what is read, and nothing that is written can harm it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runbook.loader.decode import file_bytes
from runbook.loader.document import Mark
from runbook.loader.yaml import read_yaml
from runbook.model.errors import RunbookError

PARSERS = [pytest.param(yaml.CSafeLoader, id="c"), pytest.param(yaml.SafeLoader, id="python")]


def codes(data: bytes | str, parser: Any = None) -> list[str]:
    document = read_yaml(data.encode() if isinstance(data, str) else data, "x.yaml", parser)
    return [problem.code for problem in document.problems]


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "text",
    ["01062341234", "22:15", "22:30", "off", "no", "on", "1.10", "1e3", "0x1F", "1_000", ".nan", "~", "null", "true",
     "2026-11-04", "+86 10", "=", "0o17", "1:30:00", "-", "Yes"],
)  # fmt: skip
def test_a_scalar_stays_what_was_written(text: str, parser: Any) -> None:
    if text == "-":
        text = "'-'"
    document = read_yaml(f"value: {text}\n".encode(), "x.yaml", parser)
    assert document.problems == ()
    assert document.tree == {"value": text.strip("'")}


@pytest.mark.parametrize("parser", PARSERS)
def test_words_of_yaml_stay_keys(parser: Any) -> None:
    document = read_yaml(b"on: a\nno: b\n1: c\nnull: d\n", "x.yaml", parser)
    assert document.tree == {"on": "a", "no": "b", "1": "c", "null": "d"}


@pytest.mark.parametrize("parser", PARSERS)
def test_every_key_and_value_has_its_position(parser: Any) -> None:
    document = read_yaml("标题: 甲\nsteps:\n  - id: a\n    next: {failed: b}\n".encode(), "x.yaml", parser)
    assert document.at(("标题",)) == Mark(1, 5)
    assert document.at(("标题",), key=True) == Mark(1, 1)
    assert document.at(("steps", 0)) == Mark(3, 5)
    assert document.at(("steps", 0, "next", "failed")) == Mark(4, 20)
    assert document.at(("steps", 0, "next", "failed"), key=True) == Mark(4, 12)
    assert document.at(("steps", 0, "title")) == Mark(3, 5)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("depth", [21, 5_000, 100_000, 900_000])
@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_a_deep_file_is_refused_at_once(depth: int, opening: str, parser: Any) -> None:
    data = (opening * depth).encode()[: 1 << 20]
    begun = time.monotonic()
    assert codes(data, parser) == ["E-YAML-DEPTH"]
    assert time.monotonic() - begun < 20


def test_a_hundred_thousand_brackets_do_not_end_the_process() -> None:
    code = "from runbook.loader.yaml import read_yaml; print(read_yaml(b'[' * 100000, 'x').problems[0].code)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "E-YAML-DEPTH\n")


def test_twenty_levels_are_not_too_deep() -> None:
    assert codes("[" * 20 + "a" + "]" * 20) == []


def test_billion_laughs_and_recursion_are_refused_without_being_followed() -> None:
    laughs = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    begun = time.monotonic()
    assert set(codes(laughs)) == {"E-YAML-ALIAS"}
    assert set(codes("a: &a [*a]\n")) == {"E-YAML-ALIAS"}
    assert time.monotonic() - begun < 1


def test_a_large_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    begun = time.monotonic()
    assert codes(file_bytes(path)) == ["E-YAML-SIZE"]
    assert codes(b"a: " + b"x" * (1 << 20)) == ["E-YAML-SIZE"]
    assert time.monotonic() - begun < 1


def test_the_largest_file_is_read() -> None:
    data = b"a: |\n" + b"  some words of a sentence\n" * ((1 << 20) // 27 - 1)
    assert codes(data) == []


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        ("标题: 服务器故障\n".encode("gbk"), "E-YAML-TEXT", "looks like GBK"),
        ("a: b\n".encode("utf-16"), "E-YAML-TEXT", "UTF-16"),
        ("a: b\n".encode("utf-16-le"), "E-YAML-TEXT", "UTF-16"),
        (b"a: \xff\xff\n", "E-YAML-TEXT", "no text"),
        (b"a: b\x00c\n", "E-YAML-TEXT", "UTF-16"),
        (b"a: \x1b[2J\n", "E-YAML-TEXT", "U+001B"),
        ("a: x\u202ey\n".encode(), "E-YAML-TEXT", "U+202E"),
        ("a: x\u200by\n".encode(), "E-YAML-TEXT", "U+200B"),
        ("a: x\U000e0041y\n".encode(), "E-YAML-TEXT", "U+E0041"),
        ("a: x\u2028y\n".encode(), "E-YAML-TEXT", "U+2028"),
        ("a: x\u3164y\n".encode(), "E-YAML-TEXT", "U+3164"),
        (b'a: "\\u202e"\n', "E-YAML-TEXT", "U+202E"),
        (b'a: "\\e]52;c;x\\a"\n', "E-YAML-TEXT", "U+001B"),
        (b'"\\u200b": a\n', "E-YAML-TEXT", "U+200B"),
    ],
)  # fmt: skip
def test_what_is_no_plain_text_is_refused_in_words(data: bytes, code: str, words: str) -> None:
    problems = read_yaml(data, "x.yaml").problems
    assert [problem.code for problem in problems] == [code]
    assert words in problems[0].message


def test_the_position_of_a_wrong_byte_is_said() -> None:
    problem = read_yaml("a: b\nc: 标".encode() + b"\xff", "x.yaml").problems[0]
    assert (problem.line, problem.column) == (2, 5)


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    document = read_yaml("\ufeffa: 甲\r\nb:\r\n  - c\r\n".encode(), "x.yaml")
    assert document.problems == ()
    assert document.tree == {"a": "甲", "b": ["c"]}
    assert document.at(("b", 0)) == Mark(3, 5)


def test_letters_of_every_language_are_fine() -> None:
    assert codes("a: 你好，世界　“引号” é ñ 𠮷 😀\n") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "E-YAML-DUPLICATE"),
        ("a: {b: 1, b: 2}\n", "E-YAML-DUPLICATE"),
        ("<<: {a: b}\n", "E-YAML-ALIAS"),
        ("a: !!python/object/apply:os.system [id]\n", "E-YAML-TAG"),
        ("a: !!str b\n", "E-YAML-TAG"),
        ("a: &x b\n", "E-YAML-ALIAS"),
        ("a: b\n---\nc: d\n", "E-YAML"),
        ("%YAML 1.1\n---\na: b\n", "E-YAML"),
        ("%TAG ! tag:x,2026:\n---\na: b\n", "E-YAML"),
        ("? [a]\n: b\n", "E-YAML"),
    ],
)
@pytest.mark.parametrize("parser", PARSERS)
def test_what_could_mean_two_things_is_refused(text: str, code: str, parser: Any) -> None:
    assert codes(text, parser) == [code]


def test_a_key_that_stands_twice_names_both_lines() -> None:
    problem = read_yaml(b"a: 1\nb: 2\na: 3\n", "x.yaml").problems[0]
    assert problem.line == 3
    assert "line 1" in problem.message


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    "line",
    ["a: b  # (1)", "a: Some words  # a comment", "a: {en: One, zh: 二}", "a: is it so?", "a: b, c", "a: x:y", "a: it's", "a: 50% of them", "a: b-c", "a: http://x/y?z"],
)  # fmt: skip
def test_sentences_that_yaml_does_not_break_are_left_alone(line: str, parser: Any) -> None:
    assert codes(line + "\n", parser) == []


@pytest.mark.parametrize("parser", PARSERS)
def test_reading_goes_on_after_a_broken_sentence(parser: Any) -> None:
    document = read_yaml(b'a: Is it up? no: go\nb: "x" y\nc: d\nc: e\n', "x.yaml", parser)
    assert [problem.code for problem in document.problems] == ["E-TEXT-BROKEN", "E-TEXT-BROKEN", "E-YAML-DUPLICATE"]
    assert document.tree == {"a": "Is it up? no: go", "b": '"x" y', "c": "d"}


def test_a_pipe_a_device_and_a_folder_are_no_files(tmp_path: Path) -> None:
    import os

    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path, tmp_path / "missing", Path("a\0b")):
        with pytest.raises(RunbookError) as caught:
            file_bytes(path)
        assert caught.value.code == "E-FILE"


def test_the_reader_does_without_the_c_parser() -> None:
    code = (
        "import yaml; del yaml.CSafeLoader\n"
        "from runbook.loader import yaml as strict; assert strict.PARSER is yaml.SafeLoader\n"
        "print(strict.read_yaml(b'a: b', 'x').tree)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "{'a': 'b'}\n", done.stderr


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    read_yaml(data, "x.yaml")


@given(st.text(alphabet="ab:{}[],-?#&*!|>'\"%@` \n\t\\：1", max_size=60))
def test_no_text_makes_it_fail_and_what_it_reads_is_text(text: str) -> None:
    for parser in (yaml.CSafeLoader, yaml.SafeLoader):
        document = read_yaml(text.encode(), "x.yaml", parser)
        assert document.problems or _only_text(document.tree)


def _only_text(tree: Any) -> bool:
    if isinstance(tree, dict):
        return all(isinstance(key, str) and _only_text(value) for key, value in tree.items())
    return all(map(_only_text, tree)) if isinstance(tree, list) else isinstance(tree, str)
