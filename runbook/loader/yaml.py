"""Strict YAML with positions: every scalar is the text that was written; what could mean two things is a problem.

The tree is built from the parser's events, never by a composer: `[` a hundred thousand times ends the C composer with a
segmentation fault and the Python one with a RecursionError; the event parsers keep their state in a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from runbook.loader import broken
from runbook.loader.decode import SIZE_LIMIT_BYTES, UnreadableTextError, text_of, unseen, unseen_sentence
from runbook.loader.document import TOP, Document, Mark, Place
from runbook.model.errors import Problem
from runbook.model.ports import JSON
from runbook.model.text import _

DEPTH_LIMIT = 20
REPAIRS_LIMIT = 20
PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(data: bytes, file: str, parser: Any = None) -> Document:
    """Read one file. Whatever is wrong is in the document's problems; nothing is raised."""
    if len(data) > SIZE_LIMIT_BYTES:
        return _refused(file, "E-YAML-SIZE", TOP, _("expected at most 1 MiB, found a larger file"))
    try:
        text = text_of(data)
    except UnreadableTextError as error:
        return _refused(file, "E-YAML-TEXT", Mark(error.line, error.column), str(error))
    found: list[Problem] = []
    repaired: set[int] = set()
    while True:
        builder = _Builder(file, text)
        failure = builder.run(PARSER if parser is None else parser)
        if failure is None:
            break
        cause = broken.explained(failure, text.split("\n"))
        found.append(Problem(file, cause.line, cause.column, cause.code, _("the file"), cause.message))
        if not cause.repair or cause.line in repaired or len(repaired) >= REPAIRS_LIMIT:
            return Document(file, problems=(*builder.problems, *found))
        # The sentence is read as if it stood in quotes, so that the mistakes after it are found as well.
        repaired.add(cause.line)
        lines = text.split("\n")
        lines[cause.line - 1] = cause.repair
        text = "\n".join(lines)
    spoilt = frozenset(place for place, mark in builder.values.items() if mark.line in repaired and place)
    leaves = frozenset(
        place for place in spoilt if not any(len(o) > len(place) and o[: len(place)] == place for o in spoilt)
    )
    return Document(
        file, builder.top, builder.keys, builder.values, (*found, *builder.problems), leaves | frozenset(builder.broken)
    )


def _refused(file: str, code: str, mark: Mark, message: str) -> Document:
    return Document(file, problems=(Problem(file, mark.line, mark.column, code, _("the file"), message),))


@dataclass(slots=True)
class _Frame:
    """A collection that is being filled. `key`: the key that waits for its value; `lost`: whether nobody keeps it."""

    node: dict[str, JSON] | list[JSON]
    place: Place
    flow: bool
    lost: bool = False
    key: str | None = None
    key_lost: bool = False


class _Builder:
    """Takes the parser's events one by one and keeps the open collections in a list, so depth costs no recursion."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text, self.lines = file, text, text.split("\n")
        self.top: JSON = None
        self.keys: dict[Place, Mark] = {}
        self.values: dict[Place, Mark] = {}
        self.problems: list[Problem] = []
        self.broken: list[Place] = []
        self.stack: list[_Frame] = []
        self.documents = 0
        self.refused = False

    def run(self, parser: Any) -> yaml.YAMLError | None:
        """Build the tree; the parser's error when the text is no YAML."""
        try:
            for event in yaml.parse(self.text, Loader=parser):
                if not self.take(event):
                    return None
        except yaml.YAMLError as error:
            return error
        if self.documents == 0:
            self.top = ""
        return None

    def take(self, event: Any) -> bool:
        """Take one event; False when reading any further makes no sense."""
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            return self.document(event, mark)
        if isinstance(event, yaml.CollectionEndEvent):
            self.end()
        elif isinstance(event, yaml.NodeEvent):
            self.refuse_extras(event, mark)
            if isinstance(event, yaml.CollectionStartEvent):
                return self.start(event, mark)
            self.scalar(event, mark)
        return True

    def document(self, event: Any, mark: Mark) -> bool:
        self.documents += 1
        if event.version or event.tags:
            self.problem("E-YAML", mark, _("expected the file's first key, found a %-directive"))
        if self.documents > 1:
            self.problem("E-YAML", mark, _("expected one document, found a second one after `---`"))
        return self.documents == 1

    def refuse_extras(self, event: Any, mark: Mark) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.refuse("E-YAML-ALIAS", mark, _("the alias *{name}").format(name=event.anchor))
            return
        if event.anchor:
            self.refuse("E-YAML-ALIAS", mark, _("the anchor &{name}").format(name=event.anchor))
        if event.tag:
            self.refuse("E-YAML-TAG", mark, _("the tag {name}").format(name=event.tag))

    def refuse(self, code: str, mark: Mark, found: str) -> None:
        self.refused = True
        sentence = _("expected a value, found {found}; a sentence that begins like this needs quotes around it")
        self.problem(code, mark, sentence.format(found=found))

    def start(self, event: Any, mark: Mark) -> bool:
        if len(self.stack) >= DEPTH_LIMIT:
            self.problem(
                "E-YAML-DEPTH", mark, _("expected at most {limit} levels, found more").format(limit=DEPTH_LIMIT)
            )
            return False
        node: dict[str, JSON] | list[JSON] = {} if isinstance(event, yaml.MappingStartEvent) else []
        if self.wants_key():
            self.problem("E-YAML", mark, _("expected a key, found a list or a map"))
            self.stack[-1].key_lost = True
            self.stack[-1].key = ""
            self.stack.append(_Frame(node, (), bool(event.flow_style), lost=True))
            return True
        place, lost = self.attach(node, mark)
        self.stack.append(_Frame(node, place, bool(event.flow_style), lost))
        return True

    def end(self) -> None:
        self.stack.pop()

    def wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, dict) and self.stack[-1].key is None

    def scalar(self, event: Any, mark: Mark) -> None:
        text = "" if isinstance(event, yaml.AliasEvent) else event.value
        for letter in text:
            if letter not in "\n\t" and unseen(letter):
                self.problem("E-YAML-TEXT", mark, unseen_sentence(letter))
                self.refused = True
                text = ""
                break
        if self.wants_key():
            self.take_key(text, mark)
            return
        frame = self.stack[-1] if self.stack else None
        key = frame.key if frame else None
        place, lost = self.attach(text, mark)
        if lost or isinstance(event, yaml.AliasEvent) or event.style:
            return
        end_column = event.end_mark.column
        rest = self.lines[event.end_mark.line][end_column:] if event.end_mark.line < len(self.lines) else ""
        sentence = broken.plain_sentence(text, rest, key or "", flow=bool(frame and frame.flow))
        if sentence:
            if not text:  # a comma made a key of what came after it: the text before it is not whole either
                self.broken.append(place[:-1])
            if broken.cut(text, rest):
                mark = Mark(event.end_mark.line + 1, end_column + 2)
            elif "?" in text:
                mark = Mark(mark.line, mark.column + text.index("?"))
            self.broken.append(place)
            self.problem("E-TEXT-BROKEN", mark, sentence)

    def take_key(self, text: str, mark: Mark) -> None:
        frame = self.stack[-1]
        self.refused = False
        frame.key, frame.key_lost = text, frame.lost
        place = (*frame.place, text)
        if text == "<<":
            self.problem("E-YAML-ALIAS", mark, _("expected a key, found a merge key (<<): write the keys out"))
            frame.key_lost = True
        elif text in frame.node:
            first = self.keys.get(place, TOP)
            sentence = _("expected each key once, found {key!r} again; it stands in line {line} already")
            self.problem("E-YAML-DUPLICATE", mark, sentence.format(key=text, line=first.line))
            frame.key_lost = True
        elif not frame.key_lost:
            self.keys[place] = mark

    def attach(self, node: JSON, mark: Mark) -> tuple[Place, bool]:
        """Put a value where it belongs: its place, and whether nobody keeps it."""
        place, lost = self.put(node, mark)
        if self.refused:
            self.broken.append(place)
            self.refused = False
        return place, lost

    def put(self, node: JSON, mark: Mark) -> tuple[Place, bool]:
        if not self.stack:
            self.top = node
            self.values[()] = mark
            return (), False
        frame = self.stack[-1]
        if isinstance(frame.node, list):
            place: Place = (*frame.place, len(frame.node))
            lost = frame.lost
            frame.node.append(node)
        else:
            key, lost, frame.key = frame.key or "", frame.key_lost, None
            place = (*frame.place, key)
            if not lost:
                frame.node[key] = node
        if not lost:
            self.values[place] = mark
        return place, lost

    def problem(self, code: str, mark: Mark, message: str) -> None:
        self.problems.append(Problem(self.file, mark.line, mark.column, code, _("the file"), message))
