"""What rows prove by themselves: each writer's chain up to its first doubt, and what vouches for the end of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from runbook.model.record import Recorded
from runbook.model.writers import seen_by
from runbook.store.merging import not_understood
from runbook.store.order import by_cause
from runbook.store.rows import ROOT, Chain, Damage, Row, digest, recorded
from runbook.store.strict_json import BadRowError

Head = tuple[int, str]
By = Literal["writer", "copy", "head"]
_HEAD = re.compile(r"#?(?:(\d{1,9})[·.:\-_ ])?([0-9a-f]{4,64})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that is not proven.

    `what`: event (`writer`, its number `seq`, and `row`, where it stands from 1; 0: nowhere), head (`detail` was not found),
    plan, evidence, entry (`name`). `reason` is a code of `Damage`, of a refusal, or: fork, tail (there were more), other (there
    was another), time_back, time_future.
    """

    what: Literal["event", "head", "plan", "evidence", "entry"]
    reason: str
    writer: str = ""
    seq: int = 0
    row: int = 0
    name: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Voucher:
    """Something else than the chain itself knows the writer's events up to `seq`. `by` whom: another writer, a copy, a head; `name`."""

    seq: int
    by: By
    name: str


@dataclass(slots=True)
class ChainProof:
    """One writer's events: `hashes` of those that are proven, how many rows behind them are not, and what vouches for them."""

    writer: str
    hashes: list[str] = field(default_factory=list)
    behind: int = 0
    vouchers: list[Voucher] = field(default_factory=list)

    @property
    def head(self) -> Head:
        """Number and hash of the last event that is proven; `(0, "")`: none is."""
        return (len(self.hashes), self.hashes[-1]) if self.hashes else (0, "")

    @property
    def vouched(self) -> int:
        """Up to which event something else vouches for it."""
        return max((voucher.seq for voucher in self.vouchers), default=0)

    def at(self, seq: int) -> str:
        """The hash of an event that is proven; empty for any other."""
        return self.hashes[seq - 1] if 0 < seq <= len(self.hashes) else ""


class Prover:
    """Takes the rows as they stand and says what they prove. A doubt about one writer ends his chain; the others go on."""

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self.chains: dict[str, ChainProof] = {}
        self.doubts: list[Doubt] = []
        self.remarks: list[Doubt] = []
        self.events: list[Recorded] = []
        self._rows = 0
        self._chain = Chain(incident)
        self._heads: dict[str, str] = {}
        self._broken: set[str] = set()
        self._at: dict[tuple[str, int], int] = {}

    def add(self, row: Row | None, problem: str = "", number: int = 0) -> None:
        """The next row, or what stands there instead (`problem`). `number`: where it stands, default: behind the last one."""
        self._rows = number or self._rows + 1
        if row is None:
            self._doubt("form", "", 0, problem)
            return
        writer, seq = self._place(row)
        try:
            recorded(row)
        except BadRowError as bad:
            self._ends(writer, "form", seq, str(bad))
            return
        if digest(row) != row.hash:
            self._ends(writer, "hash", seq)
        elif row.incident != self.incident:
            self._doubt("incident", row.writer, row.seq, row.incident)
        elif row.writer in self._broken:
            self.chains[row.writer].behind += 1
        else:
            self._next(row)

    def stops(self, problem: str) -> None:
        """What stands behind the last row cannot be read: nobody knows whose event that was, unless there is only one writer."""
        (writer, chain), *others = [*self.chains.items()] or [("", ChainProof(""))]
        self._rows += 1
        self._doubt("page", *(("", 0) if others else (writer, len(chain.hashes) + 1)), problem)

    def _place(self, row: Row) -> tuple[str, int]:
        """Whose event stands here, and which, even where the row's own word for it was changed: what comes before it tells."""
        writer = self._heads.get(row.prev, "") if isinstance(row.prev, str) else ""
        writer = writer or (row.writer if isinstance(row.writer, str) else "?")
        known = self.chains.get(writer)
        if known and writer not in self._broken:
            return writer, len(known.hashes) + 1
        if row.prev == ROOT and not known:
            return writer, 1
        return writer, row.seq if type(row.seq) is int else 0

    def _next(self, row: Row) -> None:
        writer, known = row.writer, self.chains.setdefault(row.writer, ChainProof(row.writer))
        if 0 < row.seq <= len(known.hashes):
            self._doubt("repeated" if known.at(row.seq) == row.hash else "fork", writer, row.seq)
            return
        found = self._chain.add(row)
        if isinstance(found, Damage):
            self._ends(writer, found.reason, found.seq, found.detail)
            return
        self._heads.pop(row.prev, None)
        self._heads[row.hash] = writer
        known.hashes.append(row.hash)
        self.events.append(found)
        self._at[writer, row.seq] = self._rows

    def _ends(self, writer: str, reason: str, seq: int, detail: str = "") -> None:
        """The writer's chain is not proven from here on."""
        known = self.chains.setdefault(writer, ChainProof(writer))
        known.behind += 1
        if writer not in self._broken:
            self._broken.add(writer)
            self._doubt(reason, writer, seq, detail)

    def _doubt(self, reason: str, writer: str, seq: int, detail: str = "") -> None:
        self.doubts.append(Doubt("event", reason, writer, seq, self._rows, detail=detail))

    # -- together -------------------------------------------------------------------------------------------------------

    def finish(self, now: datetime) -> None:
        """What the events say of each other: who knew what of whom, whether they can be understood, whether their times can be."""
        self.events = by_cause(self.events)
        if not self.events and not self.doubts:
            self.doubts.append(Doubt("event", "missing", seq=1, detail="1 != 0"))
        if wrong := not_understood(self.incident, self.events):
            event, code, detail = wrong
            row = self._at[event.writer, event.seq]
            self.doubts.append(Doubt("event", code, event.writer, event.seq, row, detail=detail))
        for event in self.events:
            for writer, head in seen_by(event):
                self.vouch(writer, head, "writer", f"{event.writer} #{event.seq}")
        self._times(now)

    def vouch(self, writer: str, head: Head, by: By, name: str) -> None:
        """Something else knows this event of the writer; a doubt where it is not here, or another is."""
        if self.expect(writer, head, name):
            chain = self.chains[writer]
            if all(each.seq < head[0] for each in chain.vouchers if each.by == by):
                chain.vouchers = [*(each for each in chain.vouchers if each.by != by), Voucher(head[0], by, name)]

    def expect(self, writer: str, head: Head, name: str) -> bool:
        """Is this event of the writer here, proven? Else it is doubted; `name` says who knows of it."""
        number, chain = head[0], self.chains.setdefault(writer, ChainProof(writer))
        if chain.at(number) == head[1]:
            return True
        if number > len(chain.hashes):
            # Where the chain broke was said already.
            if writer not in self._broken:
                self._broken.add(writer)
                self.doubts.append(Doubt("event", "tail", writer, len(chain.hashes) + 1, name=name, detail=str(number)))
        else:
            self.doubts.append(Doubt("event", "other", writer, number, self._at.get((writer, number), 0), name=name))
        return False

    def head(self, text: str) -> None:
        """A head that was noted elsewhere, looked for after `finish`: a hash, at least four of its first digits, or a code such as `42·7F3A`."""
        found = _HEAD.fullmatch(text.strip())
        number, start = (int(found[1] or 0), found[2].lower()) if found else (0, "")
        # A code counts the events that were known; what others wrote apart may have come in front of it since.
        fits = [
            (place == number, event)
            for place, event in enumerate(self.events, 1)
            if start and event.hash.startswith(start) and place >= number
        ]
        fits = [each for each in fits if each[0]] or fits
        if len(fits) == 1:
            event = fits[0][1]
            self.vouch(event.writer, (event.seq, event.hash), "head", text)
        elif fits:
            self.remarks.append(Doubt("head", "several", detail=text, seq=len(fits)))
        else:
            self.doubts.append(Doubt("head", "absent", detail=text))

    def _times(self, now: datetime) -> None:
        """Times are what a laptop's clock said: kept, and never proof of an order."""
        last: dict[str, datetime] = {}
        said: set[tuple[str, str]] = set()
        for event in self.events:
            before = last.get(event.writer)
            reason = "time_future" if event.at > now else "time_back" if before and event.at < before else ""
            if reason and (event.writer, reason) not in said:
                said.add((event.writer, reason))
                self.remarks.append(Doubt("event", reason, event.writer, event.seq, detail=event.utc))
            last[event.writer] = event.at
