"""The report's bytes, and putting them where they were asked for: the old file or the whole new one, never a half."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Literal

from runbook.model.errors import RunbookError, system_said
from runbook.model.text import _
from runbook.report.blocks import blocks
from runbook.report.markdown import markdown
from runbook.report.record import Facts
from runbook.store.files import replace_file

Format = Literal["md", "pdf"]
NAME_AT_MOST = 80


def render(facts: Facts, format: Format) -> bytes:  # noqa: A002 - what the option is called
    """The report in the language of the facts. Both formats are written from the same blocks. Raises RunbookError E-FORM."""
    text = markdown(facts)
    if format == "md":
        return text.encode()
    from runbook.report.pdf import pdf

    return pdf(facts, blocks(text))


def default_name(incident: str, format: Format, what: str = "report") -> str:  # noqa: A002
    """The file's name in the current folder: made of letters, digits and hyphens alone, whatever the id is."""
    slug = re.sub(r"[^A-Za-z0-9-]+", "-", incident).strip("-")[:NAME_AT_MOST] or "incident"
    return f"{slug}-{what}.{format}"


def write(path: Path, data: bytes) -> Path:
    """Put the bytes in place; the whole path of the file. Raises RunbookError E-FILE-WRITE, and then the old file is untouched."""
    try:
        # A link keeps pointing where it points: the file behind it is the one that is replaced.
        place = Path(os.path.realpath(path))
        if place.is_dir():
            raise IsADirectoryError(_("it is a folder"))
        if path.exists() and not path.is_file():
            # A device or a pipe is written to; it must not be replaced by a file.
            with path.open("wb") as file:
                file.write(data)
            return path
        replace_file(place, data)
    except (OSError, ValueError) as problem:
        raise RunbookError("E-FILE-WRITE", file=path, reason=system_said(problem)) from problem
    return place


def to_stdout(data: bytes) -> None:
    """Write to the standard output as it is; a terminal gets text, with what it cannot show replaced. Raises OSError."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None or sys.stdout.isatty():
        sys.stdout.write(data.decode())
        sys.stdout.flush()
        return
    sys.stdout.flush()
    binary.write(data)
    binary.flush()
