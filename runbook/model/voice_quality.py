"""How a telephone call might sound over a network of which only echo requests are known: an estimate, never a measurement of voice.

The E-model of ITU-T G.107 reduced to what a ping can know, for G.711 with packet loss concealment and otherwise G.107's default
values: R = 93.2 - Id - Ie,eff, with G.107's own R of 93.2 for an undisturbed path.

* Id, the impairment by one-way delay: the fit to G.107 by Cole and Rosenbluth, "Voice over IP performance monitoring", ACM SIGCOMM
  Computer Communication Review 31(2), 2001: 0.024 d + 0.11 (d - 177.3) above 177.3 ms.
* Ie,eff, the impairment by random loss: G.107 clause 7.5, Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl), with G.113 Appendix I's Ie = 0
  and Bpl = 25.1 for G.711 with concealment, and BurstR = 1.
* The one-way delay is not measured either: half the round trip, a receiving buffer of twice the jitter, and 10 ms of coding, as
  monitoring tools commonly reckon; G.107 does not say how to get it from a ping.
* MOS from R: G.107 Annex B.
"""

from __future__ import annotations

UNDISTURBED_R = 93.2
LOUD_DELAY_MS = 177.3
BPL_G711 = 25.1
CODING_MS = 10.0


def one_way_delay_ms(rtt_ms: float, jitter_ms: float) -> float:
    """The delay from mouth to ear that is reckoned with."""
    return rtt_ms / 2 + 2 * jitter_ms + CODING_MS


def delay_impairment(delay_ms: float) -> float:
    """Id for a one-way delay."""
    return 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - LOUD_DELAY_MS)


def loss_impairment(loss_pct: float) -> float:
    """Ie,eff for random packet loss, in per cent."""
    return 95.0 * loss_pct / (loss_pct + BPL_G711)


def r_factor(delay_ms: float, loss_pct: float) -> float:
    """The transmission rating R: 93.2 for a perfect path, below 50 not recommended (ITU-T G.109)."""
    return UNDISTURBED_R - delay_impairment(delay_ms) - loss_impairment(loss_pct)


def mos_of(r: float) -> float:
    """The mean opinion score that G.107 Annex B gives a rating R: from 1 (bad) to 4.5. Its cubic dips below 1 near 0: that is 1."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def mos_estimate(loss_pct: float, rtt_ms: float | None, jitter_ms: float | None) -> float | None:
    """The estimated MOS, to a hundredth. None when nothing was answered. Without a jitter (one answer) it is taken as 0."""
    if rtt_ms is None:
        return None
    return round(mos_of(r_factor(one_way_delay_ms(rtt_ms, jitter_ms or 0.0), loss_pct)), 2)
