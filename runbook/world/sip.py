"""Asking a SIP server: whether it is alive (OPTIONS), and which bindings it has for an account (REGISTER without Contact)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex

from runbook.model.machine import Host, SipAccount
from runbook.model.ports import Secrets
from runbook.model.replies import CannotAskError, SipReply, Transport
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.net import RESOLVE_S, resolve
from runbook.world.sip_channel import Channel, Unanswered, channel
from runbook.world.sip_digest import answer, challenge
from runbook.world.sip_message import MAGIC_COOKIE, Request, Response

CHALLENGED = (401, 407)


class LiveSip:
    """`runbook.model.ports.Sip`: a client of one transaction at a time, on a socket of its own."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def options(self, host: Host, port: int, *, transport: Transport, timeout_s: float) -> SipReply:
        """Send OPTIONS (RFC 3261 section 11.1) and wait `timeout_s`, the name look-up included, for its final response.

        Silence is measured: `status` None, and `reason` says which (`no answer`, `port unreachable`, `refused`, `closed`,
        `invalid response`, `no TLS`, `not trusted: ...`). Raises CannotAskError in phase `resolve`, `route`, `link` or `permission`.
        """
        return _asked(host, port, transport, timeout_s, lambda way: way.exchange(_request(host, port, transport, way)))

    def register(self, host: Host, port: int, *, transport: Transport, timeout_s: float) -> SipReply:
        """Ask for the bindings of `host.sip` (RFC 3261 section 10.2.3) and answer one challenge where the site has the secret.

        As `options`; and raises CannotAskError in phase `login` when there is no account, or its secret is not to be had.
        """
        account = host.sip
        if account is None:
            sentence = _("the site file has no `sip` account for {address}")
            raise CannotAskError("login", sentence.format(address=host.address))
        # Fetched before the time begins: it may be a person who types it.
        secret = self._secrets.value(account.secret) if account.secret else ""

        def converse(way: Channel) -> Response | Unanswered:
            request = _request(host, port, transport, way)
            request = replace(request, method="REGISTER", user=account.user, domain=account.domain or host.address)
            first = way.exchange(request)
            answered = _answered(request, first, account, secret)
            return first if answered is None else way.exchange(answered)

        return _asked(host, port, transport, timeout_s, converse)


def _asked(
    host: Host,
    port: int,
    transport: Transport,
    timeout_s: float,
    converse: Callable[[Channel], Response | Unanswered],
) -> SipReply:
    began = since_boot()
    addresses = resolve(host.address, min(timeout_s, RESOLVE_S))
    with channel(host, addresses, port, transport, began + timeout_s) as (address, way):
        try:
            found = way if isinstance(way, Unanswered) else converse(way)
        except ValueError as error:
            raise CannotAskError("resolve", str(error)) from None
    elapsed_s = since_boot() - began
    if isinstance(found, Unanswered):
        return SipReply(None, found.reason, elapsed_s, transport, address, found.invalid)
    return SipReply(found.status, found.reason, elapsed_s, transport, address, bindings=found.bindings)


def _request(host: Host, port: int, transport: Transport, way: Channel) -> Request:
    local_host, local_port = way.local
    branch = MAGIC_COOKIE + token_hex(12)
    return Request(
        host.address, port, transport, local_host.partition("%")[0], local_port, branch, token_hex(16), token_hex(8)
    )


def _answered(request: Request, first: Response | Unanswered, account: SipAccount, secret: str) -> Request | None:
    """The request once more with the answer to its challenge; None when there is none, or none that can be answered."""
    if isinstance(first, Unanswered) or first.status not in CHALLENGED or not account.secret:
        return None
    challenged = challenge(first.challenges)
    if challenged is None:
        return None
    said = answer(
        challenged, method=request.method, uri=request.uri, user=account.user, secret=secret, cnonce=token_hex(8)
    )
    return replace(request, branch=MAGIC_COOKIE + token_hex(12), cseq=request.cseq + 1, authorization=said)
