"""The brief of a handover as one page, Markdown or PDF, by one template: every value passes the gate of `escape`."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from runbook.model.brief import Brief
from runbook.model.brief_lines import PAGE_CELLS, PAGE_LINES, WHOLE, clipped, cut, more
from runbook.model.text import _, language
from runbook.model.words import practice_mark, word
from runbook.report import values
from runbook.report.blocks import blocks
from runbook.report.escape import Hider, Markup, digest, inline
from runbook.report.markdown import gated, tidied
from runbook.report.pdf import compiled, laid_out

TEMPLATE = "handover.md.j2"


def brief_markdown(brief: Brief, hidden: tuple[str, ...] = ()) -> str:
    """The brief as Markdown (CommonMark with tables). `hidden`: numbers that may not be printed (practice)."""
    hide = Hider(hidden, _("[number hidden: practice]"))

    def gate(value: object) -> str:
        return value if isinstance(value, Markup) else inline("" if value is None else hide(str(value)))

    environment = gated(gate)
    filters: dict[str, Any] = {
        "word": word,
        "moment": lambda at: values.moment(at, brief.zone),
        "span": values.length,
        "digest": digest,
    }
    environment.filters.update(filters)
    parts = cut(brief, PAGE_LINES)
    shown = {
        name: ([item.text if name in WHOLE else clipped(item.text, PAGE_CELLS) for item in items], left_out)
        for name, (items, left_out) in parts.items()
    }
    page = environment.get_template(TEMPLATE).render(brief=brief, parts=shown, more=partial(more, brief))
    return tidied(page)


def render_brief(brief: Brief, format: Literal["md", "pdf"], hidden: tuple[str, ...] = ()) -> bytes:  # noqa: A002
    """The page's bytes, A4 with lines to sign as PDF. Raises RunbookError E-FORM."""
    text = brief_markdown(brief, hidden)
    if format == "md":
        return text.encode()
    practice = practice_mark(brief.mode)
    title = f"{_('Shift handover')}: {brief.title}"
    frame = {
        "title": f"{title} ({practice})" if practice else title,
        "incident": brief.incident,
        "practice": practice,
        "head": _("journal head {code}").format(code=brief.head[:12]),
        "language": language(),
        "page": _("page {page} of {pages}"),
        "sign": _("Handed over: __________________   Taken over: __________________   Time: ____________"),
    }
    return compiled({"blocks": laid_out(blocks(text)), **frame}, brief.as_of, brief.incident)
