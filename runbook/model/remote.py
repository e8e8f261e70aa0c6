"""How an act over SSH ended, and which of its bytes are kept."""

from __future__ import annotations

from runbook.model.ports import SshReply
from runbook.model.step import Result


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
