"""docs/steps.md says what the kinds are."""

from __future__ import annotations

from tests.docs.generate_steps import TARGET, text


def test_the_document_of_the_steps_is_what_the_program_has() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run: python tests/docs/generate_steps.py"


def test_every_key_has_a_sentence() -> None:
    assert [line for line in text().splitlines() if line.startswith("| `") and line.endswith("|  |")] == []
