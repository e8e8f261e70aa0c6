"""What a plan would use at a site, exactly: the words of every command, addresses, telephone numbers. Nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runbook.cli.flow import flow
from runbook.cli.sent import words_sent_by
from runbook.loader.needs import Need, bodies, missing, needs, needs_of, placeheld, shown
from runbook.model.kind import Kind
from runbook.model.machine import Host
from runbook.model.playbook import Playbook, Step
from runbook.model.site import Site
from runbook.model.text import N_, _
from runbook.model.units import span

_WHAT = {
    "machine": N_("hosts, seats or groups"),
    "port": N_("ports by name"),
    "service": N_("services"),
    "command": N_("commands"),
    "log": N_("logs"),
    "file": N_("files"),
    "line": N_("lines"),
    "contact": N_("contacts"),
}
_ONE = {
    "machine": N_("host"),
    "port": N_("port"),
    "service": N_("service"),
    "command": N_("command"),
    "log": N_("log"),
    "file": N_("file"),
    "line": N_("line"),
    "contact": N_("contact"),
}
_UNDER = {"": N_("exactly: {line}"), "verify": N_("verify: {line}"), "until": N_("until: {line}")}


def exact_facts(step: Step, plan: Playbook, site: Site) -> dict[str, Any]:
    """What one step would send and to whom, as JSON has it."""
    sent = [
        {"key": under, "line": _exactly(step, plan, kind, under, site), "sent": _sent(step, plan, kind, site)}
        for kind, under in bodies(step, plan, site)
        if kind.GROUP != "people"
    ]
    uses = [
        {"what": need.what, "name": need.name, "of": need.of, "is": _is(need, site)}
        for need in needs_of(step, plan, site)
    ]
    return {"exactly": sent, "uses": uses}


def exact_lines(facts: dict[str, Any]) -> Iterator[str]:
    """The same in words."""
    for entry in facts["exactly"]:
        if entry["line"] != facts["does"]:
            yield "    " + _(_UNDER[entry["key"]]).format(line=entry["line"])
        for words in entry["sent"]:
            if words not in entry["line"]:
                yield "      " + _("sent: {line}").format(line=words)
    for use in facts["uses"]:
        name = _("{name} of {machine}").format(name=use["name"], machine=use["of"]) if use["of"] else use["name"]
        values = ", ".join(use["is"]) or _("no number")
        yield f"    {_(_ONE[use['what']])} {name}: {values}"


def needs_facts(plan: Playbook, site: Site | None) -> list[dict[str, Any]]:
    """What the plan needs of a site, and, where there is one, whether it lacks it."""
    found: list[dict[str, Any]] = []
    for need in needs(plan):
        entry: dict[str, Any] = {"what": need.what, "name": need.name, "of": need.of}
        found.append(entry if site is None else {**entry, "missing": missing(need, site)})
    return found


def needs_lines(plan: Playbook, found: list[dict[str, Any]]) -> Iterator[str]:
    """The same in words, and what is asked before step 1."""
    yield _("{plan} needs of a site:").format(plan=plan.id)
    for what, title in _WHAT.items():
        names = [_named(entry) for entry in found if entry["what"] == what]
        if names:
            yield f"  {_(title)}: {', '.join(names)}"
    for name, entry in plan.header.inputs.items():
        yield "  " + _("asked before step 1: {name} ({type})").format(name=name, type=entry.type)


def _named(entry: dict[str, Any]) -> str:
    of = str(entry["of"])
    name = f"[{of}]:{entry['name']}" if ", " in of else f"{of}:{entry['name']}" if of else str(entry["name"])
    return _("{name} (the site has none)").format(name=name) if entry.get("missing") else name


def _exactly(step: Step, plan: Playbook, kind: Kind, under: str, site: Site) -> str:
    """The words that would be sent; where an input without a default decides them, the step as it is written."""
    header = plan.header_of(step.plan)
    written = (
        step.written.get("verify") if under == "verify" else step.body.get("until") if under else dict(step.written)
    )
    as_written = (
        f"{kind.NAME} {flow(placeheld(written.get(kind.NAME, {}) if isinstance(written, dict) else {}, header))}"
    )
    try:
        line = kind.exact(site)
    except LookupError:
        return as_written
    asked = shown(line, header) != line
    line = as_written if asked else line
    given = [] if asked and not under else _given(step, plan, under)
    return line + "".join(f", {key} {value}" for key, value in given)


def _sent(step: Step, plan: Playbook, kind: Kind, site: Site) -> list[str]:
    """The command lines that go out over SSH; none where an input without a default decides them."""
    lines = words_sent_by(kind, step.keys, site)
    return lines if shown(str(kind), plan.header_of(step.plan)) == str(kind) else []


def _given(step: Step, plan: Playbook, under: str) -> list[tuple[str, str]]:
    """How long and how often, and every input of the body with the value that stands for it."""
    header = plan.header_of(step.plan)
    if under == "":
        texts = [(key, value) for key, value in step.body.items() if isinstance(value, str) and value.startswith("$")]
        return [(key, str(placeheld(value, header))) for key, value in texts]
    tree = step.written.get("verify") if under == "verify" else step.body
    given = tree if isinstance(tree, dict) else {}
    found = []
    for key in ("within", "every", "limit", "since", "hold"):
        value = getattr(step.keys.verify if under == "verify" else step.sample, key, None)
        if value is not None:
            text = str(placeheld(given[key], header)) if key in given else value if key == "since" else span(value)
            found.append((key, text))
    return found


def _is(need: Need, site: Site) -> list[str]:
    """What the site says of a name: addresses, numbers, words of commands."""
    match need.what:
        case "machine":
            return [site.host_title(name) for name in site.members((need.name,))]
        case "port":
            return [str(host.ports[need.name]) for host in _machines(need, site) if need.name in host.ports]
        case "command":
            return [
                " ".join(host.commands[need.name].run) for host in _machines(need, site) if need.name in host.commands
            ]
        case "service":
            found = [host.services[need.name] for host in _machines(need, site) if need.name in host.services]
            return [service.systemd or service.init or service.windows or "-" for service in found]
        case "contact":
            people = site.contacts[need.name].people if need.name in site.contacts else ()
            return [" ".join((person.name, *(person.all_numbers or (_("(no number)"),)))) for person in people]
        case "line":
            return list(site.lines[need.name].numbers) if need.name in site.lines else []
        case "log":
            return [f"{site.logs[need.name].host}:{site.logs[need.name].path}"] if need.name in site.logs else []
        case _:
            return [site.files[need.name]] if need.name in site.files else []


def _machines(need: Need, site: Site) -> list[Host]:
    found = [site.machine(name) for name in site.members(tuple(need.of.split(", ")))]
    return [host for host in found if host]
