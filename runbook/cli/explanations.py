"""What `runbook explain` says, made from the registry of codes, the kinds and the models: nothing is written twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from runbook.cli.show import flow
from runbook.model.described import described
from runbook.model.errors import REGISTRY
from runbook.model.outcome import OUTCOMES
from runbook.model.playbook import Header, Input, WaitFor
from runbook.model.site import Site
from runbook.model.step import PHASES, CommonKeys, Kind
from runbook.model.text import N_, _
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
)


def explained(word: str) -> list[str] | None:
    """The lines for a word; None when there is nothing to say about it."""
    if word in REGISTRY:
        return _code(word)
    if word in kinds():
        return _kind(kinds()[word])
    if word == "wait_for":
        return [_first_line(WaitFor), *_fields(WaitFor)]
    if word in _topics():
        return _topics()[word]()
    for name, field in CommonKeys.model_fields.items():
        if word == (field.alias or name):
            return [_("`{key}`, a key of every step").format(key=word), *_field(word, field)]
    return None


def known() -> list[str]:
    """Every word that can be explained."""
    keys = [field.alias or name for name, field in CommonKeys.model_fields.items()]
    return sorted({*REGISTRY, *kinds(), "wait_for", *keys, *_topics()})


def _topics() -> Mapping[str, Callable[[], list[str]]]:
    return {
        "topics": lambda: [_("Topics: {names}").format(names=", ".join(sorted(_topics())))],
        "kinds": _kinds,
        "keys": lambda: [_("Keys of every step:"), *_fields(CommonKeys)],
        "playbook": lambda: [_("Keys of a playbook above its steps:"), *_fields(Header)],
        "inputs": lambda: [_("Keys of an input:"), *_fields(Input)],
        "site": lambda: [_("Keys of site.yaml:"), *_fields(Site)],
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
    entry = REGISTRY[code]
    return [
        f"{code}: {_plain(_(entry.sentence))}",
        _("Next: {command}").format(command=_plain(_(entry.next))),
        _("Exit code: {code}").format(code=entry.exit_code),
    ]


def _kinds() -> list[str]:
    groups = {"reading": _("reading"), "action": _("action"), "people": _("people")}
    lines = [f"{name:16}{groups[kind.GROUP]:10}{_first_line(kind)}" for name, kind in kinds().items()]
    flow_kind = _("flow")
    lines.append(f"{'wait_for':16}{flow_kind:10}{_first_line(WaitFor)}")
    lines.append(f"{'use':16}{flow_kind:10}" + _("Put a block of playbooks/blocks in place."))
    return lines


def _kind(kind: type[Kind]) -> list[str]:
    lines = [f"{kind.NAME} ({kind.GROUP})", _doc(kind), _("Fields:"), *_fields(kind)]
    if kind.VALUES:
        lines += [_("Values, for `expect` and references:"), *(f"  {n:16}{_(doc)}" for n, doc in kind.VALUES.items())]
    if kind.EXAMPLE:
        lines += [_("Example:"), f"  {kind.NAME}: {flow(kind.EXAMPLE)}"]
    return lines


def _first_line(model: type) -> str:
    return _doc(model).split("\n")[0]


def _doc(model: type) -> str:
    text = documented(model)
    return _(text)


def documented(model: type) -> str:
    """What the code says of a model, as the catalogue holds it."""
    return inspect.cleandoc(model.__doc__ or "")


def documents() -> Iterator[str]:
    """Every sentence of the code that is shown here: for the catalogue, which cannot find them by a mark."""
    models: list[type[BaseModel]] = [*kinds().values(), WaitFor, CommonKeys, Header, Input, Site]
    for model in models:
        yield documented(model)
        yield from (field.description for field in described(model).model_fields.values() if field.description)
        yield from getattr(model, "VALUES", {}).values()


def _fields(model: type[BaseModel]) -> list[str]:
    return [
        line for name, field in described(model).model_fields.items() for line in _field(field.alias or name, field)
    ]


def _field(name: str, field: Any) -> list[str]:
    described = _(field.description) if field.description else ""
    needed = _("must be there") if field.is_required() else _("may be left out")
    words = ", ".join(str(word) for word in _choices(field.annotation))
    one_of = _("; one of {words}").format(words=words) if words else ""
    return [f"  {name:16}{described} ({needed}{one_of})"]


def _choices(annotation: Any) -> list[Any]:
    """The words of a field that takes one of several."""
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if word != ""]
    return [word for part in get_args(annotation) if get_origin(annotation) is not dict for word in _choices(part)]
