"""Rows: canonical bytes, a hash over everything, and a reader that lets nothing through."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import fields
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model.events import KINDS, Event, NoteAdded, StepFinished, Unrecognised
from runbook.model.record import event
from runbook.store.bodies import body_event, patterned
from runbook.store.database import Database
from runbook.store.rows import Chain, Row, body_text, digest, recorded, sealed
from runbook.store.snapshot import Snapshot
from runbook.store.strict_json import BadRowError, canonical, strict

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
    """An event of a later version is kept whole, under its own name; one that is known keeps its meaning, and what was added to it."""
    event = recorded(ROW._replace(kind="BallThrown", body='{"to":"moon"}')).event
    assert event == Unrecognised("BallThrown", {"to": "moon"})
    later = recorded(ROW._replace(body='{"text":"a","colour":"red"}'))
    assert (later.event, later.further) == (NoteAdded("a"), {"colour": "red"})
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


TEXTS = st.text(st.characters(exclude_categories=()))
STORED = st.text()
"""What SQLite can hold; TEXTS also have lone surrogates, as a row has whose bytes are no UTF-8."""


@given(st.lists(TEXTS, min_size=7, max_size=7), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
def test_the_hash_is_the_one_of_the_plain_formula(texts: list[str], seq: int, boot_s: float) -> None:
    """Every journal that was ever written keeps its hashes: they are those of the fields as one JSON list behind `prev`."""
    incident, writer, utc, boot_id, actor, kind, body = texts
    row = Row(incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, "ab" * 32, "")
    plain = json.dumps(list(row[:9]), separators=(",", ":"), ensure_ascii=False)
    assert digest(row) == sha256(f"{row.prev}\n{plain}".encode("utf-8", "surrogatepass")).hexdigest()


def plainly(kind: str, text: str) -> Event | None:
    """The event of a body as Python's own reader finds it, with every key and number looked at; None for a bad one."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _value in pairs}) < len(pairs):
            raise ValueError(pairs)
        return dict(pairs)

    def number(text: str) -> float:
        if not isfinite(value := float(text)):
            raise ValueError(text)
        return value

    def constant(name: str) -> None:
        raise ValueError(name)

    try:
        body = json.loads(text, object_pairs_hook=mapping, parse_float=number, parse_constant=constant)
        if "\\u" in text:
            json.dumps(body, ensure_ascii=False).encode()
        assert isinstance(body, dict)
    except (ValueError, RecursionError, AssertionError):
        return None
    return event(kind, body)


FIELDS = {
    "str": TEXTS,
    "int": st.integers(),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "dict": st.dictionaries(STORED, values, max_size=3),
    "list": st.lists(st.dictionaries(STORED, values, max_size=3) | STORED, max_size=2),
}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, str]:
    """A kind, and a text that is the body of one of its events, or nearly."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    types = {field.name: str(field.type).partition("[")[0] for field in fields(KINDS[kind])}
    good = {name: FIELDS.get(form, values) for name, form in types.items()}
    odd = draw(st.booleans())
    body = {name: draw((form | values) if odd else form) for name, form in good.items()}
    if odd:
        body = {name: value for name, value in body.items() if draw(st.integers(0, 9))}
    text = canonical(body)
    if draw(st.booleans()) and text:
        at = draw(st.integers(0, len(text) - 1))
        put = draw(
            st.sampled_from(
                ["", " ", ",", '"', "{", "}", "[", "]", "\\", "\\ud800", "\n", "0", "9" * 5000, "1e999", "NaN", "-0"]
            )
        )
        text = text[:at] + put + text[at + draw(st.integers(0, 1)) :]
    return kind, text


@given(bodies())
@settings(max_examples=300, deadline=None)
def test_the_fast_way_to_an_event_finds_what_the_plain_way_finds(body: tuple[str, str]) -> None:
    """A body is the same event, field types included, or just as bad, whichever way it is read."""
    kind, text = body
    expected = plainly(kind, text)
    try:
        found = body_event(kind, text)
    except BadRowError:
        assert expected is None
        return
    assert repr(found) == repr(expected)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(st.data())
@settings(max_examples=5, deadline=None)
def test_the_patterns_know_what_the_journal_writes(kind: str, data: st.DataObject) -> None:
    """An event of plain values has the form that its pattern knows, so that a long journal is read the fast way."""
    plain = {
        "str": st.just("收尾 1"),
        "dict": st.just({"loss_pct": 1.5, "of": ["a"]}),
        "dict[str, str]": st.just({"en": "CTI"}),
        "dict[str, list[Any]]": st.just({"7K3MQ": [1, "ab"]}),
        "list": st.just([{"a": "b"}]),
        "list[str]": st.just(["a", "b"]),
    }
    chosen = FIELDS | plain | {"int": st.integers(-9, 10**15), "float": st.just(-0.25)}
    types = {field.name: str(field.type).partition("[")[0] for field in fields(KINDS[kind])}
    if not types or not set(types.values()) <= chosen.keys() or kind == "Unrecognised":
        assert kind in ("IncidentClosed", "SelfChecked", "Unrecognised")
        return
    whole = {field.name: str(field.type) for field in fields(KINDS[kind])}
    made = KINDS[kind](**{name: data.draw(chosen.get(whole[name], chosen[form])) for name, form in types.items()})
    assert patterned(*body_text(made)) == made


ODDITIES = [
    '{"text":"a","text":"b"}',
    '{"amends":0,"at":"","evidence":[],"step":"","text":"a","text":"b"}',
    '{"amends":NaN,"at":"","evidence":[],"step":"","text":"a"}',
    '{"amends":1e999,"at":"","evidence":[],"step":"","text":"a"}',
    '{"amends":' + "9" * 5000 + ',"at":"","evidence":[],"step":"","text":"a"}',
    '{"amends":0,"at":"","evidence":[],"step":"","text":"\\ud800"}',
    '{"amends":0,"at":"","evidence":[{"a":1,"a":2}],"step":"","text":"a"}',
    '{"amends":0,"at":"","evidence":[NaN],"step":"","text":"a"}',
    '{"amends":0,"at":"","evidence":[1e999],"step":"","text":"a"}',
    '{"amends":0,"at":"","evidence":' + "[" * 100_000 + ',"step":"","text":"a"}',
    '{"amends":0,"at":"","evidence":[],"step":"","text":"a\nb"}',
    '{"amends":00,"at":"","evidence":[],"step":"","text":"a"}',
    '{"amends":0,"at":"","evidence":[,],"step":"","text":"a"}',
]


@pytest.mark.parametrize("text", ODDITIES, ids=range(len(ODDITIES)))
def test_oddities_of_an_event_are_refused(text: str) -> None:
    """A body that has nearly the form of its kind is refused as the strict reader refuses it."""
    assert plainly("NoteAdded", text) is None
    with pytest.raises(BadRowError):
        body_event("NoteAdded", text)


@pytest.mark.parametrize("values", ['{"a":1,"a":2}', '{"a":NaN}', '{"a":1e999}', '{"a":"\\ud800"}', "{,}"])
def test_oddities_within_the_values_are_refused(values: str) -> None:
    """What stands within a field of several values is looked at as strictly as the rest."""
    _kind, text = body_text(StepFinished("ping", 1, "passed", "machine", "read", values={"a": 1}))
    assert patterned("StepFinished", text) is not None
    with pytest.raises(BadRowError):
        body_event("StepFinished", text.replace('{"a":1}', values))


@given(st.sampled_from(Row._fields), st.data())
def test_a_changed_row_is_judged_in_one_way(field: str, data: st.DataObject) -> None:
    """The short way through all checks never takes a row that the long way, which names what is wrong, would refuse."""
    old = getattr(ROW, field)
    new = data.draw(st.sampled_from([None, b"x", 1, 1.0, True, "", "x", f"{old}x", old, float("inf"), 2, "1" * 64]))
    changed = ROW._replace(**{field: new})
    changed = data.draw(st.sampled_from([changed, changed._replace(hash=resealed(changed))]))
    short, long = Chain(ROW.incident), Chain(ROW.incident)
    assert short.add(changed) == long.judged(changed)
    assert (short.number, short.heads) == (long.number, long.heads)


def resealed(row: Row) -> Any:
    """The right hash of an altered row; what it has, where there is none."""
    try:
        return digest(row)
    except (ValueError, TypeError):
        return row.hash


def test_text_that_is_no_utf8_hides_no_row(tmp_path: Path) -> None:
    """Rows are found before, at and behind one whose bytes are no UTF-8, with the bytes still told apart."""
    Database.create(tmp_path / "journal.db", [ROW._replace(seq=seq) for seq in range(1, 6)]).close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("DROP TRIGGER events_never_change")
        connection.execute("UPDATE events SET actor = CAST(x'61ff' AS TEXT) WHERE n = 3")
    connection.close()
    with Snapshot(tmp_path / "journal.db") as snapshot:
        found = list(snapshot.after(1))
        assert [number for number, _row in found] == [2, 3, 4, 5]
        assert [row.actor for _number, row in found] == ["N. Night", "a\udcff", "N. Night", "N. Night"]
        assert next(row.actor for _number, row in snapshot.after(2)) == "a\udcff"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("NoteAdded", '{"amends":0,"at":"","evidence":[1],"step":"","text":"x"}'),
        ("OthersSeen", '{"heads":{"7K3MQ":"x"}}'),
    ],
)
def test_what_lies_within_a_list_or_a_map_is_of_its_type_in_the_fast_way_too(kind: str, text: str) -> None:
    """A row in the journal's own form with a value that the field cannot hold is kept and never interpreted."""
    assert body_event(kind, text) == Unrecognised(kind, json.loads(text))
