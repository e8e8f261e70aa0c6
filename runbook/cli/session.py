"""One walk at the keyboard: the ports wired together, the walk, and how it ended."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.model.errors import EXIT_ABORTED, EXIT_BAD, EXIT_GOOD, EXIT_PAUSED, RunbookError
from runbook.model.ports import Human, Ports, World
from runbook.model.redaction import mark

if TYPE_CHECKING:
    from runbook.model.clocks import Scheme
    from runbook.model.events import Event
    from runbook.model.playbook import Playbook
    from runbook.model.record import Recorded
    from runbook.model.site import Site
    from runbook.store.folder import Incident
    from runbook.store.incidents import Home
    from runbook.store.kept import Known
    from runbook.store.settings import Settings
    from runbook.ui.console import Console

EXITS = {
    "recovered": EXIT_GOOD,
    "not_recovered": EXIT_BAD,
    "aborted": EXIT_ABORTED,
    "paused": EXIT_PAUSED,
    "left": EXIT_GOOD,
}


@dataclass(frozen=True, slots=True)
class Keyboard:
    """The screen and the person in front of it. `terminal` is false for a pipe; `status` is read by the status line.

    `secret` asks for one, unseen; where nobody is at a terminal it gives None, and an answers file never answers it.
    """

    console: Console
    human: Human
    terminal: bool
    status: list[Callable[[], str]]
    secret: Callable[[str], str | None] = lambda _question: None


@contextmanager
def keyboard(answers: Path | None, *, confirms: bool) -> Iterator[Keyboard]:
    """The keyboard for this process's streams; `confirms`: practice, where a pipe or a file may confirm an act."""
    from runbook.ui.console import console_for
    from runbook.ui.prompts import AnswersHuman, human_for

    console = console_for()
    status: list[Callable[[], str]] = [str]
    with human_for(console, status=lambda: status[-1](), confirms=confirms) as human:
        terminal = bool(sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())
        asked: Human = AnswersHuman(read_answers(answers), human, confirms=confirms) if answers else human
        by_hand = terminal and answers is None
        yield Keyboard(console, asked, by_hand, status, human.secret if by_hand else lambda _question: None)


def read_answers(path: Path) -> Mapping[str, list[str]]:
    """An answers file: step id -> answer, or a list of answers in order. Raises RunbookError E-FILE, ProblemsError."""
    from runbook.loader.decode import file_bytes
    from runbook.loader.yaml import read_yaml
    from runbook.model.errors import ProblemsError

    document = read_yaml(file_bytes(path), str(path))
    tree = document.tree if isinstance(document.tree, dict) else {}
    if document.problems:
        raise ProblemsError("E-PLAN-BAD", document.problems, name=str(path))
    return {name: [str(v) for v in given] if isinstance(given, list) else [str(given)] for name, given in tree.items()}


@contextmanager
def world_of(mode: str, site: Site, lab_folder: Path | None, at: Keyboard) -> Iterator[World]:
    """The world that the first event names; connections are closed at the end.

    From here on the screen, and whatever is said of an error that ends the run, shows no secret of the site.
    """
    if mode == "lab":
        from runbook.world.lab.world import lab

        assert lab_folder is not None
        world = lab(lab_folder)
    else:
        from runbook.world.live import live
        from runbook.world.secrets import SiteSecrets

        secrets = SiteSecrets(site.secrets, at.secret, at.human.tell)
        secrets.learn_files()
        world = live(site, secrets)
    at.console.redact = world.secrets.redacted
    try:
        yield world
    except BaseException as error:
        mark(error, world.secrets.redacted)
        raise
    finally:
        world.ssh.close()


def resume_incident(home: Home, incident: Incident, at: Keyboard, as_: str | None, *, paper: bool = False) -> int:
    """Go on with an incident from its own folder: its plan, its site, its lab; the exit code.

    A journal that is lost is begun anew before. `paper`: what was done on paper is typed in first.
    """
    from runbook.cli.incidents import plan_and_site, zone_lost
    from runbook.cli.opening import who
    from runbook.cli.right_time import checked
    from runbook.model.events import IncidentOpened

    known, as_, begun_anew = _readable(home, incident, at, as_)
    opened, state = known.first.event if known.first else None, known.state
    assert isinstance(opened, IncidentOpened)
    plan, site = plan_and_site(incident, opened, state.reloaded)
    if lost := zone_lost(opened.zone):
        at.human.tell(lost)
    actor = who(at, as_, home.settings, site)
    with ExitStack() as stack:
        folder = Path(opened.lab_folder) if opened.mode == "lab" else None
        if folder is not None:
            from runbook.world.lab.child import reopen_lab

            kept = reopen_lab(folder)
            stack.callback(kept.close)
            kept.wait_ready()
        world = stack.enter_context(world_of(opened.mode, site, folder, at))
        said = checked(at, world.clock, site.zone, state)
        paper = paper or begun_anew
        return run_incident(home, incident, plan, site, world, at, actor, resumed=True, said=said, paper=paper)


def _readable(home: Home, incident: Incident, at: Keyboard, as_: str | None) -> tuple[Known, str | None, bool]:
    """What is known, the opening first, who is here, and whether the record had to be begun anew for that. Damage is mended on the way."""
    from runbook.cli.reopening import begin_anew
    from runbook.model.events import IncidentOpened
    from runbook.world.clock import LiveClock

    with suppress(RunbookError):
        known = incident.known()
        if known.first and isinstance(known.first.event, IncidentOpened):
            return known, as_, False
    lost = incident.lost()
    if lost is None:
        # Its opening can be made out, and is named as damaged.
        incident.journal(LiveClock(), as_ or home.settings.load().user or "-", notices=home.notices).close()
    else:
        as_ = begin_anew(home, incident, lost, at, as_)
    return incident.known(), as_, lost is not None


def run_incident(
    home: Home,
    incident: Incident,
    plan: Playbook,
    site: Site,
    world: World,
    at: Keyboard,
    actor: str,
    *,
    resumed: bool = False,
    paper: bool = False,
    said: Sequence[Event] = (),
) -> int:
    """Walk an incident that is on disk until it ends or pauses; the exit code. `said`: what was settled before, recorded first.

    One process walks it; a further one works beside the walk, or follows. Raises Following, and E-INCIDENT-BUSY where nobody can be asked.
    """
    from platform import node

    from runbook import __version__
    from runbook.cli.linked import opener
    from runbook.cli.second import place_for
    from runbook.cli.site_reload import within_walk
    from runbook.engine.context import Context
    from runbook.engine.handing import take_over
    from runbook.engine.joining import join
    from runbook.engine.others import Me
    from runbook.engine.walk import walk
    from runbook.model.events import Resumed
    from runbook.model.lanes import lane_beside
    from runbook.model.units import utc_text
    from runbook.steps import bind
    from runbook.ui.screen import Screen

    with ExitStack() as stack:
        place = place_for(incident, at, utc_text(world.clock.now()), home.notices, stack)
        writer = incident.writer_at(place)
        journal = incident.journal(
            world.clock, actor, writer=writer, notices=home.notices, redact=world.secrets.redacted
        )
        stack.callback(journal.close)
        evidence = incident.evidence_without(world.secrets.redacted_bytes)
        known = incident.state_in(journal)
        home.forget()
        context = Context(plan, site, Ports(world, at.human, journal, evidence), known, actor, bind)
        context.me = Me(writer, lane_beside(writer) if place > 1 else "", incident.running)
        screen = Screen(
            at.console, plan, site, scheme_of(plan), context.state, context.now, line=context.line, writer=writer
        )
        context.clocks, context.at_terminal = screen.running, at.terminal
        keeping = partial(incident.keep, journal)
        stack.callback(lambda: keeping(context.state))
        context.listeners += [screen.on_event, remembers(home.settings), lambda _recorded: keeping(context.state)]
        at.status.append(screen.status_line)
        look = within_walk(context, incident, at, stack, lambda context: screen.use_site(context.site))
        context.ports = replace(context.ports, present_facts=look)
        context.start = opener(home, incident, context)
        if said:
            context.record_all(said)
        if (resumed or place > 1) and (stopped := take_over(context)):
            how = "left" if place > 1 else "paused"
            screen.ending(how, stopped)
            return EXITS[how]
        if place > 1:
            ending = join(context, node(), __version__)
            screen.ending(ending.how, ending.why)
            return EXITS[ending.how]
        if resumed:
            context.record(Resumed(node(), __version__))
        ending = walk(context, paper=paper)
        screen.ending(ending.how, ending.why)
        return EXITS[ending.how]


def remembers(settings: Settings) -> Callable[[Recorded], None]:
    """A listener that remembers who signed on: what is typed next on this laptop carries her name."""
    from runbook.model.events import SignedOn

    def listener(recorded: Recorded) -> None:
        if isinstance(recorded.event, SignedOn):
            settings.remember_user(recorded.event.name)

    return listener


def scheme_of(plan: Playbook) -> Scheme | None:
    """The plan's service-level scheme as it was kept with it; None when it names none."""
    from runbook.loader.schemes import load_scheme_kept

    rule = plan.header.clocks
    return load_scheme_kept(rule.scheme, plan.files) if rule else None
