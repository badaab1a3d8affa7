import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from verification.conf import describe_policy, get_model_paths, load_policy, restore_policy, restrict_policy
from verification.liveness.actions import HEAD_MOVEMENTS, POOL, Action, PoolExhaustedError
from verification.liveness.policy import Floors, Policy, Weights

values = st.floats(0.0, 1.0)
policies = st.builds(
    Policy,
    pool=st.lists(st.sampled_from(POOL), min_size=3, unique=True).map(tuple),
    challenge_count=st.tuples(st.integers(1, 4), st.integers(4, 10)),
    challenge_timeout_ms=st.integers(1, 10**6),
    session_timeout_ms=st.integers(1, 10**7),
    max_consecutive_failures=st.integers(1, 10),
    max_skips=st.integers(0, 5),
    nonce_lifetime_ms=st.integers(0, 10**6),
    pass_threshold=st.floats(0.01, 1.0),
    weights=values.map(lambda share: Weights(share, 1.0 - share, 0.0)),
    floors=st.builds(Floors, values, values, values),
)


def test_the_documented_defaults_are_the_default_policy() -> None:
    policy = load_policy()
    assert policy == Policy()
    assert policy.pool == POOL
    assert (policy.challenge_count, policy.challenge_timeout_ms) == ((3, 5), 15_000)
    assert (policy.session_timeout_ms, policy.max_consecutive_failures) == (120_000, 3)
    assert (policy.pass_threshold, policy.weights) == (0.70, Weights(0.50, 0.25, 0.25))
    assert policy.nonce_lifetime_ms == 300_000


def test_every_setting_reaches_the_policy(settings: Settings) -> None:
    settings.POL_CHALLENGES = ["nod", "blink", "smile", "nod"]
    settings.POL_CHALLENGE_COUNT = " 4 "
    settings.POL_CHALLENGE_TIMEOUT_SECONDS = 9
    settings.POL_MAX_CONSECUTIVE_FAILURES = 2
    settings.SESSION_TIMEOUT_SECONDS = 60
    settings.POL_PASS_THRESHOLD = 0.8
    settings.POL_WEIGHTS = "0.6, 0.3, 0.1"
    settings.POL_FLOORS = "0.4,0.2,0.1"
    assert load_policy() == Policy(
        pool=(Action.NOD, Action.BLINK, Action.SMILE),
        challenge_count=(4, 4),
        challenge_timeout_ms=9_000,
        max_consecutive_failures=2,
        session_timeout_ms=60_000,
        pass_threshold=0.8,
        weights=Weights(0.6, 0.3, 0.1),
        floors=Floors(0.4, 0.2, 0.1),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POL_CHALLENGES", ["nod", "blink", "wink"]),
        ("POL_CHALLENGES", ["look_straight", "nod", "blink", "smile"]),
        ("POL_CHALLENGES", ["nod", "blink"]),
        ("POL_CHALLENGES", ["blink", "smile", "open_mouth"]),
        ("POL_CHALLENGE_COUNT", "many"),
        ("POL_CHALLENGE_COUNT", ""),
        ("POL_CHALLENGE_COUNT", "3-"),
        ("POL_CHALLENGE_COUNT", "3-5-7"),
        ("POL_WEIGHTS", "0.5,0.5"),
        ("POL_WEIGHTS", "a,b,c"),
        ("POL_WEIGHTS", "nan,0.5,0.5"),
        ("POL_WEIGHTS", "1.5,-0.25,-0.25"),
        ("POL_FLOORS", "0.5"),
        ("POL_FLOORS", "0.5,0.3,2"),
    ],
    ids=str,
)
def test_a_wrong_setting_fails_loudly_and_by_its_name(settings: Settings, name: str, value: object) -> None:
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        load_policy()


SENSELESS = [
    ("POL_CHALLENGE_COUNT", "0-3"),
    ("POL_CHALLENGE_COUNT", "5-3"),
    ("POL_CHALLENGE_COUNT", "3-11"),
    ("POL_WEIGHTS", "0.5,0.5,0.5"),
    ("POL_PASS_THRESHOLD", 0.0),
    ("POL_PASS_THRESHOLD", 1.5),
    ("POL_CHALLENGE_TIMEOUT_SECONDS", 0),
    ("SESSION_TIMEOUT_SECONDS", -1),
    ("POL_MAX_CONSECUTIVE_FAILURES", 0),
]


@pytest.mark.parametrize(("name", "value"), SENSELESS, ids=str)
def test_a_setting_that_makes_no_sense_is_named(settings: Settings, name: str, value: object) -> None:
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        load_policy()


@given(policies)
def test_a_policy_comes_back_from_its_stored_form(policy: Policy) -> None:
    stored: dict[str, Any] = json.loads(json.dumps(describe_policy(policy)))
    assert restore_policy(stored) == policy


@given(st.sets(st.sampled_from(POOL)))
def test_a_restricted_policy_never_asks_for_what_was_excluded(exclude: set[Action]) -> None:
    try:
        policy = restrict_policy(Policy(), [str(action) for action in exclude])
    except PoolExhaustedError:
        return
    assert not exclude & set(policy.pool)
    assert len(policy.pool) >= 3
    assert HEAD_MOVEMENTS & set(policy.pool)
    assert policy == replace(Policy(), pool=policy.pool)


def test_the_models_lie_where_the_settings_say(settings: Settings) -> None:
    paths = get_model_paths()
    assert paths.landmarker == settings.MEDIAPIPE_MODEL_PATH
    assert paths.deepfake == settings.DEEPFAKE_MODEL_PATH
    assert paths.deepface_home == settings.DEEPFACE_HOME
