"""The paper form as Markdown or PDF, by one template: every value passes the gate of `escape`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from runbook.model.text import _, language
from runbook.model.units import span
from runbook.model.words import word
from runbook.report.blocks import Block, blocks
from runbook.report.columns import lines, widths
from runbook.report.escape import Markup, inline
from runbook.report.markdown import gated, tidied
from runbook.report.paper import Paper
from runbook.report.paper_steps import PaperStep

TEMPLATE = "paper.md.j2"
BOX = "\N{WHITE SQUARE}\N{NO-BREAK SPACE}"
GAP = "\u3000"
BLANK = Markup("")
PAGE_LINES = 44
"""About how many lines of a step fit on a page; one that is longer may be broken."""
_LINE_LETTERS = 100


def paper_markdown(paper: Paper) -> str:
    """The form as Markdown (CommonMark with tables); an empty cell is a box to write in."""

    def gate(value: object) -> str:
        return value if isinstance(value, Markup) else inline("" if value is None else str(value))

    environment = gated(gate)
    environment.filters.update({"word": word, "span": span, "ways": _ways, "boxes": _boxes})
    return tidied(environment.get_template(TEMPLATE).render(paper=paper, blank=BLANK))


def _ways(step: PaperStep) -> Markup:
    return Markup(GAP.join(inline(way) for way in step.ways or (_("next step"),)))


def _boxes(choices: Iterable[str]) -> Markup:
    """A box before each choice, which never stands at the end of a line without it."""
    return Markup(GAP.join(BOX + inline(choice) for choice in choices))


def paper_pdf(paper: Paper, at: datetime) -> bytes:
    """The form as PDF, A4, each step in one piece, with a line to sign at the foot of every page. Raises RunbookError E-FORM."""
    from runbook.report.pdf import compiled

    header = paper.plan.header
    frame = {
        "title": header.title.pick(),
        "incident": f"{header.id} {header.version}",
        "practice": "",
        "head": _("incident: ____________________"),
        "language": language(),
        "page": _("page {page} of {pages}"),
        "sign": _("Name: ______________________   Time: ____________   Signature: ______________________"),
        "form": True,
    }
    return compiled({"blocks": list(_pieces(blocks(paper_markdown(paper)))), **frame}, at, header.id)


def _pieces(found: list[Block]) -> Iterator[Block]:
    """The blocks, each step and each section with what belongs to it in one piece."""
    number, above = 0, False

    def piece(block: Block) -> int:
        nonlocal number, above
        begins = block["type"] == "heading" and block["level"] > 1
        number += int(begins and not above)  # a heading stays with the heading below it
        above = begins
        return number

    for count, group in groupby(found, key=piece):
        laid_out = [_laid_out(block) for block in group]
        if count and sum(map(_lines, laid_out)) <= PAGE_LINES:
            yield {"type": "together", "blocks": laid_out}
        else:
            yield from laid_out


def _laid_out(block: Block) -> Block:
    if block["type"] != "table":
        return {**block, "sticky": True}
    return {**block, "widths": _widths(block), "whole": True}


def _widths(table: Block) -> list[float]:
    """Columns of boxes: as wide as a hand needs."""
    first = "".join(run.get("text", "") for run in table["head"][0])
    fixed: dict[tuple[str, int], list[float]] = {
        (_("Time"), 4): [0.12, 0.38, 0.26, 0.24],
        (_("Time"), 3): [0.12, 0.64, 0.24],
        (_("Yes of"), 5): [0.32, 0.2, 0.12, 0.18, 0.18],
        (_("Plan"), 4): [0.18, 0.37, 0.18, 0.27],
        (_("Telephone"), 2): [0.34, 0.66],
        (_("Decide before step 1"), 3): [0.55, 0.15, 0.3],
        (_("Limit, from the report of the fault"), 4): [0.4, 0.14, 0.23, 0.23],
    }
    return fixed.get((first, len(table["head"]))) or widths(table)


def _lines(block: Block) -> int:
    """About how many lines a block takes."""
    if block["type"] == "table":
        return lines(block, block["widths"]) + 2
    text: Any = "".join(run.get("text", " ") for run in block.get("runs", []))
    wide = sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
    return wide // _LINE_LETTERS + 2
