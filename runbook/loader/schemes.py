"""Schemes of service levels: read strictly, from the folders or as they were kept with an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from runbook.loader.document import Document
from runbook.loader.library import Folders, Source, kept_path
from runbook.loader.reading import first_key, same_name
from runbook.loader.validation import Reporter, nearest
from runbook.loader.yaml import read_yaml
from runbook.model.clocks import Scheme
from runbook.model.errors import ProblemsError, RunbookError


def load_scheme(name: str, folders: Sequence[Path]) -> Scheme:
    """A scheme of service levels. Raises RunbookError E-PLAN-UNKNOWN, or ProblemsError E-PLAN-BAD."""
    library = Folders(folders)
    source = library.source("schemes", name)
    if source is None:
        raise RunbookError("E-PLAN-UNKNOWN", name=name, nearest=nearest(name, library.names("schemes")) or "-")
    return scheme_of(source)


def load_scheme_kept(name: str, files: Mapping[str, bytes]) -> Scheme:
    """The same from a snapshot. Raises KeyError when it was not kept."""
    kept = kept_path("schemes", name)
    return scheme_of(Source(kept, kept, files[kept]))


def scheme_of(source: Source, document: Document | None = None) -> Scheme:
    """A scheme from its bytes (`document`: as they were read). Raises ProblemsError E-PLAN-BAD."""
    report = Reporter(document or read_yaml(source.data, source.shown))
    problems = list(report.document.problems)
    if report.document.tree is not None and first_key(report, "scheme", problems):
        try:
            scheme = Scheme.model_validate(report.document.tree)
            problems += same_name(report, scheme.id, Path(source.kept).stem)
            missing = {metric for level in scheme.levels.values() for metric in level.limits} - set(scheme.metrics)
            problems += [report.missing_key(("metrics", metric)) for metric in sorted(missing)]
            if not problems:
                return scheme
        except ValidationError as error:
            problems += report.invalid(error, Scheme)
    raise ProblemsError("E-PLAN-BAD", problems, name=source.shown)
