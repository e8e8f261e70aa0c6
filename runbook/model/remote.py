"""How an act over SSH ended, and which of its bytes are kept."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import join

from runbook.model.replies import SshReply
from runbook.model.site import Host
from runbook.model.step import Result


def words_sent(host: Host, words: Sequence[str]) -> str:
    """The command line as the host will get it, for people to read."""
    return ("sudo -n -- " if words and host.ssh and host.ssh.sudo else "") + join(words)


def command_line(host: Host, words: Sequence[str]) -> str:
    """Where and as whom a command will run, and its words."""
    return f"ssh {host.ssh.user if host.ssh else '-'}@{host.address}: {words_sent(host, words)}"


def kept(reply: SshReply) -> tuple[tuple[str, bytes], ...]:
    """What the command wrote, to keep as evidence; silent streams are left out."""
    streams = (("stdout", reply.stdout), ("stderr", reply.stderr))
    return tuple((name, written.text().encode()) for name, written in streams if written.size_bytes)


def act_result(reply: SshReply) -> Result:
    """The end of a command that changes: 0 is done, another status an error; no status means that nobody knows."""
    elapsed_s = round(reply.elapsed_s, 3)
    if reply.status is None and reply.ended != "signal":
        return Result(
            "unknown",
            {"exit_status": None, "elapsed_s": elapsed_s},
            found=reply.ended,
            raw=kept(reply),
            ended="unknown",
        )
    values = {"exit_status": reply.status, "elapsed_s": elapsed_s}
    if reply.status == 0:
        return Result("passed", values, found="exit 0", raw=kept(reply), ended="done")
    found = reply.ended if reply.status is None else f"exit {reply.status}"
    return Result("failed", values, found=found, raw=kept(reply), ended="error")
