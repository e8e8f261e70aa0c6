"""The order of what several writers wrote: by cause, the same wherever the rows came from, and never by wall clock.

Each writer's rows are in the order of their numbers. `OthersSeen` says how far a writer knew the others: what it wrote behind that
stands behind theirs. What nobody knew of the other is ordered by how much went before it (Lamport's clock, CACM 21:7, 1978).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runbook.model.events import IncidentOpened, OthersSeen
from runbook.model.record import Recorded
from runbook.model.writers import Head, seen_by

Key = tuple[int, bool, str, int]


class Order:
    """Follows events as they arrive, each writer's in the order of their numbers, and says whether that is the order by cause."""

    def __init__(self) -> None:
        self.sorted = True
        self._ranks: dict[str, list[int]] = {}
        self._hashes: dict[str, list[str]] = {}
        self._last: Key = (0, False, "", 0)

    def add(self, recorded: Recorded) -> None:
        """Take the next event of its writer."""
        ranks = self._ranks.setdefault(recorded.writer, [])
        rank = ranks[-1] + 1 if ranks else 1
        if type(recorded.event) is OthersSeen:
            for writer, head in seen_by(recorded):
                known = self._rank(writer, head)
                # Seen, but not here: it may still come, and then belongs in front.
                self.sorted = self.sorted and known > 0
                rank = max(rank, known + 1)
        ranks.append(rank)
        self._hashes.setdefault(recorded.writer, []).append(recorded.hash)
        key = _key(rank, recorded)
        if key > self._last:
            self._last = key
        else:
            self.sorted = False

    def _rank(self, writer: str, head: Head) -> int:
        number, digest = head
        known = self._hashes.get(writer, ())
        here = 0 < number <= len(known) and known[number - 1] == digest
        return self._ranks[writer][number - 1] if here else 0


def by_cause(events: Iterable[Recorded]) -> list[Recorded]:
    """All events in their one order: a function of which events there are, not of how they came."""
    chains: dict[str, list[Recorded]] = {}
    for recorded in events:
        chains.setdefault(recorded.writer, []).append(recorded)
    ranks: dict[str, list[int]] = {writer: [] for writer in chains}
    while any(_advanced(writer, chains, ranks) for writer in chains):
        pass
    keyed = (
        (_key(rank, each), each) for writer in chains for rank, each in zip(ranks[writer], chains[writer], strict=True)
    )
    return [recorded for _place, recorded in sorted(keyed, key=lambda pair: pair[0])]


def _key(rank: int, recorded: Recorded) -> Key:
    return rank, type(recorded.event) is not IncidentOpened, recorded.writer, recorded.seq


def _advanced(writer: str, chains: Mapping[str, Sequence[Recorded]], ranks: Mapping[str, list[int]]) -> bool:
    """Rank the writer's events as far as what they have seen is ranked. A cycle cannot be: a hash names only what was there before it."""
    chain, done = chains[writer], ranks[writer]
    before = len(done)
    for recorded in chain[before:]:
        rank = done[-1] + 1 if done else 1
        for other, (number, digest) in seen_by(recorded):
            named = chains.get(other, ())
            if not 0 < number <= len(named) or named[number - 1].hash != digest:
                continue
            if number > len(ranks[other]):
                return len(done) > before
            rank = max(rank, ranks[other][number - 1] + 1)
        done.append(rank)
    return len(done) > before
