"""The plan cti-down: it loads, it is whole in both languages, and says what the document says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from runbook.loader.playbooks import load_playbook
from runbook.loader.schemes import load_scheme
from runbook.loader.site import site_of
from runbook.model.clocks import Scheme
from runbook.model.playbook import Playbook, Step
from runbook.model.site import Site
from runbook.model.text import Text
from runbook.model.units import span
from runbook.world.lab.centre import DOORS
from runbook.world.lab.sitefile import site_text

FOLDERS = [Path(__file__).resolve().parents[2] / "playbooks"]


@cache
def plan() -> Playbook:
    return load_playbook("cti-down", FOLDERS)


@cache
def scheme() -> Scheme:
    return load_scheme("s000", FOLDERS)


def lab_site() -> Site:
    ports = {door.key: 20000 + number for number, door in enumerate(DOORS)}
    return site_of(site_text(ports, "ssh-ed25519 AAAA", "key").encode(), "site.yaml")


def texts(node: Any, where: str = "") -> Iterator[tuple[str, Text]]:
    """Every sentence below a node, with where it stands."""
    if isinstance(node, Text):
        yield where, node
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from texts(getattr(node, name), f"{where}.{name}")
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from texts(value, f"{where}.{name}")
    elif isinstance(node, (list, tuple)):
        for number, value in enumerate(node):
            yield from texts(value, f"{where}[{number}]")


def everything() -> list[tuple[str, Text]]:
    nodes: list[tuple[str, Any]] = [("header", plan().header), ("scheme", scheme())]
    for step in plan().steps:
        nodes += [(step.id, step.keys), (step.id, step.sample)]
    return [found for where, node in nodes for found in texts(node, where)]


def steps() -> list[Any]:
    return [pytest.param(step, id=step.id) for step in plan().steps]


def test_it_fits_the_lab() -> None:
    assert load_playbook("cti-down", FOLDERS, lab_site()).steps


def test_every_sentence_is_there_in_english_and_in_chinese() -> None:
    found = everything()
    assert len(found) > 100
    assert [where for where, text in found if [language for language, _ in text.by_language] != ["en", "zh"]] == []
    assert [where for where, text in found if not any("一" <= letter <= "鿿" for letter in text.pick("zh"))] == []
    assert [where for where, text in found if any("一" <= letter <= "鿿" for letter in text.pick("en"))] == []


@pytest.mark.parametrize("step", steps())
def test_every_step_says_why_or_what_to_say(step: Step) -> None:
    assert step.keys.why or step.keys.say


@pytest.mark.parametrize("step", [p for p in steps() if p.values[0].kind in ("call", "carrier_switch", "notify")])
def test_whoever_telephones_has_a_sentence(step: Step) -> None:
    assert step.keys.say


def test_what_the_document_says_is_said_in_its_own_words() -> None:
    titles = {step.id: step.title.pick("zh") for step in plan().steps}
    assert titles["switch"] == "启动电信运营商紧急切换方案,将号码切换到模拟直线上,保证客户电话能呼入客服中心"
    assert titles["tickets"] == "座席采用手动记录工单方式,修复后再补录"
    assert titles["vendor/call-vendor"] == "通知厂家运维人员进行进一步处理"
    assert titles["cti-service"] == "查看CTI服务器上的服务是否正常运行"
    assert titles["close-out/cause"] == "对事件产生的原因进行调查"
    assert plan().header.title.pick("zh") == "CTI服务器故障"


def test_what_the_document_does_not_say_is_marked() -> None:
    # The only steps without a note: the document's own sentences.
    said = {"tickets", "vendor/call-vendor"} | {step.id for step in plan().steps if step.block == "close-out"}
    assert {step.id for step in plan().steps if step.keys.note is None} == said


def test_the_order_of_the_work() -> None:
    assert [step.id for step in plan().steps if step.keys.first] == ["tell-lead", "test-call", "ping-cti"]
    assert [step.id for step in plan().steps if step.keys.entry] == ["switch"]
    acts = [step.id for step in plan().steps if step.changes]
    assert acts == ["restart-cti", "switch", "tell-others", "switch-back", "tell-everyone"]


def test_both_debts_are_closed_and_only_while_they_are_open() -> None:
    opened = {step.id for step in plan().steps if step.opens and not step.keys.closes}
    assert {step.keys.closes: step.id for step in plan().steps if step.keys.closes} == {
        "switch": "switch-back",
        "tickets": "back-entry",
    }
    assert opened == {"switch", "tickets"}


def test_only_the_switch_and_the_restart_are_approved_and_by_whom() -> None:
    rules = {step.id: step.keys.approval for step in plan().steps if step.keys.approval}
    assert {step: (rule.by, rule.or_) for step, rule in rules.items()} == {
        "restart-cti": ("cs-lead", None),
        "switch": ("leadership", "cs-lead"),
        "switch-back": ("leadership", "cs-lead"),
    }


def test_a_lost_packet_does_not_move_the_hotline() -> None:
    expected: Any = plan().step("ping-cti").keys.expect["loss_pct"]
    outcomes = {loss: expected.outcome(loss) for loss in (0.0, 20.0, 80.0, 100.0)}
    assert outcomes == {0.0: "passed", 20.0: "warned", 80.0: "warned", 100.0: "failed"}


def test_the_close_out_may_be_answered_later() -> None:
    parts = [step for step in plan().steps if step.block == "close-out"]
    assert [step.id.partition("/")[2] for step in parts] == [
        "cause", "impact", "responsibility", "measures", "course", "lessons", "amendments", "weak-points",
    ]  # fmt: skip
    assert all(getattr(step.sample, "later", False) for step in parts)


def test_the_limits_of_the_document() -> None:
    limits = {level: [span(limit) for limit in entry.limits.values()] for level, entry in scheme().levels.items()}
    mild, severe = ["10m", "2h", "1h", "2h", "1d", "2d", "3d"], ["10m", "1h", "30m", "1h", "12h", "1d", "1d"]
    assert limits == {"1": mild, "2": mild, "3": severe, "4": severe}
    assert list(scheme().metrics) == list(scheme().levels["1"].limits)
    assert scheme().worst == "highest"
    assert "合并" in (scheme().note or Text.of("-")).pick("zh")
