"""Two whole plans of the documents (measures 8 and 11) that need the whole language: they load, lead on, and are kept whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook.bundled import playbooks_dir
from runbook.engine.beyond import due_offers
from runbook.loader.checking import check_files
from runbook.loader.playbooks import load_playbook, load_snapshot
from runbook.loader.site import load_site
from runbook.loader.site_kept import site_text_of
from runbook.model.binding import reference_values
from runbook.model.events import InputAnswered, SeverityRaised, WentTo
from runbook.model.inputs import answered
from runbook.model.playbook import Input, Playbook
from runbook.model.prompts import Key
from runbook.model.text import ExpectedError
from tests.engine.desk import Desk
from tests.engine.fakes import NOON

HERE = Path(__file__).parent / "examples"
NAMES = ["softphone-cannot-sign-in-out", "voice-announcement-abnormal"]
SITE = load_site(HERE / "site.yaml")
FOLDERS = [HERE, playbooks_dir()]


def load(name: str) -> Playbook:
    return load_playbook(name, FOLDERS, SITE)


@contextmanager
def not_expected() -> Iterator[None]:
    with pytest.raises(ExpectedError):
        yield


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_no_problem(name: str) -> None:
    assert check_files([HERE / f"{name}.yaml", HERE / "blocks" / "softphone-restart.yaml"], FOLDERS, SITE) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_example_leads_to_the_switch_of_cti_down(name: str) -> None:
    plan = load(name)
    assert plan.step("cti-down:switch").keys.entry
    assert plan.header_of("cti-down").recovered.then == "cti-down:switch-back"
    assert len(plan.steps) > len(plan.own)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_enough_to_walk_it(name: str) -> None:
    plan = load(name)
    again, site = load_snapshot({**plan.files, "site.yaml": site_text_of(SITE, plan)}, name)
    assert [(s.number, s.id, s.keys, s.body, s.plan) for s in again.steps] == [
        (s.number, s.id, s.keys, s.body, s.plan) for s in plan.steps
    ]
    assert (again.header, dict(again.others)) == (plan.header, dict(plan.others))
    assert {"cti", "sip"} <= set(site.hosts)
    assert "everyone-told" in site.contacts or name == NAMES[0]
    if name == NAMES[1]:
        assert (site.groups, site.logs) == (SITE.groups, SITE.logs)
        assert {"gateway-a", "gateway-b", "cim", "gvp", "db"} <= set(site.hosts)
        assert set(site.seats) == {"a012", "a013"}
    else:
        assert (site.seats, site.files) == (SITE.seats, SITE.files)


def test_a_mass_fault_raises_the_severity_and_leads_on_when_the_wait_expires() -> None:
    plan = load(NAMES[0])
    assert plan.step("five-minutes").keys.next == {"expired": "cti-down:switch"}
    known = (
        InputAnswered("seat", "a012", "asked"),
        InputAnswered("grace", "5m", "default"),
        InputAnswered("mass", "2", "default"),
    )
    made = Desk(plan, {"how-many": ["7"], "five-minutes.wait": Key("q")}, site=SITE, inputs=known)
    values = reference_values(plan.step("how-many").body, plan, SITE, made.state)
    assert values == {"inputs.mass": "2"}
    made.context.record(WentTo("", "how-many", "goto", "to the test"))
    made.world.ssh.on("systemctl is-active -- cti-core", "not read")
    made.human.script["five-minutes.wait"] = [Key("q")]
    made.walk()
    assert made.events(SeverityRaised) == [SeverityRaised("SEV1", "SEV3", "condition", "how-many: many/passed")]


def test_the_emergency_lines_are_offered_after_fifteen_minutes() -> None:
    plan = load(NAMES[1])
    made = Desk(plan, {}, site=SITE)
    (due,) = due_offers(plan, made.state, NOON.replace(minute=15))
    assert (due.offer.go, due.since) == ("cti-down:switch", NOON.replace(minute=15))
    assert due_offers(plan, made.state, NOON.replace(minute=14, second=59)) == []


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("seat", {"A012": "a012", "a013": "a013"}, ["a999", "cti", "sample-seats", ""]),
        (
            "seats",
            {"A012，a013": "a012, a013", "sample-seats": "sample-seats", "a012": "a012"},
            ["a999", "gateways", "cti", ",", ""],
        ),
        ("host", {"CTI": "cti"}, ["a012", "gateways", "moon"]),
        ("line", {"hotline": "hotline"}, ["moon"]),
        ("contact", {"cs-lead": "cs-lead"}, ["moon"]),
    ],
)
def test_names_of_the_site_are_folded_and_checked_when_answered(
    type_: str, good: dict[str, str], bad: list[str]
) -> None:
    declared = Input.model_validate({"type": type_, "ask": "What"})
    assert {text: answered(declared, text, SITE) for text in good} == good
    for text in bad:
        with not_expected():
            answered(declared, text, SITE)


def test_a_wrong_seat_is_told_the_nearest() -> None:
    with pytest.raises(ExpectedError, match=r"expected one of a012, a013 \(nearest: a012"):
        answered(Input.model_validate({"type": "seat", "ask": "Which"}), "a0122", SITE)
