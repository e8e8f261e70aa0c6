"""What `runbook explain` says, made from the registry of codes, the kinds and the models: nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runbook.cli.explained_keys import FLOW, FLOW_EXAMPLES, doc, documented, fields, keys_explained, keys_known, models
from runbook.cli.flow import flow
from runbook.model.described import described
from runbook.model.errors import REGISTRY
from runbook.model.kind import Kind
from runbook.model.mistakes import MISTAKES
from runbook.model.outcome import OUTCOMES
from runbook.model.playbook import Header, Input
from runbook.model.site import Site
from runbook.model.step import PHASES, CommonKeys
from runbook.model.text import N_, _, visible
from runbook.steps import kinds

_OUTCOMES = {
    "passed": N_("as expected; the next line"),
    "warned": N_("worse than wanted, good enough to go on; the next line"),
    "failed": N_("not as expected; where `next` says"),
    "expired": N_("the time was over; where `next` says"),
    "unreachable": N_("the question could not be asked; the step turns into its form by hand"),
    "unknown": N_("an action was begun and nobody knows how it ended; a person decides"),
    "skipped": N_("left out by a person, with a reason; the next line"),
    "not_taken": N_("its `when` did not hold; the next line"),
}
_EXITS = {
    0: N_("done, and the answer is good"),
    1: N_("done, and the answer is bad (not recovered; something was found)"),
    2: N_("could not start (usage; a playbook or site that does not load; no such incident)"),
    3: N_("a mistake of the program"),
    4: N_("aborted"),
    5: N_("paused; `runbook resume` goes on"),
    6: N_("this machine failed (nothing could be stored, or the output could not be written)"),
    130: N_("interrupted with no incident open"),
}
_REFERENCES = (
    N_("$inputs.NAME          the answer to an input of the plan"),
    N_("$site.HOST.address    the address of a host in site.yaml"),
    N_("$steps.STEP.VALUE     what an earlier step found"),
    N_("A reference stands alone where a value stands: in a kind's own fields and in `verify`."),
)
_TARGETS = (
    N_("a later step's id; an earlier one only when it is `repeatable`"),
    N_("`continue`: the next line"),
    N_("`end`: the end of the plan"),
    N_("`{playbook: ID, at: STEP}`: a step of another playbook that has `entry: yes`; the incident goes on there"),
    N_("in a block, one of its `exits`: the step that uses the block says in its `next` where that leads"),
)


def explained(word: str) -> list[str] | None:
    """The lines for a word; None when there is nothing to say about it."""
    if word in REGISTRY:
        return _code(word)
    if word in _topics():
        return _topics()[word]()
    lines = _kind(kinds()[word]) if word in kinds() else _flow(word) if word in FLOW else []
    return [*lines, *keys_explained(word)] or None


def known() -> list[str]:
    """Every word that can be explained."""
    return sorted({*REGISTRY, *kinds(), *FLOW, *keys_known(), *_topics()})


def _topics() -> Mapping[str, Callable[[], list[str]]]:
    return {
        "topics": lambda: [_("Topics: {names}").format(names=", ".join(sorted(_topics())))],
        "kinds": _kinds,
        "keys": lambda: [_("Keys of every step:"), *fields(CommonKeys)],
        "playbook": lambda: [_("Keys of a playbook above its steps:"), *fields(Header)],
        "inputs": lambda: [_("Keys of an input:"), *fields(Input)],
        "site": lambda: [_("Keys of site.yaml:"), *fields(Site)],
        "outcomes": lambda: [f"{name:12}{_(_OUTCOMES[name])}" for name in OUTCOMES],
        "phases": lambda: [_("Phases: {names}").format(names=" ".join(PHASES))],
        "exit-codes": lambda: [f"{code:4}  {_(sentence)}" for code, sentence in _EXITS.items()],
        "codes": lambda: [f"{code:24}{_plain(_(entry.sentence))}" for code, entry in REGISTRY.items()],
        "references": lambda: [_(line) for line in _REFERENCES],
        "targets": lambda: [_("Where an outcome may go (`next`):"), *("  " + _(line) for line in _TARGETS)],
    }


class _Capitals(dict[str, str]):
    def __missing__(self, key: str) -> Any:
        return _Word(key.upper())


class _Word(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _plain(sentence: str) -> str:
    return sentence.format_map(_Capitals())


def _code(code: str) -> list[str]:
    entry, mistake = REGISTRY[code], MISTAKES.get(code)
    lines = [f"{code}: {_plain(_(entry.sentence))}"]
    if mistake:
        lines.append(_("Why: {sentence}").format(sentence=_(mistake.why)))
        for title, example in ((_("Wrong:"), mistake.wrong), (_("Right:"), mistake.right)):
            if example:
                lines += [title, *(f"    {visible(line)}" for line in example.splitlines())]
    lines.append(_("Next: {command}").format(command=_plain(_(entry.next))))
    lines.append(_("Exit code: {code}").format(code=entry.exit_code))
    return lines


def _kinds() -> list[str]:
    lines = [f"{name:16}{_group(kind):10}{_first_line(kind)}" for name, kind in kinds().items()]
    flow_kind = _("flow")
    return [*lines, *(f"{name:16}{flow_kind:10}{_first_line(model)}" for name, model in FLOW.items())]


def _flow(name: str) -> list[str]:
    return [doc(FLOW[name]), _("Example:"), *(f"    {line}" for line in FLOW_EXAMPLES[name])]


def _kind(kind: type[Kind]) -> list[str]:
    lines = [f"{kind.NAME} ({_group(kind)})", doc(kind), _("Fields:"), *fields(kind)]
    if kind.VALUES:
        lines += [_("Values, for `expect` and references:"), *(f"  {n:18}{_(text)}" for n, text in kind.VALUES.items())]
    if kind.EXAMPLE:
        lines += [_("Example:"), f"  {kind.NAME}: {flow(kind.EXAMPLE)}"]
    return lines


def _group(kind: type[Kind]) -> str:
    return {"reading": _("reading"), "action": _("action"), "people": _("people")}[kind.GROUP]


def _first_line(model: type) -> str:
    return doc(model).split("\n")[0]


def documents() -> Iterator[str]:
    """Every sentence of the code that is shown here: for the catalogue, which cannot find them by a mark."""
    for model in [*kinds().values(), *models()]:
        if model.__doc__:
            yield documented(model)
        yield from (field.description for field in described(model).model_fields.values() if field.description)
        yield from getattr(model, "VALUES", {}).values()
