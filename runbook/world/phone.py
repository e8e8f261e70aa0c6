"""How a telephone call looks: for real, and in practice."""

from __future__ import annotations

from runbook.model.text import _


class LivePhone:
    """The real telephone: numbers and sentences as the site and the plan give them."""

    def number(self, number: str) -> str:
        return number or "-"

    def sentence(self, sentence: str) -> str:
        return sentence


class PracticePhone:
    """The telephone of lab runs and drills: nothing that can be dialled, and every sentence says that it is an exercise."""

    def number(self, number: str) -> str:
        return _("DRILL: do not dial; the instructor or the script answers")

    def sentence(self, sentence: str) -> str:
        return _("This is an exercise. {sentence}").format(sentence=sentence)
