"""The policy and the capture limits, read from settings. Wrong settings fail loudly and by name."""

import os
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from verification.liveness.actions import POOL, Action, PoolExhaustedError, restrict_pool
from verification.liveness.policy import Floors, Policy, PolicyError, Weights
from verification.vision.weights import ModelPaths

CAPTURE_WIDTH_PX, CAPTURE_HEIGHT_PX = 640, 480
CAPTURE_FORMATS = ("image/jpeg", "image/webp")
_VARIABLES = {
    "weights": "POL_WEIGHTS",
    "challenge_count": "POL_CHALLENGE_COUNT",
    "challenge_timeout_ms": "POL_CHALLENGE_TIMEOUT_SECONDS",
    "session_timeout_ms": "SESSION_TIMEOUT_SECONDS",
    "pass_threshold": "POL_PASS_THRESHOLD",
    "max_consecutive_failures": "POL_MAX_CONSECUTIVE_FAILURES",
}


def load_policy() -> Policy:
    """The policy of this server. Raises ImproperlyConfigured with the variable's name."""
    try:
        return Policy(
            pool=_parse_pool(settings.POL_CHALLENGES),
            challenge_count=_parse_range(settings.POL_CHALLENGE_COUNT),
            challenge_timeout_ms=1_000 * settings.POL_CHALLENGE_TIMEOUT_SECONDS,
            max_consecutive_failures=settings.POL_MAX_CONSECUTIVE_FAILURES,
            session_timeout_ms=1_000 * settings.SESSION_TIMEOUT_SECONDS,
            pass_threshold=settings.POL_PASS_THRESHOLD,
            weights=Weights(*_parse_shares("POL_WEIGHTS", settings.POL_WEIGHTS)),
            floors=Floors(*_parse_shares("POL_FLOORS", settings.POL_FLOORS))
            if settings.POL_FLOORS
            else Floors(),
        )
    except PolicyError as error:
        raise ImproperlyConfigured(f"{_VARIABLES[error.field]}: {error}") from error
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from error


def load_start_time() -> timedelta:
    """How long a session waits for its person. Raises ImproperlyConfigured with the variable's name."""
    if settings.POL_START_SECONDS < 1:
        raise ImproperlyConfigured("POL_START_SECONDS: must be above 0")
    return timedelta(seconds=settings.POL_START_SECONDS)


def restrict_policy(policy: Policy, exclude: list[str]) -> Policy:
    """The policy for a person who cannot perform some actions. Raises PoolExhaustedError."""
    return replace(policy, pool=restrict_pool(policy.pool, [Action(value) for value in exclude]))


def strengthen_policy(
    policy: Policy,
    *,
    pass_threshold: float | None = None,
    challenge_pool: Sequence[str] = (),
    max_consecutive_failures: int | None = None,
) -> Policy:
    """The policy with a relying party's terms: the threshold goes up only, the pool gets smaller only.

    Raises PoolExhaustedError where the party's pool and the server's share too little.
    """
    allowed = frozenset(challenge_pool) or frozenset(str(action) for action in policy.pool)
    return replace(
        policy,
        pool=restrict_pool(policy.pool, [action for action in policy.pool if action not in allowed]),
        pass_threshold=max(policy.pass_threshold, pass_threshold or 0.0),
        max_consecutive_failures=max_consecutive_failures or policy.max_consecutive_failures,
    )


def describe_policy(policy: Policy) -> dict[str, Any]:
    """The policy as JSON, for the session's record."""
    return asdict(policy) | {"pool": [str(action) for action in policy.pool]}


def restore_policy(stored: dict[str, Any]) -> Policy:
    """The policy that a session was opened with, from `describe_policy`'s JSON."""
    nested = {
        "pool": tuple(Action(value) for value in stored["pool"]),
        "challenge_count": tuple(stored["challenge_count"]),
        "weights": Weights(**stored["weights"]),
        "floors": Floors(**stored["floors"]),
    }
    return Policy(**(stored | nested))


def count_inference_threads() -> int:
    """How many frames this process looks at side by side."""
    return settings.POL_INFERENCE_THREADS or os.cpu_count() or 1


def get_model_paths() -> ModelPaths:
    return ModelPaths(
        landmarker=settings.MEDIAPIPE_MODEL_PATH,
        deepfake=settings.DEEPFAKE_MODEL_PATH,
        deepface_home=settings.DEEPFACE_HOME,
    )


def _parse_pool(values: list[str]) -> tuple[Action, ...]:
    known = {str(action) for action in POOL}
    unknown = [value for value in values if value not in known]
    if unknown:
        raise ValueError(f"POL_CHALLENGES has unknown actions {unknown}; known are {sorted(known)}")
    pool = tuple(dict.fromkeys(Action(value) for value in values)) or POOL
    try:
        return restrict_pool(pool, ())
    except PoolExhaustedError as error:
        raise ValueError(f"POL_CHALLENGES: {error}") from error


def _parse_range(value: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", value.strip())
    if match is None:
        raise ValueError(f"POL_CHALLENGE_COUNT must be like 3-5 or 4, not {value!r}")
    return int(match[1]), int(match[2] or match[1])


def _parse_shares(name: str, value: str) -> tuple[float, float, float]:
    try:
        first, second, third = (float(part) for part in value.split(","))
    except ValueError:
        raise ValueError(f"{name} must be three numbers like 0.50,0.25,0.25, not {value!r}") from None
    if not all(0.0 <= share <= 1.0 for share in (first, second, third)):
        raise ValueError(f"{name} must be within 0 and 1, not {value!r}")
    return first, second, third
