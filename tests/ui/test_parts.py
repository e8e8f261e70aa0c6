"""What several machines said, on the screen and in `log`: a matrix that fits, in words, and each that did not pass with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import ReadingTaken
from runbook.model.text import speak
from runbook.ui.glyphs import cells
from runbook.ui.parts_lines import ALL_SHOWN, parts_lines


def part(name: str, outcome: str = "passed", found: str = "open", origin: str = "here") -> dict[str, Any]:
    return {"name": name, "origin": origin, "outcome": outcome, "found": found, "values": {}}


def taken(kind: str, *parts: dict[str, Any]) -> ReadingTaken:
    return ReadingTaken("it", 1, "step", kind, "it ran", "failed", {}, "", "", parts=list(parts))


MESH = taken(
    "mesh",
    part("sip"),
    part("sip:sip"),
    part("db", "failed", "loss 100 %"),
    part("db", origin="sip"),
    part("db:database", "failed", "refused", "sip"),
    part("sip", "unreachable", "login: no \x1b[31mkey", "db"),
    part("sip:sip", "unreachable", "login: no \x1b[31mkey", "db"),
)


def test_a_mesh_is_a_table_with_a_word_in_each_cell_and_what_is_wrong_below() -> None:
    assert [line.text for line in parts_lines(MESH, 80)] == [
        "from / to    sip          sip:sip      db        db:database",
        "this laptop  √ ok         √ ok         × FAILED  -",
        "sip          -            -            √ ok      × FAILED",
        "db           ? not asked  ? not asked  -         -",
        "  × failed  db: loss 100 %",
        "  × failed  sip > db:database: refused",
        r"  ? could not be asked  db > sip, sip:sip: login: no \u{1b}[31mkey",
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wide_matrix_is_folded_into_tables_of_60_columns_and_loses_no_cell(language: str) -> None:
    targets = [f"gateway-{n}" for n in range(12)]
    event = taken("mesh", *(part(target, origin=origin) for origin in ("here", "sip") for target in targets))
    speak(language, None)
    try:
        lines = [line.text for line in parts_lines(event)]
    finally:
        speak("en", None)
    assert max(cells(line) for line in lines) <= 60
    heads = " ".join(lines[::3]).split()
    assert [word for word in heads if word.startswith("gateway")] == targets
    assert sum(line.count("√") for line in lines) == 24


def test_a_group_s_hosts_stand_one_by_one_and_of_many_only_those_that_did_not_pass() -> None:
    assert [
        line.text for line in parts_lines(taken("ping", part("a", found="loss 0 %"), part("b", "warned", "x")))
    ] == [
        "  √ passed  a: loss 0 %",
        "  ! warned  b: x",
    ]
    many = [part(f"h{n}") for n in range(ALL_SHOWN)]
    lines = [line.text for line in parts_lines(taken("ping", *many, part("b", "failed", "silence")))]
    assert lines == ["  × failed  b: silence", f"  {ALL_SHOWN} more passed"]


def test_a_reading_of_one_host_has_no_parts() -> None:
    assert parts_lines(taken("ping")) == []
