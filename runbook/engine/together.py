"""`together`: the readings of all branches at once in the background, people's questions one at a time, and the end of the whole.

Threads only ask the world. What they found becomes an event in the main thread: between two questions, while a question stands
(`Context.ask` pumps), or while nothing but readings is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from runbook.engine import others
from runbook.engine.asking import FREE
from runbook.engine.branches import Branches
from runbook.engine.context import Context
from runbook.engine.decide import Go, Join, Move, PassBy, Run, around, decide
from runbook.engine.signals import Moved
from runbook.model.events import StepFinished
from runbook.model.parts import joined
from runbook.model.playbook import Step, Together
from runbook.model.prompts import Choice, Prompt
from runbook.model.text import _

WATCHING = FREE.replace("b", "")
"""The keys that count while only the machine works: nothing is done by hand there."""
SHORT_S = 0.05
SHORT_LOOKS = 6
"""What ends within so many short looks needs no screen of its own."""

Make = Callable[[Context, Move], None]


def go_on(context: Context, whole: Step, make: Make) -> None:
    """Walk the branches of the `together` at which the walk stands, to its end or until the walk stands elsewhere.

    `make` does what needs a person. What a bug broke is raised when all else is recorded.
    """
    with Branches(context, whole) as branches:
        _begin(context, whole, branches)
        context.beside = branches
        try:
            while around(context.plan, context.state) is whole:
                branches.pump()
                _next(context, whole, branches, make)
        finally:
            context.beside = None
    _leave(context, whole)


def _begin(context: Context, whole: Step, branches: Branches) -> None:
    """Enter, once, begins the readings of all branches."""
    if branches.ready():
        try:
            with context.at(whole):
                question = _("Enter begins the readings of all branches.")
                context.ask(Prompt("go", whole.id, question), WATCHING)
                context.ports.world.secrets.ready()
        except Moved:
            return


def _next(context: Context, whole: Step, branches: Branches, make: Make) -> None:
    """One thing: a person's, waiting for the machine's, or the end."""
    try:
        if found := next(_for_person(context, branches, make), None):
            waits, do = found
            if waits:
                with branches.giving_way(lambda: any(not late for late, _do in _for_person(context, branches, make))):
                    do()
            else:
                do()
        elif branches.under_way:
            _watch(context, whole, branches, make)
        elif branches.fault:
            raise branches.fault
        elif decide(context.plan, context.state, busy=others.busy(context)) == [Join(whole.id)]:
            _join(context, whole)
    except Moved:
        return


def _for_person(context: Context, branches: Branches, make: Make) -> Iterator[tuple[bool, Callable[[], None]]]:
    """What needs a person now, in order: where she sent a branch herself first, an answer that somebody else owes (True) last."""
    state = context.state

    def order(move: Move) -> tuple[bool, bool]:
        name = getattr(move, "step", "")
        lane = context.plan.step(name).lane if context.plan.has(name) else ""
        return state.step(name).awaited, not state.stands(lane).forced

    found = context.moves()
    moves = [move for move in found if not isinstance(move, (Go, PassBy, Join))]
    for move in sorted(moves, key=order):
        if isinstance(move, Run) and branches.reads(move.step):
            if by_hand := branches.by_hand(move.step):
                yield False, by_hand
        else:
            yield order(move)[0], partial(make, context, move)


def _watch(context: Context, whole: Step, branches: Branches, make: Make) -> None:
    """Only the machine works: the keys count until a person is needed or everything has ended."""
    waits = branches.waits

    def over() -> bool:
        return not branches.under_way or branches.waits != waits or any(_for_person(context, branches, make))

    for _look in range(SHORT_LOOKS):
        branches.pump(SHORT_S)
        if over():
            return
    stop = _("stop waiting, go on as expired: {title}")
    choices = tuple(Choice(name, stop.format(title=context.plan.step(name).title.pick())) for name in waits)
    question = _("Under way: {count}. Nothing to do until a branch needs you.").format(count=branches.under_way)
    with context.at(whole):
        given_up = context.ask(Prompt("watch", f"{whole.id}.running", question, choices), WATCHING, over)
    if given_up:
        branches.give_up(given_up)


def _join(context: Context, whole: Step) -> None:
    assert isinstance(whole.sample, Together)
    ended = {
        branch: [context.state.step(step).outcome for step in steps] for branch, steps in whole.sample.branches.items()
    }
    outcome, found = joined(ended)
    context.finish(whole, outcome, "machine", "joined", found=found)


def _leave(context: Context, whole: Step) -> None:
    """What was begun in a branch and has not ended when the whole is left is not taken."""
    left = [
        StepFinished(known.id, known.attempt, "not_taken", "machine", "left", reason=whole.id)
        for step in context.plan.steps
        if step.lane.rpartition("/")[0] == whole.id and (known := context.state.step(step.id)).under_way
        if not known.awaited and not known.undecided
    ]
    if left:
        context.record_all(left)
