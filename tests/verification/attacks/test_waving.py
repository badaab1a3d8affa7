import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.attacks.projection import SheetPose
from verification.attacks.waving import Sway, WavingHand

HOME = SheetPose(yaw_deg=2, pitch_deg=-1, distance_m=0.4)
SEEDS = st.integers(0, 2**32 - 1)
TIMES_S = np.arange(0, 20, 1 / 30)


@given(seed=SEEDS)
def test_the_sheet_turns_by_at_most_forty_degrees_and_stays_before_the_camera(seed: int) -> None:
    hand = WavingHand(np.random.default_rng(seed), HOME, 20.0)
    for at_s in TIMES_S[::10]:
        pose = hand.place_sheet(float(at_s))
        assert max(abs(pose.yaw_deg), abs(pose.pitch_deg), abs(pose.roll_deg)) <= 40
        assert 0.7 * 0.4 <= pose.distance_m <= 1.5 * 0.4


@given(seed=SEEDS)
def test_a_hand_moves_no_faster_than_hands_do(seed: int) -> None:
    hand = WavingHand(np.random.default_rng(seed), HOME, 10.0)
    yaws = [hand.place_sheet(float(at_s)).yaw_deg for at_s in TIMES_S[:300]]
    # A turn of 40° in 0.3 s peaks at 1.875 times its mean speed; tremor comes on top.
    assert np.abs(np.diff(yaws)).max() < 12


def test_it_rests_for_the_alignment_and_then_turns_and_nods() -> None:
    yaw_spans, pitch_spans = [], []
    for seed in range(8):
        hand = WavingHand(np.random.default_rng(seed), HOME, 20.0)
        poses = [hand.place_sheet(float(at_s)) for at_s in TIMES_S]
        assert np.ptp([pose.yaw_deg for pose in poses[:40]]) < 15
        yaw_spans.append(np.ptp([pose.yaw_deg for pose in poses]))
        pitch_spans.append(np.ptp([pose.pitch_deg for pose in poses]))
    assert np.median(yaw_spans) > 30
    assert np.median(pitch_spans) > 15


def test_equal_seeds_wave_alike() -> None:
    first, second = (WavingHand(np.random.default_rng(3), HOME, 5.0) for _ in range(2))
    assert first.place_sheet(3.3) == second.place_sheet(3.3)


def test_sway_has_the_strength_it_was_asked_for_within_its_band() -> None:
    sway = Sway.draw(np.random.default_rng(1), (2.0, 0.5), (2.0, 8.0))
    rate = 64
    course = np.array([sway.at(step / rate) for step in range(64 * rate)])
    assert np.sqrt((course**2).mean(axis=0)) == pytest.approx((2.0, 0.5), rel=0.1)
    power = np.abs(np.fft.rfft(course[:, 0])) ** 2
    hz = np.fft.rfftfreq(len(course), 1 / rate)
    assert power[(hz > 1.8) & (hz < 8.2)].sum() > 0.98 * power.sum()
    assert power[(hz > 2) & (hz < 4)].sum() > power[(hz > 4) & (hz < 8)].sum()
