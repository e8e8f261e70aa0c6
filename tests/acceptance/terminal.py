"""The program on a terminal of its own, and a person who reads the screen and types."""

from __future__ import annotations

import time

import pexpect
import pyte

from tests.acceptance.program import Program

SETTLED_S = 0.4
"""How long a person looks at a question before she types."""
BETWEEN_KEYS_S = 0.06


class Terminal:
    """One run of the program at a pty; `text()` is everything that was ever on the screen."""

    def __init__(self, program: Program, *arguments: str, term: str = "xterm-256color", columns: int = 100) -> None:
        program.env()
        command, *rest = program.argv(*arguments)
        self.child = pexpect.spawn(
            command,
            rest,
            dimensions=(40, columns),
            encoding="utf-8",
            env={**program.env(), "TERM": term},
            cwd=str(program.home.parent),
            timeout=20,
        )
        self.child.delaybeforesend = None
        self.screen = pyte.HistoryScreen(columns, 40, history=20000, ratio=1)
        self.stream = pyte.Stream(self.screen)
        self.seen = 0

    def run(self, seconds: float) -> str:
        """Let time pass; what is on the screen then."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                data = self.child.read_nonblocking(65536, min(left, 0.05))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                break
            self.stream.feed(data)
        return self.text()

    def text(self) -> str:
        above = [
            "".join(line[column].data for column in range(self.screen.columns)) for line in self.screen.history.top
        ]
        return "\n".join(line.rstrip() for line in [*above, *self.screen.display])

    def until(self, words: str, *, seconds: float = 30) -> None:
        """Wait until `words` stand behind what was waited for before."""
        end = time.monotonic() + seconds
        while (found := self.run(0.05).find(words, self.seen)) < 0:
            assert time.monotonic() < end, f"{words!r} did not appear in:\n{self.text()}"
            assert self.child.isalive() or words in self.run(0.2), f"it ended before {words!r}:\n{self.text()}"
        self.seen = found + len(words)

    def press(self, *keys: str) -> None:
        """Press keys as a person does, one after another."""
        for key in keys:
            time.sleep(BETWEEN_KEYS_S)
            self.child.send(key)

    def answer(self, question: str, typed: str, *, seconds: float = 30) -> None:
        """Wait for a question and the line under it, look at it, type, and press Enter."""
        self.until(question, seconds=seconds)
        self.until(">")
        self.run(SETTLED_S)
        self.press(*typed, "\r")

    def exit_code(self, *, seconds: float = 20) -> int:
        """Wait for the end."""
        end = time.monotonic() + seconds
        while self.child.isalive() and time.monotonic() < end:
            self.run(0.05)
        self.run(0.1)
        self.child.close(force=True)
        assert self.child.exitstatus is not None, f"ended by signal {self.child.signalstatus}\n{self.text()}"
        return self.child.exitstatus
