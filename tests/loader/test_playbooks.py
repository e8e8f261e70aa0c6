"""Plans as they will be walked: blocks in place, steps numbered, references kept, every file remembered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from runbook.bundled import playbooks_dir
from runbook.loader import yaml as strict
from runbook.loader.checking import check_files, files_of
from runbook.loader.playbooks import known_playbooks, load_playbook, load_snapshot
from runbook.loader.schemes import load_scheme, load_scheme_kept
from runbook.loader.site import site_of
from runbook.loader.site_kept import site_text_of
from runbook.model.errors import ProblemsError, RunbookError
from runbook.model.playbook import Playbook, WaitFor
from runbook.model.site import Site
from tests.loader.plans import BLOCK, INPUTS, folder

SITE = site_of(
    b"""
site: 1
name: Test site
hosts:
  cti: {address: 192.0.2.1, ports: {cti: 3000}, services: {cti-core: {systemd: cti}}}
  spare: {address: 192.0.2.2}
lines:
  hotline: {title: Hotline}
  emergency: {title: Emergency}
contacts:
  cs-lead: {title: Group leader}
  vendor: {title: {en: Vendor, zh: "\xe5\x8e\x82\xe5\x95\x86"}, people: [{name: Desk, number: ""}]}
  nobody: {title: Not named by the plan}
""",
    "site.yaml",
)
LOOK = "  - id: look\n    title: Look\n    instruct: {}\n"
RESTART = """\
  - id: restart
    title: Restart
    service: {host: cti, name: cti-core, do: restart}
    approval: {by: cs-lead}
    verify: {service: {host: cti, name: cti-core, do: status}, within: $inputs.grace}
"""


def load(root: Path, steps: str, extra: str = "", site: Site | None = None, block: str = BLOCK) -> Playbook:
    return load_playbook("plan", [folder(root, steps, extra=extra, block=block)], site)


def refused(root: Path, steps: str, extra: str = "", site: Site | None = None, block: str = BLOCK) -> list[str]:
    with pytest.raises(ProblemsError) as caught:
        load(root, steps, extra, site, block)
    assert caught.value.code == "E-PLAN-BAD"
    return [f"{problem.where}: {problem.message} [{problem.code}]" for problem in caught.value.problems]


# -- steps


def test_steps_are_numbered_from_one_and_keep_their_text(tmp_path: Path) -> None:
    plan = load(tmp_path, LOOK + RESTART, INPUTS)
    assert [(step.number, step.id, step.kind) for step in plan.steps] == [
        (1, "look", "instruct"),
        (2, "restart", "service"),
    ]
    assert plan.steps[1].body == {"host": "cti", "name": "cti-core", "do": "restart"}
    assert plan.steps[1].changes
    assert plan.header.title.pick("zh") == "预案"


@pytest.mark.parametrize("body", ["{}", "", "''"])
def test_a_kind_with_nothing_behind_it_has_an_empty_body(body: str, tmp_path: Path) -> None:
    plan = load(tmp_path, f"  - id: look\n    title: Look\n    instruct: {body}\n")
    assert plan.steps[0].body == {}


def test_references_stay_in_what_is_bound_later_and_samples_stand_in_what_is_checked(tmp_path: Path) -> None:
    reading = "{ping: {host: cti, count: $steps.restart.number}}"
    wait = f"  - id: wait\n    title: Wait\n    wait_for: {{until: {reading}, limit: $inputs.grace}}\n"
    wait += "    next: {expired: continue}\n"
    ask = "  - id: restart\n    title: How many\n    ask: {type: integer}\n"
    plan = load(tmp_path, ask + wait, INPUTS)
    step = plan.steps[1]
    assert step.body["limit"] == "$inputs.grace"
    assert isinstance(step.sample, WaitFor)
    assert step.sample.limit == timedelta(minutes=5)
    assert step.sample.until == {"ping": {"host": "cti", "count": "$steps.restart.number"}}


def test_a_verify_keeps_its_references_too(tmp_path: Path) -> None:
    step = load(
        tmp_path,
        RESTART.replace("host: cti, name: cti-core, do: status", "host: cti, name: cti-core, do: status"),
        INPUTS,
    ).steps[0]
    assert step.keys.verify is not None
    assert step.keys.verify.reading == {"service": {"host": "cti", "name": "cti-core", "do": "status"}}
    verify = step.written["verify"]
    assert isinstance(verify, dict)
    assert verify["within"] == "$inputs.grace"


# -- blocks

USE = "  - id: vendor\n    use: {block: tell, with: {who: $inputs.who}}\n"


def test_a_block_stands_in_the_place_of_its_use(tmp_path: Path) -> None:
    plan = load(tmp_path, LOOK + USE + LOOK.replace("look", "last"), INPUTS)
    assert [step.id for step in plan.steps] == ["look", "vendor/call", "vendor/write", "last"]
    assert [step.block for step in plan.steps] == ["", "vendor", "vendor", ""]
    call, write = plan.steps[1:3]
    assert call.body == {"contact": "$inputs.who"}
    assert call.keys.next == {"failed": "vendor/write"}
    assert write.keys.when == {"vendor/call": ("failed",)}
    assert plan.index("vendor") == 1


def test_what_the_use_says_holds_for_every_step_of_the_block(tmp_path: Path) -> None:
    use = USE + "    when: {look: passed}\n    phase: restore\n    role: cs-lead\n    recovery_test: true\n"
    call, write = load(tmp_path, LOOK + use, INPUTS).steps[1:]
    assert (call.keys.when, write.keys.when) == (
        {"look": ("passed",)},
        {"vendor/call": ("failed",), "look": ("passed",)},
    )
    assert (call.keys.phase, write.keys.phase) == ("restore", "close")
    assert call.keys.role == write.keys.role == "cs-lead"
    assert (call.keys.recovery_test, write.keys.recovery_test) == (False, True)


def test_a_blocks_own_condition_on_its_input_is_decided_when_it_is_put_in_place(tmp_path: Path) -> None:
    use = "  - id: vendor\n    use: {block: tell, with: {who: vendor, loud: in-writing}}\n"
    block = BLOCK.replace("when: {call: failed}", "when: {call: [failed, not_taken]}")
    plan = load(tmp_path, LOOK + use, block=block)
    assert [(step.id, step.keys.when) for step in plan.steps] == [("look", {}), ("vendor/write", {})]


def test_a_step_that_waits_for_one_that_is_left_out_is_left_out_too(tmp_path: Path) -> None:
    use = "  - id: vendor\n    use: {block: tell, with: {who: vendor, loud: in-writing}}\n"
    assert [step.id for step in load(tmp_path, LOOK + use).steps] == ["look"]


def test_a_literal_input_of_a_block_may_stand_anywhere(tmp_path: Path) -> None:
    block = BLOCK.replace("    phase: close\n", "    role: $inputs.who\n")
    plan = load(tmp_path, USE.replace("$inputs.who", "vendor"), block=block)
    assert plan.steps[1].keys.role == "vendor"


def test_a_step_of_a_block_can_be_closed_and_read_by_the_plan(tmp_path: Path) -> None:
    move = "  - id: {id}\n    title: Move\n    carrier_switch: {{contact: vendor, from: {a}, to: {b}}}\n    approval: {{by: cs-lead}}\n"
    block = BLOCK.split("  - id: call")[0] + move.format(id="call", a="hotline", b="emergency")
    back = move.format(id="back", a="emergency", b="hotline") + "    closes: vendor/call\n"
    plan = load(tmp_path, USE.replace("$inputs.who", "vendor") + back, block=block)
    assert plan.steps[1].keys.closes == "vendor/call"


def test_a_mistake_in_a_block_is_said_where_it_stands(tmp_path: Path) -> None:
    block = BLOCK.replace("call: {contact", "call: {contcat")
    with pytest.raises(ProblemsError) as caught:
        load(tmp_path, LOOK + USE, INPUTS, block=block)
    (problem,) = caught.value.problems
    assert problem.file.endswith("tell.yaml")
    assert (problem.line, problem.column) == (11, 12)
    assert "did you mean 'contact'" in problem.message


# -- the site


def test_names_of_the_site_are_checked_where_there_is_one(tmp_path: Path) -> None:
    steps = (
        "  - id: port\n    title: Open\n    tcp: {host: cit, port: cti}\n    next: {failed: continue}\n"
        + RESTART.replace("by: cs-lead", "by: cs-laed")
    )
    assert load(tmp_path, steps, INPUTS)
    said = refused(tmp_path, steps, INPUTS, SITE)
    assert [line.split(":")[1].strip() for line in said] == ["tcp.host", "approval.by"]
    assert "did you mean 'cs-lead'" in said[1]


def test_readings_inside_a_step_are_checked_against_the_site_too(tmp_path: Path) -> None:
    steps = RESTART.replace("status}", "status}").replace(
        "verify: {service: {host: cti,", "verify: {service: {host: cit,"
    )
    (said,) = refused(tmp_path, steps, INPUTS, SITE)
    assert said.startswith(
        "steps[1] restart: verify.service.host: expected a host, a seat or a group of the site, found cit"
    )


def test_a_name_that_is_only_known_later_is_not_checked_now(tmp_path: Path) -> None:
    extra = "inputs:\n  box: {type: host, ask: Which}\n"
    plan = load(
        tmp_path, "  - id: p\n    title: P\n    ping: {host: $inputs.box}\n    next: {failed: continue}\n", extra, SITE
    )
    assert plan.steps[0].body == {"host": "$inputs.box"}


def test_an_inputs_default_must_be_in_the_site(tmp_path: Path) -> None:
    (said,) = refused(tmp_path, LOOK, INPUTS.replace("vendor", "vender"), SITE)
    assert said.startswith(
        "inputs.who.default: expected one of cs-lead, vendor, nobody (nearest: vendor), found 'vender'"
    )


def test_a_hosts_address_may_be_named(tmp_path: Path) -> None:
    (said,) = refused(
        tmp_path,
        "  - id: p\n    title: P\n    ping: {host: $site.cit.address}\n    next: {failed: continue}\n",
        site=SITE,
    )
    assert "expected a host or a seat of the site, found 'cit'" in said


def test_a_covered_step_needs_no_approval_of_its_own(tmp_path: Path) -> None:
    first = RESTART.replace("by: cs-lead", "by: cs-lead, covers: [restart, again]")
    second = RESTART.replace("id: restart", "id: again").replace("    approval: {by: cs-lead}\n", "")
    assert len(load(tmp_path, first + second, INPUTS).steps) == 2


# -- files


def test_every_file_of_a_plan_is_kept_and_reads_the_same_again(tmp_path: Path) -> None:
    plan = load(tmp_path, LOOK + RESTART + USE, INPUTS + 'clocks: {scheme: simple, level: "1", from: reported}\n', SITE)
    assert set(plan.files) == {"playbooks/plan.yaml", "playbooks/blocks/tell.yaml", "playbooks/schemes/simple.yaml"}
    kept = {**plan.files, "site.yaml": site_text_of(SITE, plan)}
    again, site = load_snapshot(kept)
    assert (again.header, again.steps, again.files) == (plan.header, plan.steps, plan.files)
    assert set(site.hosts) == {"cti"}
    assert site.contacts["vendor"] == SITE.contacts["vendor"]
    assert load_scheme_kept("simple", kept) == load_scheme("simple", [tmp_path])


def test_rules_that_came_later_do_not_stop_an_incident_that_runs(tmp_path: Path) -> None:
    plan = load(tmp_path, LOOK, INPUTS)
    text = plan.files["playbooks/plan.yaml"].decode() + "  - id: p\n    title: P\n    ping: {host: cti}\n"
    again, _site = load_snapshot({"playbooks/plan.yaml": text.encode(), "site.yaml": b"site: 1\nname: x\n"})
    assert [step.id for step in again.steps] == ["look", "p"]


def test_an_unknown_plan_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(RunbookError) as caught:
        load_playbook("plam", [folder(tmp_path, LOOK)])
    assert caught.value.code == "E-PLAN-UNKNOWN"
    assert caught.value.exit_code == 2
    assert "plan" in caught.value.text()


@pytest.mark.parametrize("name", ["../plan", "/plan", "pl\0an", "PLAN", "file://plan", ""])
def test_an_id_is_never_a_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(RunbookError) as caught:
        load_playbook(name, [folder(tmp_path, LOOK) / "call-centre"])
    assert caught.value.code in ("E-PLAN-UNKNOWN", "E-FILE")


@pytest.mark.parametrize("name", ["../secret", "/etc/hosts", "tell/../tell", "file:tell"])
def test_a_block_is_never_a_path(name: str, tmp_path: Path) -> None:
    (said,) = refused(tmp_path, LOOK + f"  - id: vendor\n    use: {{block: '{name}'}}\n")
    assert "expected an id" in said


def test_a_link_out_of_the_folder_is_not_seen(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("secret", encoding="utf-8")
    root = folder(tmp_path / "root", LOOK)
    (root / "call-centre" / "secret.yaml").symlink_to(outside)
    assert known_playbooks([root]) == ["plan"]


def test_the_first_folder_that_has_a_plan_gives_it(tmp_path: Path) -> None:
    one, two = folder(tmp_path / "one", LOOK), folder(tmp_path / "two", LOOK + LOOK.replace("look", "again"))
    assert len(load_playbook("plan", [one, two]).steps) == 1
    assert len(load_playbook("plan", [two, one]).steps) == 2


def test_a_plan_may_be_named_by_its_file_and_finds_its_own_blocks(tmp_path: Path) -> None:
    root = folder(tmp_path, LOOK + USE, extra=INPUTS)
    assert len(load_playbook(str(root / "call-centre" / "plan.yaml"), []).steps) == 3


def test_listing_the_plans_opens_none_of_them(tmp_path: Path) -> None:
    root = folder(tmp_path, LOOK)
    (root / "call-centre" / "other.yaml").mkdir()
    (root / "call-centre" / "broken.yaml").write_bytes(b"\xff\xff[")
    assert known_playbooks([root]) == ["broken", "plan"]


# -- what is shipped


@pytest.mark.parametrize("parser", [yaml.CSafeLoader, yaml.SafeLoader], ids=["c", "python"])
def test_every_shipped_file_is_clean_with_either_parser(parser: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict, "PARSER", parser)
    folders = [playbooks_dir()]
    assert [str(problem) for problem in check_files(files_of(folders[0]), folders, None)] == []


def test_every_shipped_plan_survives_its_snapshot() -> None:
    for name in known_playbooks([playbooks_dir()]):
        plan = load_playbook(name, [playbooks_dir()])
        again, _site = load_snapshot({**plan.files, "site.yaml": site_text_of(SITE, plan)})
        assert again.steps == plan.steps
        assert again.header == plan.header


def test_a_role_that_the_site_lacks_is_named(tmp_path: Path) -> None:
    """A step's `role` is whose duty it is: a name that nobody has helps nobody at night."""
    steps = "  - id: look\n    role: cs-leed\n    title: Somebody looks\n    instruct: {}\n"
    plan = folder(tmp_path, steps) / "call-centre" / "plan.yaml"
    site = Site.model_validate({"site": "1", "name": "X", "contacts": {"cs-lead": {"title": "Lead"}}})
    (problem,) = check_files([plan], [tmp_path], site)
    assert (problem.where, problem.code) == ("steps[1] look: role", "E-NAME-UNKNOWN")
    assert "did you mean 'cs-lead'?" in problem.message
