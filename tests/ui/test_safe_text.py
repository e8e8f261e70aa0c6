"""What other machines and people wrote can neither move, hide nor imitate anything on the screen."""

from __future__ import annotations

import unicodedata

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.ui.safe_text import BAR, CHARACTERS_AT_MOST, LINES_AT_MOST, REMOTE_LINES_AT_MOST, one_line, remote, safe

GOLDEN = {
    "[/x]": "[/x]",
    "[red]on fire[/red] :warning: \\": "[red]on fire[/red] :warning: \\",
    "\x1b[2J": r"\u{1b}[2J",
    "\x1b]52;c;aGk=\x07": r"\u{1b}]52;c;aGk=\u{7}",
    "\x1b]0;title\x1b\\": "\\u{1b}]0;title\\u{1b}\\",
    "done\r[passed] approved >": r"done\u{d}[passed] approved >",
    "\x9b31m": r"\u{9b}31m",
    "a\x85b": r"a\u{85}b",
    "x\u202egnp.exe": r"x\u{202e}gnp.exe",
    "zero\u200bwidth\ufeff": r"zero\u{200b}width\u{feff}",
    "line\u2028paragraph\u2029": r"line\u{2028}paragraph\u{2029}",
    "half \ud800 pair": r"half \u{d800} pair",
    "tag\U000e0041": r"tag\u{e0041}",
    "own \ue000 use": r"own \u{e000} use",
    "variant\ufe0f": r"variant\u{fe0f}",
    "\u3164 filler": r"\u{3164} filler",
    "nul\0": r"nul\u{0}",
    "two\nlines\tand a tab": "two\nlines\tand a tab",
    "张伟 𠮷野 e\u0301 يوسف": "张伟 𠮷野 e\u0301 يوسف",
}


@pytest.mark.parametrize("text", GOLDEN, ids=[ascii(text) for text in GOLDEN])
def test_hostile_text_is_written_out(text: str) -> None:
    """Each hostile character is shown as what it is; names in any script stay as they are."""
    assert safe(text) == GOLDEN[text]


@given(st.text(st.characters()))
def test_no_control_character_passes(text: str) -> None:
    """Whatever goes in, nothing that is not plainly visible comes out, and a second pass changes nothing."""
    shown = safe(text)
    for letter in shown.replace("\n", "").replace("\t", ""):
        assert unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    assert safe(shown) == shown
    assert "\n" not in one_line(text)
    for line in remote(text):
        assert line.startswith(BAR)
        assert safe(line) == line


def test_heaped_marks_are_written_out() -> None:
    """A letter under a heap of combining marks does not cover the lines above it."""
    assert safe("e" + "\u0301" * 6) == "e" + "\u0301" * 4 + r"\u{301}" * 2


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\n" * 1_000_000, "\x1b" * 100_000, "line\n" * 5_000])
def test_length_is_bounded(text: str) -> None:
    """A flood is cut, what was cut is said, and cutting twice changes nothing."""
    shown = safe(text)
    assert len(shown) <= CHARACTERS_AT_MOST
    assert shown.count("\n") < LINES_AT_MOST
    assert "the rest was left out" in shown
    assert safe(shown) == shown


def test_remote_text_cannot_look_like_our_prompt() -> None:
    """Every line of another machine begins with the bar, and the characters made visible are counted."""
    assert remote("ok\r\n\r[passed] approved\n> 7\x1b[A") == [
        "│ ok",
        r"│ \u{d}[passed] approved",
        r"│ > 7\u{1b}[A",
        "│ (2 control characters were made visible)",
    ]


def test_remote_text_is_cut_and_says_so() -> None:
    """A long output shows its first lines and how many more there are."""
    lines = remote("\n".join(str(number) for number in range(1000)))
    assert len(lines) == REMOTE_LINES_AT_MOST + 1
    assert lines[-1] == "│ (960 more lines are in the record)"


def test_remote_nothing_is_no_line() -> None:
    """Nothing written is nothing shown."""
    assert remote("") == []
    assert remote("\n\n") == []


@given(st.binary(max_size=400))
def test_the_terminal_is_not_changed(data: bytes) -> None:
    """Any bytes of a device leave the terminal's title, modes and place as plain text would."""
    screen = pyte.Screen(80, 200)
    pyte.Stream(screen).feed("".join(line[:79] + "\r\n" for line in remote(data.decode("utf-8", "replace"))))
    fresh = pyte.Screen(80, 200)
    assert screen.title == ""
    assert screen.mode == fresh.mode
    assert screen.margins == fresh.margins
    assert all(row.startswith("│ ") for row in screen.display if row.strip())
