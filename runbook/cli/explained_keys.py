"""Every key that a file may hold, with what the models say of it: for `runbook explain KEY`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from runbook.loader.blocks import UseKeys, With
from runbook.model import machine, playbook, site, step
from runbook.model.described import described
from runbook.model.outcome import Condition, Thresholds
from runbook.model.text import N_, _
from runbook.steps import kinds

FLOW: Mapping[str, type[BaseModel]] = {
    "wait_for": playbook.WaitFor,
    "together": playbook.Together,
    "use": With,
}
"""The kinds that run other steps."""
FLOW_EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "wait_for": (
        "wait_for: {until: {service: {host: cti, name: cti-core, do: status}}, limit: 5m}",
        "next: {expired: continue}",
    ),
    "together": (
        "together:",
        "  server:",
        "    - id: ping-cti",
        "      title: The CTI server answers ping",
        "      ping: {host: cti}",
        "      next: {failed: continue}",
        "  people:",
        "    - id: tell-lead",
        "      title: The group leader knows of the fault",
        "      call: {contact: cs-lead}",
        "next: {failed: continue}",
    ),
    "use": ("use: {block: vendor-hand-off}",),
}

_PLACES: tuple[tuple[str, type[BaseModel]], ...] = (
    (N_("every step"), step.CommonKeys),
    (N_("a playbook, above its steps"), playbook.Header),
    (N_("a block, above its steps"), playbook.BlockHeader),
    (N_("a step with `use`"), UseKeys),
    (N_("`use`"), With),
    (N_("`wait_for`"), playbook.WaitFor),
    (N_("an entry of `inputs`"), playbook.Input),
    (N_("`recovered`"), playbook.Recovered),
    (N_("`raise`"), playbook.Raise),
    (N_("an entry of `offers`"), playbook.Offer),
    (N_("`clocks`"), playbook.ClockRule),
    (N_("`approval`"), step.ApprovalRule),
    (N_("`verify`"), step.Verify),
    (N_("`repeatable`"), step.Repeatable),
    (N_("`manual`"), step.Manual),
    (N_("a target in another playbook"), step.Jump),
    (N_("a condition (`expect`, `cases`, `passes`)"), Condition),
    (N_("a condition with two thresholds"), Thresholds),
    (N_("site.yaml"), site.Site),
    (N_("a host of site.yaml"), machine.Host),
    (N_("a seat of site.yaml"), machine.Seat),
    (N_("the `ssh` of a host"), machine.Login),
    (N_("a service of a host"), machine.Service),
    (N_("the `commands` of a service"), machine.Commands),
    (N_("a command of a host"), machine.Command),
    (N_("a parameter of a command"), machine.Parameter),
    (N_("the `sip` of a host"), machine.SipAccount),
    (N_("the `http` of a host"), machine.HttpAccount),
    (N_("the `snmp` of a host"), machine.Snmp),
    (N_("a line of site.yaml"), site.Line),
    (N_("a trunk of site.yaml"), site.Trunk),
    (N_("a leased line of site.yaml"), site.LeasedLine),
    (N_("a contact of site.yaml"), site.Contact),
    (N_("a person of a contact"), site.Person),
    (N_("a carrier or a vendor of site.yaml"), site.Company),
    (N_("an entry of `duty`"), site.Duty),
    (N_("a log of site.yaml"), site.Log),
    (N_("a secret of site.yaml"), site.Secret),
)


def keys_explained(word: str) -> list[str]:
    """What the key `word` is, wherever it may stand; nothing when there is no such key."""
    lines: list[str] = []
    for place, model in _places():
        for name, field in described(model).model_fields.items():
            if word == (field.alias or name):
                lines.append(_("`{key}`, a key of {place}").format(key=word, place=place))
                lines += field_lines(word, field)
                lines += [f"  {line}" for inner in _inside(field.annotation) for line in fields(inner)]
    return lines


def keys_known() -> set[str]:
    """Every key that can be explained."""
    return {field.alias or name for _place, model in _places() for name, field in model.model_fields.items()}


def models() -> list[type[BaseModel]]:
    """Every model whose sentences are shown, those inside others too."""
    found: dict[type[BaseModel], None] = {}
    todo = [model for _place, model in _places()] + list(FLOW.values())
    while todo:
        model = todo.pop(0)
        if model not in found:
            found[model] = None
            todo += [inner for field in model.model_fields.values() for inner in _inside(field.annotation)]
    return list(found)


def _places() -> Iterator[tuple[str, type[BaseModel]]]:
    yield from ((_(place), model) for place, model in _PLACES)
    yield from ((f"`{name}`", kind) for name, kind in kinds().items())


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _inside(part)


def fields(model: type[BaseModel]) -> list[str]:
    """A line for each field of a model."""
    return [
        line
        for name, field in described(model).model_fields.items()
        for line in field_lines(field.alias or name, field)
    ]


def field_lines(name: str, field: Any) -> list[str]:
    """What one field is, whether it must be there, and the words it takes."""
    text = _(field.description) if field.description else ""
    needed = _("must be there") if field.is_required() else _("may be left out")
    words = ", ".join(str(word) for word in _choices(field.annotation))
    one_of = _("; one of {words}").format(words=words) if words else ""
    return [f"  {name:16}{text} ({needed}{one_of})"]


def _choices(annotation: Any) -> list[Any]:
    """The words of a field that takes one of several."""
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if word != ""]
    return [word for part in get_args(annotation) if get_origin(annotation) is not dict for word in _choices(part)]


def documented(model: type) -> str:
    """What the code says of a model, as the catalogue holds it."""
    return inspect.cleandoc(model.__doc__ or "")


def doc(model: type) -> str:
    """The same in the person's language."""
    text = documented(model)
    return _(text) if text else ""
