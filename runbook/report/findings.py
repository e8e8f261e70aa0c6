"""What the events say beside the walk: approvals, deviations, people, notes, evidence, and what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from runbook.model import events as ev
from runbook.model.marks import marks, numbers, paper_time
from runbook.model.record import Recorded
from runbook.model.state import END, State
from runbook.model.text import _
from runbook.model.units import local_text, utc_read
from runbook.model.words import word
from runbook.report.record import Deviation, Evidence, Note, Person
from runbook.report.saying import Names
from runbook.report.walked import Approval

Journal = tuple[Recorded, ...]


def approvals(journal: Journal, names: Names) -> tuple[Approval, ...]:
    """Every approval that was given or refused, in order."""
    found = []
    for recorded in journal:
        event = recorded.event
        if not isinstance(event, ev.ApprovalGiven | ev.ApprovalRefused):
            continue
        asked = Approval(
            recorded.at, event.step, names.role(event.role), event.name, "spoken", recorded_by=recorded.actor
        )
        if isinstance(event, ev.ApprovalRefused):
            found.append(replace(asked, refused=event.why, reason=event.reason))
        else:
            until = utc_read(event.expires_at) if event.expires_at else None
            found.append(replace(asked, how=event.how, act=event.act, sha256=event.act_sha256, expires_at=until))
    return tuple(found)


def deviations(journal: Journal, names: Names) -> tuple[Deviation, ...]:
    """Every place where a person left the plan's line, in order, with the reason that was typed."""
    return tuple(
        Deviation(recorded.at, kind, step, detail, reason, recorded.actor)
        for recorded in journal
        for kind, step, detail, reason in _deviation(recorded.event, names)
    )


def _deviation(event: ev.Event, names: Names) -> Iterator[tuple[str, str, str, str]]:
    match event:
        case ev.StepFinished(outcome="skipped", step=step, reason=reason):
            yield "skip", step, _("the step was skipped"), reason
        case ev.StepFinished(how="key_failed", step=step, reason=reason):
            yield "override", step, _("a person said that it failed"), reason
        case ev.FailureAnswered(choice="again", step=step, reason=reason):
            yield "repeat", step, _("tried again after a failure"), reason
        case ev.FailureAnswered(choice="by_hand", step=step, reason=reason):
            yield "override", step, _("done by hand after a failure"), reason
        case ev.UnknownAnswered(answer="redo", step=step, reason=reason):
            yield "repeat", step, _("done again although its first end was unknown"), reason
        case ev.WentTo(because="goto", origin=origin, target=target, reason=reason) if origin != END or reason:
            yield "goto", origin, _("went to {target}").format(target=names.step(target)), reason
        case ev.AnswerCorrected(step=step, was=was, reason=reason, right=right):
            said = _("the answer {was} was withdrawn").format(was=names.answer(step, was) or "-")
            yield (
                "correction",
                step,
                f"{said}; {_('right is {right}').format(right=names.answer(step, right))}" if right else said,
                reason,
            )
        case ev.ReportedTimeCorrected(at=at, was=was, reason=reason):
            times = {"at": local_text(utc_read(at), names.zone), "was": local_text(utc_read(was), names.zone)}
            yield "correction", "", _("time of the report corrected from {was} to {at}").format(**times), reason
        case ev.DebtWaived(step=step, name=name, reason=reason):
            yield "waiver", step, _("what it left open was waived by {name}").format(name=name), reason


def notes(journal: Journal) -> tuple[Note, ...]:
    """Every note as it was typed, with what later notes say of it."""
    known = marks(journal)
    return tuple(
        Note(
            recorded.seq,
            recorded.at,
            event.text,
            recorded.actor,
            event.step,
            paper_time(event),
            event.amends,
            numbers(known.amended_by(recorded)),
            known.is_after_end(recorded),
        )
        for recorded in journal
        if isinstance(event := recorded.event, ev.NoteAdded)
    )


def people(journal: Journal, names: Names) -> tuple[Person, ...]:
    """Everybody who is named, in order of their first appearance."""
    found: dict[str, tuple[dict[str, None], datetime, datetime]] = {}
    for recorded in journal:
        for name, part in _parts(recorded, names):
            parts, first, _last = found.get(name, ({}, recorded.at, recorded.at))
            parts[part] = None
            found[name] = (parts, first, recorded.at)
    return tuple(Person(name, tuple(parts), first, last) for name, (parts, first, last) in found.items())


def _parts(recorded: Recorded, names: Names) -> Iterator[tuple[str, str]]:
    if recorded.actor:
        yield recorded.actor, _("at the keyboard")
    match recorded.event:
        case ev.ApprovalGiven(role=role, name=name, how=how) if name:
            yield name, _("approved as {role} ({how})").format(role=names.role(role), how=word(how, "approval"))
        case ev.ApprovalRefused(role=role, name=name, why=why) if name:
            yield name, _("asked to approve as {role}: {why}").format(role=names.role(role), why=word(why, "refused"))
        case ev.PersonTold(contact=contact, name=name, reached=reached) if name:
            said = _("told as {role}") if reached else _("not reached as {role}")
            yield name, said.format(role=names.role(contact))
        case ev.Delegated(contact=contact, name=name) if name:
            yield name, _("asked as {role}").format(role=names.role(contact))
        case ev.Escalated(contact=contact, name=name) if name:
            yield name, _("escalated to as {role}").format(role=names.role(contact))
        case ev.HandoverOffered(to=name) if name:
            yield name, _("asked to take over from {name}").format(name=recorded.actor)
        case ev.SignedOn(name=name, from_=before) if name:
            yield name, _("took over from {name}").format(name=before)
        case ev.DebtWaived(name=name) if name:
            yield name, _("waived what was left open")
        case ev.IncidentAborted(name=name) if name:
            yield name, _("aborted")


def evidence(journal: Journal) -> tuple[Evidence, ...]:
    """Every piece that was kept, with its SHA-256, in the order in which it came."""
    return tuple(
        Evidence(
            recorded.seq,
            str(getattr(recorded.event, "step", "")),
            _text(item, "name"),
            _text(item, "size_bytes"),
            _text(item, "sha256"),
        )
        for recorded in journal
        for item in getattr(recorded.event, "evidence", ())
        if isinstance(item, dict)
    )


def _text(item: dict[str, Any], key: str) -> str:
    return str(item.get(key, ""))


def still_open(state: State, names: Names) -> tuple[str, ...]:
    """What a reader must still see to, in words."""
    found = [
        _("{what}, since {time}: {step}").format(
            what=word(debt.kind, "debt"),
            time=local_text(names.shown(debt.since), names.zone),
            step=names.step(debt.step),
        )
        for debt in state.open_debts
    ]
    found += [
        _("nobody knows how this act ended: {step}: {act}").format(step=names.step(step.id), act=_act(step.intent))
        for step in state.unknown
    ]
    for step, counted in state.tickets.items():
        if counted.entered < counted.written or counted.missing:
            numbers = ", ".join(map(str, counted.missing)) or "-"
            left = counted.written - counted.entered
            found.append(
                _("{count} manual ticket(s) not yet entered: {numbers}: {step}").format(
                    count=left, numbers=numbers, step=names.step(step)
                )
            )
    found += [_("to be answered later: {step}").format(step=names.step(step)) for step in state.left_for_later]
    carried = state.opened.carried if state.opened else []
    found += [
        _("unknown act carried over from another incident: {act}").format(act=", ".join(map(str, c.values())))
        for c in carried
    ]
    if state.status == "open":
        found.append(_("service is not back"))
    if not state.ended:
        found.append(_("the incident is not closed"))
    return tuple(found)


def _act(intent: Recorded | None) -> str:
    return intent.event.act if intent and isinstance(intent.event, ev.ActionIntended) else "-"
