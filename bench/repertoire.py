"""What the simulated subject does for each action, rendered once: JPEGs at ten a second that clients play."""

from collections.abc import Mapping
from functools import cache

from bench.frames import FPS, encode_frame
from tests.subject.performance import ACTIONS, Performance
from tests.subject.subject import SimulatedSubject

# Looking straight: long enough for the alignment step, short enough to be answered soon after.
_AT_REST_S = 1.5


@cache
def render_repertoire() -> Mapping[str, tuple[bytes, ...]]:
    """By action, the frames from the moment it is asked for until the subject is at rest again."""
    subject = SimulatedSubject()
    return {action: _render(subject, action, seed) for seed, action in enumerate(ACTIONS)}


def _render(subject: SimulatedSubject, action: str, seed: int) -> tuple[bytes, ...]:
    performance = Performance(action, count=2)
    seconds = _AT_REST_S if action == "look_straight" else performance.duration_s
    moments = [number / FPS for number in range(round(seconds * FPS))]
    return tuple(
        encode_frame(subject.render(*performance.at(at_s), noise_seed=1_000 * seed + number))
        for number, at_s in enumerate(moments)
    )
