"""What was not taken from an export, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runbook.model.text import N_, _

Code = Literal[
    "name", "plain", "twice", "encrypted", "packing", "bomb", "unknown", "unnamed", "content", "unreadable", "absent",
    "form", "hash", "incident", "missing", "chain", "fork", "repeated", "opening", "meaning", "end", "many",
]  # fmt: skip

SENTENCES: dict[str, str] = {
    # an entry of the file
    "name": N_("its name leads elsewhere, or means something else on another system"),
    "plain": N_("it is no plain file"),
    "twice": N_("its name stands there twice (upper and lower case count as the same)"),
    "encrypted": N_("it is encrypted"),
    "packing": N_("it is packed in a way that is not read here"),
    "bomb": N_("it unpacks to more than is taken"),
    "unknown": N_("nothing of this name belongs into an export"),
    "unnamed": N_("no event of the incident names it"),
    "content": N_("its content is not what its hash says"),
    "unreadable": N_("it cannot be read ({detail})"),
    "absent": N_("the incident names it, and it is not there"),
    # a row
    "form": N_("it is not written as an event is ({detail})"),
    "hash": N_("its content is not what its hash says"),
    "incident": N_("it belongs to another incident: {detail}"),
    "missing": N_("what comes before it is not here; first import an export that holds event {detail}"),
    "chain": N_("it does not continue the event before it"),
    "fork": N_("another event with this number is here already, and stays"),
    "repeated": N_("the same event stands there twice"),
    "opening": N_("what opens an incident must name this one and its kind (live, lab or drill), once"),
    "meaning": N_("what it says cannot be understood ({detail})"),
    "end": N_("the file says that there is one with this number, and it is not there"),
    "many": N_("there are more than are taken"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was refused: an entry of the file (`writer` empty), or `count` rows of a writer from event `seq` on.

    `line`: where the first of the rows stands, counted from 1.
    """

    entry: str
    code: Code
    detail: str = ""
    writer: str = ""
    seq: int = 0
    line: int = 0
    count: int = 1

    def text(self) -> str:
        """The whole sentence, in the person's language."""
        reason = _(SENTENCES[self.code]).format(detail=self.detail)
        if not self.seq and not self.line:
            return _("{entry}: {reason}").format(entry=self.entry, reason=reason)
        values: dict[str, object] = {"line": self.line, "seq": self.seq, "writer": self.writer or "?", "reason": reason}
        if self.count > 1:
            values["count"] = self.count
            return _("{count} events from event {seq} of {writer} on (line {line}): {reason}").format(**values)
        if not self.line:
            return _("event {seq} of {writer}: {reason}").format(**values)
        return _("event {seq} of {writer} (line {line}): {reason}").format(**values)

    def data(self) -> dict[str, object]:
        """The JSON object."""
        return {
            "entry": self.entry,
            "reason": self.code,
            "detail": self.detail,
            "writer": self.writer,
            "seq": self.seq,
            "line": self.line,
            "count": self.count,
        }
