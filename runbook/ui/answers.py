"""How a typed line is understood, the same at every keyboard: pure functions of a prompt and a line."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from runbook.model.prompts import Answer, Key, Prompt
from runbook.model.text import N_, _
from runbook.ui.glyphs import cells

LONGEST = 4000

KEY_LABELS = {
    "n": (N_("note"), N_("note")),
    "f": (N_("failed"), N_("fail")),
    "s": (N_("skip"), N_("skip")),
    "b": (N_("by hand"), N_("by hand")),
    "p": (N_("phone"), N_("phone")),
    "o": (N_("open items"), N_("open")),
    "u": (N_("my last answer was wrong"), N_("wrong")),
    "g": (N_("go to"), N_("go to")),
    "!": (N_("escalate"), N_("escalate")),
    "h": (N_("hand over"), N_("hand over")),
    "?": (N_("why"), N_("why")),
    "q": (N_("pause"), N_("pause")),
}
"""Key -> its label and its short label, in the order in which they are shown."""

_KEY = re.compile(r"([/／]?)(\S)(?:\s+(.*))?", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")


@dataclass(frozen=True, slots=True)
class Again:
    """The line is no answer; the sentence says what was expected."""

    sentence: str


def understood(prompt: Prompt, line: str) -> Answer | Key | Again:
    """What `line` (without its end) means as a reply to `prompt`."""
    text = cleaned(line)
    if key := _key(prompt, text):
        return key
    if not text and prompt.default is not None and prompt.kind != "act":
        return Answer(prompt.default)
    return _READ[prompt.kind](prompt, text)


def cleaned(line: str) -> str:
    """What was typed, without control characters and half characters, at most LONGEST characters."""
    whole = line.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = "".join(" " if letter == "\t" else letter for letter in whole if letter == "\t" or _typed(letter))
    return kept.strip()[:LONGEST]


def _typed(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs", "Cn", "Zl", "Zp")


def _key(prompt: Prompt, text: str) -> Key | None:
    match = _KEY.fullmatch(text)
    if not match:
        return None
    slash, letter, behind = match.groups()
    letter = unicodedata.normalize("NFKC", letter).lower()
    if letter not in prompt.keys or (not slash and prompt.kind in ("text", "number")):
        return None
    return Key(letter, (behind or "").strip())


def _go(prompt: Prompt, text: str) -> Answer | Again:
    if not text:
        return Answer("")
    return Again(_("{found!r} is no key here. Press Enter alone, or one of the keys shown.").format(found=text[:40]))


def _choice(prompt: Prompt, text: str) -> Answer | Again:
    number = unicodedata.normalize("NFKC", text)
    if re.fullmatch(r"[0-9]{1,4}", number) and 1 <= int(number) <= len(prompt.choices):
        return Answer(prompt.choices[int(number) - 1].value)
    return Again(_("Type a number from 1 to {count}, then Enter.").format(count=len(prompt.choices)))


def _number(prompt: Prompt, text: str) -> Answer | Again:
    number = unicodedata.normalize("NFKC", text).replace("−", "-")
    if number.isascii() and _NUMBER.fullmatch(number):
        return Answer(number)
    return Again(_("Type a number such as 12 or 3.5, then Enter."))


def _text(prompt: Prompt, text: str) -> Answer | Again:
    return Answer(text) if text else Again(_("Type the answer, then Enter. An empty line is no answer here."))


def _act(prompt: Prompt, text: str) -> Answer | Again:
    if prompt.act_number > 0 and unicodedata.normalize("NFKC", text) == str(prompt.act_number):
        return Answer(str(prompt.act_number))
    return Again(
        _("Nothing was done. Only the number {number}, typed by hand, does it.").format(number=prompt.act_number)
    )


def _watch(prompt: Prompt, text: str) -> Answer | Again:
    if text and prompt.choices:
        return _choice(prompt, text)
    return Again(_("Nothing is asked here. Wait, or use one of the keys shown."))


_READ = {"watch": _watch, "go": _go, "choice": _choice, "number": _number, "text": _text, "act": _act}


def from_file(prompt: Prompt, given: str) -> Answer | Key | Again:
    """What an answers file's entry means: a choice by number, value or label; `confirm` for an act; `/n text` for a key."""
    text = cleaned(given)
    if prompt.kind == "act" and text == "confirm":
        return Answer(str(prompt.act_number))
    if prompt.kind == "choice":
        for choice in prompt.choices:
            if text in (choice.value, choice.label):
                return Answer(choice.value)
    if text.startswith("/") or prompt.kind not in ("go", "choice", "act"):
        return understood(prompt, text)
    return _READ[prompt.kind](prompt, text)


def question_lines(prompt: Prompt) -> list[str]:
    """What stands above the line that is typed: the prompt's lines, its question, its numbered choices."""
    choices = [f"  {number}  {choice.label}" for number, choice in enumerate(prompt.choices, 1)]
    lines = [*prompt.lines, prompt.question, *choices]
    if prompt.kind == "act":
        lines.append(
            _("To do it, type {number} by hand, then Enter. Enter alone does nothing.").format(number=prompt.act_number)
        )
    return [line for line in lines if line]


def marker(prompt: Prompt) -> str:
    """What stands before the typed text: what is expected, and in brackets what Enter alone gives."""
    wanted = {
        "go": _("Enter"),
        "choice": f"1-{len(prompt.choices)}",
        "number": _("number"),
        "text": "",
        "watch": f"1-{len(prompt.choices)}" if prompt.choices else "",
        "act": _("type {number}").format(number=prompt.act_number),
    }[prompt.kind]
    default = f"[{_default_shown(prompt)}]" if prompt.default and prompt.kind not in ("go", "act") else ""
    return " ".join(part for part in (wanted, default, "> ") if part)


def _default_shown(prompt: Prompt) -> str:
    for number, choice in enumerate(prompt.choices, 1):
        if choice.value == prompt.default:
            return str(number)
    return prompt.default or ""


def key_lines(prompt: Prompt, width: int) -> list[str]:
    """The keys that count at this prompt, in two lines of at most `width` cells where they fit; short labels where they must."""
    slash = "/" if prompt.kind in ("text", "number") else ""
    lines: list[str] = []
    for short in (0, 1):
        items = [_("Enter do")] if prompt.kind == "go" else []
        items += [f"{slash}{key} {_(labels[short])}" for key, labels in KEY_LABELS.items() if key in prompt.keys]
        for between in (" · ", "  "):
            lines = _rows(items, between, width)
            if len(lines) <= 2:
                return lines
    return lines


def _rows(items: list[str], between: str, width: int) -> list[str]:
    rows: list[str] = []
    for item in items:
        if rows and cells(rows[-1] + between + item) <= width:
            rows[-1] += between + item
        else:
            rows.append(item)
    return rows
