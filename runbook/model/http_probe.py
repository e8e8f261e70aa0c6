"""HTTP asked from a machine of the site: the command that is run there (curl), and what its reply says. Pure; nothing is sent here."""

from __future__ import annotations

import re
from typing import Literal

from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, HttpReply, SshReply
from runbook.model.text import _

_MARK = "\n<runbook> "
_WRITE_OUT = (
    r"\n<runbook> %{http_code} %{size_download} %{time_starttransfer} %{time_total} %{remote_ip} %{redirect_url}"
)
_TRAILER = re.compile(r"(\d{3}) (\d+) ([\d.]+) ([\d.]+) (\S*) (.*)", re.DOTALL)
_FAILED = re.compile(r"^curl: \(\d+\) (.*)", re.MULTILINE)
_MISSING = (126, 127)

# curl(1), EXIT CODES.
_NOT_HTTP = {1: "no HTTP", 8: "no HTTP", 35: "no TLS", 52: "closed", 56: "closed"}
_NOT_TRUSTED = (51, 60)
_RESOLVE, _CONNECT, _PARTIAL, _TIMED_OUT = 6, 7, 18, 28


def http_probe(origin: Host, host: Host, port: int, *, path: str, tls: bool, timeout_s: float) -> tuple[str, ...]:
    """The words that ask `host` from the machine `origin`; empty where it is none that this is known of (`windows`, `device`).

    No settings file, proxy, redirect or compression, and no account: a password would stand in that machine's list of processes.
    """
    if origin.system != "linux":
        return ()
    name = (host.name or host.address).partition("%")[0]
    return (
        *("env", "LC_ALL=C", "curl", "-q", "--silent", "--show-error", "--verbose", "--globoff", "--path-as-is"),
        *("--noproxy", "*", "--proto", "=http,https", "--max-time", f"{timeout_s:g}", "--limit-rate", "1M"),
        *("--header", "Accept-Encoding: identity", "--user-agent", "runbook", "--write-out", _WRITE_OUT),
        *("--connect-to", f"::{_bracketed(host.address)}:{port}"),
        *("--url", f"{'https' if tls else 'http'}://{_bracketed(name)}:{port}{path}"),
    )


def read_http_probe(reply: SshReply, address: str, *, tls: bool, origin: str = "") -> HttpReply:
    """What an `http_probe` on the machine `origin` says. Raises CannotAskError when it has no curl, or could not ask."""
    if reply.status is None or reply.status in _MISSING:
        raise _not_asked("channel", origin, reply.stderr.text() if reply.status is not None else reply.ended)
    body, status, size_bytes, first_byte_s, elapsed_s, location, asked = _written(reply, address)

    def read(
        result: Literal["answered", "refused", "timed_out", "not_http", "not_trusted"], why: str = ""
    ) -> HttpReply:
        trusted = None if not tls or (status is None and result != "not_trusted") else result != "not_trusted"
        return HttpReply(
            result, status, body, size_bytes, location, elapsed_s, first_byte_s, trusted, why, asked or address
        )

    # Only `--verbose` tells a refusal and silence apart; the last line is curl's own of its failure.
    low = reply.stderr.text().lower()
    said = next(reversed(_FAILED.findall(reply.stderr.text())), reply.stderr.text())
    if reply.status == 0:
        return read("answered")
    if reply.status == _PARTIAL and status is not None:
        return read("answered", "incomplete")
    if reply.status in _NOT_TRUSTED:
        return read("not_trusted", said.rpartition(": ")[2][:200] or "not trusted")
    if reply.status in _NOT_HTTP:
        return read("not_http", _NOT_HTTP[reply.status])
    if reply.status == _TIMED_OUT:
        return read("timed_out")
    if reply.status == _CONNECT and "refused" in low:
        return read("refused")
    if reply.status == _CONNECT and ("timed out" in low or "no route to host" in low):
        return read("timed_out")
    raise _not_asked("resolve" if reply.status == _RESOLVE else "route", origin, said)


def _written(reply: SshReply, address: str) -> tuple[bytes, int | None, int, float | None, float, str, str]:
    """Body, status, size, seconds until the first byte, seconds in all, location and address as curl wrote them."""
    out = reply.stdout
    whole = len(out.head) + len(out.tail) >= out.size_bytes
    before, mark, after = (out.head + out.tail if whole else out.tail).rpartition(_MARK.encode())
    trailer = _TRAILER.fullmatch(after.decode("utf-8", "replace")) if mark else None
    if trailer is None:
        return b"", None, 0, None, reply.elapsed_s, "", address
    code, size, first, total, asked, location = trailer.groups()
    status = int(code) or None
    body = before if whole else out.head
    return body, status, int(size), _seconds(first) if status else None, _seconds(total), location[:500], asked


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _not_asked(phase: Literal["channel", "resolve", "route"], origin: str, said: str) -> CannotAskError:
    sentence = _("{origin} could not ask: {said}")
    return CannotAskError(phase, sentence.format(origin=origin or "-", said=" ".join(said.split())[:200] or "-"))
