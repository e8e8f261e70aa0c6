"""A question to the person, and what goes on while it stands: keys, offers, what others write, the readings of a `together`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from runbook.engine import keys, offering, others
from runbook.engine.beyond import AskOffer, asked_now
from runbook.engine.signals import Moved, Stopped
from runbook.model.prompts import Answer, Gone, Key, Prompt, Row

if TYPE_CHECKING:
    from runbook.engine.context import Context

FREE = "nfsbpoug!h?q"
"""The keys that count while a step waits for its first answer."""
BUSY = "npo!h?q"
"""The keys that count while an act or a form is under way."""


class Beside(Protocol):
    """What goes on beside the person's question: the readings of a `together`."""

    def pump(self) -> None:
        """Record what has ended meanwhile, and begin what may begin now."""
        ...

    def rows(self) -> Sequence[Row]:
        """What is under way, for the screen."""
        ...

    def needed(self) -> bool:
        """Whether a question that only waits for somebody else's answer gives way to another one."""
        ...


def asked(context: Context, prompt: Prompt, keys_: str, stop: Callable[[], bool] | None) -> str:
    """The person's answer; keys are served on the way. Raises Moved, ByHand or Stopped. "" also when `stop` ended it."""
    beside = context.beside
    if context.me.lane:
        keys_ = "".join(key for key in keys_ if key not in "ug")  # they move the walk
    prompt = replace(prompt, keys=keys_, live=beside.rows if beside else None)

    # What is typed into a field is not lost, and an act that is under way is not left: there the offer waits.
    offers = "g" in keys_ and prompt.kind in ("go", "choice")

    # A choice can be left and come back to; what is half typed into a field stays.
    gives_way = prompt.kind == "choice"

    def over() -> bool:
        others.look(context)
        if others.taken_away(context):
            return True
        if beside:
            beside.pump()
            if gives_way and beside.needed():
                return True
        return (stop is not None and stop()) or (offers and _offer(context) is not None)

    while True:
        looks = beside or stop or offers or context.me.running
        reply = context.ports.human.ask(prompt, stop=over if looks else None)
        match reply:
            case None if others.taken_away(context):
                others.leave(context)
            case None if beside and gives_way and beside.needed():
                raise Moved
            case None:
                if not offers or (stop and stop()):
                    return ""
                # Nothing else ends a question by itself: after the offer it is asked again.
                if due := _offer(context):
                    offering.put(context, due.offer)
            case Answer(text):
                if prompt.kind != "act" or text.strip() == str(prompt.act_number):
                    return text
            case Gone(why):
                raise Stopped(why)
            case Key(letter, text):
                keys.serve(context, letter, text)


def _offer(context: Context) -> AskOffer | None:
    """The offer that is due and that nobody was asked about yet."""
    return asked_now(context.plan, context.state, context.now())
