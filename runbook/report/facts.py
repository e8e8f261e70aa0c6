"""The facts of an incident: a pure fold of its events, the plan and the site. The same events give the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial

from runbook import __version__
from runbook.model import events as ev
from runbook.model.clocks import Scheme, clocks, met_by
from runbook.model.errors import RunbookError
from runbook.model.events import IncidentOpened
from runbook.model.naming import answer_of, condition_of, offer_of, question_of
from runbook.model.own_time import timed
from runbook.model.playbook import Playbook, Step
from runbook.model.record import Recorded
from runbook.model.site import Site
from runbook.model.state import State, fold
from runbook.model.text import Text, _, language
from runbook.model.units import lasted, zone_named
from runbook.model.words import word
from runbook.report.attempts import Walks, attempts, unknown_acts
from runbook.report.findings import approvals, deviations, evidence, notes, people, still_open
from runbook.report.record import ClockFacts, DebtFacts, Facts, Proof, Tickets
from runbook.report.saying import Names
from runbook.report.staff import not_back, staff
from runbook.report.timeline import timeline
from runbook.report.values import titled
from runbook.report.walked import Attempt, StepFacts


def facts(
    events: Iterable[Recorded],
    playbook: Playbook,
    site: Site,
    now: datetime,
    *,
    proof: Proof | None = None,
    scheme: Scheme | None = None,
) -> Facts:
    """What a report of these events says, in the person's language.

    `now`, in the incident's own time, only matters while it is open: an ended one is reported as of its last event. `scheme` is
    the table of service levels that the plan names. Raises RunbookError E-FORM when the first event is not the opening of an incident.
    """
    journal = tuple(timed(events))
    state = fold(journal)
    opened, opened_at, reported_at, last = state.opened, state.opened_at, state.reported_at, state.last
    if opened is None or opened_at is None or reported_at is None or last is None:
        raise RunbookError(
            "E-FORM", reason=_("its first event is missing"), name=journal[0].incident if journal else "INCIDENT"
        )
    as_of = last.at if state.ended else max(now, last.at)
    zone = zone_named(opened.zone or site.time_zone)
    names = _names(playbook, site, opened, zone, state)
    walks = attempts(journal)
    corrected = any(isinstance(recorded.event, ev.ReportedTimeCorrected) for recorded in journal)
    borrowed = staff(playbook, state)
    return Facts(
        incident=opened.incident,
        mode=opened.mode,
        language=language(),
        zone=zone,
        shown=state.shown,
        plan=opened.plan,
        plan_version=opened.plan_version,
        title=names.title,
        site=opened.site,
        severity=opened.severity,
        raised_to=state.severity if state.raised else "",
        entered=tuple(
            (Text.of(event.title or event.playbook).pick(), event.playbook, event.version, names.step(event.at))
            for event in state.entered
        ),
        linked=state.linked,
        belongs_to=opened.belongs_to,
        reopened_from=opened.reopened_from,
        status=state.status,
        who=tuple(dict.fromkeys(recorded.actor for recorded in journal if recorded.actor)),
        reported_at=reported_at,
        reported_how="corrected" if corrected else opened.reported_how,
        opened_at=opened_at,
        recovered_at=state.recovered_at,
        ended_at=state.ended_at,
        as_of=as_of,
        impact=playbook.header.impact.pick(),
        use_when=playbook.header.use_when.pick(),
        recovered_ask=names.recovered("end"),
        inputs=tuple((names.question(name), value) for name, value in state.inputs.items()),
        people=people(journal, names),
        clocks=_clocks(playbook, scheme, state, as_of),
        scheme=scheme.title.pick() if scheme else "",
        timeline=timeline(journal, names, reported_at),
        steps=tuple(_steps(playbook, state, walks, journal, names)),
        approvals=approvals(journal, names),
        debts=tuple(_debts(state, as_of)),
        tickets=_tickets(journal, state),
        staff=borrowed,
        deviations=deviations(journal, names),
        unknown=unknown_acts(walks, [step.id for step in state.unknown]),
        notes=notes(journal),
        still_open=(*still_open(state, names), *not_back(borrowed)),
        evidence=evidence(journal),
        events=len(journal),
        proof=proof or Proof(last.hash),
        lost=tuple(recorded.event.seq for recorded in journal if isinstance(recorded.event, ev.JournalDamaged)),
        heads=tuple({each.writer: (each.writer, each.seq, each.hash) for each in journal}.values()),
        tool_version=__version__,
        plan_origin=opened.plan_origin,
        site_origin=opened.site_origin,
        machine=opened.machine,
        files=len(opened.files),
        hidden=numbers_of(site) if opened.mode != "live" else (),
    )


def _names(playbook: Playbook, site: Site, opened: IncidentOpened, zone: tzinfo, state: State) -> Names:
    """How the report calls things."""

    def step(name: str) -> str:
        if name == "end":
            return _("the end of the plan")
        if not playbook.has(name):
            return name or _("the beginning")
        found = playbook.step(name)
        return titled(found.number, found.title.pick())

    def recovered(name: str) -> str:
        plan = playbook.step(name).plan if playbook.has(name) else state.playbook
        return playbook.header_of(plan).recovered.ask.pick()

    return Names(
        step=step,
        role=site.role,
        question=partial(question_of, playbook),
        answer=partial(answer_of, playbook),
        condition=lambda found: condition_of(playbook, found, step),
        offer=partial(offer_of, playbook),
        recovered=recovered,
        title=Text.of(opened.title).pick() if opened.title else opened.plan,
        zone=zone,
        shown=state.shown,
    )


def _clocks(playbook: Playbook, scheme: Scheme | None, state: State, as_of: datetime) -> tuple[ClockFacts, ...]:
    rule = playbook.header.clocks
    if rule is None or scheme is None or state.reported_at is None or rule.level not in scheme.levels:
        return ()
    met = met_by(state)
    found = []
    for clock in clocks(scheme, rule.level, state.reported_at, met):
        if clock.met_at:
            standing = "over" if clock.broken(as_of) else "kept"
        elif clock.metric == "recovery" and clock.broken(as_of):
            standing = "over"
        else:
            standing = "not_recorded" if state.ended or clock.broken(as_of) else "running"
        found.append(ClockFacts(clock.title, clock.limit, clock.due, clock.met_at, clock.left(as_of), standing))
    return tuple(found)


def _debts(state: State, as_of: datetime) -> Iterator[DebtFacts]:
    for debt in state.debts:
        length = lasted(debt.since, debt.closed_at or as_of)
        yield DebtFacts(
            debt.step, debt.kind, debt.since, debt.closed_at, length, debt.closed_by, debt.waived_by, debt.waiver
        )


def _tickets(journal: tuple[Recorded, ...], state: State) -> tuple[Tickets, ...]:
    at = {recorded.event.step: recorded.at for recorded in journal if isinstance(recorded.event, ev.TicketsCounted)}
    return tuple(
        Tickets(step, at[step], t.written, t.entered, tuple(map(str, t.missing))) for step, t in state.tickets.items()
    )


def _steps(
    playbook: Playbook, state: State, walks: Walks, journal: tuple[Recorded, ...], names: Names
) -> Iterator[StepFacts]:
    left_out, approved = _left_out(journal, names), approvals(journal, names)
    for step in playbook.steps:
        if step.plan and step.plan not in state.playbooks:
            continue
        walk = tuple(_answered(attempt, step.id, names) for attempt in walks.get(step.id, ()))
        outcome = state.step(step.id).outcome
        why = left_out.get(step.id, "")
        if outcome not in ("not_taken", "skipped") and (walk or outcome):
            why = ""
        elif not walk and not outcome and step.lane and state.step(around := step.lane.rpartition("/")[0]).outcome:
            outcome, why = "not_taken", left_out.get(around, "")
        elif not walk and not outcome:
            outcome = "not_reached"
            why = _("the walk ended before it") if state.ended else _("the walk has not come to it")
        given = tuple(approval for approval in approved if approval.step == step.id)
        title = _in_its_branch(step)
        yield StepFacts(step.number, step.id, title, step.kind, step.keys.phase, outcome, why, walk, given)


def _in_its_branch(step: Step) -> str:
    """A step's title, with the branch that it stands in."""
    title = step.title.pick()
    if not step.lane:
        return title
    return _("{title} (branch {name})").format(title=title, name=step.lane.rpartition("/")[2])


def _answered(attempt: Attempt, step: str, names: Names) -> Attempt:
    answer = names.answer(step, attempt.answer)
    found = "" if attempt.found == attempt.answer else attempt.found
    return replace(attempt, answer=answer, right=names.answer(step, attempt.right), found=found)


def _left_out(journal: tuple[Recorded, ...], names: Names) -> dict[str, str]:
    """Why each step was skipped or not taken, by its latest event."""
    why: dict[str, str] = {}
    for recorded in journal:
        event = recorded.event
        if isinstance(event, ev.WentTo):
            said = _("the walk went from {origin} to {target}: {because}").format(
                origin=names.step(event.origin), target=names.step(event.target), because=word(event.because, "because")
            )
            why |= dict.fromkeys(event.passed_over, f"{said} ({event.reason})" if event.reason else said)
        elif isinstance(event, ev.StepFinished) and event.outcome in ("not_taken", "skipped"):
            said, reason = word(event.how, "how"), event.reason
            reason = names.condition(reason) if event.how == "condition" else reason
            why[event.step] = f"{said}: {reason}" if reason else said
    return why


def numbers_of(site: Site) -> tuple[str, ...]:
    """Every number of the site that can be dialled, the longest first."""
    lines = {number for line in site.lines.values() for number in line.numbers}
    found = lines | {
        number for contact in site.contacts.values() for person in contact.people for number in person.all_numbers
    }
    return tuple(sorted(found, key=lambda number: (-len(number), number)))
