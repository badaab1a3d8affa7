from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_emotions, make_face, make_observation
from verification.liveness.actions import EXPRESSIONS, POOL, Action
from verification.liveness.observation import SampledModel
from verification.liveness.sampling import (
    EXPRESSION_INTERVAL_MS,
    MEDIUM_INTERVAL_MS,
    RELAXED_INTERVAL_MS,
    SURE_LOOKS,
    SampleClock,
)

MEDIUM = {SampledModel.TEXTURE, SampledModel.DEEPFAKE}
FRONTAL, TURNED = make_face(), make_face(yaw_deg=25.0)


def test_no_model_but_emotion_is_asked_before_a_frontal_face_was_seen() -> None:
    assert SampleClock().wanted(Action.LOOK_STRAIGHT, 0) == {SampledModel.EMOTION}


def test_the_models_of_the_medium_look_at_frontal_faces_only() -> None:
    clock = SampleClock()
    clock.note(make_observation(FRONTAL), 0)
    assert clock.wanted(Action.NOD, 100) == MEDIUM
    clock.note(make_observation(TURNED), 100)
    assert clock.wanted(Action.NOD, 200) == set()
    clock.note(make_observation(None), 200)
    assert clock.wanted(Action.NOD, 300) == set()


def test_emotions_are_read_only_while_an_expression_or_the_neutral_face_counts() -> None:
    asking = {action for action in Action if SampledModel.EMOTION in SampleClock().wanted(action, 0)}
    assert asking == EXPRESSIONS | {Action.LOOK_STRAIGHT}


@given(st.lists(st.integers(1, 300), max_size=60), st.sampled_from(POOL))
def test_no_model_looks_more_often_than_its_interval(gaps_ms: list[int], action: Action) -> None:
    clock, now_ms = SampleClock(), 0
    looked_ms: dict[SampledModel, list[int]] = {model: [] for model in SampledModel}
    for gap_ms in gaps_ms:
        now_ms += gap_ms
        wanted = clock.wanted(action, now_ms)
        for model in wanted:
            looked_ms[model].append(now_ms)
        clock.note(
            make_observation(
                FRONTAL,
                texture=0.9 if SampledModel.TEXTURE in wanted else None,
                emotions=make_emotions() if SampledModel.EMOTION in wanted else None,
                deepfake=0.9 if SampledModel.DEEPFAKE in wanted else None,
            ),
            now_ms,
        )
    for model, times_ms in looked_ms.items():
        least_ms = EXPRESSION_INTERVAL_MS if model is SampledModel.EMOTION else MEDIUM_INTERVAL_MS
        assert all(b - a >= least_ms for a, b in pairwise(times_ms))


def look(clock: SampleClock, now_ms: int, texture: float) -> None:
    clock.note(make_observation(FRONTAL, texture=texture, deepfake=0.8), now_ms)


def wait_ms(clock: SampleClock, model: SampledModel, since_ms: int) -> int:
    """How long it is until the model wants to look again."""
    return next(ms for ms in range(0, 5_000, 100) if model in clock.wanted(Action.NOD, since_ms + ms))


def test_a_sparing_clock_relaxes_when_every_recent_look_was_sure() -> None:
    clock = SampleClock(is_sparing=True)
    for number in range(SURE_LOOKS - 1):
        look(clock, 400 * number, texture=0.99)
        assert wait_ms(clock, SampledModel.TEXTURE, 400 * number) == MEDIUM_INTERVAL_MS
    look(clock, 400 * (SURE_LOOKS - 1), texture=0.99)
    assert wait_ms(clock, SampledModel.TEXTURE, 400 * (SURE_LOOKS - 1)) == RELAXED_INTERVAL_MS


def test_one_look_that_is_not_sure_makes_it_look_as_often_as_before() -> None:
    clock = SampleClock(is_sparing=True)
    for number in range(SURE_LOOKS):
        look(clock, 400 * number, texture=0.99)
    look(clock, 5_000, texture=0.6)
    assert wait_ms(clock, SampledModel.TEXTURE, 5_000) == MEDIUM_INTERVAL_MS
    assert wait_ms(clock, SampledModel.DEEPFAKE, 5_000) == RELAXED_INTERVAL_MS
    for number in range(SURE_LOOKS):
        look(clock, 6_000 + 400 * number, texture=0.99)
    assert wait_ms(clock, SampledModel.TEXTURE, 6_000 + 400 * (SURE_LOOKS - 1)) == RELAXED_INTERVAL_MS


def test_a_clock_that_records_never_relaxes() -> None:
    clock = SampleClock()
    for number in range(3 * SURE_LOOKS):
        look(clock, 400 * number, texture=0.99)
    assert wait_ms(clock, SampledModel.TEXTURE, 400 * (3 * SURE_LOOKS - 1)) == MEDIUM_INTERVAL_MS
