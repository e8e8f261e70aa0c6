"""What is recorded is the same in every language; the screen and the report say it in words."""

from __future__ import annotations

import json
import re

from tests.acceptance.program import REPAIRED_BY_RESTART, Program

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_a_walk_in_chinese_records_no_sentence_of_the_program(program: Program) -> None:
    """Commands, values and codes are recorded as they are; only the plan's own title keeps its languages."""
    answers = program.answers(REPAIRED_BY_RESTART)
    ran = program.run("start", "cti-down", "--lab", "--lang", "zh", "--answers", answers)
    assert ran.code == 0, ran.out + ran.err
    assert CHINESE.search(ran.out)
    for event in program.events(program.only()["id"]):
        body = {name: value for name, value in event["body"].items() if name != "title"}
        assert not CHINESE.search(json.dumps(body, ensure_ascii=False)), event
