"""DNS: one question to one server (RFC 1035)."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from runbook.model.replies import CannotAskError, DnsReply
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.net import RESOLVE_S, cannot_ask, phase, resolve

if TYPE_CHECKING:
    from dns.message import Message

AGAIN_S = 1.0
"""A question over UDP that nothing has answered for so long is sent again: one packet may get lost."""
ANSWERS, ANSWER_LENGTH = 32, 255
"""How many answers are kept, and how much of each."""
_CUT = 0x0200
"""The bit TC of a header: RFC 1035 section 4.1.1."""


class LiveDns:
    """`runbook.model.ports.Dns` over real sockets."""

    def look_up(self, address: str, port: int, *, name: str, type_: str, timeout_s: float) -> DnsReply:
        """Ask the server at `address` over UDP, over TCP when the answer is cut; all within `timeout_s`.

        Only a reply from that address to this very question counts. Silence, and a server that says nothing understandable, is
        `rcode` None. Raises CannotAskError in phase `resolve` (also for a name that no question can hold), `route`, `link` or
        `permission`.
        """
        import dns.exception
        import dns.message

        began = since_boot()
        deadline = began + timeout_s
        server = resolve(address, min(timeout_s, RESOLVE_S))[0]
        try:
            question = dns.message.make_query(name, type_)
        except dns.exception.DNSException as error:
            sentence = _("{name} cannot be looked up as {type} ({reason})")
            raise CannotAskError("resolve", sentence.format(name=name[:100], type=type_, reason=error)) from None
        try:
            reply = _asked(question, server, port, deadline)
        except OSError as error:
            if error.errno is None or phase(error.errno) is None:
                reply = None
            else:
                raise cannot_ask(server, error.errno) from None
        elapsed_s = since_boot() - began
        if reply is None:
            return DnsReply(None, (), elapsed_s, server)
        return DnsReply(_rcode(reply), _answers(reply), elapsed_s, server)


def _asked(question: Message, server: str, port: int, deadline: float) -> Message | None:
    """The reply to the question; None for silence. Raises OSError."""
    import dns.exception
    import dns.query

    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        # Connected: the kernel drops what another address sends, and reports an ICMP port unreachable.
        sock.connect((server, port))
        reply = _over_udp(sock, question, deadline)
    if reply is None or not reply.flags & _CUT:
        return reply
    try:
        return dns.query.tcp(question, server, max(0.001, deadline - since_boot()), port)
    except (dns.exception.DNSException, EOFError, ValueError):
        return None


def _over_udp(sock: socket.socket, question: Message, deadline: float) -> Message | None:
    """The first message that answers the question, maybe cut; None when none comes in time. Raises OSError."""
    # Not `dns.query.udp`, which never looks at the clock while messages that do not count keep coming.
    wire, again_at = question.to_wire(), 0.0
    while (now := since_boot()) < deadline:
        if now >= again_at:
            sock.send(wire)
            again_at = now + AGAIN_S
        sock.settimeout(max(0.001, min(again_at, deadline) - now))
        try:
            reply = _message(sock.recv(65535))
        except TimeoutError:
            continue
        if reply is not None and question.is_response(reply):
            return reply
    return None


def _message(wire: bytes) -> Message | None:
    """The message in `wire`; of one that says it was cut, what can be read; None for anything else."""
    import dns.exception
    import dns.message

    try:
        return dns.message.from_wire(wire, raise_on_truncation=True)
    except dns.message.Truncated as cut:
        return cut.message()  # type: ignore[no-any-return, no-untyped-call, unused-ignore]
    except (dns.exception.DNSException, ValueError, LookupError, ArithmeticError):
        return None


def _rcode(reply: Message) -> str:
    import dns.rcode

    return dns.rcode.to_text(reply.rcode())


def _answers(reply: Message) -> tuple[str, ...]:
    """The records of the asked type at the end of the chain of aliases that begins with the asked name."""
    import dns.exception
    import dns.message

    if not isinstance(reply, dns.message.QueryMessage):
        return ()
    try:
        found = reply.resolve_chaining().answer
    except dns.exception.DNSException:
        return ()
    return tuple(record.to_text()[:ANSWER_LENGTH] for record in found or ())[:ANSWERS]
