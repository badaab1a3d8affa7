"""A session before a clip in this process: the live analyser and session code, on a virtual clock."""

from collections.abc import Callable
from dataclasses import asdict, replace
from random import Random
from typing import Generic

from verification.clips.camera import Frame
from verification.clips.subject import ChallengeRecord, ClipSubject, ClipVerdict
from verification.liveness.events import ChallengeEnded, ChallengeRevealed, Event, SessionConcluded
from verification.liveness.frame_gate import Admission, FrameGate, FrameHeader
from verification.liveness.observation import FaceObservation, SampledModel
from verification.liveness.policy import Policy
from verification.liveness.session import LivenessSession, Phase
from verification.liveness.vocabulary import ChallengeOutcome

Observe = Callable[[Frame, int, frozenset[SampledModel]], FaceObservation]


class InProcessSession(Generic[Frame]):
    """One session.

    observe: what the camera's frame shows, at a time in milliseconds, by the models that are wanted:
        `FrameAnalyser.analyse` for JPEG frames. arrive: when a frame arrives that was captured at a time,
        both in milliseconds; at once by default. on_event hears of every event and the virtual time.
    """

    def __init__(
        self,
        subject: ClipSubject[Frame],
        observe: Observe[Frame],
        policy: Policy,
        *,
        rng: Random | None = None,
        arrive: Callable[[float], int] = round,
        on_event: Callable[[Event, float], None] = lambda event, elapsed_s: None,
    ) -> None:
        policy = replace(policy, pool=subject.pool)
        self._subject = subject
        self._observe = observe
        self._arrive = arrive
        self._session = LivenessSession(policy, opened_at_ms=0, rng=rng)
        self._gate = FrameGate(nonce_lifetime_ms=policy.nonce_lifetime_ms, grace_ms=policy.nonce_grace_ms)
        self._on_event = on_event
        self._challenges: list[ChallengeRecord] = []
        self._concluded: SessionConcluded | None = None

    def run(self) -> ClipVerdict:
        """Play until the session is over; what `observe` raises goes through."""
        frame_ms = 1_000.0 / self._subject.camera.fps
        clock_ms, seq = 0.0, 0
        self._take(self._session.start(0), 0)
        while self._session.phase is not Phase.CONCLUDED:
            clock_ms, seq = clock_ms + frame_ms, seq + 1
            now_ms = self._arrive(clock_ms)
            if now_ms >= self._session.deadline_ms:
                self._take(self._session.expire(now_ms), now_ms)
            else:
                self._take(self._show_frame(seq, round(clock_ms), now_ms), now_ms)
        return self._build_verdict(seq, clock_ms / 1_000)

    def _show_frame(self, seq: int, captured_at_ms: int, now_ms: int) -> list[Event]:
        current = self._session.current
        assert current is not None  # noqa: S101  (a running session always has one)
        header = FrameHeader(current.nonce, seq, captured_at_ms)
        assert self._gate.admit(header, now_ms) is Admission.CURRENT  # noqa: S101
        wanted = self._session.wanted_models(now_ms)
        observation = self._observe(self._subject.camera.take(), now_ms, wanted)
        return self._session.observe(
            observation, seq=seq, captured_at_ms=captured_at_ms, arrived_at_ms=now_ms, now_ms=now_ms
        )

    def _take(self, events: list[Event], now_ms: int) -> None:
        for event in events:
            self._on_event(event, now_ms / 1_000)
            match event:
                case ChallengeRevealed():
                    self._gate.open_nonce(event.challenge.nonce, now_ms)
                    self._subject.answer(event.challenge.action)
                case ChallengeEnded() if event.outcome is not ChallengeOutcome.ABANDONED:
                    reason = str(event.fault or event.outcome)
                    record = ChallengeRecord(
                        str(event.challenge.action), str(event.outcome), reason, event.latency_ms
                    )
                    self._challenges.append(record)
                case SessionConcluded():
                    self._concluded = event

    def _build_verdict(self, frames: int, elapsed_s: float) -> ClipVerdict:
        concluded = self._concluded
        assert concluded is not None  # noqa: S101  (the loop ends with it)
        return ClipVerdict(
            decision=str(concluded.decision),
            reason=str(concluded.reason),
            scores=asdict(concluded.scores),
            signals=dict(concluded.signals),
            measures={name: dict(values) for name, values in concluded.measures.items()},
            challenges=self._challenges,
            frames=frames,
            elapsed_s=elapsed_s,
        )
