"""An incident as a list of events: a restart that fails, the emergency lines, tickets, `u`, `g`, an unknown end, hostile notes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.model import events as ev
from runbook.model.clocks import Scheme
from runbook.model.events import Event
from runbook.model.kind import Kind
from runbook.model.playbook import Header, Playbook, Step
from runbook.model.record import Recorded
from runbook.model.site import Site
from runbook.model.step import CommonKeys
from runbook.model.units import utc_text
from runbook.report.facts import facts
from runbook.report.record import Facts

ID = "20261104-cti-down-7K3M"
REPORTED = datetime(2026, 11, 3, 18, 51, tzinfo=UTC)  # 02:51 at the site
WHO = "Technician A"
HOSTILE = '](javascript:alert(1)) <script>alert(1)</script> a|b ``` #read("/etc/passwd") $x$ ] @all\n# 审批：已批准\n- [x] done'
UNPRINTABLE = (
    "emoji 😀 ESC \x1b[31m bidi \u202e nul \x00 filler \u3164 variation ❤\ufe0f rare \U00030edd combining e\u0301"
)


class Quiet(Kind):
    """A kind that says nothing: a report reads only what the events say."""

    NAME = "quiet"
    GROUP = "people"


PLAN = (
    ("tell-lead", "call", "scope", "Tell the group leader that no call reaches an agent", "告诉班长没有电话进入坐席"),
    ("ping-cti", "ping", "diagnose", "The CTI server answers ping", "CTI服务器能ping通"),
    ("sip-cti", "sip", "diagnose", "The SIP server answers", "SIP服务器有应答"),
    ("agents", "ask", "diagnose", "Can any agent sign in", "有坐席能签入吗"),
    ("restart-cti", "service", "remediate", "Restart the CTI service", "重启CTI服务"),
    ("grace", "wait_for", "verify", "The CTI service comes back", "CTI服务恢复"),
    ("vendor-log", "instruct", "remediate", "Save the log for the vendor", "为厂商保存日志"),
    ("switch", "carrier_switch", "contain", "Move the hotline to the emergency analogue lines", "把热线切到应急模拟线"),
    ("tickets", "tickets", "contain", "Agents write tickets by hand", "坐席手工记录工单"),
    ("photo", "instruct", "contain", "Photograph the list of who sits at which line", "拍下线路与坐席对照表"),
    ("switch-back", "carrier_switch", "restore", "Move the hotline back to the platform", "把热线切回平台"),
    ("back-entry", "tickets", "restore", "Enter the manual tickets", "补录手工工单"),
    ("lessons", "ask", "close", "What should change in the plan", "预案要改什么"),
)


def plan() -> Playbook:
    header = Header.model_validate(
        {
            "runbook": "1",
            "id": "cti-down",
            "version": "1.0",
            "title": {"en": "CTI server down", "zh": "CTI服务器故障"},
            "severity": "SEV1",
            "use_when": "Callers hear no welcome prompt, calls do not queue, agents cannot sign in.",
            "impact": {"en": "All callers and all agents.", "zh": "全部客户和全部坐席。"},
            "clocks": {"scheme": "s000", "level": "4"},
            "inputs": {
                "grace": {"type": "duration", "default": "5m", "ask": "How long may the CTI service take to come back?"}
            },
            "recovered": {
                "ask": "Does an agent sign in, and does a test call hear the prompt and queue?",
                "then": "switch-back",
            },
        }
    )
    steps = []
    for number, (name, kind, phase, english, chinese) in enumerate(PLAN, 1):
        keys = CommonKeys.model_validate({"id": name, "title": {"en": english, "zh": chinese}, "phase": phase})
        steps.append(Step(number, name, keys, kind, {}, Quiet()))
    return Playbook(header, tuple(steps))


def site() -> Site:
    contacts = {
        "cs-lead": {
            "title": {"en": "group leader", "zh": "客服班长"},
            "people": [{"name": "Leader B", "number": "01062341234"}],
        },
        "leadership": {"title": "leadership group", "people": [{"name": "Manager C", "number": "13800000001"}]},
        "carrier": {"title": "carrier duty desk", "people": [{"name": "Carrier desk", "number": "10000"}]},
    }
    lines = {"hotline": {"title": "hotline", "numbers": "95598"}}
    return Site.model_validate({"site": "1", "name": "Example call centre", "contacts": contacts, "lines": lines})


def scheme() -> Scheme:
    metrics = {
        "response": "Response",
        "recovery": "Fault recovered",
        "recovery_plan": "Recovery plan",
        "patch": "Patch",
    }
    limits = {"response": "10m", "recovery": "1h", "recovery_plan": "30m", "patch": "1d"}
    level = {"title": "urgent", "limits": limits}
    found = {"scheme": "1", "id": "s000", "title": "Service levels", "source": "the document", "worst": "highest"}
    return Scheme.model_validate({**found, "metrics": metrics, "levels": {"4": level}})


@dataclass
class Story:
    """Appends events the way a journal does: numbered, chained, each a little later than the one before."""

    now: datetime = REPORTED
    rows: list[Recorded] = field(default_factory=list)
    incident: str = ID

    def add(self, event: Event, *, after: str | float = 1, actor: str = WHO) -> Recorded:
        self.now += timedelta(seconds=float(after))
        prev = self.rows[-1].hash if self.rows else "0" * 64
        seq = len(self.rows) + 1
        mark = hashlib.sha256(f"{prev}{seq}{self.now}{event}".encode("utf-8", "surrogatepass")).hexdigest()
        boot_s = 1000 + (self.now - REPORTED).total_seconds()
        row = Recorded(self.incident, "w1", seq, utc_text(self.now), "boot", boot_s, actor, event, prev, mark)
        self.rows.append(row)
        return row

    def opened(self, mode: str = "live", zone: str = "Asia/Shanghai") -> None:
        title = {"en": "CTI server down", "zh": "CTI服务器故障"}
        files = {"plan/cti-down.yaml": "a" * 64, "plan/site.yaml": "b" * 64}
        start = ("cti-down", "1.0", title, "SEV1", mode, "Example call centre", zone, "en", utc_text(REPORTED), "typed")
        where = ("/somewhere/playbooks/cti-down.yaml", "/somewhere/site.yaml", "", "0.1.0", "laptop-1")
        self.add(ev.IncidentOpened(self.incident, *start, files, *where), after=120)

    def step(
        self, name: str, outcome: str, how: str, *, by: str = "person", after: float = 20, attempt: int = 1, **more: Any
    ) -> Recorded:
        self.add(ev.StepBegun(name, attempt, more.pop("opens", "")))
        return self.add(ev.StepFinished(name, attempt, outcome, by, how, **more), after=after)

    def read(self, name: str, kind: str, ran: str, outcome: str, expected: str, found: str, **more: Any) -> None:
        finish = more.pop("finish", True)
        attempt = more.pop("attempt", 1)
        self.add(
            ev.ReadingTaken(
                name, attempt, more.pop("purpose", "step"), kind, ran, outcome, {}, expected, found, **more
            ),
            after=4,
        )
        if finish:
            self.add(
                ev.StepFinished(name, attempt, outcome, "machine", "read", expected=expected, found=found, ran=ran),
                after=0,
            )


def diagnosis(story: Story) -> None:
    """The first four steps: a wrong answer is given and withdrawn with `u`."""
    story.add(ev.InputAnswered("grace", "5m", "default"))
    story.add(ev.SelfChecked(True, "192.0.2.1", True, "sip", True, False))
    story.add(ev.StepBegun("tell-lead", 1))
    story.add(ev.PersonTold("tell-lead", "cs-lead", "Leader B", True, "telephone"), after=40)
    story.add(ev.StepFinished("tell-lead", 1, "passed", "person", "asked", answer="reached"), after=5)
    story.add(ev.StepBegun("ping-cti", 1))
    story.read(
        "ping-cti", "ping", "ping 192.0.2.20, 5 times", "passed", "loss_pct warn 1, fail 5", "loss_pct 0, rtt_ms 0.4"
    )
    story.add(ev.StepBegun("sip-cti", 1))
    story.read(
        "sip-cti",
        "sip",
        "SIP OPTIONS 192.0.2.10:5060 over UDP",
        "failed",
        "status 200",
        "status 503 \x1b[31mCTI|down\x1b[0m",
    )
    wrong = story.step("agents", "passed", "asked", answer="yes", ran="Can any agent sign in?")
    story.add(ev.AnswerCorrected("agents", 1, wrong.seq, "yes", "pressed the wrong number", True), after=10)
    story.step("agents", "failed", "asked", answer="no", attempt=2, ran="Can any agent sign in?")
    story.add(ev.NoteAdded(HOSTILE), after=5)


def restart(story: Story) -> None:
    """The restart is killed in the middle, resolved by a person, and does not help; the wait expires."""
    act = "ssh cti: systemctl restart cti-core"
    digest = hashlib.sha256(act.encode()).hexdigest()
    kept = {"sha256": "c" * 64, "name": "cti-core status", "size_bytes": 512}
    story.add(ev.StepBegun("restart-cti", 1))
    until = utc_text(story.now + timedelta(minutes=10))
    story.add(ev.ApprovalGiven("restart-cti", "cs-lead", "Leader B", "spoken", act, digest, until), after=45)
    story.add(ev.ActionIntended("restart-cti", 1, "service", act, digest, "host:cti"))
    story.add(ev.Resumed("laptop-1", "0.1.0"), after=90)
    status = (
        "restart-cti",
        "service",
        "ssh cti: systemctl is-active cti-core",
        "failed",
        "state running",
        "state failed",
    )
    story.read(*status, purpose="unknown", finish=False, evidence=[kept])
    story.add(ev.UnknownAnswered("restart-cti", 1, "done", "the console shows the restart"), after=30)
    for _time in range(3):
        story.read(*status, purpose="verify", finish=False)
    story.add(ev.StepFinished("restart-cti", 1, "failed", "person", "resolved", found="state failed", ran=act))
    story.add(ev.StepBegun("grace", 1))
    for _time in range(12):
        story.read(
            "grace", "service", status[2], "failed", "state running", "state failed", purpose="wait", finish=False
        )
    story.add(
        ev.StepFinished("grace", 1, "expired", "machine", "read", expected="passed within 5m", found="state failed"),
        after=240,
    )
    over = ["vendor-log"]
    story.add(ev.WentTo("grace", "switch", "goto", "the leader wants the hotline answered now", over), after=15)


def containment(story: Story) -> None:
    """The carrier switch with an approval that the first role refused to give; tickets by hand."""
    act = "call carrier: move hotline to emergency"
    digest = hashlib.sha256(act.encode()).hexdigest()
    story.add(ev.StepBegun("switch", 1))
    story.add(ev.ApprovalRefused("switch", "leadership", "Manager C", "not_reached"), after=30)
    until = utc_text(story.now + timedelta(minutes=10))
    story.add(ev.ApprovalGiven("switch", "cs-lead", "Leader B", "spoken", act, digest, until), after=30)
    story.add(ev.ActionIntended("switch", 1, "carrier_switch", act, digest, "line:hotline", "emergency_lines"))
    story.add(ev.PersonTold("switch", "carrier", "Carrier desk", True, "telephone"), after=60)
    story.add(ev.ActionEnded("switch", 1, "done", {}, "test call heard on line 3"), after=120)
    story.add(ev.StepFinished("switch", 1, "passed", "person", "acted", found="test call heard on line 3", ran=act))
    story.step("tickets", "passed", "asked", opens="manual_tickets", answer="started")
    story.step("photo", "skipped", "skip", reason="no camera in the room")
    story.add(
        ev.NoteAdded(
            UNPRINTABLE,
            step="photo",
            at="2026-11-03T19:05:00.000Z",
            evidence=[{"sha256": "d" * 64, "name": "a|b.jpg", "size_bytes": 9}],
        )
    )
    story.add(ev.Escalated("photo", "leadership", "Manager C"))
    story.add(ev.Paused("key", "photo"), after=60)
    story.add(ev.Resumed("laptop-1", "0.1.0"), after=600)


def recovery(story: Story, *, close: bool = True) -> None:
    """Back to the platform; one manual ticket stays missing unless `close`."""
    act = "call carrier: move hotline to platform"
    story.add(ev.RecoveryAnswered("photo", True), after=300)
    story.add(ev.StepBegun("switch-back", 1))
    digest = hashlib.sha256(act.encode()).hexdigest()
    story.add(ev.ActionIntended("switch-back", 1, "carrier_switch", act, digest, "line:hotline"))
    story.add(ev.ActionEnded("switch-back", 1, "done", {}, "test call queued"), after=200)
    story.add(
        ev.StepFinished(
            "switch-back", 1, "passed", "person", "acted", closes="switch", ran=act, found="test call queued"
        )
    )
    story.add(ev.StepBegun("back-entry", 1))
    if close:
        story.add(ev.TicketsCounted("back-entry", 4, 4), after=400)
        story.add(ev.StepFinished("back-entry", 1, "passed", "paper", "manual", answer="4", closes="tickets"))
        story.step("lessons", "passed", "asked", answer="Name the line list in step 8 = 1) first")
        story.add(ev.IncidentClosed())
    else:
        story.add(ev.TicketsCounted("back-entry", 4, 3, ["M-004"]), after=400)


def whole(mode: str = "live", *, close: bool = True) -> list[Recorded]:
    """The incident from its opening to its end."""
    story = Story()
    story.opened(mode)
    for part in (diagnosis, restart, containment):
        part(story)
    recovery(story, close=close)
    return story.rows


def told(rows: list[Recorded] | None = None, **more: Any) -> Facts:
    """The facts of these events (the whole incident without any) one hour after the last of them."""
    rows = whole() if rows is None else rows
    return facts(rows, plan(), site(), rows[-1].at + timedelta(hours=1), **{"scheme": scheme(), **more})
