"""How a command that changes ends, and the carrier's switch."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import PersonTold
from runbook.model.replies import CannotAskError
from runbook.model.site import Site
from runbook.steps.call import Call
from runbook.steps.carrier_switch import CarrierSwitch
from runbook.steps.notify import Notify
from runbook.steps.service import Service
from runbook.steps.ssh import Ssh
from tests.steps.fakes import SITE, Outbox, Replies, UnforeseenError, keys, kind, ports, ssh_reply

ENDS = [
    (ssh_reply(0), "passed", "done"),
    (ssh_reply(1, err="no"), "failed", "error"),
    (ssh_reply(127, err="not found"), "failed", "error"),
    (ssh_reply(None, ended="signal"), "failed", "error"),
    (ssh_reply(None, ended="lost"), "unknown", "unknown"),
    (ssh_reply(None, ended="deadline"), "unknown", "unknown"),
]


@pytest.mark.parametrize(("reply", "outcome", "ended"), ENDS)
def test_how_a_restart_ends(reply: Any, outcome: str, ended: str) -> None:
    replies = Replies(reply)
    result = kind(Service, host="cti", name="cti-core", do="restart").run(ports(replies=replies))
    assert (result.outcome, result.ended, result.values["exit_status"]) == (outcome, ended, reply.status)
    assert replies.calls == [("192.0.2.1", ("systemctl", "restart", "--", "cti-core"), 60.0)]


@pytest.mark.parametrize(("reply", "outcome", "ended"), ENDS)
def test_how_a_named_command_ends(reply: Any, outcome: str, ended: str) -> None:
    replies = Replies(reply)
    result = kind(Ssh, host="cti", command="free-disk").run(ports(replies=replies))
    assert (result.outcome, result.ended) == (outcome, ended)
    assert replies.calls == [("192.0.2.1", ("/usr/local/bin/free-disk", "--keep", "a b"), 20.0)]


def test_the_step_s_timeout_goes_before_the_site_s() -> None:
    replies = Replies(ssh_reply(0))
    kind(Ssh, host="cti", command="free-disk").run(ports(replies=replies, timeout_s=5.0))
    assert replies.calls[0][2] == 5.0


def test_both_streams_are_kept_and_silent_ones_are_not() -> None:
    result = kind(Ssh, host="cti", command="free-disk").run(ports(replies=Replies(ssh_reply(1, "said", "complained"))))
    assert result.raw == (("stdout", b"said"), ("stderr", b"complained"))


def test_the_act_names_the_host_and_the_exact_words() -> None:
    assert kind(Service, host="cti", name="cti-core", do="restart").act(SITE) == (
        "Restart the service cti-core on CTI server (192.0.2.1): systemctl restart -- cti-core"
    )
    assert kind(Ssh, host="cti", command="free-disk").act(SITE) == (
        "Run the command free-disk on CTI server (192.0.2.1): /usr/local/bin/free-disk --keep 'a b'"
    )


@pytest.mark.parametrize(("cls", "body"), [(Service, {"name": "x", "do": "stop"}), (Ssh, {"command": "x"})])
def test_nothing_is_sent_to_a_host_without_ssh(cls: Any, body: Any) -> None:
    with pytest.raises(CannotAskError) as error:
        kind(cls, host="sip", **body).run(ports())
    assert error.value.phase == "login"


# -- the carrier --------------------------------------------------------------------------------------------------------

SWITCH = kind(CarrierSwitch, contact="carrier", from_="hotline", to="emergency")
BACK = kind(CarrierSwitch, contact="carrier", from_="emergency", to="hotline")


@pytest.mark.parametrize(
    ("answers", "outcome", "ended", "test_call"),
    [
        (["confirmed", "Ms Li", "62340001"], "passed", "done", "62340001"),
        (["confirmed", "Ms Li", "62340002"], "passed", "done", "62340002"),
        (["confirmed", "Ms Li", "platform_prompt"], "failed", "done", "platform_prompt"),
        (["confirmed", "Ms Li", "nothing"], "failed", "done", "nothing"),
        (["confirmed", "Ms Li", "not_made"], "unknown", "unknown", "not_made"),
        (["confirmed", " ", "Ms Li", "62340001"], "passed", "done", "62340001"),
        (["refused", "Desk, no order"], "failed", "error", "not_made"),
        (["not_sure"], "unknown", "unknown", "not_made"),
        (["nobody", "confirmed", "Mr Wang", "62340001"], "passed", "done", "62340001"),
        (["nobody", "nobody"], "failed", "not_sent", "not_made"),
    ],
)
def test_the_switch_needs_a_name_and_a_good_test_call(
    answers: list[str], outcome: str, ended: str, test_call: str
) -> None:
    fake = ports(answers=answers)
    result = SWITCH.run(fake)
    assert (result.outcome, result.ended, result.values["test_call"]) == (outcome, ended, test_call)
    assert fake.answers == []
    assert result.values["requested"] == (ended != "not_sent")
    named = [answer for answer in answers if answer in ("Ms Li", "Mr Wang")]
    assert result.values["confirmed_by"] == (named[0] if named else None)


@pytest.mark.parametrize(
    ("test_call", "outcome"),
    [("platform_prompt", "passed"), ("62340001", "failed"), ("nothing", "failed"), ("not_made", "unknown")],
)
def test_the_way_back_passes_only_with_the_platform_s_prompt(test_call: str, outcome: str) -> None:
    fake = ports(answers=["confirmed", "Ms Li", test_call], step=keys(closes="switch"))
    assert BACK.run(fake).outcome == outcome
    assert "Hotline (95000)" in fake.prompts[-1].question


def test_each_person_that_was_tried_is_recorded() -> None:
    fake = ports(answers=["nobody", "refused", "why"])
    result = SWITCH.run(fake)
    assert fake.events == [
        PersonTold("it", "carrier", "Desk", False, "phone"),
        PersonTold("it", "carrier", "Night desk", True, "phone"),
    ]
    assert result.reason == "why"


def test_the_switch_says_the_step_s_sentence_else_its_own() -> None:
    fake = ports(answers=["not_sure"], step=keys(say={"en": "Please switch.", "zh": "请切换。"}))
    SWITCH.run(fake)
    assert "Say: Please switch." in fake.shown()
    fake = ports(answers=["not_sure"])
    SWITCH.run(fake)
    assert (
        "Say: Ask Carrier to move the calls of Hotline (95000) to Emergency lines (62340001, 62340002)" in fake.shown()
    )


def test_practice_shows_nothing_that_can_be_dialled() -> None:
    for switch, step, call in ((SWITCH, keys(), "line 2"), (BACK, keys(closes="switch"), "platform_prompt")):
        fake = ports(answers=["nobody", "confirmed", "Ms Li", call], practice=True, step=step)
        assert switch.run(fake).outcome == "passed"
        shown = fake.shown()
        assert [number for number in ("95000", "62340001", "62340002", "10000") if number in shown] == []
        assert "This is an exercise." in shown


def test_a_line_without_numbers_still_has_a_choice() -> None:
    fake = ports(answers=["confirmed", "Ms Li", "line 1"])
    assert kind(CarrierSwitch, contact="carrier", from_="hotline", to="unnumbered").run(fake).outcome == "passed"


def test_a_choice_that_was_not_offered_fails_the_test() -> None:
    with pytest.raises(UnforeseenError):
        SWITCH.run(ports(answers=["confirmed", "Ms Li", "95000"]))


# -- notices ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("means", "answers", "outcome", "told"),
    [
        (["sent", "sent"], [], "passed", 2),
        (["printed", "printed"], ["told"], "passed", 2),
        (["printed", "printed"], ["not_all", "Chair asleep"], "failed", 0),
        (["sent", "printed"], ["not_all", ""], "failed", 1),
        ([CannotAskError("connect", "no way"), "sent"], [], "failed", 1),
        (["sent", CannotAskError("connect", "no way")], [], "failed", 1),
    ],
)
def test_a_notice_passes_when_everybody_was_told(means: Any, answers: list[str], outcome: str, told: int) -> None:
    fake = ports(outbox=Outbox(list(means)), answers=answers)
    result = kind(Notify, contact=["cs-lead", "leadership"]).run(fake)
    assert (result.outcome, result.values["told"]) == (outcome, told)
    assert [event.reached for event in fake.events].count(True) == told
    assert len(fake.events) == 2


def test_a_notice_that_went_nowhere_could_not_be_sent() -> None:
    outbox = Outbox([CannotAskError("connect", "no way"), CannotAskError("connect", "no way")])
    with pytest.raises(CannotAskError):
        kind(Notify, contact=["cs-lead", "leadership"]).run(ports(outbox=outbox))


def test_what_a_notice_says() -> None:
    for body, step, said in (
        ({"text": "Own text"}, keys(say="Sentence"), "Own text"),
        ({}, keys(say="Sentence"), "Sentence"),
        ({}, keys(), "Do the thing"),
    ):
        outbox = Outbox(["sent"])
        kind(Notify, contact="leadership", **body).run(ports(outbox=outbox, step=step))
        assert [(m.to, m.subject, m.body) for m in outbox.sent] == [("Leadership", "Do the thing", said)]


def test_everyone_told_is_whoever_was_told_and_the_site_need_not_have_it() -> None:
    told = kind(Notify, contact=["everyone-told", "carrier"])
    assert told.problems(SITE) == []
    assert told.plan_line(SITE) == "tell everyone who was told so far, Carrier"
    outbox = Outbox(["sent", "sent"])
    fake = ports(outbox=outbox)
    fake.told_contacts = ("leadership", "carrier")
    result = told.run(fake)
    assert (result.outcome, result.found) == ("passed", "2/2")
    assert [message.to for message in outbox.sent] == ["Leadership", "Carrier"]
    assert [event.contact for event in fake.events] == ["leadership", "carrier"]


def test_when_nobody_was_told_nobody_is() -> None:
    fake = ports()
    result = kind(Notify, contact="everyone-told").run(fake)
    assert (result.outcome, result.ended, fake.events) == ("passed", "done", [])
    assert "nobody to tell" in fake.shown()


def test_a_notice_names_the_evidence_of_another_step() -> None:
    attached = kind(Notify, contact="leadership", attach="log")
    outbox, kept = Outbox(["printed"]), "softphone.log 0123456789ab"
    fake = ports(outbox=outbox, answers=["told"])
    fake.kept = {"log": (kept,)}
    attached.run(fake)
    assert outbox.sent[0].body == f"Do the thing\nEvidence: {kept}"
    assert fake.prompts[0].lines[:2] == ("Notice: Do the thing", f"Evidence: {kept}")
    assert "log" in attached.exact(SITE)
    fake = ports(outbox=Outbox(["sent"]))
    fake.kept = {"log": ()}
    attached.run(fake)
    assert "kept nothing" in fake.shown()


def test_every_number_of_a_person_is_shown_and_in_practice_none() -> None:
    people = [{"name": "Lead", "number": "62349009", "numbers": ["62349010", "62349011"]}]
    site = Site.model_validate({"site": "1", "name": "s", "contacts": {"lead": {"title": "Lead", "people": people}}})
    for practice in (False, True):
        fake = ports(outbox=Outbox(["printed"]), answers=["told"], practice=practice, site=site)
        kind(Notify, contact="lead").run(fake)
        called = ports(answers=["reached"], practice=practice, site=site)
        kind(Call, contact="lead").run(called)
        for shown in (fake.shown(), called.shown()):
            assert ("62349009, 62349010, 62349011" in shown) is not practice
            assert ("623490" in shown) is not practice


def test_a_printed_notice_shows_whom_to_call_and_in_practice_no_number() -> None:
    for practice in (False, True):
        fake = ports(outbox=Outbox(["printed"]), answers=["told"], practice=practice)
        kind(Notify, contact="leadership").run(fake)
        assert ("62349003" in fake.shown()) is not practice
        assert ("This is an exercise" in fake.shown()) is practice


def test_the_act_of_a_notice_holds_its_text() -> None:
    assert (
        kind(Notify, contact=["cs-lead", "leadership"], text="Over.").act(SITE)
        == "Tell Group leader, Leadership: Over."
    )
