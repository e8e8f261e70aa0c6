"""The words for codes: outcomes, reasons, answers. One wording for the screen and the report; an unknown code is shown as it is."""

from __future__ import annotations

from runbook.model.text import N_, _

WORDS: dict[str, dict[str, str]] = {
    "outcome": {
        "passed": N_("passed"),
        "warned": N_("warned"),
        "failed": N_("failed"),
        "expired": N_("expired"),
        "unreachable": N_("could not be asked"),
        "unknown": N_("end unknown"),
        "skipped": N_("skipped"),
        "not_taken": N_("not taken"),
        "not_reached": N_("step not reached"),
        "": N_("not finished"),
    },
    "cell": {
        "passed": N_("ok"),
        "warned": N_("warn"),
        "failed": N_("FAILED"),
        "unreachable": N_("not asked"),
    },
    "by": {"machine": N_("machine"), "person": N_("person"), "paper": N_("paper")},
    "how": {
        "read": N_("read by the program"),
        "acted": N_("the act, and what was seen after it"),
        "asked": N_("answered by a person"),
        "manual": N_("manual form: done or read by hand"),
        "not_needed": N_("not needed: it held already"),
        "condition": N_("its condition did not hold"),
        "skip": N_("skipped by a person"),
        "key_failed": N_("said to have failed by a person"),
        "resolved": N_("its end was decided by a person"),
        "joined": N_("all its branches have ended"),
        "left": N_("its branch was left"),
    },
    "purpose": {
        "step": N_("read"),
        "before": N_("read before the act"),
        "verify": N_("read to verify the act"),
        "unknown": N_("read to learn how the act ended"),
        "again": N_("read again before the act"),
        "wait": N_("read while waiting"),
    },
    "ended": {
        "done": N_("done"),
        "error": N_("ended with an error"),
        "unknown": N_("nobody knows how it ended"),
        "not_sent": N_("nothing was sent"),
        "": N_("no end was recorded"),
    },
    "unknown_answer": {
        "done": N_("done"),
        "not_done": N_("not done"),
        "redo": N_("to be done again"),
        "unknown": N_("nobody can say"),
    },
    "answer": {
        "reached": N_("reached"),
        "nobody": N_("nobody was reached"),
        "confirmed": N_("confirmed"),
        "refused": N_("refused"),
        "not_sure": N_("not sure"),
        "told": N_("told"),
        "not_all": N_("not all were told"),
        "complete": N_("all are entered"),
        "all_ticked": N_("all are ticked"),
        "not_all_ticked": N_("not all are ticked"),
        "missing": N_("some are missing"),
        "done": N_("done"),
        "not_done": N_("not done"),
        "could_not": N_("could not be done"),
        "error": N_("could not be done"),
        "not_needed": N_("not needed"),
        "not_possible": N_("not possible"),
        "unknown": N_("nobody can say"),
        "later": N_("later"),
        "closed": N_("closed"),
        "by_hand": N_("by hand"),
        "yes": N_("yes"),
        "no": N_("no"),
    },
    "choice": {
        "again": N_("try again"),
        "by_hand": N_("by hand"),
        "skip": N_("skip"),
        "escalate": N_("escalate"),
        "pause": N_("pause"),
        "abort": N_("abort"),
    },
    "paused": {
        "key": N_("by the person"),
        "end_of_input": N_("the input ended"),
        "hangup": N_("the window was closed"),
        "terminate": N_("the program was told to end"),
        "interrupt": N_("Ctrl-C"),
        "not_answered": N_("there was no answer"),
        "not_confirmed": N_("nobody at a terminal confirmed the act"),
        "failure_menu": N_("after a failure"),
    },
    "because": {
        "next": N_("the plan says so"),
        "recovered": N_("service was back"),
        "goto": N_("a person went there"),
        "corrected": N_("an answer was corrected"),
    },
    "approval": {"spoken": N_("spoken, not verified")},
    "refused": {"refused": N_("refused"), "not_reached": N_("not reached")},
    "means": {"phone": N_("phone"), "printed": N_("printed")},
    "debt": {
        "emergency_lines": N_("the hotline is on the emergency lines"),
        "manual_tickets": N_("manual tickets are not all entered"),
    },
    "deviation": {
        "skip": N_("skipped"),
        "repeat": N_("repeated"),
        "override": N_("done differently"),
        "goto": N_("went to another step"),
        "correction": N_("corrected"),
        "waiver": N_("waived"),
    },
    "standing": {
        "kept": N_("kept"),
        "over": N_("over"),
        "running": N_("running"),
        "not_recorded": N_("no time recorded"),
    },
    "status": {
        "open": N_("open"),
        "recovered": N_("recovered"),
        "closed": N_("closed"),
        "aborted": N_("aborted"),
        "unreadable": N_("unreadable"),
    },
    "mode": {"live": N_("live"), "lab": N_("LAB"), "drill": N_("DRILL")},
    "reported": {
        "typed": N_("as typed"),
        "default": N_("taken as the time of opening"),
        "corrected": N_("corrected later"),
    },
    "input": {"asked": N_("asked"), "default": N_("default taken"), "set": N_("set")},
    "jump": {
        "wall": N_("The wall clock moved"),
        "suspended": N_("This laptop was suspended"),
        "rebooted": N_("This laptop was started anew"),
    },
    "damage": {
        "page": N_("the file is damaged"),
        "missing": N_("it is missing"),
        "repeated": N_("its number stands twice"),
        "chain": N_("it does not follow the event before it"),
        "hash": N_("it was changed"),
        "incident": N_("it belongs to another incident"),
        "form": N_("it cannot be read"),
    },
    "asking": {
        "resolve": N_("name"),
        "link": N_("link"),
        "route": N_("route"),
        "permission": N_("permission"),
        "connect": N_("connect"),
        "banner": N_("greeting"),
        "key_exchange": N_("key exchange"),
        "host_key": N_("host key"),
        "login": N_("login"),
        "channel": N_("channel"),
    },
    "phase": {
        "scope": N_("scope"),
        "diagnose": N_("diagnose"),
        "contain": N_("contain"),
        "remediate": N_("remediate"),
        "verify": N_("verify"),
        "restore": N_("restore"),
        "close": N_("close"),
    },
}


def word(code: str, table: str) -> str:
    """The words for `code` in `table`, in the person's language; the code itself where this version has none."""
    found = WORDS[table].get(code)
    return _(found) if found is not None else code


def practice_mark(mode: str) -> str:
    """LAB or DRILL, for every place that must show practice as such; empty for a live incident."""
    return "" if mode == "live" else word(mode, "mode")
