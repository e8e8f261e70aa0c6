"""The events of several playbooks in one walk, in words: another one entered, severity raised, an offer answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from runbook.model import events as e
from runbook.model.naming import condition_of, numbered, offer_of
from runbook.model.text import Text, _
from runbook.model.words import word
from runbook.ui.glyphs import Shown
from runbook.ui.safe_text import one_line
from runbook.ui.saying import Reader, because


def _entered(event: e.PlaybookEntered, reader: Reader) -> list[Shown]:
    line = _("Goes on in another playbook: {title} ({playbook}, version {version}), at {step}").format(
        title=one_line(Text.of(event.title or event.playbook).pick()),
        playbook=one_line(event.playbook),
        version=one_line(event.version),
        step=numbered(reader.plan, event.at),
    )
    return [Shown(line, "bold")]


def _raised(event: e.SeverityRaised, reader: Reader) -> list[Shown]:
    if event.because == "playbook":
        why = _("the playbook {playbook} has it").format(playbook=one_line(event.detail))
    else:
        called = partial(numbered, reader.plan)
        why = "; ".join(one_line(condition_of(reader.plan, found, called)) for found in event.detail.split("; "))
    line = _("! Severity raised from {was} to {to}: {why}").format(was=event.was, to=event.to, why=why)
    return [Shown(line, "bold red")]


def _offered(event: e.OfferAnswered, reader: Reader) -> list[Shown]:
    line = _("Offer: {title}: {answer}").format(
        title=one_line(offer_of(reader.plan, event.offer)), answer=word(event.answer, "offer")
    )
    linked = _("; incident {incident}").format(incident=one_line(event.incident)) if event.incident else ""
    return [Shown(line + linked + because(event.reason))]


SAID: dict[type[e.Event], Callable[[Any, Reader], list[Shown]]] = {
    e.PlaybookEntered: _entered,
    e.SeverityRaised: _raised,
    e.OfferAnswered: _offered,
}
