"""`http`: does a web server answer, and is it the page that is expected? (RFC 9110)"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from runbook.model.host_reading import COUNTS, HostReading
from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems
from runbook.model.origins import HERE, http_from, origin_called, origin_problems
from runbook.model.outcome import Outcome, Scalar
from runbook.model.replies import CannotAskError, HttpReply
from runbook.model.schema import Id, OneOrMore, Whole, YesNo
from runbook.model.site import Site
from runbook.model.text import ExpectedError, _

TIMEOUT_S = 10.0
SUCCESS = range(200, 300)
CONTAINS_LENGTH = 500
CHARSETS = ("utf-8", "gb18030")
"""How a page may write the text that is looked for."""

_PATH = re.compile(r"/[!-~]{0,999}")


def _path(value: Any) -> str:
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise ExpectedError(_("expected a path such as /login: a slash first, no spaces, other letters as %XX"))
    return value


def _contained(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= CONTAINS_LENGTH:
        raise ExpectedError(_("expected one line of text without control characters"))
    return value


Path = Annotated[str, BeforeValidator(_path), WithJsonSchema({"type": "string"})]
Contained = Annotated[str, BeforeValidator(_contained), WithJsonSchema({"type": "string"})]
Status = Annotated[Whole, Field(ge=200, le=599)]


class Http(HostReading):
    """Ask a web server for a page. A 2xx passes, or one of `passes`; with `contains` its text must be in the page, too.

    Redirects are answers and not followed; no proxy is used. With `tls` the certificate must be trusted for the host's `name`. A
    server that answers anything at all to any question (the sign-in page of a strange network) is found out by `contains`.
    """

    NAME: ClassVar[str] = "http"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "result": "answered, refused, timed_out, not_http or not_trusted.",
        "status": "The status code; none when none came.",
        "elapsed_ms": "How long everything took, in milliseconds.",
        "first_byte_ms": "How long it took until the answer began, in milliseconds; none when it did not.",
        "size_bytes": "How much of the page came, at most 1048576 bytes.",
        "trusted": "With `tls`: whether the certificate is trusted; none when no handshake ended.",
        "body_found": "With `contains`: whether the text is in the first 262144 bytes of the page.",
        "location": "Where a redirect points to; empty when there is none.",
        "address": "The IP address that was asked.",
        **COUNTS,
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "web", "port": "http", "path": "/login", "contains": "Sign in"}

    port: Id
    """The port's name on that host."""
    path: Path = "/"
    """The path of the page, with its query where it has one."""
    tls: YesNo = False
    """Whether it is asked over TLS (https)."""
    passes: Annotated[tuple[Status, ...], OneOrMore] = ()
    """The status codes that pass; without it every 2xx."""
    contains: Contained | None = None
    """A text that must be in the page."""
    from_: Id = Field(default=HERE, alias="from")
    """Where it is asked from: `here` (this laptop), or a host or seat of the site with `ssh` and curl; its authorities count then."""

    @property
    def origin(self) -> str:
        return self.from_

    def plan_line(self, site: Site) -> str:
        line = _("GET {path} from {host}, port {port} ({scheme})").format(
            path=self.path, host=self.called(site), port=self.port_called(site, self.port), scheme=self._scheme
        )
        if self.from_ == HERE:
            return line
        return _("from {origin}: {line}").format(origin=origin_called(site, self.from_), line=line)

    def exact(self, site: Site) -> str:
        machine = site.machine(self.from_)
        origin = "" if self.from_ == HERE else f" from {machine.address if machine else self.from_}"
        places = self.places(site, self.port).split(" ")
        return "GET " + " ".join(f"{self._scheme}://{place}{self.path}" for place in places) + origin

    def problems(self, site: Site | None) -> Problems:
        found = self.host_problems(site) + self.port_problems(site, self.port)
        found += origin_problems(site, "from", self.from_)
        if site and self.from_ != HERE:
            hosts = [(name, site.machine(name)) for name in site.members(self.named)]
            found += [("from", self._no_account(name)) for name, host in hosts if host and host.http]
        return found

    def manual_form(self, site: Site) -> str:
        url = f"{self._scheme}://{self.places(site, self.port).split(' ')[0]}{self.path}"
        if self.from_ == HERE:
            sentence = _("On a computer of the same network, open {url} in a browser ({host}). Does the page come?")
            return sentence.format(url=url, host=self.called(site))
        sentence = _("At {origin}, open {url} in a browser ({host}). Does the page come?")
        return sentence.format(origin=origin_called(site, self.from_), url=url, host=self.called(site))

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Ask one web server."""
        known, port = self.machine(ports.site, host), self.port_of(ports.site, host, self.port)
        if self.from_ != HERE and known.http:
            raise CannotAskError("login", self._no_account(host))
        timeout_s = ports.timeout_s or TIMEOUT_S
        reply = http_from(ports, self.from_, known, port, path=self.path, tls=self.tls, timeout_s=timeout_s)
        return reading(reply, self.passes or SUCCESS, self.contains)

    @property
    def _scheme(self) -> str:
        return "https" if self.tls else "http"

    def _no_account(self, host: str) -> str:
        sentence = _("expected `from: here` for {host}, which has an `http` account: its password stays on this laptop")
        return sentence.format(host=host)


def reading(reply: HttpReply, passes: Collection[int] = SUCCESS, contains: str | None = None) -> Result:
    """What an answer says. The page of one that failed is kept."""
    elapsed_ms = round(reply.elapsed_s * 1000, 1)
    values: dict[str, Scalar] = {
        "result": reply.result,
        "status": reply.status,
        "elapsed_ms": elapsed_ms,
        "first_byte_ms": None if reply.first_byte_s is None else round(reply.first_byte_s * 1000, 1),
        "size_bytes": reply.size_bytes,
        "trusted": reply.trusted,
        "location": reply.location,
        "address": reply.address,
    }
    good = reply.result == "answered" and reply.status in passes
    said = [f"{reply.status}" if reply.result == "answered" else reply.result]
    if reply.result != "answered" and reply.status is not None:
        said.append(f"{reply.status}")
    if reply.why:
        said.append(reply.why)
    if contains is not None:
        found = any(contains.encode(charset) in reply.body for charset in CHARSETS)
        values["body_found"] = found
        good = good and found
        said.append("text found" if found else "text not found")
    said += [f"{reply.size_bytes} bytes"] if reply.status is not None else []
    outcome: Outcome = "passed" if good else "failed"
    raw = (("body", reply.body),) if reply.body and not good else ()
    return Result(outcome, values, found=", ".join([*said, f"{elapsed_ms:g} ms"]), raw=raw)
