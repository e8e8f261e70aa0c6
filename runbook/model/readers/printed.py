"""What a reader gets: the text that a command printed, how it ended, and what the site knows about the place that was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runbook.model.replies import CannotAskError
from runbook.model.text import _

_REFUSAL = re.compile(
    r"^\s*(?:error:|% ?(?:invalid|unknown|incomplete|ambiguous|wrong|unrecognized))", re.IGNORECASE | re.MULTILINE
)
"""How switches say that they did not take a command; they end well all the same."""


@dataclass(frozen=True, slots=True)
class Printed:
    """`status` None: a device that tells none. `port`: the port that was asked about; `binding`: whose MAC address belongs there."""

    text: str
    stderr: str = ""
    status: int | None = 0
    port: str = ""
    binding: str = ""

    def lines(self) -> list[str]:
        """The lines of a command that ended well. Raises CannotAskError for one that did not look at all."""
        if self.status or _REFUSAL.search(f"{self.text}\n{self.stderr}"):
            shown = (self.stderr.strip() or self.text.strip())[:200] or "-"
            sentence = _("the command ended with {status}: {said}")
            raise CannotAskError("channel", sentence.format(status=self.status if self.status else "-", said=shown))
        return self.text.splitlines()


def not_readable(what: str, printed: Printed) -> CannotAskError:
    """The error for an output in which the reader finds nothing of what it reads."""
    sentence = _("the output holds nothing that the reader {reader} knows: {said}")
    said = " ".join(printed.text.split())[:200] or "-"
    return CannotAskError("channel", sentence.format(reader=what, said=said))
