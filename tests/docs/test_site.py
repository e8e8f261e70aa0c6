"""docs/site.md says what the site file may hold, and the files that `runbook init` writes hold every part of it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from runbook.loader.site import site_of
from runbook.model.machine import Host
from runbook.model.site import Site
from tests.docs.generate_site import PARTS, TARGET, text

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_the_document_of_the_site_file_is_what_the_program_has() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run: python tests/docs/generate_site.py"


def test_every_model_of_the_site_file_is_documented() -> None:
    waiting: list[type[BaseModel]] = [Site]
    found: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop()
        found.add(model)
        for field in model.model_fields.values():
            waiting += [each for each in _models(field.annotation) if each not in found]
    of_site = {model for model in found if model.__module__ in (Site.__module__, Host.__module__)}
    assert of_site == {model for _title, model in PARTS}


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_file_of_init_loads_as_it_is_and_with_every_example_taken_in(language: str) -> None:
    """Lines that begin with `#?` are examples of parts that a site may lack."""
    lines = (TEMPLATES / f"site.{language}.yaml").read_text(encoding="utf-8").splitlines()
    site_of("\n".join(lines).encode(), "as written")
    whole = site_of("\n".join(line.replace("#? ", "", 1) for line in lines).encode(), "filled in")
    given = {name for name in Site.model_fields if getattr(whole, name)}
    assert given == set(Site.model_fields), "init shows every part once"
