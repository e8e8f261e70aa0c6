"""The program's messages: `python tests/house/messages.py` writes `runbook.pot` and takes new messages into every catalogue.

A message that is gone is dropped from the catalogues; a new one stands there empty, to be translated.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from runbook.cli.explanations import documents  # noqa: E402

LOCALE = ROOT / "runbook" / "locale"
TEMPLATE = LOCALE / "runbook.pot"
METHODS = [("runbook/**.py", "python"), ("templates/**.j2", "jinja2")]
OPTIONS = {"templates/**.j2": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
NOT_OURS = tuple(
    f'"{name}'.encode()
    for name in ("Project-Id", "Report-", "POT-", "PO-", "Last-Translator", "Language-Team", "Generated-By")
)
"""Header lines that a tool fills with days, versions and addresses."""


def extracted() -> Catalog:
    """Every message of the sources and the templates."""
    found = Catalog(header_comment="# The program's sentences.", fuzzy=False)
    for path, _line, message, comments, context in extract_from_dir(
        ROOT, METHODS, OPTIONS, KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        if message:
            found.add(message, None, [(Path(path).as_posix(), 0)], auto_comments=comments, context=context)
    for sentence in documents():
        found.add(sentence, None, [("runbook/cli/explanations.py", 0)])
    return found


def catalogues() -> dict[str, Path]:
    """The catalogues that there are, by language."""
    return {path.parent.parent.name: path for path in sorted(LOCALE.glob("*/LC_MESSAGES/runbook.po"))}


def read(language: str) -> Catalog:
    """The catalogue of one language as it stands."""
    with catalogues()[language].open("rb") as text:
        return read_po(text, locale=language, abort_invalid=True)


def written(catalogue: Catalog) -> bytes:
    """A catalogue as its file holds it: only what was translated makes a difference."""
    text = BytesIO()
    write_po(text, catalogue, width=0, include_lineno=False, ignore_obsolete=True)
    lines = text.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(NOT_OURS))


def update() -> None:
    """Write the template, and bring every catalogue up to it."""
    template = extracted()
    TEMPLATE.write_bytes(written(template))
    for language, path in catalogues().items():
        catalogue = read(language)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        path.write_bytes(written(catalogue))
        missing = [message.id for message in catalogue if message.id and not message.string]
        print(f"{language}: {len(catalogue)} messages, {len(missing)} not translated")
        for message in missing:
            print(f"  {message!r}")


if __name__ == "__main__":
    update()
