"""What a remote command wrote is kept in bounded memory."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from runbook.model.replies import KEEP_BYTES, NOTHING
from runbook.world.capture import Recorder


def test_nothing_is_nothing() -> None:
    assert Recorder().capture() == NOTHING


@given(sizes=st.lists(st.integers(0, 5 * KEEP_BYTES), max_size=6))
def test_head_and_tail_are_the_streams_own_and_never_overlap(sizes: list[int]) -> None:
    recorder, whole = Recorder(), b""
    for number, size in enumerate(sizes):
        part = bytes([number]) * size
        whole += part
        recorder.add(part)
    kept = recorder.capture()
    assert kept.head == whole[:KEEP_BYTES]
    assert kept.tail == whole[KEEP_BYTES:][-KEEP_BYTES:]
    assert (kept.size_bytes, kept.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())


def test_memory_stays_bounded() -> None:
    recorder = Recorder()
    for _turn in range(1000):
        recorder.add(bytes(100_000))
    assert len(recorder._head) + len(recorder._tail) <= KEEP_BYTES + 4 * KEEP_BYTES + 100_000
