"""One question at the prompt line: when a typed key, an Enter or a paste counts, and what it means."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from runbook.model.prompts import Gone, Key, Prompt, Reply
from runbook.model.text import _
from runbook.ui.answers import Again, understood
from runbook.ui.pace import ALONE_S, Pace
from runbook.ui.safe_text import one_line

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

POLL_S = 0.2
WATCH_POLL_S = 0.05


class Keyboard(Protocol):
    """What a prompt line needs of the keyboard it stands at."""

    pace: Pace

    def tell(self, *lines: str) -> None: ...

    def interrupted(self) -> Gone | Key: ...

    def signalled(self) -> Gone | Key | None: ...

    def application(self, line: PromptLine, bindings: Any, buffer: Buffer) -> Application[Reply | None]: ...


class PromptLine:
    """One question at the prompt line, from drawing to its reply."""

    def __init__(self, human: Keyboard, prompt: Prompt, stop: Callable[[], bool] | None, draft: str) -> None:
        self.human, self.prompt, self.stop, self.draft = human, prompt, stop, draft
        self.text = ""
        self.notice = ""
        self.interrupted = False
        self._warned = False
        self._changes = 0
        self._fault: BaseException | None = None

    def run(self) -> Reply | None:
        from prompt_toolkit.buffer import Buffer
        from prompt_toolkit.document import Document

        self.buffer = Buffer(document=Document(self.draft), multiline=False, on_text_changed=self._changed)
        self.app = self.human.application(self, bindings(self), self.buffer)
        self.human.pace.begin(time.monotonic())
        reply = self.app.run(handle_sigint=False, pre_run=lambda: self._begin())
        self.text = self.buffer.text
        if self._fault:
            raise self._fault
        return reply

    def _begin(self) -> None:
        self.app.create_background_task(self._watch())

    async def _watch(self) -> None:
        while True:
            if gone := self.human.signalled():
                self.end(gone)
            try:
                if self.stop and self.stop():
                    self.app.erase_when_done = True
                    self.end(None)
            except Exception as fault:  # noqa: BLE001 - it is raised again where the question was asked
                self._fault = fault
                self.end(None)
            await asyncio.sleep(WATCH_POLL_S if self.prompt.kind == "watch" else POLL_S)

    def end(self, reply: Reply | None) -> None:
        """End the question, once."""
        if self.app.future is not None and not self.app.future.done():
            self.app.exit(result=reply)

    def say(self, sentence: str) -> None:
        """Show a sentence above the line, at most once in a row."""
        self.human.tell(sentence)

    def settling(self) -> bool:
        return self.human.pace.settling(self.prompt, time.monotonic())

    def _changed(self, buffer: Buffer) -> None:
        self.human.pace.key = time.monotonic()
        self._changes += 1
        text = buffer.text
        if self.prompt.kind in ("go", "choice", "act", "watch") and len(text) == 1 and isinstance(self._key(text), Key):
            self.app.create_background_task(self._act_on(text, self._changes))

    def _key(self, text: str) -> object:
        return understood(self.prompt, text)

    async def _act_on(self, text: str, change: int) -> None:
        await asyncio.sleep(ALONE_S)
        reply = self._key(text)
        if self._changes == change and isinstance(reply, Key):
            self.end(reply)

    def entered(self, event: KeyPressEvent) -> None:
        """Enter was pressed."""
        verdict = self.human.pace.entered(self.prompt, self.buffer.text, time.monotonic())
        behind = self._drop_rest(event)
        if verdict == "not_by_hand" or (behind and self.prompt.kind == "act"):
            self._refuse(_("Nothing was done: that came too fast to be typed by hand. Type the number, then Enter."))
        elif verdict == "too_soon":
            if not self._warned and not behind:
                self._warned = True
                self.say(
                    _(
                        "Enter came too soon after the question or the Enter before it, and was not counted. Press it again."
                    )
                )
        else:
            self._take(understood(self.prompt, self.buffer.text), behind)

    def pasted(self, data: str) -> None:
        """Text was pasted: its first line is put where the person can see it and press Enter."""
        if self.prompt.kind == "act":
            self._refuse(_("Nothing was done: a pasted number does not count. Type it by hand."))
            return
        lines = [line.strip() for line in data.replace("\r", "\n").split("\n") if line.strip()]
        if lines:
            self.buffer.insert_text(one_line(lines[0], 4000))
        if len(lines) > 1:
            self.say(
                _("Only the first line of what was pasted was taken; {count} more were dropped.").format(
                    count=len(lines) - 1
                )
            )

    def interrupt(self) -> None:
        """Ctrl-C was typed."""
        self.interrupted = True
        self.end(self.human.interrupted())

    def ended(self) -> None:
        """Ctrl-D was typed on an empty line."""
        self.end(Gone("end_of_input"))

    def _take(self, reply: Reply | Again, behind: int) -> None:
        if behind:
            self.notice = _(
                "Only the first line was taken; what came behind it ({count} characters) was dropped."
            ).format(count=behind)
        if isinstance(reply, Again):
            self._refuse(reply.sentence)
        else:
            self.end(reply)

    def _refuse(self, sentence: str) -> None:
        self._changes += 1
        self.buffer.reset()
        self.say(sentence)

    def _drop_rest(self, event: KeyPressEvent) -> int:
        """Drop what came in one piece with this Enter; how many keys that were."""
        return len(event.app.key_processor.empty_queue())


def bindings(line: PromptLine) -> KeyBindings:
    """The bindings of one question, on top of the usual editing keys."""
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.keys import Keys

    keys = KeyBindings()
    settling = Condition(line.settling)
    empty = Condition(lambda: not line.buffer.text)

    # In the last place all keys, in the first Ctrl-C and Ctrl-D, which count at any time.
    @keys.add(Keys.Any, filter=settling, eager=True)
    @keys.add("enter", filter=settling, eager=True)
    @keys.add(Keys.BracketedPaste, filter=settling, eager=True)
    def _ignore(event: KeyPressEvent) -> None:
        pass

    @keys.add("c-m", filter=~settling)
    @keys.add("c-j", filter=~settling)
    def _enter(event: KeyPressEvent) -> None:
        line.entered(event)

    @keys.add(Keys.BracketedPaste, filter=~settling)
    def _paste(event: KeyPressEvent) -> None:
        line.pasted(event.data)

    @keys.add("c-c", eager=True)
    @keys.add(Keys.SIGINT, eager=True)
    def _interrupt(event: KeyPressEvent) -> None:
        line.interrupt()

    @keys.add("c-d", filter=empty, eager=True)
    def _end(event: KeyPressEvent) -> None:
        line.ended()

    @keys.add("c-z")
    def _suspend(event: KeyPressEvent) -> None:
        event.app.suspend_to_background()

    return keys
