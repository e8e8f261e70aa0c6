"""The real world: this machine's clock and network, and the site's hosts."""

from __future__ import annotations

from runbook.model.ports import World
from runbook.model.site import Site
from runbook.world.clock import LiveClock
from runbook.world.dns import LiveDns
from runbook.world.files import LiveFiles
from runbook.world.http import LiveHttp
from runbook.world.icmp import LiveIcmp
from runbook.world.laptop import LiveLaptop
from runbook.world.net import LiveNet
from runbook.world.outbox import PrintedOutbox
from runbook.world.phone import LivePhone
from runbook.world.secrets import SiteSecrets
from runbook.world.sip import LiveSip
from runbook.world.ssh import LiveSsh


def live(site: Site, secrets: SiteSecrets | None = None) -> World:
    """The ports over real sockets; without `secrets` nobody is asked for one. Opens nothing yet; close `ssh` when the run ends."""
    secrets = secrets or SiteSecrets(site.secrets)
    return World(
        clock=LiveClock(),
        icmp=LiveIcmp(),
        net=LiveNet(),
        sip=LiveSip(secrets),
        http=LiveHttp(secrets),
        dns=LiveDns(),
        ssh=LiveSsh(hosts=site.hosts, secrets=secrets),
        files=LiveFiles(),
        outbox=PrintedOutbox(),
        laptop=LiveLaptop(),
        phone=LivePhone(),
        secrets=secrets,
    )
