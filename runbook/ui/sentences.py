"""Sentences laid out: a plan's text in a given width and number of lines."""

from __future__ import annotations

from runbook.ui.glyphs import Shown, clipped, fold


def said(pattern: str, sentence: str, width: int, at_most: int) -> list[Shown]:
    """`sentence` put into `pattern`, in at most `at_most` lines."""
    return limited(fold(pattern.format(sentence=flat(sentence)), width, "  "), at_most, width)


def limited(lines: list[str], at_most: int, width: int) -> list[Shown]:
    """The first lines, the last of them ending in dots where something is missing."""
    if len(lines) > at_most:
        lines = [*lines[: at_most - 1], clipped(lines[at_most - 1] + " " * width, width)]
    return [Shown(line) for line in lines]


def flat(sentence: str) -> str:
    """A sentence in one line, however the plan's file broke it."""
    return " ".join(sentence.split())
