"""Two people on one incident: the walk and one beside it, over one real journal. No step has two executors, and nothing is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runbook.engine.context import Context
from runbook.engine.decide import ResolveUnknown
from runbook.engine.joining import free, join
from runbook.engine.others import Me
from runbook.engine.walk import Ending, run_step, walk
from runbook.model.events import (
    ActionIntended,
    Event,
    IncidentAborted,
    NoteAdded,
    StepBegun,
    StepClaimed,
    StepFinished,
    UnknownAnswered,
    WriterJoined,
)
from runbook.model.lanes import lane_beside
from runbook.model.ports import Ports
from runbook.model.prompts import Gone, Key, Prompt
from runbook.model.state import fold
from runbook.steps import bind
from runbook.store.database import Database
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from tests.engine.desk import RESTART, SITE, STATUS, opened, plan
from tests.engine.fakes import ACTIVE, UNDER_WAY, Clock, FakeWorld, MemoryEvidence, Person, exited

STEPS = """
- {id: first, phase: scope, title: The first, ask: {choices: [left, right]}}
- {id: second, phase: scope, title: The second, ask: {choices: [left, right]}}
- {id: core, phase: remediate, title: Restart it, service: {host: cti, name: core, do: restart},
   approval: {by: cs-lead}, verify: {service: {host: cti, name: core, do: status}}, next: {failed: continue}}
- {id: last, phase: close, title: The last, ask: {choices: [left, right]}}
"""
LEFT = {"first": "left", "second": "left", "last": "left", "recovered": "yes"}
RESTARTS = {"core.approval": "approves", "core.approver": "Post B", "core": "confirm", "core.reason": "it is free"}


class Seat:
    """One process: a person, a world, a writer, and the journal file that all share."""

    def __init__(self, folder: Path, writer: str, running: set[str], clock: Clock, *, beside: bool = False) -> None:
        self.log: list[Any] = []
        self.world, self.human = FakeWorld(self.log), Person()
        self.world.clock = clock
        self.journal = SqliteJournal(folder, "i-1", clock, f"Technician {writer[-1]}", writer=writer)
        ports = Ports(self.world.ports(), self.human, self.journal, MemoryEvidence())
        self.context = Context(plan(STEPS), SITE, ports, fold(self.journal.events()), self.journal.actor, bind)
        self.context.me = Me(writer, lane_beside(writer) if beside else "", lambda: frozenset(running))
        self.writer = writer

    def script(self, **script: Any) -> None:
        self.human.script = {
            name.replace("_", "."): list(v) if isinstance(v, (list, tuple)) else [v] for name, v in script.items()
        }

    def walk(self, **script: Any) -> Ending:
        self.script(**script)
        return walk(self.context)

    def join(self, **script: Any) -> Ending:
        self.script(**script)
        return join(self.context, "here", "0")

    def events(self, *kinds: type[Event]) -> list[tuple[str, Any]]:
        return [(each.writer, each.event) for each in self.journal.events() if isinstance(each.event, kinds)]


@pytest.fixture
def seats(tmp_path: Path) -> Iterator[Callable[..., Seat]]:
    """Makes seats of one incident; each is running until the test says otherwise."""
    folder, running, clock, made = tmp_path / "i-1", set[str](), Clock(), list[Seat]()
    folder.mkdir()
    Database.create(folder / JOURNAL_NAME).close()

    def seat(writer: str, *, beside: bool = False) -> Seat:
        running.add(writer)
        made.append(Seat(folder, writer, running, clock, beside=beside))
        made[-1].running = running  # type: ignore[attr-defined]
        if len(made) == 1:
            made[0].context.record(opened())
        return made[-1]

    yield seat
    for each in made:
        each.journal.close()


@pytest.fixture
def two(seats: Callable[..., Seat]) -> tuple[Seat, Seat]:
    """The walk, and one who has just joined."""
    main = seats("A")
    other = seats("A-2", beside=True)
    other.context.record(WriterJoined("here", "0"))
    return main, other


def test_what_was_done_beside_the_walk_is_not_asked_again(two: tuple[Seat, Seat]) -> None:
    """The walk passes a step that somebody beside it finished, with that outcome, and stands where it stood meanwhile."""
    main, other = two
    assert [step.id for step in free(other.context)] == ["first", "second", "core", "last"]
    assert other.join(beside=["second", Gone("end_of_input")], second="right").how == "left"
    for seat in (main, other):
        seat.world.ssh.on(STATUS, exited(3, "inactive"), ACTIVE)
        seat.world.ssh.on(RESTART, exited(0))
    ending = main.walk(first="left", last="left", recovered="yes", **RESTARTS_)
    assert ending.how == "recovered"
    answered = [
        (writer, event.step, event.answer) for writer, event in main.events(StepFinished) if event.how == "asked"
    ]
    assert answered == [("A-2", "second", "right"), ("A", "first", "left"), ("A", "last", "left")]
    assert not main.human.asked("second")


RESTARTS_ = {name.replace(".", "_"): value for name, value in RESTARTS.items()}


def test_while_another_has_the_step_the_walk_waits(two: tuple[Seat, Seat]) -> None:
    """The walk shows who has the step, asks nothing of it, and goes on when it is finished; nobody else runs it."""
    main, other = two
    other.context.record(StepClaimed("first"))
    other.script(first="right")

    def meanwhile(prompt: Prompt) -> Any:
        assert "Technician 2" in prompt.question
        run_step(other.context, other.context.plan.step("first"))
        other.world.clock.boot_s += 2
        return UNDER_WAY

    main.walk(first_held=meanwhile, second=Gone("end_of_input"))
    finished = [(writer, event.step) for writer, event in main.events(StepFinished)]
    assert finished == [("A-2", "first")]
    assert main.context.state.position.step == "second"


def test_two_reach_for_one_step(two: tuple[Seat, Seat]) -> None:
    """Both begin the same step before either knows of it: the first in the journal has it, the other backs off."""
    main, other = two
    main.context.record(StepBegun("first", 1))
    assert (
        run_step(other.context, other.context.plan.step("first")) is None
        if other.script(first_held=UNDER_WAY_THEN_GONE(main))
        else True
    )
    assert not other.human.asked("first")
    assert {writer for writer, _event in main.events(StepFinished)} == set()


def UNDER_WAY_THEN_GONE(seat: Seat) -> Any:  # noqa: N802
    """The wait for the step's holder ends because she leaves."""

    def gone(_prompt: Prompt) -> Any:
        seat.running.discard(seat.writer)  # type: ignore[attr-defined]
        return UNDER_WAY

    return gone


def test_the_walk_backs_off_too(two: tuple[Seat, Seat]) -> None:
    """The walk begins a step that was claimed a moment before: it asks nothing and waits for the one who was first."""
    main, other = two
    main.context.me.running = lambda: frozenset({"A", "A-2"})
    before = main.context.state
    other.context.record(StepClaimed("first"))
    assert main.context.state is before
    run_step(main.context, main.context.plan.step("first"))
    assert not main.human.asked("first")
    assert main.context.state.step("first").holder.writer == "A-2"


def test_an_act_under_way_beside_the_walk_is_not_unknown_until_its_process_is_gone(two: tuple[Seat, Seat]) -> None:
    """While the one who began the act runs, nobody else is asked how it ended; when her process is gone the walk asks first of all."""
    main, other = two
    other.context.record(StepClaimed("core"))
    other.context.record(StepBegun("core", 1))
    other.context.record(ActionIntended("core", 1, "service", "restart", "00", "cti"))
    main.context.record_all([])
    assert ResolveUnknown("core") not in main.context.moves()
    main.running.discard("A-2")  # type: ignore[attr-defined]
    assert main.context.moves() == [ResolveUnknown("core")]
    main.walk(core_unknown="not_done", first=Gone("end_of_input"))
    assert [(writer, event.answer) for writer, event in main.events(UnknownAnswered)] == [("A", "not_done")]


def test_a_step_is_taken_over_with_a_reason(two: tuple[Seat, Seat]) -> None:
    """Who takes a step over says why; the other's question ends, nothing of hers is recorded as an answer."""
    main, other = two
    assert other.context.state.joined.keys() == {"A-2"}
    other.script(first=lambda prompt: take_over())

    def take_over() -> Any:
        main.script(first_held="take_over", first_reason="she is on the phone", first="left")
        main.context.record_all([])
        run_step(main.context, main.context.plan.step("first"))
        other.world.clock.boot_s += 2
        return UNDER_WAY

    other.join(beside=["first", Gone("end_of_input")], first=lambda prompt: take_over())
    claims = [(writer, event.takes_over, event.reason) for writer, event in main.events(StepClaimed)]
    assert claims == [("A-2", False, ""), ("A", True, "she is on the phone")]
    assert [(writer, event.answer) for writer, event in main.events(StepFinished)] == [("A", "left")]
    assert any("has taken this step over" in line for line in other.human.told)


def test_when_the_incident_is_ended_both_end(two: tuple[Seat, Seat]) -> None:
    """An incident that one of them aborts ends for the other too, at the question where she is."""
    main, other = two

    def abort(_prompt: Prompt) -> Any:
        other.context.record(IncidentAborted("Technician 2", "wrong plan"))
        main.world.clock.boot_s += 2
        return UNDER_WAY

    assert main.walk(first=abort).how == "aborted"


def test_an_action_beside_the_walk_keeps_every_guard(two: tuple[Seat, Seat]) -> None:
    """Out of the plan's order an action needs a reason, and its approval, its number and its verify as ever."""
    main, other = two
    other.world.ssh.on(STATUS, exited(3, "inactive"), ACTIVE)
    other.world.ssh.on(RESTART, exited(0))
    other.join(beside=["core", Gone("end_of_input")], **RESTARTS_)
    assert [prompt.kind for prompt in other.human.prompts if prompt.name == "core"] == ["act"]
    assert [event.reason for _writer, event in main.events(StepClaimed)] == ["it is free"]
    (done,) = [event for _writer, event in main.events(StepFinished)]
    assert (done.step, done.outcome, done.lane) == ("core", "passed", "@A-2")
    main.context.record_all([])
    assert main.context.state.position.step == ""


def test_beside_the_walk_nobody_moves_it(two: tuple[Seat, Seat]) -> None:
    """The keys that move the walk do not count beside it, and a note from there is the walk's too."""
    main, other = two
    other.join(beside=[Key("n", "seen from here"), Gone("end_of_input")])
    assert all("g" not in prompt.keys and "u" not in prompt.keys for prompt in other.human.prompts)
    came = main.context.record_all([])
    assert "seen from here" in [each.event.text for each in came if isinstance(each.event, NoteAdded)]


def test_a_failure_beside_the_walk_is_settled_there(two: tuple[Seat, Seat]) -> None:
    """A step that fails without a way on brings the failure menu to the one who did it; what she chooses is in the record."""
    main, other = two
    script = {"first": [Key("f", "no answer"), "left"], "first_failure": "again"}
    other.join(beside=["first", Gone("end_of_input")], **script)
    assert [event.outcome for _writer, event in main.events(StepFinished)] == ["failed", "passed"]


def test_whoever_did_not_know_of_the_other_is_a_conflict(seats: Callable[..., Seat], tmp_path: Path) -> None:
    """Two laptops go on from one beginning and do the same step: both stay in the record, in one order, and the conflict is shown."""
    main = seats("A")
    main.context.record(StepBegun("first", 1))
    far = Seat(_copy(tmp_path), "B", {"B"}, main.world.clock)
    for seat, answer in ((main, "left"), (far, "right")):
        seat.context.record(NoteAdded(answer))
        seat.context.record(StepFinished("first", 1, "passed", "person", "asked", answer=answer))
    main.journal.take([row for row in far.journal._ledger.rows if row.writer == "B"])
    far.journal.take([row for row in main.journal._ledger.rows if row.writer == "A"][far_known(far) :])
    states = [fold(seat.journal.events()) for seat in (main, far)]
    assert states[0] == states[1]
    (conflict,) = states[0].conflicts
    assert (conflict.step, {conflict.first.writer, conflict.second.writer}) == ("first", {"A", "B"})
    assert fold(seats("A").journal.events()) == states[0]
    far.journal.close()


def far_known(far: Seat) -> int:
    return far.journal._ledger.chain.head("A")[0]


def _copy(folder: Path) -> Path:
    import shutil

    shutil.copytree(folder / "i-1", folder / "far" / "i-1")
    return folder / "far" / "i-1"
