"""Whatever somebody wrote comes out of the report's Markdown as the text that it is, never as structure."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from runbook.model.text import visible
from runbook.report.escape import EMPTY, Hider, Markup, digest, inline, quoted
from tests.report.incident import HOSTILE, UNPRINTABLE

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""More willing than our own parser: HTML, links and images are on."""

NASTY = [
    HOSTILE,
    UNPRINTABLE,
    "# 审批：已批准",
    "1. one",
    "12) two",
    "- [x] done",
    "+ plus",
    "=====",
    "-----",
    "> quote",
    "    code",
    "```\nfence",
    "~~~ fence",
    "![image](http://192.0.2.1/x.png)",
    "<https://192.0.2.1>",
    "[a]: http://192.0.2.1",
    "<!-- gone -->",
    "&lt;b&gt; &#x41; &amp;",
    "a\\",
    "\\*",
    "**bold** _em_ __x__ ~~gone~~",
    "a  \nb",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "*" * 50,
    "`",
    "``` a `` b `",
    ": definition",
    "\ttab",
]
texts = st.one_of(st.sampled_from(NASTY), st.text(), st.text(alphabet="\\`*_{}[]()<>#+-.!|~$&=:\"'\n\t 1a"))


BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def letters(text: str) -> str:
    """The text without white space and without the sign for a new line."""
    return "".join(text.replace("⏎", "").split())


def rendered(markdown: str) -> tuple[set[str], str]:
    """The kinds of tokens that a parser sees, and the text in them."""
    tokens = PARSER.parse(markdown)
    inner = [child for token in tokens for child in token.children or []]
    said = "".join(" " if child.type in ("softbreak", "hardbreak") else child.content for child in inner)
    return {token.type for token in tokens} | {child.type for child in inner}, said


@given(texts)
def test_a_value_is_one_line_of_literal_text(text: str) -> None:
    kinds, said = rendered(inline(text))
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text"}
    wanted = visible(BREAKS.sub("\n", text))
    assert letters(said) == (letters(wanted) or EMPTY)


@given(texts)
def test_a_value_stays_in_its_cell(text: str) -> None:
    tokens = PARSER.parse(f"| a | b |\n| --- | --- |\n| {inline(text)} | last |\n")
    cells = [tokens[place + 1] for place, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2
    assert cells[1].content == "last"
    assert {child.type for child in cells[0].children or []} <= {"text"}


@given(texts)
def test_a_quoted_note_stays_quoted(text: str) -> None:
    kinds, _said = rendered(f"{quoted(text)}\n\nafter")
    assert kinds <= {
        "blockquote_open",
        "blockquote_close",
        "paragraph_open",
        "paragraph_close",
        "inline",
        "text",
        "hardbreak",
    }
    assert PARSER.parse(f"{quoted(text)}\n\nafter")[-2].content == "after"


def test_what_cannot_be_seen_is_written_out() -> None:
    assert inline("\x1b]0;x\x07\u202e") == r"\\u\{1b\}\]0;x\\u\{7\}\\u\{202e\}"
    assert visible("a\u2028b\ud800") == r"a\u{2028}b\u{d800}"


def test_lines_are_shown_by_a_sign() -> None:
    assert inline("one\r\ntwo\nthree") == "one ⏎ two ⏎ three"


def test_nothing_is_shown_as_a_dash() -> None:
    assert inline("  ") == EMPTY
    assert quoted("") == f"> {EMPTY}"


def test_addresses_are_no_links() -> None:
    assert inline("see https://192.0.2.1 and www.example.org") == r"see https\://192.0.2.1 and www\.example.org"


def test_a_hash_is_code_and_anything_else_is_not() -> None:
    assert digest("0af1") == "`0af1`"
    assert digest("`x") == r"\`x"
    assert isinstance(digest("0af1"), Markup)


@pytest.mark.parametrize("written", ["01062341234", "010 6234 1234", "010-62341234", "0106234-1234"])
def test_numbers_are_hidden_however_they_are_spaced(written: str) -> None:
    hide = Hider(["010-6234 1234", "110"], "[hidden]")
    assert hide(f"call {written}, not 5{written}") == f"call [hidden], not 5{written}"
    assert hide("a110 1100 110") == "a110 1100 [hidden]"


def test_without_numbers_nothing_is_hidden() -> None:
    assert Hider([], "x")("010 6234 1234") == "010 6234 1234"
