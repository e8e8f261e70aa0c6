"""The tool looks at itself first: a reading that nothing answers may be this laptop's own cable."""

from __future__ import annotations

from runbook.engine.asking import BUSY
from runbook.engine.context import Context
from runbook.engine.signals import Moved
from runbook.model.events import SelfChecked
from runbook.model.replies import CannotAskError
from runbook.model.text import _

NEIGHBOURS = 3
FRESH_S = 20.0
NO_WAY = ("link", "route", "resolve")


def look(context: Context, but: str = "") -> bool:
    """Look at this laptop's link, its gateway, and other hosts of the site; record it; whether it sees nothing."""
    with context.ports.human.busy(_("looking at this laptop's own network")):
        checked = looked(context, but)
    context.record(checked)
    return checked.sees_nothing


def looked(context: Context, but: str = "") -> SelfChecked:
    """The same without recording it. Safe in a thread: it touches nothing but the world."""
    view = context.ports.world.laptop.look()
    neighbour, answers = ("", None) if view.gateway_answers else _neighbour(context, but)
    sees_nothing = (
        not view.gateway_answers
        and not answers
        and (not view.link or view.gateway_answers is False or answers is False)
    )
    return SelfChecked(view.link, view.gateway, view.gateway_answers, neighbour, answers, sees_nothing)


def sees_nothing(context: Context, but: str = "") -> bool:
    """Whether this laptop has no way out, looked at again unless that was just done."""
    known = just_seen(context)
    return look(context, but) if known is None else known.sees_nothing


def just_seen(context: Context) -> SelfChecked | None:
    """What the last look saw, while that still counts."""
    last = context.state.self_check
    if last is None or not isinstance(last.event, SelfChecked):
        return None
    return last.event if (context.now() - last.at).total_seconds() < FRESH_S else None


def still_sees_nothing(context: Context) -> bool:
    """Whether the last look saw nothing and a new one does not either. Costs nothing while all is well."""
    last = context.state.self_check
    return last is not None and isinstance(last.event, SelfChecked) and last.event.sees_nothing and look(context, "")


def ask_own_cable(context: Context) -> None:
    """Until this laptop sees something, or the person says that she reads elsewhere. No action is proposed before that."""
    while True:
        answer = context.choose(
            "laptop",
            _("This laptop sees nothing: check its own cable."),
            {"again": _("look again"), "elsewhere": _("go on: I read on another machine")},
            BUSY,
        )
        if answer == "elsewhere":
            return
        if not look(context):
            raise Moved


def _neighbour(context: Context, but: str) -> tuple[str, bool | None]:
    """The first other host of the site that answers a ping, else the last one asked; None when no ping could be sent."""
    asked, silent = "", None
    for name, host in [(n, h) for n, h in context.site.hosts.items() if n != but][:NEIGHBOURS]:
        asked = name
        try:
            if context.ports.world.icmp.ping(host, count=1, timeout_s=1.0).rtts_ms:
                return name, True
            silent = False
        except CannotAskError as cannot:
            # What may not be asked says nothing; a way out that is missing does.
            silent = False if cannot.phase in NO_WAY else silent
    return asked, silent
