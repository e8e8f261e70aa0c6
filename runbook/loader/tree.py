"""The tree of one file, built from the parser's events, so that depth costs no recursion and every position is known.

`Builder.scalar` runs once for each key and value of a file: what is rare stands in methods of its own, and a position is kept
as a number of letters. `document.py` makes lines and columns of them when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml

from runbook.loader import broken
from runbook.loader.decode import first_unseen, unseen_sentence
from runbook.loader.document import Place, mark_at
from runbook.loader.found import PROBLEMS_LIMIT, many
from runbook.model.errors import Problem
from runbook.model.ports import JSON
from runbook.model.text import _

DEPTH_LIMIT = 20
NODES_LIMIT = 10_000
# A list or map begins and ends; the stream and the document do so around all of them.
EVENTS_LIMIT = 2 * NODES_LIMIT + 4
_SHOWN = 60


class _Enough(Exception):
    """Reading any further makes no sense."""


@dataclass(slots=True)
class _Frame:
    """A collection that is being filled. `spots`: the position of itself, then of each key and value in order.

    `part`: its key or number in the collection above, None when nobody names it. `lost`: whether nobody keeps it.
    `key`: the key that waits for its value.
    """

    node: Any
    spots: list[Any]
    is_map: bool
    part: str | int | None
    flow: bool = False
    lost: bool = False
    key: str | None = None
    key_lost: bool = False


class Builder:
    """The tree of one text. After `run`: `top` and its `spots`, the `problems`, the places whose value is `broken`.

    `whole` is False when reading was given up and the tree is not worth a look; `events` is how many were read, `room` at most.
    """

    def __init__(self, file: str, text: str, room: int = EVENTS_LIMIT) -> None:
        self.file, self.text, self.room = file, text, room
        self.problems: list[Problem] = []
        self.broken: list[Place] = []
        self.whole = True
        self.events = 0
        self._root = self._frame = _Frame([], [0], is_map=False, part=None)
        self._frames = [self._root]
        self._documents = 0
        self._refused = False
        self._comments = " #" in text

    @property
    def top(self) -> JSON:
        tree: JSON = self._root.node[0] if self._root.node else "" if self._documents == 0 else None
        return tree

    @property
    def spots(self) -> Any:
        return self._root.spots[1] if self._root.node else None

    def run(self, parser: Any) -> yaml.YAMLError | None:
        """Build the tree; the parser's error when the text is no YAML."""
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.start,
            yaml.SequenceStartEvent: self.start,
            yaml.MappingEndEvent: self.end,
            yaml.SequenceEndEvent: self.end,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.document,
            yaml.DocumentEndEvent: self.nothing,
            yaml.StreamStartEvent: self.nothing,
            yaml.StreamEndEvent: self.nothing,
        }
        try:
            events = parser(self.text)
            try:
                for event in islice(iter(events.get_event, None), self.room):
                    self.events += 1
                    handlers[type(event)](event)
                if self.events == self.room and type(event) is not yaml.StreamEndEvent:
                    self.whole = False
                    sentence = _("expected at most {limit} keys and values, found more").format(limit=NODES_LIMIT)
                    self.problem("E-YAML-SIZE", event.start_mark, sentence)
            finally:
                events.dispose()
        except _Enough:
            pass
        except yaml.YAMLError as error:
            return error
        return None

    def nothing(self, event: Any) -> None:
        """What begins and ends the stream says nothing."""

    def document(self, event: Any) -> None:
        self._documents += 1
        if event.version or event.tags:
            self.problem("E-YAML", event.start_mark, directive())
        if self._documents > 1:
            self.problem("E-YAML", event.start_mark, _("expected one document, found a second one after `---`"))
            raise _Enough

    def scalar(self, event: Any) -> None:
        text, mark, style, frame = event.value, event.start_mark, event.style, self._frame
        if event.anchor or event.tag:
            self.refuse_extras(event)
        # Only an escape in double quotes gives a letter that was not looked at with the whole text.
        if style == '"' and not text.isprintable():
            text = self.seen(text, mark)
        if frame.is_map:
            key = frame.key
            if key is None:
                if frame.lost or text in frame.node or text == "<<":
                    self.refuse_key(text, mark)
                else:
                    frame.key, frame.key_lost = text, False
                    frame.spots.append(mark.index)
                self._refused = False
                return
            frame.key = None
            lost = frame.key_lost
            if not lost:
                frame.node[key] = text
                frame.spots.append(mark.index)
        else:
            key, lost = None, frame.lost
            frame.node.append(text)
            frame.spots.append(mark.index)
        if self._refused:
            self.broken.append(self.place(frame, key))
            self._refused = False
        if (frame.flow or self._comments) and not style and not lost:
            self.plain(event, text, key)

    def refuse_key(self, text: str, mark: Any) -> None:
        """Take a key whose value nobody keeps."""
        frame = self._frame
        frame.key, frame.key_lost = text, True
        if text == "<<":
            self.problem("E-YAML-ALIAS", mark, _("expected a key, found a merge key (<<): write the keys out"))
        elif text in frame.node:
            sentence = _("expected each key once, found {key!r} again; it stands in line {line} already")
            first = mark_at(self.text, frame.spots[1 + 2 * list(frame.node).index(text)])
            self.problem("E-YAML-DUPLICATE", mark, sentence.format(key=_short(text), line=first.line))

    def alias(self, event: Any) -> None:
        self.refuse("E-YAML-ALIAS", event, _("the alias *{name}").format(name=_short(event.anchor)))
        self.scalar(yaml.ScalarEvent(None, None, (True, True), "", event.start_mark, event.end_mark, style="'"))

    def start(self, event: Any) -> None:
        mark, frame = event.start_mark, self._frame
        if event.anchor or event.tag:
            self.refuse_extras(event)
        if len(self._frames) > DEPTH_LIMIT:
            self.problem(
                "E-YAML-DEPTH", mark, _("expected at most {limit} levels, found more").format(limit=DEPTH_LIMIT)
            )
            raise _Enough
        is_map = type(event) is yaml.MappingStartEvent
        inner = _Frame({} if is_map else [], [mark.index], is_map, None, bool(event.flow_style))
        if frame.is_map and frame.key is None:
            self.problem("E-YAML", mark, _("expected a key, found a list or a map"))
            frame.key, frame.key_lost = "", True
            inner.lost = True
        else:
            inner.part, inner.lost = self.attach(inner.node, inner.spots)
        self._frames.append(inner)
        self._frame = inner

    def end(self, event: Any) -> None:
        self._frames.pop()
        self._frame = self._frames[-1]

    def attach(self, node: JSON, spot: Any) -> tuple[str | int | None, bool]:
        """Put a value where it belongs: its key or number there, and whether nobody keeps it."""
        frame, part = self._frame, self._frame.key
        if frame.is_map:
            frame.key, lost = None, frame.key_lost
            if not lost:
                frame.node[part] = node
                frame.spots.append(spot)
        else:
            lost = frame.lost
            frame.node.append(node)
            frame.spots.append(spot)
        if self._refused:
            self.broken.append(self.place(frame, part))
            self._refused = False
        return part if frame.is_map else None if frame is self._root else len(frame.node) - 1, lost

    def place(self, frame: _Frame, key: str | None) -> Place:
        """The place of the value that was put last into `frame`."""
        if frame is self._root:
            return ()
        parts: list[str | int] = []
        for above in self._frames:
            parts = [*parts, above.part] if above.part is not None else []
        return (*parts, key if key is not None else len(frame.node) - 1)

    # -- what is rare

    def seen(self, text: str, mark: Any) -> str:
        first = first_unseen(text)
        if first < 0:
            return text
        self.problem("E-YAML-TEXT", mark, unseen_sentence(text[first]))
        self._refused = True
        return ""

    def plain(self, event: Any, text: str, key: str | None) -> None:
        """Whether YAML broke a sentence without quotes."""
        mark, end = event.start_mark, event.end_mark
        rest = self.text[end.index : end.index + 2]
        sentence = broken.plain_sentence(text, rest, key or "", flow=self._frame.flow)
        if not sentence:
            return
        place = self.place(self._frame, key)
        if not text:  # a comma made a key of what came after it: the text before it is not whole either
            self.broken.append(place[:-1])
        self.broken.append(place)
        line, column = mark.line, mark.column
        if broken.cut(text, rest):
            line, column = end.line, end.column + 1
        elif "?" in text:
            column += text.index("?")
        self.say("E-TEXT-BROKEN", line, column, sentence)

    def refuse_extras(self, event: Any) -> None:
        if event.anchor:
            self.refuse("E-YAML-ALIAS", event, _("the anchor &{name}").format(name=_short(event.anchor)))
        if event.tag:
            self.refuse("E-YAML-TAG", event, _("the tag {name}").format(name=_short(event.tag)))

    def refuse(self, code: str, event: Any, found: str) -> None:
        self._refused = True
        sentence = _("expected a value, found {found}; a sentence that begins like this needs quotes around it")
        self.problem(code, event.start_mark, sentence.format(found=found))

    def problem(self, code: str, mark: Any, message: str) -> None:
        self.say(code, mark.line, mark.column, message)

    def say(self, code: str, line: int, column: int, message: str) -> None:
        self.problems.append(Problem(self.file, line + 1, column + 1, code, _("the file"), message))
        if len(self.problems) > PROBLEMS_LIMIT:
            self.problems.append(many(self.file))
            self.whole = False
            raise _Enough


def directive() -> str:
    """A %-directive, which no file of ours has."""
    return _("expected the file's first key, found a %-directive")


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN else name[: _SHOWN - 3] + "..."
