"""`runbook show`: with a site, exactly what would be sent where and to whom; with --needs, what a plan needs of a site."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from runbook.cli.app import main
from runbook.loader.needs import Need, needs, needs_of
from runbook.loader.playbooks import load_playbook
from runbook.steps import kinds
from tests.loader.plans import folder

STEPS = """\
  - id: tell
    title: Tell it
    role: onsite-ops
    call: {contact: $inputs.who}
    next: {failed: continue}
  - id: reads
    title: It answers
    ping: {host: $inputs.where}
    next: {failed: continue}
  - id: port
    title: The port is open
    tcp: {host: cti, port: cti}
    next: {failed: continue}
  - id: restart
    title: Restart it
    service: {host: cti, name: cti-core, do: restart}
    approval: {by: cs-lead, or: leadership}
    verify: {service: {host: cti, name: cti-core, do: status}, within: $inputs.grace}
  - id: waits
    title: It comes back
    wait_for: {until: {tcp: {host: $inputs.where, port: web}}, limit: $inputs.grace}
    next: {expired: continue}
  - id: moved
    title: Move the hotline
    carrier_switch: {contact: carrier, from: hotline, to: emergency}
    approval: {by: cs-lead}
  - id: back
    closes: moved
    title: Move it back
    carrier_switch: {contact: carrier, from: emergency, to: hotline}
    approval: {by: cs-lead}
"""
INPUTS = """\
inputs:
  grace: {type: duration, default: 5m, ask: How long}
  who: {type: contact, default: vendor, ask: Who}
  where: {type: host, ask: Which host}
"""
SITE = """\
site: 1
name: Here
hosts:
  cti:
    address: 192.0.2.7
    ports: {cti: 3000, web: 80}
    ssh: {user: runbook, sudo: yes}
    services: {cti-core: {systemd: cti.service}}
lines:
  hotline: {title: Hotline, numbers: ["555 0100"]}
  emergency: {title: Emergency, numbers: ["555 0199"]}
contacts:
  vendor: {title: Vendor, people: [{name: Night desk, number: "555 0101", numbers: ["555 0102"]}]}
  cs-lead: {title: Leader, people: [{name: Leader A, number: "555 0103"}]}
  leadership: {title: Leadership, people: [{name: Head}]}
  carrier: {title: Carrier, people: [{name: Duty desk, number: "555 0104"}]}
  onsite-ops: {title: Maintainers, people: [{name: Duty, number: "555 0105"}]}
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    root = folder(tmp_path, STEPS, extra=INPUTS)
    (root / "site.yaml").write_text(SITE, encoding="utf-8")
    monkeypatch.chdir(root)
    return "call-centre/plan.yaml"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["show", *arguments]) == 0
    return capsys.readouterr().out


def steps(capsys: pytest.CaptureFixture[str], plan: str) -> dict[str, Any]:
    listed = json.loads(shown(capsys, plan, "--site", "site.yaml", "--json"))["steps"]
    return {step["id"]: step for step in listed}


def test_the_words_of_every_command_are_shown_as_they_would_be_sent(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With sudo, with the account and the address; a value that an input decides stands as the input."""
    found = steps(capsys, plan)
    sent = {step: [(entry["key"], entry["line"]) for entry in found[step]["exactly"]] for step in found}
    assert sent["restart"] == [
        ("", "ssh runbook@192.0.2.7: sudo -n -- systemctl restart -- cti.service"),
        (
            "verify",
            "ssh runbook@192.0.2.7: sudo -n -- systemctl is-active -- cti.service, within <grace: 5m>, every 2s",
        ),
    ]
    assert sent["port"] == [("", "tcp 192.0.2.7:3000")]
    assert sent["reads"] == [("", "ping {host: <where>}")]
    assert sent["waits"] == [("until", "tcp {host: <where>, port: web}, every 5s, limit <grace: 5m>")]
    assert sent["tell"] == []


def test_what_goes_out_over_ssh_is_shown_and_nothing_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The step's own code runs against ports that refuse; a real listener in the site's place hears nothing."""
    steps_of_it = (
        "  - {id: far, title: Far, ping: {hosts: [cti, sip], from: cti}, next: {failed: continue}}\n"
        "  - {id: near, title: Near, service: {host: cti, name: cti-core, do: status}, next: {failed: continue}}\n"
        "  - {id: log, title: Log, log_search: {logs: [it], find: lost, since: reported}, next: {failed: continue}}\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        site = tmp_path / "site.yaml"
        site.write_text(
            "site: 1\nname: Here\nhosts:\n"
            f"  cti: {{address: 127.0.0.1, ssh: {{user: me, port: {port}}}, services: {{cti-core: {{systemd: cti}}}}}}\n"
            "  sip: {address: 192.0.2.9}\n"
            "logs: {it: {host: cti, path: /var/log/it, finds: {lost: lost}}}\n",
            encoding="utf-8",
        )
        root = folder(tmp_path, steps_of_it)
        listed = json.loads(shown(capsys, str(root / "call-centre" / "plan.yaml"), "--site", str(site), "--json"))[
            "steps"
        ]
        with pytest.raises(TimeoutError):
            listener.accept()
    far, near, log = (step["exactly"][0]["sent"] for step in listed)
    assert [line.rpartition(" ")[2] for line in far] == ["127.0.0.1", "192.0.2.9"]
    assert all(line.startswith("ssh me@127.0.0.1: ") and " ping " in line for line in far)
    assert near == ["ssh me@127.0.0.1: systemctl is-active -- cti"]
    assert len(log) == 1
    assert log[0].endswith("/var/log/it")


def test_the_numbers_of_contacts_lines_and_approvers_are_shown(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = steps(capsys, plan)
    uses = {step: {use["name"]: use["is"] for use in found[step]["uses"]} for step in found}
    assert uses["tell"] == {"vendor": ["Night desk 555 0101 555 0102"], "onsite-ops": ["Duty 555 0105"]}
    assert uses["moved"] == {
        "carrier": ["Duty desk 555 0104"],
        "hotline": ["555 0100"],
        "emergency": ["555 0199"],
        "cs-lead": ["Leader A 555 0103"],
    }
    assert uses["restart"]["leadership"] == ["Head (no number)"]
    text = shown(capsys, plan, "--site", "site.yaml")
    assert "    contact vendor: Night desk 555 0101 555 0102\n" in text
    assert "    host cti: cti (192.0.2.7)\n" in text


def test_a_plan_that_does_not_fit_the_site_is_not_shown_as_if_it_did(
    plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("site.yaml").write_text(SITE.replace("  cti:\n", "  ivr:\n"), encoding="utf-8")
    assert main(["show", plan, "--site", "site.yaml"]) == 2
    said = capsys.readouterr().err
    assert "steps[3] port: tcp.host: expected a host" in said
    assert "found cti" in said


def test_what_a_plan_needs_is_read_from_its_steps(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every name, each once; what is asked before step 1 is no need of its own."""
    text = shown(capsys, plan, "--needs")
    assert text.splitlines() == [
        "plan needs of a site:",
        "  hosts, seats or groups: cti",
        "  ports by name: cti:cti",
        "  services: cti:cti-core",
        "  lines: emergency, hotline",
        "  contacts: carrier, cs-lead, leadership, onsite-ops, vendor",
        "  asked before step 1: grace (duration)",
        "  asked before step 1: who (contact)",
        "  asked before step 1: where (host)",
    ]
    assert {"what": "port", "name": "cti", "of": "cti"} in json.loads(shown(capsys, plan, "--needs", "--json"))["needs"]


def test_what_the_site_lacks_is_named(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("site.yaml").write_text(SITE.replace("cti: 3000, ", "").replace("  carrier:", "  courier:"), encoding="utf-8")
    lacking = {
        need["name"]
        for need in json.loads(shown(capsys, plan, "--needs", "--site", "site.yaml", "--json"))["needs"]
        if need["missing"]
    }
    assert lacking == {"cti", "carrier"}
    assert "cti:cti (the site has none)" in shown(capsys, plan, "--needs", "--site", "site.yaml")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, kind in kinds().items()
        if {"host", "contact", "logs"} & set(kind.EXAMPLE) and name != "carrier_switch"
    ],
)
def test_every_kind_shows_what_it_needs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Found by letting its own check look: nothing is declared twice."""
    kind = kinds()[name]
    step = {"id": "it", "title": "It", name: dict(kind.EXAMPLE), "next": {"failed": "continue"}}
    needed = kind.GROUP == "action"
    more = {"verify": {"ping": {"host": "cti"}}, "approval": {"by": "cs-lead"}} if needed else {}
    root = folder(tmp_path, "  " + json.dumps([step | more]))
    (found,) = load_playbook(str(root / "call-centre" / "plan.yaml"), [root]).steps
    names = {need.name for need in needs_of(found, load_playbook(str(root / "call-centre" / "plan.yaml"), [root]))}
    wanted = [kind.EXAMPLE[key] for key in ("host", "contact", "logs") if key in kind.EXAMPLE]
    assert {text for value in wanted for text in ([value] if isinstance(value, str) else value)} <= names


def test_a_mesh_needs_a_port_of_one_target_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tries a port on each target that has it."""
    mesh = "  - {id: m, title: M, mesh: {to: [a, b], ports: [sip, web]}, next: {failed: continue}}\n"
    monkeypatch.chdir(folder(tmp_path, mesh))
    site = "site: 1\nname: x\nhosts:\n  a: {address: 192.0.2.1, ports: {sip: 5060}}\n  b: {address: 192.0.2.2}\n"
    Path("site.yaml").write_text(site, encoding="utf-8")
    listed = json.loads(shown(capsys, "call-centre/plan.yaml", "--needs", "--site", "site.yaml", "--json"))["needs"]
    ports = {(need["name"], need["of"]): need["missing"] for need in listed if need["what"] == "port"}
    assert ports == {("sip", "a, b"): False, ("web", "a, b"): True}


def test_the_needs_of_the_shipped_plan_are_known() -> None:
    found = needs(load_playbook("cti-down", [Path(__file__).resolve().parents[2] / "playbooks"]))
    assert {Need("machine", "cti"), Need("service", "cti-core", "cti"), Need("line", "emergency")} <= set(found)
