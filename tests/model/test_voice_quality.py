"""The voice estimate: ITU-T's published points, and what more delay, loss and jitter do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.voice_quality import (
    delay_impairment,
    loss_impairment,
    mos_estimate,
    mos_of,
    one_way_delay_ms,
    r_factor,
)

LOSS = st.floats(0, 100)
MS = st.floats(0, 2000)


@pytest.mark.parametrize(("r", "mos"), [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_the_points_that_g107_annex_b_prints(r: float, mos: float) -> None:
    # The table rounds 4.024 up.
    assert mos_of(r) == pytest.approx(mos, abs=0.01)


def test_the_scale_ends_at_1_and_at_4_5() -> None:
    assert [mos_of(r) for r in (-20, 0, 3, 100, 120)] == [1.0, 1.0, 1.0, 4.5, 4.5]


def test_a_perfect_path_has_g107_s_default_rating() -> None:
    assert r_factor(0, 0) == 93.2


def test_the_delay_hurts_more_from_177_3_ms_on() -> None:
    assert delay_impairment(100) == pytest.approx(2.4)
    assert delay_impairment(177.3) == pytest.approx(4.2552)
    assert delay_impairment(277.3) == pytest.approx(4.2552 + 2.4 + 11)


def test_a_loss_of_bpl_per_cent_takes_half_of_95() -> None:
    assert loss_impairment(25.1) == pytest.approx(47.5)
    assert loss_impairment(0) == 0


def test_delay_is_reckoned_from_half_the_round_trip_twice_the_jitter_and_the_coding() -> None:
    assert one_way_delay_ms(40, 3) == 36


def test_without_an_answer_there_is_no_estimate_and_with_one_the_jitter_is_0() -> None:
    assert mos_estimate(100, None, None) is None
    assert mos_estimate(0, 1.0, None) == mos_estimate(0, 1.0, 0.0) == 4.4


@given(LOSS, MS, MS, LOSS, MS, MS)
def test_more_of_anything_bad_never_sounds_better(
    loss: float, rtt: float, jitter: float, more_loss: float, more_rtt: float, more_jitter: float
) -> None:
    good = mos_estimate(min(loss, more_loss), min(rtt, more_rtt), min(jitter, more_jitter))
    bad = mos_estimate(max(loss, more_loss), max(rtt, more_rtt), max(jitter, more_jitter))
    assert good is not None
    assert bad is not None
    assert 1 <= bad <= good <= 4.5
