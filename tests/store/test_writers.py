"""Several writers in one journal: a chain for each, one order for all, the same wherever the rows came from."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.events import NoteAdded, OthersSeen
from runbook.store.examining import read
from runbook.store.folder import Incident
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.ledger import Ledger
from runbook.store.order import by_cause
from runbook.store.rows import blank, body_text, recorded
from runbook.store.writers import beside, writer_of
from tests.store.parts import INCIDENT, StillClock

Journals = Callable[..., SqliteJournal]


def texts(journal: SqliteJournal) -> list[str]:
    return [each.event.text for each in journal.events() if isinstance(each.event, NoteAdded)]


def test_two_writers_take_turns(journals: Journals, tmp_path: Path) -> None:
    """Each writer has a chain of its own from 1 on, says what it has seen of the other before it writes on, and gets to know what came."""
    one = journals(writer="AAAAA")
    two = journals(tmp_path / INCIDENT, writer="BBBBB")
    one.append(NoteAdded("a1"))
    assert [each.kind for each in two.append_all([NoteAdded("b1")])] == ["NoteAdded", "OthersSeen", "NoteAdded"]
    came = one.append_all([NoteAdded("a2")])
    assert [(each.writer, each.seq, each.kind) for each in came] == [
        ("BBBBB", 1, "OthersSeen"),
        ("BBBBB", 2, "NoteAdded"),
        ("AAAAA", 2, "OthersSeen"),
        ("AAAAA", 3, "NoteAdded"),
    ]
    one.append(NoteAdded("a3"))
    assert [each.kind for each in two.append_all([])] == ["OthersSeen", "NoteAdded", "NoteAdded"]
    assert two.append_all([]) == []
    reading = read(tmp_path / INCIDENT / JOURNAL_NAME, INCIDENT)
    assert reading.damage is None
    assert [each.event.text for each in reading.events if each.kind == "NoteAdded"] == ["a1", "b1", "a2", "a3"]
    assert texts(one) == texts(two) == ["a1", "b1", "a2", "a3"]


def test_one_writer_says_nothing_of_others(journals: Journals) -> None:
    """An incident of one writer holds its events and nothing else."""
    journal = journals(writer="AAAAA")
    assert [each.kind for each in journal.append_all([NoteAdded("a"), NoteAdded("b")])] == ["NoteAdded"] * 2


class Partition:
    """Two or three laptops with a copy each of one incident; they write apart and hand over what they have."""

    def __init__(self, names: str) -> None:
        self.ledgers = {name: Ledger(INCIDENT) for name in names}
        self.clock, self.count = StillClock(), itertools.count()

    def write(self, name: str) -> None:
        ledger = self.ledgers[name]
        for event in [*ledger.unseen(name), NoteAdded(f"{name}{next(self.count)}")]:
            kind, text = body_text(event)
            draft = blank(INCIDENT, name, self.clock, name)._replace(kind=kind, body=text)
            ledger.believe(ledger.next(draft), ledger.number + 1)

    def hand_over(self, giver: str, taker: str) -> None:
        ledger = self.ledgers[taker]
        for row in self.ledgers[giver].rows:
            if row.seq > ledger.chain.head(row.writer)[0]:
                ledger.believe(row, ledger.number + 1)


ACTS = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC")), max_size=40)


@given(ACTS, st.randoms(use_true_random=False))
def test_the_order_is_of_the_events_alone(acts: list[tuple[str, str]], chance: random.Random) -> None:
    """However the rows came, the order is one: each writer's own, and what was seen stands in front of what was written after."""
    laptops = Partition("ABC")
    for giver, taker in acts:
        if giver == taker:
            laptops.write(giver)
        else:
            laptops.hand_over(giver, taker)
    for giver, taker in itertools.permutations("ABC", 2):
        laptops.hand_over(giver, taker)
    for giver, taker in itertools.permutations("ABC", 2):
        laptops.hand_over(giver, taker)
    orders = [ledger.events for ledger in laptops.ledgers.values()]
    assert orders[0] == orders[1] == orders[2]
    chains = {name: [each for each in orders[0] if each.writer == name] for name in "ABC"}
    assert all([each.seq for each in chain] == list(range(1, len(chain) + 1)) for chain in chains.values())
    place = {(each.writer, each.seq): number for number, each in enumerate(orders[0])}
    for each in orders[0]:
        if isinstance(each.event, OthersSeen):
            assert all(
                place[writer, head[0]] < place[each.writer, each.seq] for writer, head in each.event.heads.items()
            )
    shuffled = sorted(orders[0], key=lambda each: (chance.random(), each.seq))
    dealt = [[each for each in shuffled if each.writer == name] for name in chance.sample("ABC", 3)]
    again = [each for chain in dealt for each in sorted(chain, key=lambda each: each.seq)]
    assert by_cause(again) == orders[0]


def test_what_names_rows_that_are_nowhere_is_ordered_all_the_same(journals: Journals) -> None:
    """A writer saw rows that are not here (yet), or that say they were others: the events are there, in an order, and nothing hangs."""
    journal = journals(writer="BBBBB")
    row = journal.append(OthersSeen({"AAAAA": [7, "0" * 64], "BBBBB": [1, "1" * 64], "CCCCC": ["x"], "DDDDD": 3}))
    assert [each.hash for each in journal.events()] == [row.hash]


def test_a_home_has_a_writer_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is kept; on another machine, or where the file says nonsense, it is a new one; where nothing can be kept it is of use once."""
    first = writer_of(tmp_path / "a")
    assert writer_of(tmp_path / "a") == first != writer_of(tmp_path / "b")
    monkeypatch.setattr("platform.node", lambda: "another")
    second = writer_of(tmp_path / "a")
    assert second != first
    for nonsense in ("", "[]", '{"writer": 1}', json.dumps({"writer": "../..", "machine": "another"})):
        (tmp_path / "a" / "writer.json").write_text(nonsense)
        assert writer_of(tmp_path / "a") not in ("../..", first, second)
    (tmp_path / "file").touch()
    assert writer_of(tmp_path / "file") != writer_of(tmp_path / "file")
    assert beside(first, 2) == f"{first}-2"


def test_an_incident_is_written_by_its_home(home: Home, begin: Callable[..., Incident], clock: StillClock) -> None:
    """Creation and everything after it carry the home's name; another home that goes on with a copy carries its own."""
    incident = begin()
    with incident.journal(clock, "a") as journal:
        journal.append(NoteAdded("x"))
        assert {each.writer for each in journal.events()} == {writer_of(home.root)}
    with incident.journal(clock, "a", writer=beside(incident.writer, 2)) as journal:
        came = journal.append(NoteAdded("y"))
        assert (came.writer, came.seq) == (f"{incident.writer}-2", 2)
    assert recorded(journal._ledger.rows[-1]) == came
