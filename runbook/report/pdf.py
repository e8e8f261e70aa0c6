"""The blocks as PDF, by typst: they go in as data and are never markup. The same report gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from runbook.bundled import templates_dir
from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.model.words import practice_mark
from runbook.report.blocks import Block
from runbook.report.columns import lines, widths
from runbook.report.glyphs import shown
from runbook.report.record import Facts

TEMPLATE = "report.typ"
ROOM_BYTES, ROOM_TIMES = 256 << 20, 40
"""How much memory typst is sure to find: a base, and so many times its data. It ends the whole program where it finds none."""
WHOLE_LINES = 24
"""Tables of at most so many lines are not broken over pages; one that is longer than a page must be."""


def pdf(facts: Facts, blocks: list[Block]) -> bytes:
    """The report as PDF/A-2a and PDF/UA-1, A4. Raises RunbookError E-FORM when typst refuses."""
    return compiled({"blocks": laid_out(blocks), **_frame(facts)}, facts.as_of, facts.incident)


def compiled(content: dict[str, Any], at: datetime, name: str) -> bytes:
    """The template's pages with `content` as their data, as if made at `at`.

    Raises RunbookError E-FORM when typst refuses, MemoryError when there is not enough memory for it.
    """
    import typst
    from pylopdf_fonts_zh_cn import sans_path

    font = Path(sans_path())
    gate = _for_font(font)
    data = json.dumps(_mapped(content, gate), ensure_ascii=False)
    bytearray(ROOM_BYTES + ROOM_TIMES * len(data))
    try:
        made, warnings = typst.compile_with_warnings(
            str(templates_dir() / TEMPLATE),
            root=str(templates_dir()),
            format="pdf",
            font_paths=[str(font.parent)],
            ignore_system_fonts=True,
            # Tagged, for archives and screen readers; and with a standard set, a missing glyph is never a blank.
            pdf_standards=["a-2a", "ua-1"],
            timestamp=int(at.timestamp()),
            sys_inputs={"data": data},
        )
    except (typst.TypstError, RuntimeError, OSError) as problem:
        raise RunbookError("E-FORM", reason=_first_line(str(problem)), name=name) from problem
    unknown = [str(warning.message) for warning in warnings if "unknown font family" in str(warning.message)]
    if unknown:
        raise RunbookError("E-FORM", reason=_first_line(unknown[0]), name=name)
    return bytes(made)


def _frame(facts: Facts) -> dict[str, Any]:
    """What stands on every page."""
    practice = practice_mark(facts.mode)
    title = f"{_('Incident report')}: {facts.title}"
    return {
        "title": f"{title} ({practice})" if practice else title,
        "incident": facts.incident,
        "practice": practice,
        "head": _("journal head {code}").format(code=facts.proof.head[:12]),
        "language": facts.language,
        "page": _("page {page} of {pages}"),
    }


def laid_out(blocks: list[Block]) -> list[Block]:
    """The blocks with what the page needs: column widths, which tables stay in one piece, which lines stay with the table below."""
    found = []
    for block, below in zip_longest(blocks, blocks[1:]):
        if block["type"] == "table":
            parts = widths(block)
            found.append({**block, "widths": parts, "whole": lines(block, parts) <= WHOLE_LINES})
        else:
            found.append({**block, "sticky": below is not None and below["type"] in ("table", "quote")})
    return found


def _for_font(font: Path) -> Callable[[str], str]:
    return lambda text: shown(text, font)


def _mapped(value: Any, gate: Callable[[str], str]) -> Any:
    """The same JSON value with every text passed through `gate`."""
    if isinstance(value, str):
        return gate(value)
    if isinstance(value, dict):
        return {key: _mapped(held, gate) for key, held in value.items()}
    if isinstance(value, list):
        return [_mapped(held, gate) for held in value]
    return value


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "typst")[:200]
