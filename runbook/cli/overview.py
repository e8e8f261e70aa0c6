"""`runbook` alone: what is open, and what to type."""

from __future__ import annotations

from runbook.model.errors import EXIT_GOOD
from runbook.model.text import _


def command() -> int:
    """Show what is open first, then what can be typed."""
    from runbook.cli.incidents import account
    from runbook.store.incidents import Home
    from runbook.ui.open_incidents import lines
    from runbook.ui.safe_text import safe
    from runbook.world.clock import LiveClock

    home, clock = Home.of(), LiveClock()
    running = [s for s in home.list() if s.state not in ("closed", "aborted", "unreadable")]
    for summary in running[:5]:
        state = account(home.open(summary.id)).state
        for line in lines(summary.id, state, state.now(clock)):
            print(safe(line))
    if not running:
        print(_("No incident is open."))
    print()
    for typed, what in (
        ("runbook list", _("the playbooks")),
        ("runbook start PLAYBOOK", _("walk one")),
        ("runbook start cti-down --lab", _("walk one in the built-in lab, nothing real")),
        ("runbook resume", _("go on with the open incident")),
        ("runbook --help", _("every command")),
    ):
        print(f"  {typed:32} {what}")
    return EXIT_GOOD
