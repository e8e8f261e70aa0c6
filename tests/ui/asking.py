"""A program for the tests: asks the questions that its arguments name, at whatever keyboard it is started on."""

from __future__ import annotations

import sys
import threading
import time

from runbook.model.prompts import Choice, Gone, Key, Prompt
from runbook.ui.console import console_for
from runbook.ui.prompts import human_for
from runbook.ui.signals import Signalled

TWO = (Choice("in", "plugged in"), Choice("out", "not plugged in"))
PROMPTS = {
    "go": Prompt("go", "ping", "GO: take the reading", keys="nfs?q"),
    "choice": Prompt("choice", "cable", "CHOICE: the cable", TWO, keys="nsq"),
    "default": Prompt("choice", "seat", "DEFAULT: the seat", TWO, keys="nsq", default="in"),
    "number": Prompt("number", "many", "NUMBER: how many", keys="q"),
    "text": Prompt("text", "why", "TEXT: why", keys="nq"),
    "act": Prompt("act", "switch", "ACT: move the hotline", keys="nsq", act_number=7),
}


def main(names: list[str]) -> int:
    confirms = "confirms" in names
    console = console_for()
    began = time.monotonic()
    with human_for(
        console, status=lambda: f"LAB · seconds {time.monotonic() - began:.0f} · saved #42·7F3A", confirms=confirms
    ) as human:
        for name in names:
            match name:
                case "confirms":
                    continue
                case "busy":
                    try:
                        with human.busy("restarting"):
                            time.sleep(30)
                    except Signalled as signalled:
                        console.write(f"= left by {signalled.why}")
                        return 5
                case "work":
                    with human.busy("looking"):
                        time.sleep(1.5)
                case "behind":
                    threading.Timer(0.7, console.write, ["BEHIND the prompt"]).start()
                case "stop":
                    due = time.monotonic() + 0.6
                    reply = human.ask(PROMPTS["choice"], stop=lambda due=due: time.monotonic() > due)  # type: ignore[misc]
                    console.write(f"= {reply}")
                case _:
                    reply = human.ask(PROMPTS[name])
                    while isinstance(reply, Key) and reply.letter == "q":
                        console.write(f"= {reply}")
                        reply = human.ask(PROMPTS[name])
                    console.write(f"= {reply}")
                    if isinstance(reply, Gone):
                        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
