"""`tcp`: does a port of a host accept a connection, say what is expected, or show a certificate that is trusted?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from runbook.model.host_reading import COUNTS, HostReading
from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems
from runbook.model.origins import HERE, origin_called, origin_problems, tcp_from
from runbook.model.outcome import Outcome, Scalar
from runbook.model.replies import TalkReply, TcpReply, TlsReply, Turn
from runbook.model.schema import Id, Model, YesNo
from runbook.model.site import Site
from runbook.model.text import ExpectedError, _

TIMEOUT_S = 3.0
TALK_TIMEOUT_S = 5.0
LINE_LENGTH = 500


def _line(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= LINE_LENGTH:
        raise ExpectedError(_("expected one line of text without control characters"))
    return value


Written = Annotated[str, BeforeValidator(_line), WithJsonSchema({"type": "string"})]


class Line(Model):
    """One turn of a conversation: a line that is sent, a text that must come, or the one and then the other."""

    send: Written | None = None
    """The line that is sent; its end of line is added."""
    expect: Written | None = None
    """The text that must be in what comes back."""

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.send is None and self.expect is None:
            raise ExpectedError(_("expected `send`, `expect` or both"))
        return self


class Tcp(HostReading):
    """Connect to a port and close again. Only an open port passes; refused and timed out are told apart.

    With `lines` the port must also say what is expected, in order. With `tls` it must shake hands and show a certificate that is
    trusted for the host's `name`; `days_left` says for how long (`expect: {days_left: {at_least: 14}}`).
    """

    NAME: ClassVar[str] = "tcp"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "result": "open, refused or timed_out; with `lines` said or other, with `tls` not_tls in place of open.",
        "elapsed_ms": "How long the attempt took, in milliseconds.",
        "turns_kept": "With `lines`: how many turns went as expected.",
        "trusted": "With `tls`: whether the certificate is trusted for the host's name.",
        "days_left": "With `tls`: days until the certificate expires, negative since it has; none when none was shown.",
        "address": "The IP address that was asked.",
        **COUNTS,
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "port": "cti"}

    port: Id
    """The port's name on that host."""
    lines: tuple[Line, ...] = Field(default=(), max_length=50)
    """A conversation, turn by turn: `{send: LINE, expect: TEXT}` sends a line, waits for a text, or does both."""
    tls: YesNo = False
    """Whether to shake hands as TLS does and look at the certificate."""
    from_: Id = Field(default=HERE, alias="from")
    """Where it is asked from: `here` (this laptop), or a host or seat of the site with `ssh`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.lines and self.tls:
            raise ExpectedError(_("expected either `lines` or `tls`"))
        if self.from_ != HERE and (self.lines or self.tls):
            raise ExpectedError(_("expected `from: here` beside `lines` or `tls`: only this laptop can take them"))
        return self

    @property
    def origin(self) -> str:
        return self.from_

    def plan_line(self, site: Site) -> str:
        sentence = _("connect to {host}, port {port}")
        if self.lines:
            sentence = _("connect to {host}, port {port}, and hold a conversation of {count} lines")
        elif self.tls:
            sentence = _("connect to {host}, port {port}, and look at its certificate")
        port = self.port_called(site, self.port)
        line = sentence.format(host=self.called(site), port=port, count=len(self.lines))
        if self.from_ == HERE:
            return line
        return _("from {origin}: {line}").format(origin=origin_called(site, self.from_), line=line)

    def exact(self, site: Site) -> str:
        how = "tls" if self.tls else "talk" if self.lines else "tcp"
        machine = site.machine(self.from_)
        origin = "" if self.from_ == HERE else f" from {machine.address if machine else self.from_}"
        said = "".join(f" > {turn.send or ''} < {turn.expect or ''}" for turn in self.lines)
        return f"{how} {self.places(site, self.port)}{origin}{said}"

    def problems(self, site: Site | None) -> Problems:
        found = self.host_problems(site) + self.port_problems(site, self.port)
        return found + origin_problems(site, "from", self.from_)

    def manual_form(self, site: Site) -> str:
        host, port = self.called(site), self.port_called(site, self.port)
        if self.from_ != HERE:
            sentence = _("At {origin}, try port {port} of {host}. Is it open, refused or silent?")
            return sentence.format(origin=origin_called(site, self.from_), port=port, host=host)
        return _("On a computer of the same network, try port {port} of {host}. Is it open, refused or silent?").format(
            port=port, host=host
        )

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Try the port of one host once."""
        known, port = self.machine(ports.site, host), self.port_of(ports.site, host, self.port)
        if self.lines:
            turns = [Turn(turn.send or "", turn.expect or "") for turn in self.lines]
            timeout_s = ports.timeout_s or TALK_TIMEOUT_S
            return talked(ports.world.net.talk(known.address, port, turns, timeout_s=timeout_s), len(turns))
        timeout_s = ports.timeout_s or TIMEOUT_S
        if self.tls:
            return shaken(ports.world.net.tls(known, port, timeout_s=timeout_s))
        return reading(tcp_from(ports, self.from_, known, port, timeout_s=timeout_s))


def reading(reply: TcpReply) -> Result:
    """What one attempt to connect says."""
    elapsed_ms = _ms(reply.elapsed_s)
    outcome: Outcome = "passed" if reply.result == "open" else "failed"
    return Result(
        outcome,
        {"result": reply.result, "elapsed_ms": elapsed_ms, "address": reply.address},
        found=f"{reply.result}, {elapsed_ms:g} ms",
    )


def talked(reply: TalkReply, turns: int) -> Result:
    """What a conversation says: all of its turns must have gone as expected. What came is kept."""
    elapsed_ms = _ms(reply.elapsed_s)
    values: dict[str, Scalar] = {
        "result": reply.result,
        "elapsed_ms": elapsed_ms,
        "turns_kept": reply.turns_kept,
        "address": reply.address,
    }
    came = reply.received
    raw = (("received", came.text().encode()),) if came.size_bytes else ()
    found = f"{reply.result}, {reply.turns_kept}/{turns} lines, {came.size_bytes} bytes, {elapsed_ms:g} ms"
    return Result("passed" if reply.result == "said" else "failed", values, found=found, raw=raw)


def shaken(reply: TlsReply) -> Result:
    """What a handshake says: the certificate must be trusted; for how many more days is for `expect` to judge."""
    elapsed_ms, days_left = _ms(reply.elapsed_s), None if reply.days_left is None else round(reply.days_left, 1)
    values: dict[str, Scalar] = {
        "result": reply.result,
        "elapsed_ms": elapsed_ms,
        "trusted": reply.trusted,
        "days_left": days_left,
        "address": reply.address,
    }
    said: list[str] = [reply.result]
    if reply.result == "open":
        said.append("trusted" if reply.trusted else f"not trusted ({reply.why})")
    if days_left is not None:
        said.append(f"{days_left:g} days left")
    outcome: Outcome = "passed" if reply.result == "open" and reply.trusted else "failed"
    return Result(outcome, values, found=", ".join([*said, f"{elapsed_ms:g} ms"]))


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
