"""Lines reach every kind of output whole, folded, and with nothing in them that acts."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from runbook.model.errors import RunbookError
from runbook.ui.console import console_for
from runbook.ui.glyphs import Shown, boxed, carried, cells, clipped, fold, outcome_mark
from tests.ui.parts import memory_console

SENTENCE = "The hotline is moved to the emergency lines; 呼叫中心的热线已经转到应急直线上，请班长马上试拨。"


@pytest.mark.parametrize("width", [20, 60, 80])
@pytest.mark.parametrize("text", [SENTENCE, "x" * 300, "/a/very/long/path" * 20, "热线" * 99, "a 热线 b " * 40])
def test_folded_lines_fit(width: int, text: str) -> None:
    """No folded line is wider than the terminal, and nothing of the text is lost."""
    lines = fold(text, width, "  ")
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.startswith("  ") for line in lines[1:])


def test_a_stop_never_begins_a_line() -> None:
    """Chinese commas and full stops stay behind the letter they follow."""
    for width in range(20, 60):
        assert not any(line.strip().startswith(("，", "。", "；")) for line in fold(SENTENCE, width, "  "))


def test_clipped_says_that_something_is_missing() -> None:
    """A cut line ends in dots and fits."""
    assert clipped("热线热线热线", 9) == "热线热..."
    assert clipped("short", 9) == "short"


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "cp437", "utf-8", "gb18030", "cp1252"])
def test_no_character_breaks_an_output(encoding: str) -> None:
    """Whatever is written, each encoding gets something it has, and every mark keeps its word."""
    console, written = memory_console(80, encoding)
    console.write(outcome_mark("passed"), outcome_mark("failed"), "𠮷野家 é — “x” ·", *boxed([SENTENCE], 60, "First"))
    text = written.getvalue().decode(encoding)
    assert "passed" in text
    assert "failed" in text


def test_chinese_terminals_get_ascii_marks_and_keep_chinese() -> None:
    """A GBK console draws box lines two cells wide: there the box is ASCII, and Chinese stays Chinese."""
    assert carried("┏━┓│√×· 热线", "gbk") == "+=+|+x- 热线"
    assert carried("┏━┓│√×· 热线", "utf-8") == "┏━┓│√×· 热线"
    assert carried("√ × · 热线", "ascii") == "+ x - ??"


def test_boxes_are_straight() -> None:
    """Every line of a box is exactly as wide as the box, Chinese or not."""
    for line in boxed([SENTENCE, "short"], 60, "First 首先"):
        assert cells(line) == 60


def test_markup_is_text() -> None:
    """Brackets, colons and trailing backslashes are printed as they are."""
    console, written = memory_console()
    console.write("[red]x[/red] [/usr/bin/asterisk] [link=a]b :warning: \\", Shown("[/x]", "bold"))
    text = written.getvalue().decode()
    assert "[red]x[/red] [/usr/bin/asterisk] [link=a]b :warning: \\" in text
    assert "[/x]" in text


def test_nobody_gets_a_line_of_our_own() -> None:
    """What stands behind a newline in one string was written by somebody else, and says so; folded, it keeps its bar."""
    console, written = memory_console(40)
    console.write("Told: the carrier\n√ passed: approved by the leader " + "x " * 30)
    first, *others = written.getvalue().decode().splitlines()
    assert first == "Told: the carrier"
    assert len(others) > 1
    assert all(line.startswith("│ ") for line in others)


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_means_no_colour(environ: dict[str, str]) -> None:
    """With NO_COLOR, and on a dumb terminal, no colour is written."""
    console, written = memory_console(80, **environ)
    console.write("late", style="red")
    assert b"31m" not in written.getvalue()


def test_a_pipe_gets_whole_lines_without_escapes() -> None:
    """A pipe can be searched: lines are not folded and carry no style."""
    stream = io.StringIO()
    console_for(stream, environ={}).write("word " * 60 + "end", style="bold red")
    assert stream.getvalue() == "word " * 60 + "end\n"


@pytest.mark.parametrize("how", ["full", "closed", "pipe"])
def test_output_that_fails_is_named(how: str) -> None:
    """A full disk, a closed stream and a broken pipe are the error E-OUTPUT, never a traceback or a silent exit."""
    if how == "pipe":
        reader, writer = os.pipe()
        os.close(reader)
        stream = os.fdopen(writer, "w", encoding="utf-8")
    else:
        stream = open("/dev/full" if how == "full" else os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if how == "closed":
        stream.close()
    with pytest.raises(RunbookError) as caught:
        console_for(stream, environ={}).write("x")
    with suppress(OSError):
        stream.close()
    assert caught.value.code == "E-OUTPUT"
    assert caught.value.exit_code == 6


def test_a_passing_line_is_taken_away() -> None:
    """Progress is drawn over, never left between the lines."""
    console, written = memory_console()
    console.passing("pinging ... 3 s")
    console.write("done")
    assert written.getvalue().decode() == "pinging ... 3 s\r" + " " * 15 + "\rdone\n"


@pytest.mark.parametrize(("columns", "width"), [(0, 80), (5, 20), (61, 61), (500, 100)])
def test_width_is_sane(columns: int, width: int) -> None:
    """A terminal of no, little or endless width is laid out for all the same."""
    console, _written = memory_console(columns or None)  # type: ignore[arg-type]
    if columns:
        assert console.width == width
    else:
        assert 20 <= console.width <= 100


def test_nothing_heavy_is_imported() -> None:
    """The screen's modules load neither prompt_toolkit nor rich before something is shown."""
    code = "import sys, runbook.ui.screen, runbook.ui.prompts; print([m for m in ('prompt_toolkit', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
