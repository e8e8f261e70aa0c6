"""Lines of a log: which of them hold what is looked for, and the time that each begins with, in the host's own zone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_DIRECTIVES: Mapping[str, str] = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{1,2}",
    "d": r"[ \d]?\d",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "f": r"\d{1,6}",
    "j": r"\d{1,3}",
    "b": r"[A-Za-z]{3}",
    "B": r"[A-Za-z]{3,9}",
    "a": r"[A-Za-z]{3}",
    "A": r"[A-Za-z]{6,9}",
    "p": r"[AaPp][Mm]",
    "z": r"(?:[+-]\d{2}:?\d{2}|Z)",
    "%": "%",
}
_BEFORE = r"\s*[\[(<]?"
"""What may stand before the time: blanks and an opening bracket."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that holds what is looked for; `at` None when it begins with no readable time."""

    at: datetime | None
    line: str


@dataclass(frozen=True, slots=True)
class LogTime:
    """The times of one log: `pattern` is a strftime format, `zone` the host's zone, `now` completes a date that is not written."""

    pattern: str
    zone: tzinfo
    now: datetime

    def of(self, line: str) -> datetime | None:
        """The time at the beginning of a line, or None."""
        found = re.match(_BEFORE + "(" + _expression(self.pattern) + ")", line)
        return self._moment(found[1]) if found else None

    def _moment(self, text: str) -> datetime | None:
        today = self.now.astimezone(self.zone)
        if "%d" in self.pattern or "%j" in self.pattern:
            has_year = "%Y" in self.pattern or "%y" in self.pattern
            read = self._read(text) if has_year else self._read(f"{today.year} {text}", "%Y ")
            # December's lines, read in January.
            if read and not has_year and read > self.now + timedelta(days=1):
                read = self._read(f"{today.year - 1} {text}", "%Y ")
            return read
        read = self._read(f"{today:%Y-%m-%d} {text}", "%Y-%m-%d ")
        return read - timedelta(days=1) if read and read > self.now + timedelta(minutes=5) else read

    def _read(self, text: str, before: str = "") -> datetime | None:
        try:
            moment = datetime.strptime(text, before + self.pattern)  # noqa: DTZ007 - its zone is the host's
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)


def hits(data: bytes, texts: Sequence[str], time: LogTime, since: datetime | None) -> tuple[Hit, ...]:
    """The lines that hold one of `texts`, but not those of before `since`.

    A line without a readable time counts unless a later line was written before `since`.
    """
    lines = data.splitlines()
    wanted = [spelling for text in texts for spelling in _spellings(text)]
    found = [at for at, line in enumerate(lines) if any(text in line for text in wanted)]
    return tuple(_counted(lines, found, time, since))


def _counted(lines: Sequence[bytes], found: Sequence[int], time: LogTime, since: datetime | None) -> Iterator[Hit]:
    for at in found:
        line = _decoded(lines[at])
        moment = time.of(line)
        if since is not None and moment is None and _earlier_follows(lines, at, time, since):
            continue
        if since is None or moment is None or moment >= since:
            yield Hit(moment, line)


def _earlier_follows(lines: Sequence[bytes], at: int, time: LogTime, since: datetime) -> bool:
    """Whether the next line with a time was written before `since`: then this one was, too."""
    following = (moment for line in lines[at + 1 :] if (moment := time.of(_decoded(line[:200]))) is not None)
    after = next(following, None)
    return after is not None and after < since


def _decoded(line: bytes) -> str:
    """A line as text: UTF-8, else GBK (in its newest form), else with what cannot be read replaced."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")


def _spellings(text: str) -> Iterator[bytes]:
    yield text.encode("utf-8")
    if not text.isascii():
        yield text.encode("gb18030")


def _expression(pattern: str) -> str:
    parts = re.split(r"%(.)", pattern)
    fixed, directives = parts[::2], parts[1::2]
    known = [_DIRECTIVES.get(name, r"\S+") for name in directives]
    return "".join(re.escape(text) + name for text, name in zip(fixed, [*known, ""], strict=True))
