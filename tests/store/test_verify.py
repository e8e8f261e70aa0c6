"""`verify` names the event that is not proven, says what vouches for the end of a chain, and what nobody would notice."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.model.events import IncidentOpened, NoteAdded
from runbook.model.record import Recorded, head_code
from runbook.store.database import Database
from runbook.store.examining import read_on
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME
from runbook.store.mending import family
from runbook.store.proof import Doubt
from runbook.store.rows import Row, blank, body_text, sealed
from runbook.store.verifying import Verdict, verify_file
from runbook.ui.proof_lines import lines
from tests.conftest import IN_CI
from tests.store.laptops import NOW, Laptop, chained, entries, packed, rows_of, with_manifest, with_rows

FLIPS = 2000 if IN_CI else 150


@pytest.fixture
def laptops(tmp_path: Path) -> tuple[Laptop, Laptop]:
    return Laptop(tmp_path / "A"), Laptop(tmp_path / "B")


@pytest.fixture
def shared(laptops: tuple[Laptop, Laptop]) -> str:
    """An incident to which two laptops wrote in turns; both have all of it."""
    one, two = laptops
    incident = one.begin()
    for writing, taking in ((one, two), (two, one), (one, two)):
        writing.write(incident, piece=writing.folder.name.encode())
        taking.take(writing.export(incident))
    return incident


def put(laptop: Laptop, incident: str, rows: list[Row], *, unique: bool = True) -> None:
    """Put a journal with these rows in the place of the one that is there, as somebody would who knows how it is written."""
    path = laptop.home.open(incident).folder / JOURNAL_NAME
    for part in family(path):
        part.unlink(missing_ok=True)
    if unique:
        Database.create(path, rows).close()
        return
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    columns = ", ".join(Row._fields)
    connection.execute(f"CREATE TABLE events (n INTEGER PRIMARY KEY, {columns})")
    connection.executemany(f"INSERT INTO events ({columns}) VALUES ({', '.join('?' * len(Row._fields))})", rows)
    connection.commit()
    connection.close()


def stored(laptop: Laptop, incident: str) -> list[Row]:
    """The rows as they stand in the file."""
    return read_on(laptop.home.open(incident).folder / JOURNAL_NAME, incident, None).rows


def code_of(known: list[Recorded]) -> str:
    """The code that the status line showed when these were all the events."""
    return head_code(len(known), known[-1])


def events(verdict: Verdict) -> list[Doubt]:
    return [doubt for doubt in verdict.doubts if doubt.what == "event"]


def changes(row: Row) -> Iterator[tuple[str, Row]]:
    """The row with one character, or the number, of each column changed."""
    for column in Row._fields:
        value = getattr(row, column)
        if isinstance(value, str):
            for place in {0, len(value) // 2, max(len(value) - 1, 0)} if value else ():
                other = "1" if value[place] != "1" else "2"
                yield f"{column}[{place}]", row._replace(**{column: value[:place] + other + value[place + 1 :]})
        else:
            yield column, row._replace(**{column: value + 1})


def test_a_change_in_any_column_of_any_event_is_named(laptops: tuple[Laptop, Laptop], shared: str) -> None:
    """In the journal and in an export: the first doubt is the event that was changed, by writer, number and row."""
    one, _ = laptops
    rows = stored(one, shared)
    content = entries(one.export(shared))
    order = rows_of(content)
    assert len(rows) == 6
    for number, row in enumerate(rows):
        for what, changed in changes(row):
            put(one, shared, [*rows[:number], changed, *rows[number + 1 :]], unique=False)
            (first, *_rest) = events(one.verdict(shared))
            assert first.row == number + 1, what
            assert first.seq == row.seq, what
            assert first.writer == row.writer or (what.startswith("writer") and row.seq == 1), what
            place = order.index(row)
            told = verify_file(packed(one.folder / "x.zip", with_rows(content, [*order[:place], changed, *order[place + 1 :]])), [], NOW)  # fmt: skip
            (first, *_rest) = events(told)
            assert (first.row, first.seq) == (place + 1, row.seq), what


def test_a_row_that_was_deleted_or_swapped_is_named(laptops: tuple[Laptop, Laptop], shared: str) -> None:
    """By the number that is missing where it belongs. The last row of all is named as soon as anything else knows of it (H46, H47)."""
    one, two = laptops
    rows = stored(one, shared)
    noted = str(two.export(shared, "noted.zip"))
    for number, row in enumerate(rows):
        put(one, shared, [*rows[:number], *rows[number + 1 :]])
        doubts = events(one.verdict(shared, noted))
        assert (row.writer, row.seq) in {(doubt.writer, doubt.seq) for doubt in doubts}, number
        for other in range(number + 1, len(rows)):
            swapped = [*rows]
            swapped[number], swapped[other] = rows[other], rows[number]
            put(one, shared, swapped)
            doubts = events(one.verdict(shared, noted))
            if len({each.writer for each in rows[number : other + 1]}) == 1:
                assert (doubts[0].writer, doubts[0].seq, doubts[0].reason) == (row.writer, row.seq, "missing")
            elif any(each.writer in (row.writer, rows[other].writer) for each in rows[number + 1 : other]):
                assert doubts
    put(one, shared, rows)
    assert one.verdict(shared, noted).doubts == ()


def test_a_number_that_stands_twice_and_a_fork_are_named_and_the_rest_is_of_use(
    laptops: tuple[Laptop, Laptop], shared: str
) -> None:
    """The same row again, and another with the same number and the same one in front of it (H46)."""
    one, _ = laptops
    rows = stored(one, shared)
    other = sealed(rows[2]._replace(actor="somebody else"))
    for twin, reason in ((rows[2], "repeated"), (other, "fork")):
        put(one, shared, [*rows[:3], twin, *rows[3:]], unique=False)
        verdict = one.verdict(shared)
        (doubt,) = events(verdict)
        assert (doubt.writer, doubt.seq, doubt.row, doubt.reason) == (twin.writer, twin.seq, 4, reason)
        assert verdict.events == len(rows)


def test_a_tail_that_is_gone_is_noticed_only_by_what_else_knows_of_it(laptops: tuple[Laptop, Laptop]) -> None:
    """One writer alone: nothing notices, and that is said. A head noted elsewhere, an export, another place notice it (H47)."""
    one, two = laptops
    incident = one.begin()
    for _ in range(5):
        one.write(incident)
    noted = one.export(incident, "noted.zip")
    full = one.events(incident)
    whole = one.home.open(incident).folder
    copy = one.folder / "spare" / "incidents" / incident
    shutil.copytree(whole, copy)
    put(one, incident, stored(one, incident)[:-3])
    alone = one.verdict(incident)
    assert alone.doubts == ()
    assert any("removed from the end" in line for line in lines(alone))
    assert any("replaced as a whole" in line for line in lines(alone))
    for head in (
        full[-1].hash,
        full[-1].hash[:4].upper(),
        code_of(full),
        f"#{code_of(full)}",
        "6-" + full[-1].hash[:9],
    ):
        (doubt,) = one.verdict(incident, head).doubts
        assert (doubt.what, doubt.reason, doubt.detail) == ("head", "absent", head)
    (doubt,) = one.verdict(incident, str(noted)).doubts
    assert (doubt.what, doubt.reason, doubt.seq) == ("event", "tail", 4)
    assert full[2].hash in {chain.hashes[-1] for chain in one.verdict(incident, full[2].hash).chains}
    assert one.verdict(incident, code_of(full[:3])).doubts == ()
    two.take(noted)
    assert two.verdict(incident, *(code_of(full[:number]) for number in range(1, 7)), full[-1].hash).doubts == ()


def test_the_copy_in_another_place_vouches(tmp_path: Path) -> None:
    """A spare folder with the beginning of the incident vouches for that; one with other events is a doubt."""
    one = Laptop(tmp_path / "A")
    incident = one.begin()
    one.write(incident)
    spare = tmp_path / "spare"
    shutil.copytree(one.home.open(incident).folder, spare / "incidents" / incident)
    one.write(incident)
    home = Home.of({"RUNBOOK_HOME": str(one.home.root), "RUNBOOK_SPARE": str(spare)})
    from runbook.store.verifying import verify_incident

    verdict = verify_incident(home, incident, [], NOW)
    (chain,) = verdict.chains
    assert [(each.by, each.seq) for each in chain.vouchers] == [("copy", 2)]
    assert verdict.doubts == ()
    connection = Database(spare / "incidents" / incident / JOURNAL_NAME)
    row = next(row for n, row in connection.after(1))
    connection.close()
    other = Laptop(tmp_path / "C")
    shutil.copytree(spare, other.folder / "home")
    put(other, incident, chained([*stored(other, incident)[:1], row._replace(actor="somebody else")]))
    home = Home.of({"RUNBOOK_HOME": str(one.home.root), "RUNBOOK_SPARE": str(other.home.root)})
    (doubt,) = verify_incident(home, incident, [], NOW).doubts
    assert (doubt.what, doubt.reason, doubt.seq, doubt.row) == ("event", "other", 2, 2)


def test_what_another_writer_saw_vouches_for_the_chain(laptops: tuple[Laptop, Laptop], shared: str) -> None:
    """The events that another knew of cannot be cut off unseen, nor replaced."""
    one, _ = laptops
    rows = stored(one, shared)
    (first,) = {row.writer for row in rows if row.kind == "IncidentOpened"}
    chain = next(chain for chain in one.verdict(shared).chains if chain.writer == first)
    (voucher,) = chain.vouchers
    assert (voucher.by, voucher.seq) == ("writer", 2)
    put(one, shared, [row for row in rows if row.writer != first or row.seq == 1])
    doubts = events(one.verdict(shared))
    assert [(doubt.reason, doubt.writer, doubt.seq) for doubt in doubts] == [("tail", first, 2)]


def test_a_journal_replaced_as_a_whole_is_noticed_against_a_head(laptops: tuple[Laptop, Laptop], shared: str) -> None:
    """A fresh chain that holds together is proven by itself; a noted head, or an export, shows that it is another (H48)."""
    one, two = laptops
    noted, rows = one.events(shared), stored(one, shared)
    export = two.export(shared, "noted.zip")
    own = [row for row in rows if row.writer == rows[0].writer and row.kind != "OthersSeen"]
    put(
        one,
        shared,
        chained([*own, own[-1], own[-1]], lambda number, row: row._replace(actor="somebody else") if number else row),
    )
    assert one.verdict(shared).doubts == ()
    for head in (noted[-1].hash, code_of(noted)):
        assert [doubt.reason for doubt in one.verdict(shared, head).doubts] == ["absent"]
    assert {doubt.reason for doubt in one.verdict(shared, str(export)).doubts} == {"other", "tail"}


def test_what_a_head_leads_to(laptops: tuple[Laptop, Laptop]) -> None:
    """A code that is no head, too few digits, digits that fit several, an export of another incident: none of it proves anything."""
    one, _ = laptops
    incident, another = one.begin(), one.begin()
    for _ in range(3):
        one.write(incident)
    for text in ("", "#", "zz", "123", "no head", "1·", "0" * 65, "🎉"):
        assert [doubt.what for doubt in one.verdict(incident, text).doubts] == ["head"]
    foreign = one.export(another, "another.zip")
    assert [doubt.reason for doubt in one.verdict(incident, str(foreign)).doubts] == ["incident"]
    from runbook.store.proof import ChainProof, Prover

    prover = Prover(incident)
    prover.events = [each._replace(hash="ab12" + str(each.seq) * 60) for each in one.events(incident)]
    prover.chains[prover.events[0].writer] = chain = ChainProof("A", [each.hash for each in prover.events])
    prover.head("ab12")
    assert (prover.doubts, prover.remarks[0].seq) == ([], 4)
    prover.head("2·ab12")
    assert (prover.doubts, chain.vouched) == ([], 2)
    prover.head("5·ab12")
    assert [doubt.reason for doubt in prover.doubts] == ["absent"]


def test_a_code_counts_the_events_that_were_known(laptops: tuple[Laptop, Laptop]) -> None:
    """Noted before another's events came in front of it, it is still found."""
    one, two = laptops
    incident = one.begin()
    two.take(one.export(incident))
    for laptop in (one, one, one, two, two):
        laptop.write(incident)
    noted = [code_of(laptop.events(incident)) for laptop in laptops]
    mine, theirs = one.export(incident, "one"), two.export(incident, "two")
    one.take(theirs)
    two.take(mine)
    for laptop in laptops:
        verdict = laptop.verdict(incident, *noted)
        assert verdict.doubts == ()
        assert sum(voucher.by == "head" for chain in verdict.chains for voucher in chain.vouchers) == 2


def later(rows: list[Row], laptop: Laptop, *made: dict[str, object]) -> list[Row]:
    """The rows and further ones of the first writer, with these columns."""
    kind, text = body_text(NoteAdded("later"))
    drafts = [blank(rows[0].incident, rows[0].writer, laptop.clock, "Technician A")._replace(kind=kind, body=text, **each) for each in made]  # type: ignore[arg-type]  # fmt: skip
    return chained([*rows, *drafts])


def test_times_are_kept_and_prove_nothing(laptops: tuple[Laptop, Laptop]) -> None:
    """From the future, from 1970, before the event in front: the events stand, and what is odd is a note, not a doubt (H49)."""
    one, two = laptops
    incident = one.begin()
    rows = later(
        stored(one, incident),
        one,
        {"utc": "2099-01-01T00:00:00.000Z"},
        {"utc": "1970-01-01T00:00:00.000Z", "boot_s": -5.0},
    )
    put(one, incident, rows)
    verdict = one.verdict(incident)
    assert verdict.doubts == ()
    assert [(each.reason, each.seq) for each in verdict.remarks] == [("time_future", 2), ("time_back", 3)]
    assert two.take(one.export(incident)).refused == ()
    assert len(two.events(incident)) == 3


def test_rows_of_another_incident_are_no_facts_here(laptops: tuple[Laptop, Laptop]) -> None:
    """A row that proves itself, of another incident: named, left out, and the rest is proven (H49)."""
    one, _ = laptops
    incident, another = one.begin(), one.begin()
    one.write(incident)
    foreign = sealed(stored(one, another)[0]._replace(writer="ZZZZZ", incident=another))
    put(one, incident, [*stored(one, incident), foreign])
    verdict = one.verdict(incident)
    assert [(doubt.reason, doubt.writer, doubt.row, doubt.detail) for doubt in events(verdict)] == [("incident", "ZZZZZ", 3, another)]  # fmt: skip
    assert verdict.events == 2


@pytest.mark.parametrize(
    ("was", "given_out_as"), [("lab", "live"), ("drill", "live"), ("live", "drill"), ("lab", "drill")]
)
def test_practice_is_never_given_out_as_real(laptops: tuple[Laptop, Laptop], was: str, given_out_as: str) -> None:
    """The id's prefix, the mode of the first event and the hash of every row say the same, or it is neither proven nor taken (H57)."""
    one, two = laptops
    incident = one.begin(was)
    one.write(incident)
    content = entries(one.export(incident))
    bare = incident.removeprefix(f"{was}-")
    renamed = bare if given_out_as == "live" else f"{given_out_as}-{bare}"

    def other_mode(_number: int, row: Row) -> Row:
        body = json.loads(row.body)
        changed = {**body, "mode": given_out_as} if "mode" in body else body
        return row._replace(body=json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False))

    rows = rows_of(content)
    lies = {
        "the id alone": with_manifest(with_rows(content, rows), incident=renamed),
        "the id in every row": with_manifest(
            with_rows(content, chained(rows, lambda _n, row: row._replace(incident=renamed))), incident=renamed
        ),
        "the mode alone": with_rows(content, chained(rows, other_mode)),
        "the mode in a second opening": with_rows(
            content, chained([*rows, other_mode(0, rows[0])._replace(writer="22222")])
        ),
    }
    for what, lie in lies.items():
        file = packed(one.folder / "lie.zip", lie)
        doubts = verify_file(file, [], NOW).doubts
        assert {doubt.reason for doubt in doubts} & {"incident", "opening"}, what
        taken = two.take(file)
        assert {each.code for each in taken.refused} & {"incident", "opening"}, what
        for practice in (True, False):
            for summary in two.home.list(practice):
                opened = two.events(summary.id)[0].event
                assert isinstance(opened, IncidentOpened)
                assert (summary.id, opened.mode) == (incident, was)


def test_evidence_and_plan_are_what_their_hashes_say(laptops: tuple[Laptop, Laptop], shared: str) -> None:
    """A piece that is gone or changed, a plan file that is not the one of the start: each is named; in an export too."""
    one, _ = laptops
    found = one.home.open(shared)
    pieces = sorted((found.folder / "evidence").iterdir())
    content = entries(one.export(shared))
    pieces[0].write_bytes(b"changed")
    pieces[1].unlink()
    (found.folder / "plan" / "cti-down.yaml").write_bytes(b"changed")
    verdict = one.verdict(shared)
    assert {(doubt.what, doubt.reason, doubt.name) for doubt in verdict.doubts} == {
        ("evidence", "content", f"evidence/{pieces[0].name}"),
        ("evidence", "absent", f"evidence/{pieces[1].name}"),
        ("plan", "content", "plan/cti-down.yaml"),
    }
    assert (verdict.files, verdict.pieces) == (1, 0)
    content[f"evidence/{pieces[0].name}"] = b"changed"
    del content[f"evidence/{pieces[1].name}"], content["plan/cti-down.yaml"]
    told = verify_file(packed(one.folder / "x.zip", {**content, "plan/more.yaml": b"x"}), [], NOW)
    assert {(doubt.what, doubt.reason, doubt.name) for doubt in told.doubts} == {
        ("evidence", "content", f"evidence/{pieces[0].name}"),
        ("evidence", "absent", f"evidence/{pieces[1].name}"),
        ("entry", "absent", f"evidence/{pieces[1].name}"),
        ("plan", "absent", "plan/cti-down.yaml"),
        ("entry", "absent", "plan/cti-down.yaml"),
        ("entry", "unnamed", "plan/more.yaml"),
    }


def test_every_doubt_is_a_sentence(laptops: tuple[Laptop, Laptop], shared: str) -> None:
    """Each reason that a doubt or a refusal can have is said in words, with its event."""
    from runbook.store.refusals import SENTENCES
    from runbook.ui.proof_lines import _REASONS, sentence

    for reason in {**SENTENCES, **_REASONS}:
        said = sentence(Doubt("event", reason, "AAAAA", 7, 9, "x", "y"))
        assert said.startswith("event 7 of AAAAA (row 9): ")
        assert not re.search(r"[{}]", said)


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


def test_a_bit_that_flips_anywhere_in_the_file_is_survived(laptops: tuple[Laptop, Laptop], shared: str) -> None:
    """Seeded flips over all pages of the journal: every event is proven as it was, or something is named; it never crashes."""
    one, _ = laptops
    path = one.home.open(shared).folder / JOURNAL_NAME
    put(one, shared, stored(one, shared))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    data, right = path.read_bytes(), one.events(shared)
    print("seed 4")
    chance = random.Random(4)
    noticed = 0
    for _ in range(FLIPS):
        path.write_bytes(flipped(data, chance.randrange(len(data)), chance.randrange(8)))
        verdict = one.verdict(shared)
        proven = {(chain.writer, seq, each) for chain in verdict.chains for seq, each in enumerate(chain.hashes, 1)}
        whole = {(each.writer, each.seq, each.hash) for each in right}
        assert proven <= whole
        assert proven == whole or verdict.doubts
        noticed += bool(verdict.doubts)
    assert noticed > FLIPS // 10


def test_an_event_of_a_later_version_is_proven_like_any_other(laptops: tuple[Laptop, Laptop]) -> None:
    """What this version does not know is in the hash all the same, and moves with the rest."""
    one, two = laptops
    incident = one.begin()
    row = stored(one, incident)[0]
    put(one, incident, chained([row, row._replace(kind="Teleported", body='{"to":"the moon"}')]))
    assert one.verdict(incident).doubts == ()
    assert two.take(one.export(incident)).refused == ()
    recorded: Recorded = two.events(incident)[-1]
    assert recorded == one.events(incident)[-1]
