"""Build hook: compiles the message catalogues, so that wheel and editable installs speak every language."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(locale_dir: Path) -> list[Path]:
    """Write the `.mo` beside every `.po` that is newer than it; return what was written."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    written = []
    for source in sorted(locale_dir.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name, abort_invalid=True)
        # Two builds may run at once: each writes its own file and renames it.
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        with unfinished.open("wb") as binary:
            write_mo(binary, catalogue)
        unfinished.replace(target)
        written.append(target)
    return written


class CatalogueHook(BuildHookInterface[Any]):
    """Runs before a wheel or an editable wheel is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile into the source tree; `artifacts` in pyproject.toml carries the result into the wheel."""
        compile_catalogues(Path(self.root) / "runbook" / "locale")
