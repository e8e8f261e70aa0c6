"""The brief of a shift handover: what whoever takes an incident over must know, from the fold alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from runbook.model import events as ev
from runbook.model.clocks import Clock, limit_line
from runbook.model.marks import paper_time
from runbook.model.naming import answer_of, numbered
from runbook.model.open_items import open_parts
from runbook.model.playbook import Playbook, Step
from runbook.model.record import Recorded
from runbook.model.state import State, StepState
from runbook.model.text import Text, _
from runbook.model.units import age, clock_text, lasted
from runbook.model.words import word

SECTIONS = ("open", "now", "next", "clocks", "tried", "found", "ruled_out", "told", "notes")
"""The parts of a brief in the order in which they are read; their words are in `words`."""
TEXT_AT_MOST = 300
_ASKED = ("ask", "delegate")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a brief. `code`: what kind of thing it is in its section (an outcome, `debt`, `reached`, ...); `at`: when."""

    section: str
    text: str
    step: str = ""
    at: datetime | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything that a brief says. `who` hands over, `to` whom where that is known; `code` and `head`: the last event, short and its whole hash."""

    incident: str
    title: str
    plan: str
    version: str
    mode: str
    site: str
    severity: str
    status: str
    paused: str
    who: str
    reported_at: datetime
    elapsed: timedelta
    as_of: datetime
    zone: tzinfo
    code: str
    head: str
    events: int
    items: tuple[Item, ...]
    notes_written: int = 0
    to: str = ""

    def section(self, name: str) -> tuple[Item, ...]:
        """The items of one section, the most important first."""
        return tuple(item for item in self.items if item.section == name)

    def count(self, name: str) -> int:
        """How many there are in all: of notes only the last are at hand."""
        return self.notes_written if name == "notes" else len(self.section(name))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the walk stands: the step on the screen, those that come after it as far as that is known, and whether it asks if service is back."""

    here: Step | None = None
    ahead: Sequence[Step] = ()
    question: str = ""


@dataclass(frozen=True, slots=True)
class _View:
    """What the lines of a brief are said with."""

    plan: Playbook | None
    zone: tzinfo
    role: Callable[[str], str]
    now: datetime

    def clock(self, at: datetime) -> str:
        return clock_text(at, self.zone)


def brief(
    state: State,
    plan: Playbook | None,
    now: datetime,
    zone: tzinfo,
    role: Callable[[str], str],
    standing: Standing,
    running: Sequence[Clock] = (),
) -> Brief:
    """The brief of an incident at this moment. `plan` None: it cannot be read, and ids stand in place of titles."""
    opened, last = state.opened, state.last
    assert opened is not None and last is not None and state.reported_at is not None
    view = _View(plan, zone, role, now)
    items = (
        *_open(state, view),
        *_now(state, standing, view),
        *(Item("next", numbered(plan, step.id), step.id) for step in standing.ahead),
        *_clocks(state, running, now),
        *_walked(state, view),
        *_told(state, view),
        *(_note(row, view) for row in reversed(state.notes)),
    )
    return Brief(
        incident=opened.incident,
        title=Text.of(opened.title).pick(),
        plan=state.playbook or opened.plan,
        version=opened.plan_version,
        mode=opened.mode,
        site=opened.site,
        severity=state.severity,
        status=state.status,
        paused=state.paused,
        who=last.actor,
        reported_at=state.shown(state.reported_at),
        elapsed=lasted(state.reported_at, now),
        as_of=state.shown(now),
        zone=zone,
        code=state.head_code,
        head=last.hash,
        events=state.events,
        items=items,
        notes_written=state.notes_written,
    )


def _open(state: State, view: _View) -> Iterator[Item]:
    for code, step, line in open_parts(state, view.plan, view.now):
        yield Item("open", line, step, code=code)
    for carried in state.opened.carried if state.opened else ():
        if carried.get("incident") not in state.carried_answered:
            sentence = _("unknown act carried over from another incident: {act}")
            act = f"{carried.get('incident', '')}: {carried.get('act', '')}"
            yield Item("open", sentence.format(act=_short(act)), carried.get("step", ""), code="carried")
    awaited = {step.id for step in state.awaited}
    for name in state.left_for_later:
        if name not in awaited:
            line = _("to be answered later: {step}").format(step=numbered(view.plan, name))
            yield Item("open", line, name, code="later")


def _now(state: State, standing: Standing, view: _View) -> Iterator[Item]:
    """The step on the screen; those of the branches beside it; or that the walk is at its end."""
    if state.ended:
        yield Item("now", word(state.status, "status"), code=state.status)
        return
    beside = [place.step for place in state.lanes.values() if place.where == "at"]
    steps = dict.fromkeys([*([standing.here.id] if standing.here else []), *beside])
    for name in steps:
        known = state.step(name)
        under_way = known.begun_at if known.finished is None else None
        since = _(" (for {age})").format(age=age(under_way, view.now)) if under_way else ""
        yield Item(
            "now", numbered(view.plan, name) + since, name, state.shown(known.begun_at) if known.begun_at else None
        )
    if standing.question:
        yield Item("now", standing.question, code="recovered")
    elif not steps:
        yield Item("now", _("the plan is at its end"))


def _clocks(state: State, running: Sequence[Clock], now: datetime) -> Iterator[Item]:
    """The limit that comes next, those that are broken, then the others."""
    open_ = [clock for clock in running if clock.met_at is None]
    late = [clock for clock in reversed(open_) if clock.broken(now)]
    ahead = [clock for clock in open_ if not clock.broken(now)]
    for clock in (*ahead[:1], *late, *ahead[1:]):
        code = "late" if clock.broken(now) else "running"
        yield Item("clocks", limit_line(clock, now), at=state.shown(clock.due), code=code)


def _walked(state: State, view: _View) -> Iterator[Item]:
    """Every step with an outcome, the latest first: what was tried, what was found, what is ruled out."""
    done = [known for known in state.steps.values() if known.outcome not in ("", "not_taken") and known.finished]
    for known in sorted(done, key=lambda known: known.finished.utc if known.finished else "", reverse=True):
        if section := _section(known, view.plan):
            yield _step(section, known, view)
    for known in state.unknown:
        if known.finished is None:
            yield _step("tried", known, view)


def _section(known: StepState, plan: Playbook | None) -> str:
    """Where a finished step belongs; nowhere for one that only held others together, and for calls, which are told."""
    if plan is None or not plan.has(known.id):
        return "tried"
    step = plan.step(known.id)
    if step.kind in ("together", "use", "call"):
        return ""
    if not (step.reads or step.kind in _ASKED) or known.outcome == "skipped":
        return "tried"
    return "ruled_out" if step.reads and known.outcome == "passed" else "found"


def _step(section: str, known: StepState, view: _View) -> Item:
    """A step: when, how it ended or what was answered, which one, and what was found."""
    row = known.finished or known.intent
    event = known.finished.event if known.finished else None
    answer = _short(answer_of(view.plan, known.id, known.answer)) if known.answer else ""
    outcome = word(known.outcome or "unknown", "outcome")
    said = answer if answer and known.outcome == "passed" else f"{outcome}: {answer}" if answer else outcome
    details = dict.fromkeys(_short(getattr(event, name, "")) for name in ("found", "reason"))
    found = [text for text in details if text and text not in (known.answer, answer)]
    at = view.clock(row.wall) if row else ""
    text = ": ".join([f"{at} {said}".strip(), numbered(view.plan, known.id), *found])
    return Item(section, text, known.id, row.wall if row else None, known.outcome or "unknown")


def _told(state: State, view: _View) -> Iterator[Item]:
    for row in reversed(state.calls.values()):
        event = row.event
        assert isinstance(event, ev.PersonTold)
        role = view.role(event.contact)
        who = f"{_short(event.name)} ({role})" if event.name else role
        sentence = _("{at} reached: {who}, {means}") if event.reached else _("{at} NOT reached: {who}, {means}")
        text = sentence.format(who=who, at=view.clock(row.wall), means=word(event.means, "means"))
        yield Item("told", text, event.step, row.wall, "reached" if event.reached else "not_reached")


def _note(row: Recorded, view: _View) -> Item:
    event = row.event
    assert isinstance(event, ev.NoteAdded)
    at = paper_time(event) or row.wall
    sentence = _("LATE ENTRY {at} {who}: {text}") if event.at else "{at} {who}: {text}"
    text = sentence.format(at=view.clock(at), who=row.actor, text=_short(event.text))
    return Item("notes", text, event.step, at, "late" if event.at else "note")


def _short(text: str) -> str:
    """What a person or a device wrote, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_AT_MOST else line[: TEXT_AT_MOST - 3] + "..."
