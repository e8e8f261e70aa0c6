"""A small plan and site for the tests of the screen, and a console that writes into memory."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.model.clocks import Scheme
from runbook.model.events import Event, IncidentOpened
from runbook.model.playbook import Header, Playbook, Step
from runbook.model.record import Recorded
from runbook.model.site import Site
from runbook.model.step import CommonKeys
from runbook.model.units import utc_text
from runbook.steps.call import Call
from runbook.steps.ping import Ping
from runbook.steps.service import Service
from runbook.ui.console import Console, console_for

NOW = datetime(2026, 11, 3, 18, 51, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Origins:
    plan: str = "playbooks/call-centre/cti-down.yaml"
    site: str = "--site demo.yaml"


@dataclass(frozen=True)
class Earlier:
    id: str = "20261104-cti-down-7K3M"
    state: str = "recovered"
    opened_at: str = "2026-11-04T01:00:00.000Z"


SITE = Site.model_validate(
    {
        "site": "1",
        "name": "Demo",
        "hosts": {
            "cti": {
                "address": "127.0.0.1",
                "ssh": {"user": "ops"},
                "services": {"cti-core": {"systemd": "cti-core"}},
            }
        },
        "contacts": {"cs-lead": {"title": "group leader", "people": [{"name": "Post one", "number": "100"}]}},
    }
)
SCHEME = Scheme.model_validate(
    {
        "scheme": "1",
        "id": "s000",
        "title": "Levels",
        "source": "-",
        "worst": "highest",
        "metrics": {"response": "Response", "recovery": "Recovery"},
        "levels": {"4": {"title": "urgent", "limits": {"response": "10m", "recovery": "1h"}}},
    }
)


def plan(**header: Any) -> Playbook:
    """Three steps: a call, a ping, a restart."""
    head = Header.model_validate(
        {
            "runbook": "1",
            "id": "cti-down",
            "version": "1.0",
            "title": {"en": "CTI server down", "zh": "CTI服务器故障"},
            "severity": "SEV1",
            "use_when": "Callers hear no welcome prompt, calls do not queue, agents cannot sign in.",
            "not_when": "Calls still queue and reach agents (use ivr-down).",
            "impact": "All callers and all agents.",
            "clocks": {"scheme": "s000", "level": "4"},
            "recovered": {"ask": "Does an agent sign in?", "then": "end"},
            **header,
        }
    )
    return Playbook(
        head,
        (
            _step(
                1,
                "call",
                Call(contact="cs-lead"),
                id="tell-lead",
                title="The group leader knows",
                phase="scope",
                first="yes",
            ),
            _step(
                2,
                "ping",
                Ping(host="cti"),
                id="ping-cti",
                title="The CTI server answers ping",
                expect={"loss_pct": {"warn": "1", "fail": "5"}},
            ),
            _step(
                3,
                "service",
                Service(host="cti", name="cti-core", do="restart"),
                id="restart-cti",
                title={"en": "Restart the CTI service", "zh": "重启CTI服务"},
                phase="remediate",
                why="It hangs.",
                approval={"by": "cs-lead"},
            ),
        ),
    )


def _step(number: int, kind: str, sample: Any, **keys: Any) -> Step:
    return Step(number, keys["id"], CommonKeys.model_validate(keys), kind, {}, sample)


OPENED = IncidentOpened(
    incident="lab-20261104-cti-down-7K3M",
    plan="cti-down",
    plan_version="1.0",
    title={"en": "CTI server down"},
    severity="SEV1",
    mode="lab",
    site="Demo",
    zone="Asia/Shanghai",
    language="en",
    reported_at=utc_text(NOW - timedelta(minutes=12)),
    reported_how="typed",
    files={},
    plan_origin="-",
    site_origin="-",
    lab_folder="",
    tool_version="0",
    machine="laptop",
)


def recorded(event: Event, seq: int = 42, at: datetime = NOW) -> Recorded:
    """The event as a journal would hold it."""
    return Recorded(
        "lab-20261104-cti-down-7K3M", "w", seq, utc_text(at), "boot", 0.0, "technician", event, "", "7f3a" + "0" * 60
    )


def memory_console(width: int = 80, encoding: str = "utf-8", **environ: str) -> tuple[Console, io.BytesIO]:
    """A console on a stream that looks like a terminal, and the bytes it wrote."""

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    written = io.BytesIO()
    stream = Terminal(written, encoding=encoding, errors="strict", write_through=True)
    return console_for(stream, environ={"TERM": "xterm-256color", **environ}, width=width), written
