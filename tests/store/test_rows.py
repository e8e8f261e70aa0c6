"""Rows: canonical bytes, a hash over everything, and a reader that lets nothing through."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.events import NoteAdded, Unrecognised
from runbook.store.database import Database
from runbook.store.rows import BadRowError, Row, body_text, canonical, digest, recorded, sealed, strict

ROW = sealed(
    Row(
        "20261104-x-7K3M",
        "one",
        1,
        "2026-11-04T18:51:00.000Z",
        "boot-1",
        1.5,
        "N. Night",
        "NoteAdded",
        '{"text":"a"}',
        "0" * 64,
        "",
    )
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_canonical_round_trip(value: object) -> None:
    """What is written canonically is read back strictly as the same value, and has one way of being written."""
    text = canonical(value)
    assert strict(text) == value
    assert canonical(strict(text)) == text


def test_canonical_form() -> None:
    """Keys are sorted, nothing is padded, Chinese stays Chinese."""
    assert canonical({"b": [1, 2.5], "a": "收尾"}) == '{"a":"收尾","b":[1,2.5]}'


@given(st.text(st.characters(exclude_categories=())))
def test_any_typed_text_can_be_stored(text: str) -> None:
    """Whatever a terminal hands over, undecodable bytes included, becomes bytes that read back as what was believed."""
    _kind, body = body_text(NoteAdded(text))
    body.encode()
    assert canonical(strict(body)) == body


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_hold_is_refused(value: float) -> None:
    """NaN and infinities are refused when written, so that no reader ever has to guess."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        body_text(Unrecognised("X", {"value": value}))


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":1e999}',
        '{"a":' + "9" * 5000 + "}",
        '{"a":"\\ud800"}',
        "[" * 100_000,
        '{"a":1} ',
        "",
        "{",
    ],
    ids=[
        "duplicate key",
        "NaN",
        "infinity",
        "overflow",
        "endless integer",
        "surrogate",
        "depth",
        "more behind",
        "empty",
        "torn",
    ],
)
def test_json_oddities_are_refused(text: str) -> None:
    """What Python's own reader accepts but no other does is not an event, and does not crash the reader."""
    if text.endswith(" "):
        assert strict(text) == {"a": 1}
        with pytest.raises(BadRowError):
            strict(text + "x")
        return
    with pytest.raises(BadRowError):
        strict(text)


@pytest.mark.parametrize("field", [name for name in Row._fields if name != "hash"])
def test_the_hash_covers_every_field(field: str) -> None:
    """A change of any field changes the hash."""
    value = getattr(ROW, field)
    changed = ROW._replace(**{field: value + 1 if isinstance(value, int | float) else value + "x"})
    assert digest(changed) != ROW.hash


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_no_two_rows_share_a_hash(one: tuple[str, str], two: tuple[str, str]) -> None:
    """Moving characters from one field to the next is a different row."""
    hashes = {digest(ROW._replace(actor=actor, kind=kind)) for actor, kind in (one, two)}
    assert len(hashes) == len({one, two})


@pytest.mark.parametrize(
    "change",
    [
        {"seq": "1"},
        {"seq": True},
        {"boot_s": 1},
        {"boot_s": float("inf")},
        {"utc": "yesterday"},
        {"utc": "2026-11-04T18:51:00"},
        {"body": "[]"},
        {"hash": "x"},
        {"actor": None},
        {"body": b"{}"},
    ],
)
def test_rows_of_the_wrong_form_are_refused(change: dict[str, object]) -> None:
    """A field of another type or form is a bad row, never a crash."""
    with pytest.raises(BadRowError):
        recorded(ROW._replace(**change))


def test_unknown_kinds_and_fields_are_kept() -> None:
    """An event of a later version is kept whole, under its own name."""
    event = recorded(ROW._replace(kind="BallThrown", body='{"to":"moon"}')).event
    assert event == Unrecognised("BallThrown", {"to": "moon"})
    later = recorded(ROW._replace(body='{"text":"a","colour":"red"}')).event
    assert later == Unrecognised("NoteAdded", {"text": "a", "colour": "red"})
    assert body_text(event) == ("BallThrown", '{"to":"moon"}')


def test_columns_are_the_fields_of_a_row(tmp_path) -> None:
    """The table holds the fields of a row in their order, so that neither drifts from the other."""
    Database.create(tmp_path / "journal.db", [ROW]).close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        columns = [column[1] for column in connection.execute("PRAGMA table_info(events)")]
        found = connection.execute("SELECT * FROM events").fetchone()
    connection.close()
    assert columns == ["n", *Row._fields]
    assert found == (1, *ROW)
    assert json.loads(found[9]) == {"text": "a"}
