"""What a host is sent: quoted for a POSIX shell, as it stands for a device, encoded for Windows; and how that is shown."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runbook.model.machine import Host
from runbook.model.powershell import literal, powershell, script_of
from runbook.model.remote import command_line, line_sent, words_sent
from runbook.model.replies import CannotAskError

WORDS = st.lists(st.text(st.characters(exclude_characters="\0"), max_size=30), min_size=1, max_size=5)


def host(system: str, **login: Any) -> Host:
    return Host.model_validate({"address": "192.0.2.1", "system": system, "ssh": {"user": "ops", **login}})


@given(words=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_a_posix_shell_reads_exactly_the_words(words: list[str]) -> None:
    """H12."""
    assert shlex.split(line_sent(host("linux"), words)) == words
    assert shlex.split(line_sent(host("linux", sudo="yes"), words)) == ["sudo", "-n", "--", *words]


@pytest.mark.parametrize("system", ["linux", "device", "windows"])
@pytest.mark.parametrize("words", [[], ["a", "b\0c"], ["a", "\ud800"]])
def test_what_is_no_text_is_sent_to_nobody(system: str, words: list[str]) -> None:
    with pytest.raises(CannotAskError):
        line_sent(host(system), words)


def test_a_device_gets_the_words_as_they_stand() -> None:
    assert line_sent(host("device", sudo="yes"), ["display", "mac-address", "GE1/0/1"]) == "display mac-address GE1/0/1"


@pytest.mark.parametrize("word", ["", " ", "a\nb", "a\rb", "a\x1bb", "a\tb", "a\u2028b", "a\0b"])
def test_a_device_gets_no_second_line_and_no_control_character(word: str) -> None:
    with pytest.raises(CannotAskError):
        line_sent(host("device"), ["display", word])


def test_windows_gets_plain_words_as_they_stand_and_others_encoded() -> None:
    windows = host("windows")
    assert line_sent(windows, ["sc", "query", "Recorder"]) == "sc query Recorder"
    line = line_sent(windows, ["C:\\Program Files\\x.exe", "it's", "$(calc)", "a&b"])
    script = script_of(tuple(line.split(" ")))
    assert script.startswith("& 'C:\\Program Files\\x.exe' (") and script.endswith(";exit $LASTEXITCODE")
    for part in ("it's", "$(calc)", "a&b"):
        assert part not in script
        assert literal(part) in script


@pytest.mark.parametrize("word", ['say "x"', "", "C:\\a b\\", "a\0"])
def test_what_windows_would_hand_on_changed_is_not_sent(word: str) -> None:
    with pytest.raises(CannotAskError):
        line_sent(host("windows"), ["x y", word])


@given(words=WORDS)
def test_no_word_is_syntax_for_cmd_or_powershell(words: list[str]) -> None:
    try:
        line = line_sent(host("windows"), words)
    except CannotAskError:
        assume(False)
    assert not set(line) & set("\"'`$&|<>^%;(){}\n\r")


def test_what_is_shown_is_what_is_sent_and_a_script_is_shown_as_a_script() -> None:
    assert words_sent(host("linux"), ["a b", "c"]) == line_sent(host("linux"), ["a b", "c"]) == "'a b' c"
    assert words_sent(host("windows"), powershell("exit 3")) == "powershell exit 3"
    assert words_sent(host("linux"), []) == ""


def test_the_way_and_what_is_weak_about_it_are_said() -> None:
    """H25: old algorithms are flagged wherever the command is shown and recorded."""
    assert command_line(host("linux"), ["w"]) == "ssh ops@192.0.2.1: w"
    assert command_line(host("linux", legacy="yes"), ["w"]) == "ssh (legacy algorithms) ops@192.0.2.1: w"
    assert command_line(host("linux", jump="door"), ["w"]) == "ssh ops@192.0.2.1 through door: w"
    assert command_line(Host(address="192.0.2.1"), ["w"]) == "ssh -@192.0.2.1: w"
