"""Strict YAML with positions: every scalar is the text that was written; what could mean two things is a problem.

The tree is built from the parser's events, never by a composer: `[` a hundred thousand times ends the C composer with a
segmentation fault and the Python one with a RecursionError; the event parsers keep their state in a list.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate
from typing import Any

import yaml

from runbook.loader import broken
from runbook.loader.decode import SIZE_LIMIT_BYTES, UnreadableTextError, text_of
from runbook.loader.document import TOP, Document, Mark, Place, values_at
from runbook.loader.found import PROBLEMS_LIMIT
from runbook.loader.tree import EVENTS_LIMIT, Builder, directive
from runbook.model.errors import Problem
from runbook.model.text import _

REPAIRS_LIMIT = 20
REREAD_LIMIT_LETTERS = 2 << 20
PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(data: bytes, file: str, parser: Any = None) -> Document:
    """Read one file. Whatever is wrong is in the document's problems; nothing is raised."""
    if len(data) > SIZE_LIMIT_BYTES:
        return _refused(file, "E-YAML-SIZE", TOP, _("expected at most 1 MiB, found a larger file"))
    try:
        text = text_of(data)
    except UnreadableTextError as error:
        return _refused(file, "E-YAML-TEXT", Mark(error.line, error.column), str(error))
    # The C parser compares each %TAG with all before it.
    if text.count("\n%") > PROBLEMS_LIMIT:
        return _refused(file, "E-YAML", Mark(text.count("\n", 0, text.index("\n%")) + 2, 1), directive())
    found: list[Problem] = []
    repaired: set[int] = set()
    room, letters = EVENTS_LIMIT, REREAD_LIMIT_LETTERS
    while True:
        builder = Builder(file, text, room)
        failure = builder.run(PARSER if parser is None else parser)
        if failure is None:
            break
        room, letters = room - builder.events, letters - len(text)
        lines = text.split("\n")
        cause = broken.explained(failure, lines)
        found.append(Problem(file, cause.line, cause.column, cause.code, _("the file"), cause.message))
        enough = len(repaired) >= REPAIRS_LIMIT or letters < 0 or room < builder.events
        if not cause.repair or cause.line in repaired or enough:
            return Document(file, problems=(*builder.problems, *found))
        # The sentence is read as if it stood in quotes, so that the mistakes after it are found as well.
        repaired.add(cause.line)
        lines[cause.line - 1] = cause.repair
        text = "\n".join(lines)
    problems = (*found, *builder.problems)
    if not builder.whole:
        return Document(file, problems=tuple(found) or problems)
    spoilt = frozenset(builder.broken) | _spoilt(builder, repaired)
    return Document(file, builder.top, builder.spots, problems, spoilt, text)


def _spoilt(builder: Builder, repaired: set[int]) -> frozenset[Place]:
    """The places of the sentences that were read as if they stood in quotes."""
    if not repaired:
        return frozenset()
    lines = list(accumulate((len(line) + 1 for line in builder.text.split("\n")), initial=0))
    values = values_at(builder.top, builder.spots)
    spoilt = frozenset(place for place, at in values.items() if bisect(lines, at) in repaired and place)
    above = {place[:length] for place in spoilt for length in range(len(place))}
    return spoilt - above


def _refused(file: str, code: str, mark: Mark, message: str) -> Document:
    return Document(file, problems=(Problem(file, mark.line, mark.column, code, _("the file"), message),))
