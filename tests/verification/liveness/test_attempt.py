import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import (
    SMILE,
    make_baseline,
    make_emotions,
    make_face,
    make_observation,
    place,
)
from tests.verification.liveness.performance import carry_out
from verification.liveness.actions import Action
from verification.liveness.attempt import ChallengeAttempt
from verification.liveness.events import IssuedChallenge
from verification.liveness.observation import FaceObservation
from verification.liveness.vocabulary import ChallengeFault, Hint

REVEALED_AT_MS, TIMEOUT_MS = 50_000, 15_000
NEUTRAL = make_face()
BASELINE = make_baseline(NEUTRAL, emotions=make_emotions())
CENTRED = make_observation(NEUTRAL)
SMALL = make_observation(make_face(distance_cm=200.0))


def attempt(action: Action) -> ChallengeAttempt:
    return ChallengeAttempt(
        IssuedChallenge("c", 1, 3, action, bytes(16), revealed_at_ms=REVEALED_AT_MS, timeout_ms=TIMEOUT_MS)
    )


def show(tried: ChallengeAttempt, *shown: tuple[int, FaceObservation]) -> list[Hint]:
    return [tried.observe(observation, BASELINE, REVEALED_AT_MS + at_ms) for at_ms, observation in shown]


def smile_at(at_ms: int) -> ChallengeAttempt:
    tried = attempt(Action.SMILE)
    broad = make_observation(carry_out(Action.SMILE, 1.0))
    show(tried, (0, CENTRED), (at_ms - 400, broad), (at_ms, broad))
    return tried


def test_times_count_from_the_reveal() -> None:
    tried = smile_at(1_000)
    assert tried.is_done
    assert tried.ends_at_ms == REVEALED_AT_MS + TIMEOUT_MS


@given(st.integers(700, TIMEOUT_MS), st.integers(700, TIMEOUT_MS))
def test_an_earlier_answer_never_complies_less(one_ms: int, other_ms: int) -> None:
    early_ms, late_ms = sorted((one_ms, other_ms))
    assert 1.0 >= smile_at(early_ms).compliance >= smile_at(late_ms).compliance >= 0.65


def test_an_answer_in_the_first_half_of_the_time_complies_in_full() -> None:
    assert smile_at(TIMEOUT_MS // 2).compliance == 1.0


def test_a_smile_that_was_not_held_is_shown_half() -> None:
    tried = attempt(Action.SMILE)
    show(tried, (0, CENTRED), (500, make_observation(carry_out(Action.SMILE, 1.0))), (600, CENTRED))
    assert tried.expression_shown == 0.5
    assert smile_at(1_000).expression_shown == 1.0


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        ([], ChallengeFault.NO_RESPONSE),
        ([make_observation(None)] * 10, ChallengeFault.NO_RESPONSE),
        ([make_observation(None)] * 9 + [CENTRED], ChallengeFault.NO_RESPONSE),
        ([make_observation(None)] * 8 + [CENTRED] * 2, ChallengeFault.POOR_CAPTURE),
        ([SMALL] * 10, ChallengeFault.POOR_CAPTURE),
        ([make_observation(NEUTRAL, face_count=2)] * 10, ChallengeFault.POOR_CAPTURE),
        ([make_observation(None)] * 6 + [CENTRED] * 4, ChallengeFault.POOR_CAPTURE),
        ([SMALL] * 5 + [CENTRED] * 5, ChallengeFault.NOT_PERFORMED),
        ([CENTRED] * 10, ChallengeFault.NOT_PERFORMED),
    ],
)
def test_a_failure_says_what_kept_the_challenge_from_passing(
    shown: list[FaceObservation], fault: ChallengeFault
) -> None:
    tried = attempt(Action.NOD)
    show(tried, *[(100 * i, observation) for i, observation in enumerate(shown)])
    assert tried.fault is fault


@given(st.lists(st.sampled_from([CENTRED, SMALL, make_observation(None)]), max_size=30))
def test_no_mix_of_frames_is_without_a_fault(shown: list[FaceObservation]) -> None:
    tried = attempt(Action.BLINK)
    show(tried, *[(100 * i, observation) for i, observation in enumerate(shown)])
    faces = sum(observation.face is not None for observation in shown)
    assert (tried.fault is ChallengeFault.NO_RESPONSE) == (faces < 0.2 * max(len(shown), 1))


def test_a_face_that_turns_out_of_the_middle_is_still_judged() -> None:
    tried = attempt(Action.TURN_LEFT)
    aside = make_observation(place(carry_out(Action.TURN_LEFT, 1.0), x=0.8, y=0.5))
    hints = show(tried, (0, CENTRED), (500, aside), (800, aside))
    assert tried.is_done
    assert Hint.CENTER_FACE not in hints


def test_nothing_is_judged_while_a_second_face_is_there() -> None:
    tried = attempt(Action.TURN_LEFT)
    turned = make_observation(carry_out(Action.TURN_LEFT, 1.0), face_count=2)
    hints = show(tried, (0, CENTRED), (500, turned), (900, turned))
    assert not tried.is_done
    assert hints[1:] == [Hint.MULTIPLE_FACES] * 2


def test_a_head_flung_round_is_told_to_slow_down() -> None:
    turned = make_observation(carry_out(Action.TURN_LEFT, 1.0))
    assert show(attempt(Action.TURN_LEFT), (0, CENTRED), (100, turned))[-1] is Hint.SLOW_DOWN


def test_a_brisk_turn_and_the_noise_of_a_burst_are_not_too_fast() -> None:
    turning = [(0, 0.0), (100, 15.0), (102, 17.0), (200, 28.0)]
    shown = [(at_ms, make_observation(make_face(yaw_deg=yaw_deg))) for at_ms, yaw_deg in turning]
    assert Hint.SLOW_DOWN not in show(attempt(Action.TURN_LEFT), *shown)


def test_the_hint_is_to_follow_the_instruction_until_the_action_begins() -> None:
    begun = make_observation(carry_out(Action.SMILE, 0.4))
    assert show(attempt(Action.SMILE), (0, CENTRED), (500, begun)) == [Hint.FOLLOW_INSTRUCTION, Hint.OK]


def test_emotions_last_half_a_second_beyond_their_frame() -> None:
    nearly = make_face(blendshapes=dict.fromkeys(SMILE, 0.34))
    happy = make_observation(nearly, emotions=make_emotions(happy=0.9))
    within, beyond = attempt(Action.SMILE), attempt(Action.SMILE)
    plain = make_observation(nearly)
    show(within, (0, CENTRED), (500, happy), (700, plain), (1_000, plain))
    show(beyond, (0, CENTRED), (500, happy), (1_001, plain), (1_500, plain))
    assert within.is_done
    assert not beyond.is_done


def test_the_alignment_step_has_no_progress_of_its_own_here() -> None:
    tried = attempt(Action.LOOK_STRAIGHT)
    assert show(tried, (500, CENTRED)) == [Hint.OK]
    assert (tried.progress, tried.peak, tried.is_done) == (0.0, 0.0, False)
