"""The keys: each does the same at every prompt, and none of them is ever a yes."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.engine.asking import BUSY, FREE
from runbook.engine.handing import take_over
from runbook.engine.waiting import WAITING
from runbook.model.events import (
    ActionIntended,
    AnswerCorrected,
    Escalated,
    HandoverOffered,
    NoteAdded,
    Paused,
    RecoveryAnswered,
    SignedOn,
    StatePrinted,
    StepBegun,
    StepFinished,
    WentTo,
)
from runbook.model.prompts import Gone, Key
from tests.engine.desk import RESTART, STATUS, Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, Person, exited, lost

PLAN = plan("""
    - id: look
      title: It runs
      why: To know it
      note: Added here
      say: Please look
      service: {host: cti, name: core, do: status}
      next: {failed: continue}
    - id: which
      title: Which
      ask: {choices: [left, right]}
    - id: do
      title: Do it
      undo: Do it the other way round
      instruct: {}
      recovery_test: true
    - id: restart
      title: Restart it
      service: {host: cti, name: core, do: restart}
      approval: {by: leadership}
      verify: {service: {host: cti, name: core, do: status}}
    - id: tell
      title: They know
      call: {contact: vendor}
    - id: tickets
      title: Write by hand
      tickets: {do: open}
    - id: entry
      closes: tickets
      title: Enter them
      tickets: {do: back_entry}
    - id: last
      title: Last
      instruct: {}
""")
WALK: dict[str, list[Any]] = {
    "look": [""],
    "which": ["left"],
    "do": ["done"],
    "do.recovered": ["no"],
    "restart.approval": ["approves"],
    "restart.approver": ["Post A"],
    "restart": ["confirm"],
    "tell": ["reached"],
    "tickets": ["by_hand"],
    "entry": ["3", "3"],
    "last": ["done"],
    "recovered": ["yes"],
}


def desk(**before: list[Any]) -> Desk:
    """The whole walk; what is given is answered first at that prompt."""
    script = {name: list(given) for name, given in WALK.items()}
    for name, given in before.items():
        name = name.replace("__", ".")
        script[name] = [*given, *script.get(name, [])]
    made = Desk(PLAN, script)
    made.world.ssh.on(STATUS, lambda: ACTIVE if RESTART in made.world.ssh.calls else INACTIVE)
    made.world.ssh.on(RESTART, exited(0))
    return made


ENDS = {
    "look": "failed", "which": "passed", "do": "passed", "restart": "passed", "tell": "passed", "tickets": "passed",
    "entry": "passed", "last": "passed",
}  # fmt: skip
PROMPTS = [name for name in WALK if name != "restart.approver"]
"""Every prompt that takes keys. A field that takes text takes them as `/n`, which is for the screen."""


def test_the_walk_without_keys() -> None:
    made = desk()
    assert made.walk().how == "recovered"
    assert made.outcomes() == ENDS


@pytest.mark.parametrize("letter", list("npo!h?"))
@pytest.mark.parametrize("prompt", PROMPTS)
def test_these_keys_leave_the_question_as_it_stands(letter: str, prompt: str) -> None:
    made = desk(**{prompt.replace(".", "__"): [Key(letter, "a note")]})
    assert made.walk().how == "recovered"
    assert made.outcomes() == ENDS
    assert made.world.ssh.calls.count(RESTART) == 1
    assert made.human.told or letter == "n"


@pytest.mark.parametrize("prompt", [*PROMPTS, "restart.approver"])
def test_q_pauses_everywhere_and_a_resume_goes_on_there(prompt: str) -> None:
    made = desk(**{prompt.replace(".", "__"): [Key("q")]})
    ending = made.walk()
    assert (ending.how, ending.why) == ("paused", "key")
    assert isinstance(made.rows()[-1].event, Paused)
    left = dict(made.human.script)
    if prompt == "restart.approver":
        left["restart.approval"] = ["approves"]
    assert made.resume(left).how == "recovered"
    assert made.outcomes() == ENDS
    assert made.world.ssh.calls.count(RESTART) == 1


def test_every_prompt_offers_the_way_out() -> None:
    made = desk()
    made.walk()
    assert [prompt.name for prompt in made.human.prompts if "q" not in prompt.keys] == []
    assert set(FREE) == set("nfsbpoug!h?q")
    assert set(BUSY) < set(FREE)
    assert "g" not in BUSY
    assert set("fbsg") & set(BUSY) == set(), "an act that was begun is not left by a key"
    assert set(WAITING) <= set(FREE)


# -- f and s


@pytest.mark.parametrize(("letter", "outcome"), [("f", "failed"), ("s", "skipped")])
@pytest.mark.parametrize("reason", ["it smokes", ""])
def test_failed_and_skip_need_a_reason(letter: str, outcome: str, reason: str) -> None:
    made = desk(which=[Key(letter, reason)], which__reason=["", " it smokes "], which__failure=["skip"])
    if reason:
        made.human.script["which.reason"] = []
    if letter == "f":
        made.human.script["which.reason"] += ["go on"]
    made.walk()
    done = next(event for event in made.events(StepFinished) if event.step == "which")
    assert (done.outcome, done.by, done.reason) == (outcome, "person", "it smokes")


def test_a_skipped_act_is_not_sent() -> None:
    for letter in "sf":
        made = desk(restart=[Key(letter, "no")], restart__failure=[Key("q")])
        made.walk()
        assert RESTART not in made.world.ssh.calls
        assert made.events(ActionIntended) == []


def test_a_skipped_closing_step_leaves_its_debt_open() -> None:
    made = desk(entry=[Key("s", "later")], tickets__debt=["pause"])
    assert made.walk().how == "paused"
    assert [debt.step for debt in made.state.open_debts] == ["tickets"]


# -- b


def test_by_hand_at_a_persons_own_step_changes_nothing() -> None:
    """No back-entry is closed by saying that it looks right."""
    for step in ("which", "do", "tell", "tickets", "entry", "last"):
        made = desk(**{step: [Key("b")]})
        assert made.walk().how == "recovered"
        assert made.outcomes() == ENDS
        assert any("by hand already" in line for line in made.human.told)


def test_by_hand_at_a_reading_is_what_the_person_reads() -> None:
    made = desk(look=[Key("b")], look__manual=["passed"], look__found=["the lamp"])
    made.walk()
    done = made.events(StepFinished)[0]
    assert (done.outcome, done.by, done.how, done.found) == ("passed", "person", "manual", "the lamp")


# -- n ! h p o ?


def test_a_note_is_kept_with_its_step() -> None:
    made = desk(which=[Key("n", "seen it"), Key("n")], note=["typed"])
    made.walk()
    assert [(note.text, note.step) for note in made.events(NoteAdded)] == [("seen it", "which"), ("typed", "which")]


def test_escalate_shows_whom_to_call_with_the_number() -> None:
    made = desk(which=[Key("!")])
    made.walk()
    assert made.events(Escalated) == [Escalated("which", "leadership")]
    assert any("62349003" in line for line in made.human.told)


def test_hand_over_prints_the_state_and_how_to_go_on() -> None:
    made = desk(tell=[Key("h")], handover=[""])
    made.walk()
    assert made.events(StatePrinted) == [StatePrinted("tell")]
    assert made.events(HandoverOffered) == []
    assert any("runbook resume i-1" in line for line in made.human.told)
    assert any("passed: [4] Restart it" in line for line in made.human.told)
    assert any("done: [3] Do it" in line and line.startswith("Tried") for line in made.human.told)
    assert any("[5] They know" in line and line.startswith("Now") for line in made.human.told)


def test_hand_over_to_somebody_is_offered_and_signed_with_her_own_name_only() -> None:
    """The one who hands over is refused however he writes his name; a stranger's name signs nothing; hers does, and acts from then on."""
    made = desk(
        tell=[Key("h")],
        handover=["ｔｅｃｈＮＩＣＩＡＮ", "Technician B"],
        **{"sign-on": ["Technician", "TECHNICIAN  b"]},
    )
    made.context.at_terminal = True
    made.walk()
    (offered,) = made.events(HandoverOffered)
    assert (offered.to, offered.step) == ("Technician B", "tell")
    assert made.events(SignedOn) == [SignedOn("Technician B", "Technician", "keyboard")]
    row = next(row for row in made.rows() if isinstance(row.event, SignedOn))
    actors = {other.actor for other in made.rows() if other.seq >= row.seq}
    assert (actors, made.context.actor, made.state.signed_on) == ({"Technician B"}, "Technician B", "Technician B")
    assert {other.actor for other in made.rows() if other.seq < row.seq} == {"Technician"}
    assert made.state.offered == ()
    assert any("You cannot hand over to yourself" in line for line in made.human.told)
    assert made.human.told.count("You typed Technician; this handover is for Technician B.") == 1


def test_nothing_is_signed_where_nobody_is_at_a_terminal() -> None:
    """The offer stands, and what she types later is said; the walk goes on under the old name."""
    made = desk(tell=[Key("h", "Technician B")])
    made.walk()
    assert made.events(SignedOn) == []
    assert made.state.offered_to("technician　B") is not None
    assert made.rows()[-1].actor == "Technician"
    assert any('runbook resume i-1 --as "Technician B"' in line for line in made.human.told)


@pytest.mark.parametrize(("typed", "signed"), [("technician b", 1), ("", 0)])
def test_whoever_goes_on_with_what_was_offered_to_her_sees_the_brief_first(typed: str, signed: int) -> None:
    """The next resume by that name shows the brief and asks her to sign on; Enter alone leaves the offer as it is."""
    made = desk(tell=[Key("h", "Technician B"), Gone("hangup")])
    assert made.walk().how == "paused"
    made.actor = made.journal.actor = "Technician B"
    made.human = Person({"sign-on": typed})
    made.begin()
    made.context.at_terminal = True
    assert take_over(made.context) == ""
    assert made.human.told[0].startswith("HANDOVER")
    assert made.events(SignedOn) == [SignedOn("Technician B", "Technician", "resume")] * signed
    assert len(made.state.offered) == 1 - signed


def test_whoever_leaves_at_the_sign_on_pauses() -> None:
    """`q` at the question is a pause like any other, and nothing is signed."""
    made = desk(tell=[Key("h", "Technician B"), Gone("hangup")])
    made.walk()
    made.actor = made.journal.actor = "Technician B"
    made.human = Person({"sign-on": Key("q")})
    made.begin()
    made.context.at_terminal = True
    assert take_over(made.context) == "key"
    assert made.events(Paused)[-1].why == "key"
    assert made.events(SignedOn) == []


def test_nobody_else_is_asked_to_sign_on() -> None:
    """Whoever handed over, and whoever nothing was offered to, goes on without a question."""
    made = desk(tell=[Key("h", "Technician B"), Gone("hangup")])
    made.walk()
    rows = len(made.rows())
    assert take_over(made.context) == ""
    assert len(made.rows()) == rows


def test_phone_shows_the_sentence_and_the_contact() -> None:
    made = desk(look=[Key("p")], restart=[Key("p")], tell=[Key("p")])
    made.walk()
    told = "\n".join(made.human.told)
    for wanted in ("Please look", "Restart it", "62349003", "They know", "62349005"):
        assert wanted in told


def test_open_items_and_why() -> None:
    made = desk(look=[Key("o"), Key("?")], do=[Key("?")], last=[Key("?")], entry=[Key("o")])
    made.walk()
    told = "\n".join(made.human.told)
    for wanted in ("Nothing is open.", "OPEN for", "To know it", "Not in the source: Added here",
                   "systemctl is-active", "Do it the other way round", "Source: -"):  # fmt: skip
        assert wanted in told


# -- u


def test_a_wrong_answer_takes_the_walk_back_when_no_action_has_begun_since() -> None:
    made = desk(which=["right", "left"], do=[Key("u", "misheard")])
    made.human.script["which"] = ["right", "left"]
    made.walk()
    (corrected,) = made.events(AnswerCorrected)
    assert (corrected.was, corrected.reason, corrected.walk_goes_back) == ("right", "misheard", True)
    assert made.state.step("which").answer == "left"
    assert [event.attempt for event in made.events(StepBegun) if event.step == "which"] == [1, 2]
    assert made.outcomes() == ENDS


def test_after_an_action_the_walk_stays_and_the_right_answer_is_kept() -> None:
    script = {"tell": [Key("u", "misheard"), "reached"], "correction.right": "right"}
    made = desk(
        **{name.replace(".", "__"): given if isinstance(given, list) else [given] for name, given in script.items()}
    )
    made.human.script["tell"] = [Key("u", "misheard"), "reached"]
    made.walk()
    (corrected,) = made.events(AnswerCorrected)
    assert (corrected.walk_goes_back, corrected.right) == (False, "right")
    assert made.outcomes() == ENDS
    assert made.world.ssh.calls.count(RESTART) == 1


def test_a_wrong_yes_to_recovered_is_taken_back() -> None:
    made = desk(do__recovered=["yes", "no"])
    made.human.script["do.recovered"] = ["yes", "no"]
    made.human.script["last"] = []
    later = plan("""
        - id: do
          title: Do it
          instruct: {}
          recovery_test: true
        - id: more
          title: Do more
          instruct: {}
        - id: last
          title: Last
          instruct: {}
    """, then="last")  # fmt: skip
    made = Desk(
        later,
        {
            "do": "done",
            "do.recovered": ["yes", "no"],
            "last": [Key("u", "wrong"), "done"],
            "more": "done",
            "recovered": "no",
        },
    )
    assert made.walk().how == "not_recovered"
    assert [answer.recovered for answer in made.events(RecoveryAnswered)] == [True, False, False]
    assert made.state.recovered_at is None
    assert made.state.status == "open"


def test_u_without_an_answer_says_so_and_asks_on() -> None:
    made = desk(look=[Key("u")], which=[Key("u")])
    made.walk()
    assert made.events(AnswerCorrected) == []
    assert made.outcomes() == ENDS


def test_u_twice_goes_back_once() -> None:
    made = desk(do=[Key("u", "one")], which=["right", Key("u", "two"), "left"])
    made.human.script["which"] = ["right", Key("u", "two"), "left"]
    made.walk()
    assert len(made.events(AnswerCorrected)) == 1


# -- g


def test_go_to_takes_a_reason_and_what_lies_between_is_not_taken() -> None:
    made = desk(which=[Key("g")])
    made.human.script |= {"go-to": ["8"], "go-to.reason": ["", "no time"]}
    made.walk()
    (went,) = made.events(WentTo)
    assert (went.origin, went.target, went.because, went.reason) == ("which", "last", "goto", "no time")
    assert went.passed_over == ["which", "do", "restart", "tell", "tickets", "entry"]
    assert made.outcomes() == {"look": "failed", **dict.fromkeys(went.passed_over, "not_taken"), "last": "passed"}
    assert RESTART not in made.world.ssh.calls


def test_go_to_may_be_left_again() -> None:
    made = desk(which=[Key("g"), Key("g")])
    made.human.script |= {"go-to": ["", "99", "1", ""]}
    made.walk()
    assert made.events(WentTo) == []
    assert made.outcomes() == ENDS


def test_at_the_last_step_there_is_nowhere_to_go() -> None:
    made = desk(last=[Key("g")], recovered=[Key("g")])
    made.walk()
    assert made.human.told.count("There is no later step.") == 2


def test_at_an_act_go_to_still_needs_approval_and_number() -> None:
    made = desk(which=[Key("g", "quick")])
    made.human.script |= {"go-to": ["4"]}
    made.walk()
    assert made.trail().index("ApprovalGiven") < made.trail().index("ActionIntended")
    assert [prompt.kind for prompt in made.human.asked("restart")] == ["act"]


def test_it_does_not_overwrite_what_was_finished() -> None:
    """From the failure menu: the step that failed stays failed."""
    made = desk(which=[Key("f", "no")], which__failure=[Key("g", "why")])
    made.human.script |= {"go-to": ["last"]}
    made.walk()
    (went,) = made.events(WentTo)
    assert "which" not in went.passed_over
    assert made.outcomes()["which"] == "failed"


def test_a_debt_holds_over_a_go_to() -> None:
    made = desk(entry=[Key("g", "why")], tickets__debt=["close"])
    made.human.script |= {"go-to": ["last"]}
    assert made.walk().how == "recovered"
    assert made.human.asked("tickets.debt")
    assert made.state.open_debts == ()


def test_an_unknown_act_cannot_be_gone_away_from() -> None:
    made = desk(restart__unknown=[Key("q")])
    made.world.ssh.on(RESTART, lost())
    made.walk()
    (prompt,) = made.human.asked("restart.unknown")
    assert not set("gsfbu") & set(prompt.keys)
