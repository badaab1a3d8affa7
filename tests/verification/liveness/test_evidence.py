from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_baseline, make_face, make_observation
from verification.liveness.evidence import MAX_SAMPLES, MIN_SAMPLES, Evidence, take_lower_quartile
from verification.liveness.parallax import SOLID_RELIEF
from verification.liveness.policy import Weights
from verification.liveness.score import Scores, Signal
from verification.liveness.vocabulary import Reason

FACE = make_face()


def gather(
    textures: Sequence[float | None] = (), deepfakes: Sequence[float | None] = (), *, has_begun: bool = True
) -> Evidence:
    evidence = Evidence()
    if has_begun:
        evidence.begin_challenges(make_baseline(FACE), FACE)
    for number in range(max(len(textures), len(deepfakes))):
        observation = make_observation(
            FACE,
            picture=number,
            texture=textures[number] if number < len(textures) else None,
            deepfake=deepfakes[number] if number < len(deepfakes) else None,
        )
        evidence.observe(observation, arrived_at_ms=100 * number, captured_at_ms=100 * number)
    return evidence


def test_a_session_that_saw_nothing_has_no_score() -> None:
    evidence = Evidence()
    assert evidence.score(Weights()) == Scores()
    assert set(evidence.signals.values()) == {None}
    assert evidence.contradictions == ()


def test_texture_and_deepfake_are_lower_quartiles_of_which_one_frame_decides_nothing() -> None:
    evidence = gather([0.9, 0.8, 0.0, 0.9, 0.9], [0.7, 1.0, 0.0])
    assert evidence.signals[Signal.TEXTURE] == 0.8
    assert evidence.score(Weights()).deepfake == 0.7


@given(st.lists(st.floats(0.0, 1.0), min_size=MIN_SAMPLES, max_size=40))
def test_the_lower_quartile_lies_above_the_lowest_sample_and_not_above_the_middle(
    samples: list[float],
) -> None:
    found, ordered = take_lower_quartile(samples), sorted(samples)
    assert found is not None
    assert ordered[1] <= found <= ordered[len(samples) // 2]


def test_a_print_that_shows_in_a_third_of_the_frames_is_not_outvoted() -> None:
    assert take_lower_quartile([0.1] * 3 + [0.95] * 6) == pytest.approx(0.1)


@pytest.mark.parametrize("samples", range(MIN_SAMPLES))
def test_a_few_samples_are_not_observed(samples: int) -> None:
    evidence = gather([0.9] * samples, [0.9] * samples)
    assert evidence.signals[Signal.TEXTURE] is None
    assert evidence.score(Weights()).deepfake is None


def test_samples_are_bounded_and_the_newest_count() -> None:
    evidence = gather([0.0] * 100 + [1.0] * MAX_SAMPLES)
    assert evidence.signals[Signal.TEXTURE] == 1.0
    assert evidence.measures["samples"]["texture"] == MAX_SAMPLES


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_compliance_and_expression_are_means_over_the_challenges(values: list[float]) -> None:
    evidence = Evidence()
    for value in values:
        evidence.add_compliance(value)
        evidence.add_expression(value)
    mean = sum(values) / len(values)
    assert evidence.signals[Signal.COMPLIANCE] == pytest.approx(mean)
    assert evidence.score(Weights()).emotion == pytest.approx(mean)


def test_frames_of_the_alignment_step_are_no_parallax_evidence() -> None:
    evidence = Evidence()
    for number in range(20):
        turned = make_observation(make_face(yaw_deg=2.0 * number), picture=number)
        evidence.observe(turned, arrived_at_ms=100 * number, captured_at_ms=100 * number)
    assert evidence.signals[Signal.PARALLAX] is None
    assert evidence.measures["parallax"] == {}


def test_a_turn_after_alignment_is_parallax_evidence() -> None:
    evidence = gather()
    for number in range(20):
        turned = make_observation(make_face(yaw_deg=2.0 * number), picture=number)
        evidence.observe(turned, arrived_at_ms=100 * number, captured_at_ms=100 * number)
    assert evidence.signals[Signal.PARALLAX] == 1.0
    assert evidence.measures["parallax"]["relief"] > SOLID_RELIEF


def test_a_frozen_picture_contradicts_a_living_subject() -> None:
    evidence = Evidence()
    for number in range(60):
        evidence.observe(make_observation(FACE), arrived_at_ms=100 * number, captured_at_ms=100 * number)
    assert evidence.contradictions == (Reason.INJECTION_SUSPECTED,)


def test_a_second_face_contradicts_a_single_subject() -> None:
    evidence = gather()
    for number in range(20):
        second = make_observation(FACE, picture=number, face_count=2)
        evidence.observe(second, arrived_at_ms=100 * number, captured_at_ms=100 * number)
    assert evidence.contradictions == (Reason.MULTIPLE_FACES,)


def test_another_person_contradicts_one_subject_throughout() -> None:
    evidence = gather([None] * 10)
    other = make_face(skin_lab=(110.0, 110.0))
    for number in range(10):
        shown = make_observation(other, picture=100 + number)
        evidence.observe(shown, arrived_at_ms=9_000 + 100 * number, captured_at_ms=9_000 + 100 * number)
    assert evidence.contradictions == (Reason.IDENTITY_CHANGED,)


def test_the_measures_of_every_meter_are_there_for_the_audit() -> None:
    measures = gather([0.9] * 40).measures
    assert set(measures) == {"parallax", "micro_motion", "timing", "continuity", "samples"}
    assert measures["timing"]["repeat_share"] == 0.0
    assert measures["continuity"]["track_breaks"] == 0.0
