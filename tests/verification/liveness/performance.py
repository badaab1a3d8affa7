"""A capture subject of numbers who carries out actions before a session, on the test's own clock."""

from collections.abc import Sequence
from functools import lru_cache

from tests.verification.liveness.faces import (
    BLINK,
    BROWS,
    EYES_WIDE,
    SMILE,
    make_emotions,
    make_face,
    make_observation,
)
from verification.liveness.actions import Action
from verification.liveness.events import ChallengeEnded, ChallengeRevealed, Event, SessionConcluded
from verification.liveness.observation import Face, FaceObservation, SampledModel
from verification.liveness.session import LivenessSession

HELD = (
    Action.TURN_LEFT,
    Action.TURN_RIGHT,
    Action.LOOK_UP,
    Action.LOOK_DOWN,
    Action.OPEN_MOUTH,
    Action.RAISE_EYEBROWS,
    Action.SMILE,
    Action.SURPRISE,
)
REST = (0.0, 0.0, 0.0)
STROKES = {
    Action.BLINK: (*REST, 1.0, 0.0, 0.0, 1.0, 0.0),
    Action.NOD: (*REST, 0.5, 1.0, 0.5, 0.0),
}
RISE_AND_HOLD = (*REST, 0.25, 0.5, 0.75, *[1.0] * 7)
FRAME_MS = 100
EMOTION_OF = {Action.SMILE: "happy", Action.SURPRISE: "surprise"}


@lru_cache(maxsize=4_096)
def carry_out(action: Action, amount: float, *, is_flat: bool = False, noise_seed: int = 0) -> Face:
    """A face that has carried an action out to `amount`: 0 is neutral, 1 is clearly done."""
    turned = {
        Action.TURN_LEFT: (32.0, 0.0),
        Action.TURN_RIGHT: (-32.0, 0.0),
        Action.LOOK_UP: (0.0, 16.0),
        Action.LOOK_DOWN: (0.0, -16.0),
        Action.NOD: (0.0, -14.0),
    }
    raised = {
        Action.BLINK: BLINK,
        Action.OPEN_MOUTH: ("jawOpen",),
        Action.RAISE_EYEBROWS: BROWS,
        Action.SMILE: SMILE,
        Action.SURPRISE: ("jawOpen", *BROWS, *EYES_WIDE),
    }
    yaw_deg, pitch_deg = turned.get(action, (0.0, 0.0))
    return make_face(
        yaw_deg=amount * yaw_deg,
        pitch_deg=amount * pitch_deg,
        is_flat=is_flat,
        noise_px=0.6 if noise_seed % 5 == 0 else 0.12,  # skin moves in bursts
        noise_seed=noise_seed,
        blendshapes=dict.fromkeys(raised.get(action, ()), 0.02 + 0.7 * amount),
    )


def observe_action(
    action: Action,
    amount: float,
    *,
    frame: int,
    wanted: frozenset[SampledModel],
    is_flat: bool = False,
    texture: float | None = 0.95,
    deepfake: float = 0.9,
) -> FaceObservation:
    """The observation of one such frame, with what the models asked for would say."""
    share = {EMOTION_OF[action]: 0.8 * amount} if action in EMOTION_OF else {}
    return make_observation(
        carry_out(action, amount, is_flat=is_flat, noise_seed=frame % 40),
        picture=frame,
        texture=texture if SampledModel.TEXTURE in wanted else None,
        emotions=make_emotions(**share) if SampledModel.EMOTION in wanted else None,
        deepfake=deepfake if SampledModel.DEEPFAKE in wanted else None,
    )


class Performer:
    """Drives one session and keeps every event with the time it came at."""

    def __init__(
        self,
        session: LivenessSession,
        *,
        now_ms: int = 0,
        frame_ms: int = FRAME_MS,
        is_flat: bool = False,
        texture: float | None = 0.95,
        deepfake: float = 0.9,
    ) -> None:
        self.session = session
        self.now_ms = now_ms
        self.frames = 0
        self.log: list[tuple[int, Event]] = []
        self._frame_ms = frame_ms
        self._is_flat = is_flat
        self._texture = texture
        self._deepfake = deepfake

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.log]

    @property
    def revealed(self) -> list[ChallengeRevealed]:
        return [event for event in self.events if isinstance(event, ChallengeRevealed)]

    @property
    def ended(self) -> list[ChallengeEnded]:
        return [event for event in self.events if isinstance(event, ChallengeEnded)]

    @property
    def conclusions(self) -> list[SessionConcluded]:
        return [event for event in self.events if isinstance(event, SessionConcluded)]

    def start(self) -> list[Event]:
        return self._keep(self.session.start(self.now_ms))

    def show(self, observation: FaceObservation) -> list[Event]:
        """One frame, a frame's time after what came before."""
        self.now_ms += self._frame_ms
        self.frames += 1
        return self._keep(
            self.session.observe(
                observation,
                seq=self.frames,
                captured_at_ms=self.now_ms,
                arrived_at_ms=self.now_ms,
                now_ms=self.now_ms,
            )
        )

    def do(self, action: Action, amounts: Sequence[float]) -> None:
        """Carry an action out to each of the amounts, a frame each, while the challenge is the same."""
        challenge = self.session.current
        for amount in amounts:
            if self.session.current is not challenge or challenge is None:
                return
            self.show(
                observe_action(
                    action,
                    amount,
                    frame=self.frames,
                    wanted=self.session.wanted_models(self.now_ms),
                    is_flat=self._is_flat,
                    texture=self._texture,
                    deepfake=self._deepfake,
                )
            )

    def perform(self) -> None:
        """Do what the current challenge asks for."""
        if self.session.current is None:
            return
        action = self.session.current.action
        if action is Action.LOOK_STRAIGHT:
            self.blink_at_rest()
            self.do(action, [0.0] * 10)
        else:
            self.do(action, STROKES.get(action, RISE_AND_HOLD))

    def blink_at_rest(self) -> None:
        """What every living face does while it is looked at, and a print does not."""
        self.do(Action.BLINK, (0.0, 1.0, 0.0))

    def skip(self, challenge_id: str) -> list[Event]:
        return self._keep(self.session.skip(challenge_id, self.now_ms))

    def wait(self, wait_ms: int) -> list[Event]:
        """Show nothing for a while, then let the session act on its deadline."""
        self.now_ms += wait_ms
        return self._keep(self.session.expire(self.now_ms))

    def run_out_of_time(self) -> list[Event]:
        return self.wait(max(0, self.session.deadline_ms - self.now_ms))

    def run_to_the_end(self) -> SessionConcluded:
        """Start, perform whatever is asked, and return the conclusion."""
        self.start()
        while not self.conclusions:
            before = len(self.log)
            self.perform()
            assert len(self.log) > before, "the session stands still"
        return self.conclusions[0]

    def _keep(self, events: list[Event]) -> list[Event]:
        self.log += [(self.now_ms, event) for event in events]
        return events
