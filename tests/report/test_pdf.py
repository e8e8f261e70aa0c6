"""The PDF says what the Markdown says, gives the same bytes twice, and cannot be stopped by any character."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylopdf_fonts_zh_cn import sans_path

from runbook.model import events as ev
from runbook.model.errors import RunbookError
from runbook.report import pdf as pdf_module
from runbook.report.blocks import Block, blocks
from runbook.report.columns import widths
from runbook.report.glyphs import characters, shown
from runbook.report.markdown import markdown
from runbook.report.pdf import pdf
from runbook.report.record import Facts
from runbook.report.write import render
from tests.report.incident import ID, Story, told, whole

FONT = Path(sans_path())
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext of poppler-utils")


def text_of(data: bytes, *, body: bool = True) -> str:
    """The text of a PDF in the order in which it was written; `body`: without what stands at the head and foot of each page."""
    crop = ["-x", "0", "-y", "62", "-W", "596", "-H", "720"] if body else []
    command = ["pdftotext", "-raw", *crop, "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout.decode()


def letters(text: str) -> str:
    """Without white space and without the places where a long word may break."""
    return "".join(unicodedata.normalize("NFKC", text).replace("\u200b", "").split())


def said(found: list[Block]) -> list[str]:
    """Each heading, paragraph, item and cell of the Markdown."""
    texts: list[str] = []
    for block in found:
        for line in [
            block.get("runs", []),
            *block.get("head", []),
            *(cell for row in block.get("rows", []) for cell in row),
        ]:
            texts.append("".join(run.get("text", " ") for run in line))
        for inner in [block.get("blocks", []), *block.get("items", [])]:
            texts += said(inner)
    return texts


def numbers(text: str) -> set[str]:
    """Times, lengths of time and hashes: the facts that can be told apart without reading."""
    return set(re.findall(r"\d\d:\d\d:\d\d|[0-9a-f]{64}|\+\d+m\d+s", text.replace("\u200b", "")))


@needs_poppler
@pytest.mark.parametrize("facts", [told(), told(whole("lab", close=False))], ids=["closed", "lab, open"])
def test_both_formats_carry_the_same_facts(facts: Facts) -> None:
    written = markdown(facts)
    printed = text_of(pdf(facts, blocks(written)))
    every = letters(printed)
    missing = [text for text in said(blocks(written)) if letters(shown(text, FONT)) not in every]
    assert missing == []
    assert numbers(printed) == numbers("\n".join(said(blocks(written))))


@needs_poppler
def test_every_page_names_the_incident_and_its_number() -> None:
    data = render(told(whole("lab")), "pdf")
    pages = text_of(data, body=False).split("\f")[:-1]
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in page
        assert ID in page
        assert f"{ID} LAB" in page


def test_the_same_facts_give_the_same_bytes() -> None:
    assert render(told(), "pdf") == render(told(), "pdf")
    assert render(told(), "md") == render(told(), "md")


def test_it_is_for_archives_and_screen_readers() -> None:
    data = render(told(), "pdf")
    assert data.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in data
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in data
    assert b"<pdfuaid:part>1</pdfuaid:part>" in data


def story_with(text: str) -> Facts:
    story = Story()
    story.opened()
    story.add(ev.NoteAdded(text))
    return told(story.rows)


@needs_poppler
def test_what_the_font_lacks_is_written_out() -> None:
    printed = letters(text_of(render(story_with("emoji 😀 Arabic ش end"), "pdf")))
    assert letters("emoji ‹U+1F600› Arabic ‹U+0634› end") in printed


@needs_poppler
def test_markup_of_the_typesetter_is_only_text() -> None:
    text = '#read("/etc/passwd") $x^2$ ] *a* _b_ @ref <label> \\ `c` = h // no comment /* no */ ~ -- --- "q"'
    printed = letters(text_of(render(story_with(text), "pdf")))
    assert letters(text) in printed.replace("–", "--").replace("—", "---") or letters(text) in printed


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80))
def test_no_text_stops_the_report(text: str) -> None:
    assert render(story_with(text), "pdf").startswith(b"%PDF")


@needs_poppler
def test_a_note_longer_than_a_page_is_whole() -> None:
    long = " ".join(f"word{number}" for number in range(3000))
    printed = letters(text_of(render(story_with(long), "pdf")))
    assert all(printed.count(f"word{number}") >= 2 for number in range(0, 3000, 97))


@needs_poppler
def test_a_word_longer_than_a_line_stays_on_the_page() -> None:
    printed = text_of(render(story_with("x" * 500), "pdf"))
    assert letters(printed).count("x" * 500) >= 1


def test_when_the_typesetter_refuses_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "report.typ").write_text("#panic(1)", encoding="utf-8")
    monkeypatch.setattr(pdf_module, "templates_dir", lambda: tmp_path)
    with pytest.raises(RunbookError, match="E-FORM"):
        render(told(), "pdf")


def test_a_missing_font_is_no_blank_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "report.typ").write_text(
        '#set text(font: "No Such Font")\n#set document(title: "x")\nx', encoding="utf-8"
    )
    monkeypatch.setattr(pdf_module, "templates_dir", lambda: tmp_path)
    with pytest.raises(RunbookError, match="E-FORM"):
        render(told(), "pdf")


def test_the_font_has_what_the_report_itself_writes() -> None:
    assert {ord(letter) for letter in "‹›⏎–审批"} <= characters(FONT)
    assert 0x1F600 not in characters(FONT)
    assert shown("plain", FONT) == "plain"
    assert shown("e\u0301", FONT) == "é"


def test_html_links_and_images_are_not_read() -> None:
    (block,) = blocks("a <b>c</b> [d](http://192.0.2.1) ![e](f) <http://g> &amp;")
    assert "".join(run["text"] for run in block["runs"]) == "a <b>c</b> [d](http://192.0.2.1) ![e](f) <http://g> &amp;"


def test_blocks_hold_what_the_markdown_says() -> None:
    found = blocks(
        "# H\n\n**a** *b* `c`\\\nd\n\n- one\n- two\n\n> q\n\n---\n\n| x | y |\n| - | - |\n| 1 |  |\n\n```\nf\n```\n"
    )
    assert [block["type"] for block in found] == ["heading", "paragraph", "list", "quote", "rule", "table", "code"]
    assert found[1]["runs"] == [
        {"text": "a", "strong": True},
        {"text": " "},
        {"text": "b", "em": True},
        {"text": " "},
        {"text": "c", "code": True},
        {"break": True},
        {"text": "d"},
    ]
    assert found[5]["rows"] == [[[{"text": "1"}], []]]


@pytest.mark.parametrize(
    "cells",
    [
        ["a", "b"],
        ["a" * 500, "b"],
        ["short", "a longer text " * 20, "02:53:00 +08:00"],
        ["", "x"],
        ["字" * 200, "b" * 90],
    ],
)
def test_columns_fill_the_page_and_none_is_too_narrow(cells: list[str]) -> None:
    row: list[Any] = [[{"text": text}] if text else [] for text in cells]
    found = widths({"head": row, "rows": [row]})
    assert sum(found) == pytest.approx(1, abs=0.01)
    assert min(found) > 0.02
