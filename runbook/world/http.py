"""HTTP: one GET, bounded in time and memory."""

from __future__ import annotations

from runbook.model.ports import Secrets
from runbook.model.replies import CannotAskError, HttpReply
from runbook.model.site import Host
from runbook.model.text import _


class LiveHttp:
    """`runbook.model.ports.Http` over real connections."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def get(self, host: Host, port: int, *, path: str, tls: bool, timeout_s: float) -> HttpReply:
        raise CannotAskError(
            "permission", _("this laptop does not allow asking {address}").format(address=host.address)
        )
