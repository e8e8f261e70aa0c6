"""The way to a host: its login, the hosts that it is reached through, and where its secret comes from. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runbook.model.machine import Host, Login
from runbook.model.ports import Secrets
from runbook.model.replies import CannotAskError
from runbook.model.site import MOST_JUMPS
from runbook.model.text import _


def login_of(host: Host) -> Login:
    """How the site file signs in to `host`. Raises CannotAskError when it does not say."""
    if host.ssh is None:
        raise CannotAskError("login", _("the site file has no `ssh:` for {address}").format(address=host.address))
    return host.ssh


@dataclass(frozen=True, slots=True)
class Ways:
    """What a site says about ways: its hosts by id, which may be jump hosts, and its secrets."""

    hosts: Mapping[str, Host] = field(default_factory=dict)
    secrets: Secrets | None = None

    def jumps(self, host: Host) -> tuple[Host, ...]:
        """The hosts on the way to `host`, the nearest to this laptop first. Raises CannotAskError when there is no such way."""
        way: list[Host] = []
        login = login_of(host)
        while login.jump:
            through = self.hosts.get(login.jump)
            if through is None:
                raise CannotAskError("login", _("the site has no jump host {name}").format(name=login.jump))
            way.insert(0, through)
            if len(way) > MOST_JUMPS:
                sentence = _("the way to {address} leads over more than {most} hosts, or in a circle")
                raise CannotAskError("login", sentence.format(address=host.address, most=MOST_JUMPS))
            login = login_of(through)
        return tuple(way)

    def secret(self, login: Login) -> str:
        """The secret of an account; empty when the site names none. Raises CannotAskError when it is not to be had."""
        if not login.secret:
            return ""
        if self.secrets is None:
            raise CannotAskError("login", _("the secret {name} is not to be had").format(name=login.secret))
        return self.secrets.value(login.secret)


DIRECT = Ways()
"""No jump hosts, no secrets."""
