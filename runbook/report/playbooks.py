"""What a report says of the playbooks of one walk: which were entered, how severity rose, which offers were answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.model import events as ev
from runbook.model.text import Text, _
from runbook.model.words import word
from runbook.report.saying import Names


def _entered(event: ev.PlaybookEntered, names: Names) -> str:
    return _("Went on in another playbook: {title} ({playbook}, version {version}), at {step}").format(
        title=Text.of(event.title or event.playbook).pick(),
        playbook=event.playbook,
        version=event.version,
        step=names.step(event.at),
    )


def _raised(event: ev.SeverityRaised, names: Names) -> str:
    if event.because == "playbook":
        why = _("the playbook {playbook} has it").format(playbook=event.detail)
    else:
        why = "; ".join(names.condition(found) for found in event.detail.split("; "))
    return _("Severity raised from {was} to {to}: {why}").format(was=event.was, to=event.to, why=why)


def _offered(event: ev.OfferAnswered, names: Names) -> str:
    said = _("Offer: {title}: {answer}").format(title=names.offer(event.offer), answer=word(event.answer, "offer"))
    return said + (_("; incident {incident}").format(incident=event.incident) if event.incident else "")


LINES: dict[type, Callable[[Any, Names], str]] = {
    ev.PlaybookEntered: _entered,
    ev.SeverityRaised: _raised,
    ev.OfferAnswered: _offered,
}
