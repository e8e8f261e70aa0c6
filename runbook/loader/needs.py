"""What a plan needs of a site: every name that its steps look up, found by letting each step look; and what it asks before step 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from runbook.loader.samples import UNKNOWN_SAMPLE, input_sample
from runbook.model.kind import Kind
from runbook.model.machine import Command, Host, Login, Service
from runbook.model.origins import HERE
from runbook.model.playbook import Header, Playbook, Step, WaitFor, references, replaced
from runbook.model.ports import JSON
from runbook.model.site import Contact, Line, Log, Site
from runbook.model.text import Text
from runbook.steps import bind, kinds

T = TypeVar("T")
_NAMED_INPUTS = ("host", "seat", "seats", "line", "contact")
_ASKED = "asked-"


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """A name that the site must have. `what`: machine (a host, a seat or a group), port, service, command, line, contact, log, file.

    `of`: the machine that must have it; several with commas where one of them is enough (a `mesh` tries a port where there is one).
    """

    what: str
    name: str
    of: str = ""


class _Asked(dict[str, T], Generic[T]):
    """A part of a site that remembers what was looked up in it. What is not there is made up, so that looking goes on."""

    def __init__(self, seen: Callable[[str], None], made_up: Callable[[str], T], known: Mapping[str, T]) -> None:
        super().__init__(known)
        self._seen, self._made_up = seen, made_up

    def __contains__(self, name: object) -> bool:
        self._seen(str(name))
        return True

    def __getitem__(self, name: str) -> T:
        self._seen(name)
        return super().__getitem__(name) if super().__contains__(name) else self._made_up(name)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


@dataclass
class _Looking:
    """One step's looking. A group is known by its name alone: what its members must have is asked of the group."""

    site: Site
    found: dict[Need, None] = field(default_factory=dict)

    def asked(self) -> Site:
        """The site, remembering."""
        parts = {
            "hosts": _Asked(self._seen("machine"), lambda name: self._machine(name), {}),
            "seats": {},
            "groups": {},
            "lines": _Asked(self._seen("line"), lambda name: Line(title=Text.of(name)), self.site.lines),
            "contacts": _Asked(self._seen("contact"), lambda name: Contact(title=Text.of(name)), self.site.contacts),
            "logs": _Asked(self._seen("log"), lambda _name: Log(host="host", path="-"), self.site.logs),
            "files": _Asked(self._seen("file"), lambda _name: "-", self.site.files),
        }
        return self.site.model_copy(update=parts)

    def _machine(self, name: str) -> Host:
        known = self.site.machine(name) or Host(address="192.0.2.1")
        parts = {
            "ssh": known.ssh or Login(user="user"),
            "ports": _Asked(self._seen("port", name), lambda _port: 1, known.ports),
            "services": _Asked(self._seen("service", name), lambda _service: Service(systemd="unit"), known.services),
            "commands": _Asked(self._seen("command", name), lambda _command: _any_command(), known.commands),
        }
        return known.model_copy(update=parts)

    def _seen(self, what: str, of: str = "") -> Callable[[str], None]:
        def seen(name: str) -> None:
            self.found[Need(what, name, of)] = None

        return seen


def _any_command() -> Command:
    return Command(run=("command",), reads=True)


def needs_of(step: Step, plan: Playbook, site: Site | None = None) -> list[Need]:
    """What one step looks up, in order: names in its body, its `verify`, and the contacts of its role and approval."""
    found = [need for kind, _under in bodies(step, plan, site) for need in _looked_up(kind, site)]
    keys = step.keys
    approvers = (keys.approval.by, keys.approval.or_) if keys.approval else ()
    contacts = [Need("contact", name) for name in (keys.role, *approvers) if name]
    for reference in references(step.written):
        if reference.startswith("site."):
            contacts.append(Need("machine", reference.split(".")[1]))
    return [need for need in dict.fromkeys([*found, *contacts]) if not _is_asked(need)]


def _looked_up(kind: Kind, site: Site | None) -> list[Need]:
    looking = _Looking(site or Site(site="1", name="-"))
    kind.problems(looking.asked())
    targets = getattr(kind, "to", ())
    if not isinstance(targets, tuple) or not targets:
        return list(looking.found)
    of = ", ".join(targets)
    return [Need(need.what, need.name, of) if need.what == "port" else need for need in looking.found]


def _is_asked(need: Need) -> bool:
    """Whether the site needs not have it: what a person names before step 1, and this laptop."""
    return any(name.startswith(_ASKED) or name == HERE for name in (need.name, need.of))


def needs(plan: Playbook, site: Site | None = None) -> list[Need]:
    """Everything that the plan's steps look up, each once, sorted."""
    return sorted({need for step in plan.steps for need in needs_of(step, plan, site)})


def missing(need: Need, site: Site) -> bool:
    """Whether the site lacks it."""
    if need.what in ("port", "service", "command"):
        several = tuple(need.of.split(", "))
        machines = [site.machine(name) for name in site.members(several)]
        parts = {"port": "ports", "service": "services", "command": "commands"}
        lack = [machine is None or need.name not in getattr(machine, parts[need.what]) for machine in machines]
        return all(lack) if len(several) > 1 else any(lack)
    if need.what == "machine":
        return site.machine(need.name) is None and need.name not in site.groups
    known: Mapping[str, Any] = getattr(site, need.what + "s")
    return need.name not in known


def bodies(step: Step, plan: Playbook, site: Site | None) -> Iterator[tuple[Kind, str]]:
    """The step's kind and the readings inside it, each with the key it stands under (empty, `verify`, `until`).

    Inputs stand with their default, else with a stand-in.
    """
    header = plan.header_of(step.plan)
    trees: list[tuple[str, Mapping[str, JSON]]] = []
    if isinstance(step.sample, WaitFor):
        trees.append(("until", _map(step.body.get("until"))))
    elif isinstance(step.sample, Kind):
        trees.append(("", {step.kind: dict(step.body)}))
    if step.keys.verify:
        trees.append(("verify", step.keys.verify.reading))
    for under, tree in trees:
        for name in (key for key in tree if key in kinds()):
            body = _map(tree[name])
            yield bind(name, body, values(body, header, site)), under


def values(tree: JSON, header: Header, site: Site | None) -> dict[str, str]:
    """A text for every reference of a tree."""
    return {name: _value(name, header, site) for name in references(tree)}


def _value(reference: str, header: Header, site: Site | None) -> str:
    space, _dot, name = reference.partition(".")
    if space == "inputs" and name in header.inputs:
        entry = header.inputs[name]
        return _ASKED + name if entry.type in _NAMED_INPUTS and not entry.default else input_sample(entry, None)
    if space == "site":
        machine = site.machine(name.partition(".")[0]) if site else None
        return machine.address if machine else "192.0.2.1"
    return UNKNOWN_SAMPLE


def _map(tree: JSON) -> dict[str, JSON]:
    return tree if isinstance(tree, dict) else {}


def shown(text: str, header: Header) -> str:
    """`text` with stand-ins of inputs as people read them: `<seat>`."""
    for name in sorted(header.inputs, key=len, reverse=True):
        text = text.replace(_ASKED + name, f"<{name}>")
    return text


def placeheld(tree: JSON, header: Header) -> JSON:
    """A raw tree with every reference as people read it: `<grace: 5m>`, `<ping-cti: loss_pct>`."""
    return replaced(tree, {name: _placeholder(name, header) for name in references(tree)})


def _placeholder(reference: str, header: Header) -> str:
    space, _dot, name = reference.partition(".")
    if space == "inputs" and name in header.inputs:
        default = header.inputs[name].default
        return f"<{name}: {default}>" if default else f"<{name}>"
    step, _dot, value = name.rpartition(".")
    return f"<{step}: {value}>"
