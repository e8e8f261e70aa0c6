"""F01, F34, F35: kill -9 at any instant of a walk. Nothing acknowledged is lost, nothing is done twice, and the walk ends as it would.

Two worlds: the real program in the lab, and the small world, whose walk takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from runbook.model.record import Recorded
from runbook.model.state import fold
from tests.acceptance.program import REPAIRED_BY_RESTART, REPAIRED_BY_VENDOR, Answers
from tests.conftest import IN_CI
from tests.faults.children import home_of
from tests.faults.lanes import (
    KILLED,
    Lane,
    arguments_for,
    chance,
    intents_of,
    lanes,
    order_of,
    replay,
    spread,
    steps_of,
)
from tests.faults.run import only_in_ci
from tests.faults.small_world import ENDED, SERVICES, Server, state_of

CASES: dict[str, Answers] = {"service-stopped": REPAIRED_BY_RESTART, "restart-fails": REPAIRED_BY_VENDOR}
SHORTENED = {"restart-fails": ("--set", "grace=2s")}
REPAIR_WHEN_SEEN = ("know of the switch", "The CTI service runs again and calls work")
"""Steps behind the restart: from there on the lab may be whole again."""
STORED_AT_ONCE = 2
"""The events that make an incident: its opening, and the plan's one input. There is no moment between them."""
AT_ONCE = 16 if IN_CI else 6
WALK_S = 4.5
SMALL_WALK_S = 0.1
KILLS_IN_THE_LAB = 200 if IN_CI else 6
KILLS_IN_THE_SMALL_WORLD = 600 if IN_CI else 8
MOST_KILLS = 12
"""How often one walk is killed before it is let go on to its end."""


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lane]]:
    """Machines with a lab each. A walk there mostly waits, so there are more of them than cores."""
    with lanes(tmp_path_factory.mktemp("labs"), AT_ONCE, lab=True) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(labs: list[Lane]) -> dict[str, list[Recorded]]:
    """Case -> the events of a run that nobody killed."""

    def walk(lane: Lane, case: str) -> list[Recorded]:
        lane.afresh(case)
        assert walked(lane, case) == 0, lane.said()
        return lane.incident()

    return dict(zip(CASES, spread(walk, CASES, labs), strict=True))


def walked(lane: Lane, case: str, **how: Any) -> int:
    """`start`, or `resume` where there is an incident."""
    arguments = arguments_for(case, lane.program, CASES[case], *SHORTENED.get(case, ()))
    if lane.incident():
        arguments = ("resume", "--practice", *arguments[-2:])
    return lane.run(*arguments, fix=REPAIR_WHEN_SEEN, acks=str(lane.acks), **how)


def ended_as(whole: Sequence[Recorded], lane: Lane, case: str, at: object) -> None:
    """The walk came to the end of one that nobody killed, and the restart was sent once, or not at all where a person said so."""
    after = lane.incident()
    state, sent = fold(after), len(lane.program.lab_acts("restart"))
    assert steps_of(after) == steps_of(whole), at
    assert order_of(after) == order_of(whole), at
    assert intents_of(after) == intents_of(whole), at
    assert (state.status, state.open_debts, state.unknown) == ("recovered", (), ()), at
    asked = any(type(r.event).__name__ == "UnknownAnswered" for r in after)
    assert sent == 1 or (sent == 0 and asked), at
    assert [r.seq for r in after] == list(range(1, len(after) + 1)), at


# -- at a random instant --------------------------------------------------------------------------------------------------


def until_killed(walk: Callable[[Lane, int], int], kills: int, among: Sequence[Lane]) -> None:
    """Walk after walk until there were so many kills. A walk gives its own number of kills."""
    seen = walks = 0
    while seen < kills:
        seen += sum(spread(walk, range(walks, walks + len(among)), among))
        walks += len(among)
    print(f"{seen} kills in {walks} walks")


def killed_in_the_lab(lane: Lane, turn: int) -> tuple[int, str]:
    """One walk, killed at random instants until it is through; how many kills, and its case."""
    at, drawn = replay("lab", turn), chance("lab", turn)
    case = drawn.choice(list(CASES))
    lane.afresh(case)
    kills, before = 0, list[Recorded]()
    while True:
        how: dict[str, Any] = {}
        if kills < MOST_KILLS and drawn.random() < 0.5:
            how = {"kill_after_s": drawn.uniform(0, WALK_S)}
        elif kills < MOST_KILLS:
            # Near an event: in a wait nothing can be lost.
            how = {"when": "within", "where": str(drawn.randrange(1, 25)), "delay_s": drawn.uniform(0, 0.01)}
        code = walked(lane, case, **how)
        after = lane.incident()
        stored = {recorded.seq: recorded.hash for recorded in after}
        assert [r.hash for r in after[: len(before)]] == [r.hash for r in before], at
        assert lane.acknowledged().items() <= stored.items(), at
        over = bool(after) and fold(after).status == "recovered" and order_of(after)[-1].startswith("close-out/weak")
        if code == 0 or (over and code in (KILLED, 2)):
            return kills + (code == KILLED), case
        assert code == KILLED, (at, lane.said())
        kills, before = kills + 1, after


@only_in_ci
@pytest.mark.timeout(900)
def test_killed_at_random_instants_in_the_lab(labs: list[Lane], undisturbed: dict[str, list[Recorded]]) -> None:
    """F01: the program, killed at random instants and resumed until it is through: every step ends as it would, in the same order,
    every act is done once, every acknowledged event is there."""

    def walk(lane: Lane, turn: int) -> int:
        kills, case = killed_in_the_lab(lane, turn)
        ended_as(undisturbed[case], lane, case, replay("lab", turn))
        return kills

    until_killed(walk, KILLS_IN_THE_LAB, labs)


def killed_in_the_small_world(lane: Lane, turn: int) -> int:
    """The same for the small world; how many kills."""
    at, drawn = replay("small", turn), chance("small", turn)
    home, server = str(lane.folder / f"home{turn}"), Server(lane.folder / f"effects{turn}")
    acks = lane.folder / f"acks{turn}"
    kills, stored = 0, list[str]()
    while True:
        how: dict[str, Any] = {}
        if kills < MOST_KILLS and drawn.random() < 0.3:
            how = {"kill_after_s": drawn.uniform(0, SMALL_WALK_S)}
        elif kills < MOST_KILLS:
            how = {"when": "within", "where": str(drawn.randrange(1, 9)), "delay_s": drawn.uniform(0, 0.004)}
        code = lane.call("small_world:go", home, str(server.path), str(acks), **how)
        acknowledged = acks.read_text().split() if acks.exists() else []
        places = home_of(home)
        before, stored = stored, [r.hash for each in places.list() for r in places.open(each.id).read().events]
        assert stored[: len(before)] == before, at
        assert [digest for digest in stored if digest in set(acknowledged)] == acknowledged, at
        assert [server.done().count(name) for name in SERVICES] in ([0, 0], [1, 0], [1, 1]), at
        if code == 0:
            assert state_of(home) == ("recovered", ENDED), at
            assert server.done() == list(SERVICES), at
            return kills
        assert code in (KILLED, 70), (at, lane.said())
        if code == 70:
            assert state_of(home)[0] == "recovered", (at, lane.said())
            return kills
        kills += 1


@pytest.mark.timeout(900)
def test_killed_at_random_instants_in_the_small_world(tmp_path: Path) -> None:
    """F01: the same for a walk that never waits: most of its instants lie in a save, an act or the making of the incident."""
    with lanes(tmp_path, 3) as among:
        until_killed(killed_in_the_small_world, KILLS_IN_THE_SMALL_WORLD, among)


# -- at every event -------------------------------------------------------------------------------------------------------

CHOSEN = {
    ("service-stopped", "before"): [1, 26],
    ("service-stopped", "after"): [29],
    ("restart-fails", "before"): [32],
    ("restart-fails", "after"): [25, 63],
}
"""Where a run is killed outside CI: at its first and its last event, around its acts and its answers."""
SOMETHING_BEFORE = {"ActionEnded", "ApprovalGiven", "PersonTold", "ReadingTaken", "RecoveryAnswered", "TicketsCounted"}
"""Events with something before them that is nowhere yet: an act, a reading, an answer. Elsewhere `before` is `after` the last."""


def appends(events: list[Recorded], case: str, when: str) -> list[int]:
    """The appends of a run at which to kill it: all of them in CI."""
    every = enumerate(events[STORED_AT_ONCE:], 1)
    if not IN_CI:
        return CHOSEN[case, when]
    return [number for number, r in every if when == "after" or type(r.event).__name__ in SOMETHING_BEFORE]


@only_in_ci
@pytest.mark.timeout(900)
def test_killed_at_any_event_the_run_ends_the_same(labs: list[Lane], undisturbed: dict[str, list[Recorded]]) -> None:
    """F01: killed at an event and resumed with the same answers, each step ends as it does undisturbed, and no act is begun twice."""

    def killed_and_resumed(lane: Lane, where: tuple[str, str, int]) -> None:
        case, when, number = where
        whole = undisturbed[case]
        lane.afresh(case)
        assert walked(lane, case, when=when, where=str(number)) == KILLED, where
        before = lane.incident()
        assert len(before) == STORED_AT_ONCE + number - (when == "before"), where
        resumed = walked(lane, case)
        over = number == len(whole) - STORED_AT_ONCE and when == "after"
        assert resumed in ((0, 2) if over else (0,)), (where, lane.said())
        assert [r.hash for r in lane.incident()[: len(before)]] == [r.hash for r in before], where
        ended_as(whole, lane, case, where)

    everywhere = [(*each, number) for each in CHOSEN for number in appends(undisturbed[each[0]], *each)]
    spread(killed_and_resumed, everywhere, labs)


# -- between an act and its outcome, between an outcome and the screen ----------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_after_the_act_before_its_outcome(tmp_path: Path, service: str) -> None:
    """F34: the act was done and the process died before it was stored: it is unknown, and is not done again."""
    server, home = Server(tmp_path / "effects"), str(tmp_path / "home")
    done = list(SERVICES[: SERVICES.index(service) + 1])
    with lanes(tmp_path / "lanes", 1) as (lane,):
        killed = lane.call("small_world:go", home, str(server.path), when="before", where=f"ActionEnded:{service}")
        assert killed == KILLED
        assert server.done() == done
        places = home_of(home)
        assert [step.id for step in fold(places.open(places.list()[0].id).read().events).unknown] == [service]
        assert lane.call("small_world:go", home, str(server.path)) == 0
        assert f"{service}.unknown" in lane.said().split()
    assert server.done() == list(SERVICES)
    assert state_of(home) == ("recovered", ENDED)


@pytest.mark.parametrize("service", SERVICES)
def test_after_the_outcome_before_the_screen(tmp_path: Path, service: str) -> None:
    """F35: the outcome was stored and the process died before it was shown: it counts, nobody is asked about it, nothing is done again."""
    server, home = Server(tmp_path / "effects"), str(tmp_path / "home")
    with lanes(tmp_path / "lanes", 1) as (lane,):
        killed = lane.call("small_world:go", home, str(server.path), when="after", where=f"StepFinished:{service}")
        assert killed == KILLED
        assert state_of(home)[1][service] == "passed"
        assert lane.call("small_world:go", home, str(server.path)) == 0
        assert [name for name in lane.said().split() if name.partition(".")[0] == service] == []
    assert server.done() == list(SERVICES)
    assert state_of(home) == ("recovered", ENDED)
