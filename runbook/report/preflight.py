"""The preflight as a sheet to file: who looked when, what must be put right, and every item with its result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from runbook.model.preflight import Finding, bad, result_word, thing
from runbook.model.text import _
from runbook.report.blocks import blocks
from runbook.report.escape import digest, inline


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands above the items: the site and its file, who looked, when (in the site's zone), and in which language."""

    site: str
    file: str
    sha256: str
    who: str
    at: datetime
    language: str


def markdown(sheet: Sheet, findings: Sequence[Finding]) -> str:
    """The sheet as Markdown."""
    return "\n".join(_lines(sheet, findings)) + "\n"


def pdf(sheet: Sheet, findings: Sequence[Finding]) -> bytes:
    """The sheet as PDF. Raises RunbookError E-FORM when typst refuses."""
    from runbook.report.pdf import compiled, laid_out

    title = _("Preflight of a site")
    frame = {
        "title": f"{title}: {sheet.site}",
        "incident": title,
        "practice": "",
        "head": f"{sheet.at:%Y-%m-%d %H:%M %z}",
        "language": sheet.language,
        "page": _("page {page} of {pages}"),
    }
    return compiled({"blocks": laid_out(blocks(markdown(sheet, findings))), **frame}, sheet.at, sheet.site)


def _lines(sheet: Sheet, findings: Sequence[Finding]) -> Iterator[str]:
    red = bad(findings)
    yield f"# {_('Preflight of a site')}: {inline(sheet.site)}"
    yield ""
    yield from _table(
        [_("Item"), _("Details")],
        [
            [_("Looked at"), inline(f"{sheet.at:%Y-%m-%d %H:%M %z}")],
            [_("By"), inline(sheet.who)],
            [_("Site file"), inline(sheet.file)],
            ["SHA-256", digest(sheet.sha256)],
            [_("Result"), inline(_("{count} must be put right").format(count=len(red)) if red else _("ready"))],
        ],
    )
    yield "## " + _("What must be put right")
    yield ""
    yield from (f"{number}. {inline(thing(one))}: {inline(one.said)}" for number, one in enumerate(red, 1))
    yield "" if red else inline(_("Nothing."))
    yield ""
    yield "## " + _("Every item")
    yield ""
    rows = [[inline(thing(one)), inline(result_word(one.result)), inline(one.said)] for one in findings]
    yield from _table([_("Item"), _("Result"), _("Found")], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
