"""A typed line means the same at every keyboard, and what is no answer is refused with a sentence."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.prompts import Answer, Choice, Key, Prompt, PromptKind
from runbook.ui.answers import KEY_LABELS, Again, cleaned, from_file, key_lines, marker, question_lines, understood
from runbook.ui.glyphs import cells

ALL_KEYS = "nfsbpoug!h?q"
TWO = (Choice("in", "plugged in"), Choice("out", "not plugged in"))


def prompt(kind: PromptKind, default: str | None = None, keys: str = ALL_KEYS) -> Prompt:
    return Prompt(
        kind,
        "step",
        "Question?",
        choices=TWO if kind == "choice" else (),
        keys=keys,
        default=default,
        act_number=7 if kind == "act" else 0,
    )


@pytest.mark.parametrize(
    ("kind", "line", "reply"),
    [
        ("go", "", Answer("")),
        ("go", "n", Key("n")),
        ("go", "N", Key("n")),
        ("go", "！", Key("!")),
        ("go", "／n", Key("n")),
        ("go", "n the fan is loud", Key("n", "the fan is loud")),
        ("go", "/s no time", Key("s", "no time")),
        ("choice", "2", Answer("out")),
        ("choice", " ２ ", Answer("out")),
        ("choice", "q", Key("q")),
        ("number", "12", Answer("12")),
        ("number", "１２．５", Answer("12.5")),
        ("number", "-3", Answer("-3")),
        ("number", "/q", Key("q")),
        ("text", "n", Answer("n")),
        ("text", "no", Answer("no")),
        ("text", "/n", Key("n")),
        ("text", "/n the fan", Key("n", "the fan")),
        ("text", "/home/ops", Answer("/home/ops")),
        ("text", " 张伟 𠮷 ", Answer("张伟 𠮷")),
        ("text", "a\x1b[2J\x00b\td", Answer("a[2Jb d")),
        ("text", "half \udcff", Answer("half �")),
        ("act", "7", Answer("7")),
        ("act", "７", Answer("7")),
        ("act", "q", Key("q")),
    ],
)
def test_what_counts(kind: PromptKind, line: str, reply: object) -> None:
    """Numbers may be full-width; a key is a letter of its own, in a field behind a slash."""
    assert understood(prompt(kind), line) == reply


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("go", "yes"),
        ("go", "1"),
        ("choice", ""),
        ("choice", "0"),
        ("choice", "3"),
        ("choice", "in"),
        ("choice", "1 2"),
        ("choice", "y"),
        ("number", "twelve"),
        ("number", "1e3"),
        ("number", "٣"),
        ("number", "f"),
        ("number", ""),
        ("text", "  "),
        ("act", ""),
        ("act", "yes"),
        ("act", "y"),
        ("act", "07"),
        ("act", "7 7"),
        ("act", "17"),
        ("act", "7."),
        ("act", "confirm"),
    ],
)
def test_what_does_not_count(kind: PromptKind, line: str) -> None:
    """Everything else is refused, and the sentence says what is wanted."""
    reply = understood(prompt(kind), line)
    assert isinstance(reply, Again)
    assert reply.sentence


def test_enter_alone_takes_only_a_default() -> None:
    """Enter alone gives the default where there is one, and never confirms an act."""
    assert understood(prompt("choice", default="in"), "") == Answer("in")
    assert understood(prompt("text", default=""), "") == Answer("")
    assert understood(prompt("number", default="4"), "") == Answer("4")
    assert isinstance(understood(prompt("act", default="7"), ""), Again)


def test_a_key_that_is_not_offered_is_none() -> None:
    """Only the letters of the prompt count."""
    assert isinstance(understood(prompt("go", keys="q"), "s"), Again)


@given(st.text(st.characters()), st.sampled_from(["go", "choice", "number", "text", "act"]))
def test_no_line_breaks_it(line: str, kind: PromptKind) -> None:
    """Any line is understood or refused; what is taken holds no control or half characters; only the number confirms."""
    reply = understood(prompt(kind), line)
    if isinstance(reply, Answer | Key):
        assert all(unicodedata.category(letter) not in ("Cc", "Cs") for letter in reply.text)
    if kind == "act" and isinstance(reply, Answer):
        assert unicodedata.normalize("NFKC", cleaned(line)) == "7"


def test_a_file_may_name_a_choice() -> None:
    """An answers file gives a choice by number, value or label, a key behind a slash, and an act as `confirm`."""
    assert [from_file(prompt("choice"), text) for text in ("2", "out", "not plugged in")] == [Answer("out")] * 3
    assert from_file(prompt("go"), "/s no time") == Key("s", "no time")
    assert from_file(prompt("act"), "confirm") == Answer("7")
    assert isinstance(from_file(prompt("choice"), "s"), Again)
    assert isinstance(from_file(prompt("act"), "yes"), Again)


def test_keys_fit_in_two_lines() -> None:
    """All keys stand in two lines at 60 and at 80 columns, each with its word."""
    for width in (60, 80):
        lines = key_lines(prompt("go"), width)
        assert len(lines) == 2
        assert all(cells(line) <= width for line in lines)
        for key, labels in KEY_LABELS.items():
            assert f"{key} {labels[0]}" in " ".join(lines) or f"{key} {labels[1]}" in " ".join(lines)
    assert key_lines(prompt("go"), 80) == [
        "Enter do  n note  f failed  s skip  b by hand  p phone  o open items",
        "u my last answer was wrong  g go to  ! escalate  h hand over  ? why  q pause",
    ]
    assert key_lines(prompt("text", keys="nq"), 80) == ["/n note · /q pause"]


def test_question_and_marker() -> None:
    """The question shows its numbered choices, the marker what is expected and what Enter alone gives."""
    assert question_lines(prompt("choice")) == ["Question?", "  1  plugged in", "  2  not plugged in"]
    assert marker(prompt("choice", default="out")) == "1-2 [2] > "
    assert marker(prompt("go")) == "Enter > "
    assert marker(prompt("text", default="now")) == "[now] > "
    assert marker(prompt("act")) == "type 7 > "
