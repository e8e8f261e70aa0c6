"""Writes the golden report anew: `python -m tests.report.golden`. Read the difference before committing it."""

from __future__ import annotations

from runbook import __version__
from runbook.report.markdown import markdown
from tests.report.incident import told
from tests.report.test_markdown import GOLDEN

if __name__ == "__main__":
    made_by = f"version {__version__} |"
    GOLDEN.write_text(markdown(told()).replace(made_by, "version VERSION |"), encoding="utf-8")
