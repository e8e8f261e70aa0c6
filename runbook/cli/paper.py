"""`runbook show ID --format paper`: the form that is printed and filled in by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.playbook import Playbook
from runbook.model.site import Site
from runbook.model.text import _


def written(plan: Playbook, site: Site | None, folders: Sequence[Path], output: str) -> int:
    """Write the form to `output` (`.md` or `.pdf`), or as Markdown to the standard output."""
    from runbook.loader.schemes import load_scheme
    from runbook.report.paper import paper
    from runbook.report.paper_form import paper_markdown, paper_pdf
    from runbook.report.write import to_stdout, write

    rule = plan.header.clocks
    form = paper(plan, site, load_scheme(rule.scheme, folders) if rule else None)
    if output in ("", "-"):
        to_stdout(paper_markdown(form).encode())
        return EXIT_GOOD
    suffix = Path(output).suffix.lower()
    if suffix not in (".md", ".pdf"):
        expected = _("expected a file that ends in .md or .pdf")
        command = f"runbook show {plan.id} --format paper -o {plan.id}.pdf"
        raise RunbookError("E-VALUE", where="-o", expected=expected, found=output, next=command)
    data = paper_markdown(form).encode() if suffix == ".md" else paper_pdf(form, datetime.now(UTC))
    print(_("The form is in {file}").format(file=write(Path(output), data)))
    return EXIT_GOOD
