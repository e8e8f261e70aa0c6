"""What holds for every leaf kind, walked over all of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from runbook.model.described import described
from runbook.model.kind import Kind
from runbook.model.site import Site
from runbook.steps import bind, kinds
from tests.steps.fakes import EMPTY, SITE

ALL = pytest.mark.parametrize("name", list(kinds()))


def example(name: str) -> Kind:
    return bind(name, dict(kinds()[name].EXAMPLE), {})


def test_the_kinds_of_this_version_are_there() -> None:
    wanted = "ask call carrier_switch dns http instruct notify ping service sip ssh tcp tickets"
    assert set(wanted.split()) <= set(kinds())


@ALL
def test_every_field_and_the_kind_itself_are_documented(name: str) -> None:
    kind = kinds()[name]
    assert kind.__doc__
    assert kind.__doc__ != Kind.__doc__
    assert [field for field, info in described(kind).model_fields.items() if not info.description] == []
    assert all(doc.endswith(".") for doc in kind.VALUES.values())
    assert kind.GROUP in ("reading", "action", "people")
    assert name == kind.NAME


@ALL
def test_its_example_loads_and_says_what_it_will_do(name: str) -> None:
    kind = example(name)
    for site in (SITE, EMPTY):
        for line in (kind.plan_line(site), kind.manual_form(site)):
            assert line.strip() == line
            assert line
            assert "\n" not in line


@ALL
def test_its_example_fits_the_sample_site_and_names_what_an_empty_one_lacks(name: str) -> None:
    kind = example(name)
    assert kind.problems(SITE) == []
    assert kind.problems(None) == []
    fields = {info.alias or field for field, info in type(kind).model_fields.items()}
    assert {field for field, _sentence in kind.problems(EMPTY)} <= fields


@ALL
def test_it_refuses_a_key_that_it_does_not_have(name: str) -> None:
    with pytest.raises(ValidationError) as error:
        bind(name, {**kinds()[name].EXAMPLE, "wiht": "x"}, {})
    assert [problem["type"] for problem in error.value.errors()] == ["extra_forbidden"]


@ALL
def test_only_what_changes_has_an_act_and_a_target(name: str) -> None:
    kind = example(name)
    assert bool(kind.act(SITE)) == kind.changes()
    if kind.changes():
        assert kind.target(SITE)


@ALL
def test_every_required_field_is_asked_for(name: str) -> None:
    for field, info in kinds()[name].model_fields.items():
        if info.is_required():
            body: dict[str, Any] = dict(kinds()[name].EXAMPLE)
            body.pop(info.alias or field)
            with pytest.raises(ValidationError):
                bind(name, body, {})


@pytest.mark.parametrize(
    ("name", "body", "field", "near"),
    [
        ("ping", {"host": "cit"}, "host", "cti"),
        ("tcp", {"host": "cti", "port": "ctl"}, "port", "cti"),
        ("sip", {"host": "spi", "port": "sip"}, "host", "sip"),
        ("service", {"host": "cti", "name": "cti-cor", "do": "status"}, "name", "cti-core"),
        ("ssh", {"host": "cti", "command": "free-dsk"}, "command", "free-disk"),
        ("call", {"contact": "cs-leed"}, "contact", "cs-lead"),
        ("notify", {"contact": ["carrier", "cs-leed"]}, "contact", "cs-lead"),
        ("carrier_switch", {"contact": "carier", "from": "hotline", "to": "emergency"}, "contact", "carrier"),
        ("carrier_switch", {"contact": "carrier", "from": "hotlin", "to": "emergency"}, "from", "hotline"),
        ("carrier_switch", {"contact": "carrier", "from": "hotline", "to": "emergncy"}, "to", "emergency"),
    ],
)
def test_a_name_that_the_site_lacks_is_said_with_the_nearest(name: str, body: Any, field: str, near: str) -> None:
    ((where, sentence),) = bind(name, body, {}).problems(SITE)
    assert where == field
    assert f"nearest: {near}" in sentence


@pytest.mark.parametrize("name", ["tcp", "sip", "http"])
def test_a_port_number_in_a_plan_is_a_problem_even_without_a_site(name: str) -> None:
    kind = bind(name, {"host": "cti", "port": "5060"}, {})
    for site in (None, SITE):
        ((where, sentence),) = kind.problems(site)
        assert (where, "5060" in sentence, "site.yaml" in sentence) == ("port", True, True)


def test_a_command_that_only_reads_is_refused_in_ssh() -> None:
    ((field, sentence),) = bind("ssh", {"host": "cti", "command": "show-disk"}, {}).problems(SITE)
    assert field == "command"
    assert "only reads" in sentence


def test_a_service_without_the_wanted_command_is_a_problem() -> None:
    ((field, sentence),) = bind("service", {"host": "cti", "name": "old", "do": "stop"}, {}).problems(SITE)
    assert field == "do"
    assert "no stop command" in sentence


def test_a_host_without_ssh_needs_no_services() -> None:
    assert bind("service", {"host": "sip", "name": "SipServer", "do": "restart"}, {}).problems(SITE) == []


def test_lines_of_a_switch_must_differ() -> None:
    ((field, _sentence),) = bind(
        "carrier_switch", {"contact": "carrier", "from": "hotline", "to": "hotline"}, {}
    ).problems(SITE)
    assert field == "to"


def test_what_a_kind_leaves_open() -> None:
    opened = {
        (name, str(body)): bind(name, body, {}).opens()
        for name, body in (
            ("carrier_switch", {"contact": "carrier", "from": "hotline", "to": "emergency"}),
            ("tickets", {"do": "open"}),
            ("tickets", {"do": "back_entry"}),
            ("service", {"host": "cti", "name": "cti-core", "do": "stop"}),
        )
    }
    assert list(opened.values()) == ["emergency_lines", "manual_tickets", "", ""]


def test_an_unnamed_host_is_called_by_its_id() -> None:
    site: Site = SITE
    assert "sip (192.0.2.2)" in bind("ping", {"host": "sip"}, {}).plan_line(site)
    assert "sip" in bind("ping", {"host": "sip"}, {}).plan_line(EMPTY)
