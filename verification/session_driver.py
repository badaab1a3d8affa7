"""What happens in a session that has a socket: messages in, the state machine, the database, replies out.

One task drives the session, so its state machine is only ever touched by one thread at a time;
frames are admitted as they arrive and the newest waits in a slot.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import translation

from verification import metrics, replies, services
from verification.conf import restore_policy
from verification.inference import NewestWins, open_analyser, run_inference
from verification.liveness.events import (
    ChallengeEnded,
    ChallengeRevealed,
    Event,
    FeedbackGiven,
    SessionConcluded,
)
from verification.liveness.frame_gate import Admission, FrameGate
from verification.liveness.session import LivenessSession, Phase
from verification.liveness.vocabulary import Reason
from verification.load import load
from verification.lost_time import LostTime
from verification.messages import Cancel, ClientMessage, CloseCode, Frame, MessageError, Ready, Skip
from verification.models import VerificationSession
from verification.outage import log_failure
from verification.vision.analyser import FrameAnalyser
from verification.vision.image_header import FrameRejected

logger = logging.getLogger(__name__)

TOO_MANY_PIXELS = "too_many_pixels"
# A person cannot press faster than the driver empties this.
MAX_CONTROLS = 8


@dataclass(frozen=True, slots=True)
class ArrivedFrame:
    frame: Frame
    arrived_at_ms: int


class SessionDriver:
    """send, close: the socket. The methods that take something in belong to the event loop."""

    def __init__(
        self,
        row: VerificationSession,
        *,
        send: Callable[[dict[str, Any]], Awaitable[None]],
        close: Callable[[int], Awaitable[None]],
    ) -> None:
        policy = restore_policy(row.policy)
        remaining_ms = int((row.expires_at.timestamp() - time.time()) * 1_000)
        self._row = row
        self._send, self._close = send, close
        self._session = LivenessSession(
            policy, opened_at_ms=now_ms() + remaining_ms - policy.session_timeout_ms
        )
        self._nonce_lifetime_ms = policy.nonce_lifetime_ms
        self._gate = FrameGate(nonce_lifetime_ms=policy.nonce_lifetime_ms, grace_ms=policy.nonce_grace_ms)
        self._analyser: FrameAnalyser | None = None
        self._frames: NewestWins[ArrivedFrame] = NewestWins()
        self._controls: list[Ready | Skip | Cancel] = []
        self._has_news = asyncio.Event()
        self._lost_time = LostTime()
        self._last_stall = load.last_stall
        self._ending: Reason | None = None
        self._error: MessageError | None = None
        self._is_gone = False

    @property
    def challenges_total(self) -> int:
        return self._session.challenges_total

    @property
    def has_waiting_frame(self) -> bool:
        return self._frames.peek() is not None

    @property
    def is_closing(self) -> bool:
        """A message did not fit: no other is listened to."""
        return self._error is not None

    # --- taking in -------------------------------------------------------------------------------

    def accept(self, message: ClientMessage) -> None:
        """A message that fits the protocol."""
        if isinstance(message, Frame):
            self._admit(message)
        else:
            self._controls = [*self._controls, message][-MAX_CONTROLS:]
        self._has_news.set()

    def refuse(self, error: MessageError) -> None:
        """A message that does not fit: the session ends, and the socket is told why."""
        self._error = error
        self._has_news.set()

    def end(self, reason: Reason) -> None:
        """Conclude soon, for a reason that is not the capture subject's."""
        self._ending = self._ending or reason
        self._has_news.set()

    def lose(self) -> None:
        """The socket is gone."""
        self._is_gone = True
        self._has_news.set()

    def _admit(self, frame: Frame) -> None:
        arrived_at_ms = now_ms()
        admission = self._gate.admit(frame.header, arrived_at_ms)
        if admission is Admission.REPLAY:
            self._ending = Reason.REPLAY_DETECTED
        elif admission is Admission.CURRENT:
            if self.has_waiting_frame:
                metrics.FRAMES.labels("replaced").inc()
            self._frames.put(ArrivedFrame(frame, arrived_at_ms))
        else:
            metrics.FRAMES.labels("stale").inc()

    # --- driving ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the session is over: wait for something to do, do it, send what came of it."""
        try:
            while not await self._step():
                pass
        except Exception as error:
            log_failure(logger, "Session %s ended by an error of the server", self._row.pk, error=error)
            await self._give_up()

    async def release(self) -> None:
        """Free the session's landmarker."""
        analyser, self._analyser = self._analyser, None
        if analyser is not None:
            await run_inference(analyser.close)

    async def _step(self) -> bool:
        """One turn. True when the session is over."""
        session = self._session
        if self._ending is not None:
            return await self._handle(session.conclude(self._ending, now_ms()))
        if self._error is not None or self._is_gone:
            await self._end_early(self._error)
            return True
        if self._controls:
            return await self._handle(await self._control(self._controls.pop(0)))
        self._excuse_stalls()
        # Before frames that came too late: where they keep coming, it would otherwise never be looked at.
        if now_ms() >= session.deadline_ms and not self._has_frame_in_time():
            return await self._handle(session.expire(now_ms()))
        if arrived := self._frames.take():
            return await self._handle(await self._analyse(arrived))
        await self._wait_for_news()
        return False

    async def _wait_for_news(self) -> None:
        deadline_ms = self._session.deadline_ms
        self._has_news.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._has_news.wait(), max(0, deadline_ms - now_ms()) / 1_000)
        self._excuse(deadline_ms, now_ms())  # where the event loop came back late

    async def _control(self, message: Ready | Skip | Cancel) -> list[Event]:
        session = self._session
        match message:
            case Ready():
                if session.phase is Phase.WAITING:
                    await database_sync_to_async(services.note_camera)(self._row.pk, message.camera)
                return session.start(now_ms())
            case Skip():
                return session.skip(message.challenge_id, now_ms())
            case Cancel():
                return session.conclude(Reason.CANCELLED, now_ms())

    async def _analyse(self, arrived: ArrivedFrame) -> list[Event]:
        """Decode, look, and let the session judge, all on an inference thread."""
        session = self._session
        header = arrived.frame.header
        current = session.current
        if current is None or current.nonce != header.nonce:
            metrics.FRAMES.labels("stale").inc()
            return []  # it waited in the slot while its challenge ended

        def look() -> list[Event]:
            self._analyser = self._analyser or open_analyser()
            wanted = session.wanted_models(arrived.arrived_at_ms)
            observation = self._analyser.analyse(arrived.frame.image, header.captured_at_ms, wanted)
            return session.observe(
                observation,
                seq=header.seq,
                captured_at_ms=header.captured_at_ms,
                arrived_at_ms=arrived.arrived_at_ms,
                now_ms=now_ms(),
            )

        try:
            events, took_s = await run_inference(lambda: _clock(look))
        except FrameRejected as rejection:
            metrics.FRAMES.labels("rejected").inc()
            await database_sync_to_async(services.record_rejected_frame)(self._row.pk, rejection.code)
            close_code = CloseCode.TOO_LARGE if rejection.code == TOO_MANY_PIXELS else CloseCode.MALFORMED
            self._error = MessageError(str(rejection), code=rejection.code, close_code=close_code)
            return []
        self._note_answer(arrived, took_s)
        return events

    # --- time ------------------------------------------------------------------------------------

    def _has_frame_in_time(self) -> bool:
        waiting = self._frames.peek()
        return waiting is not None and waiting.arrived_at_ms < self._session.deadline_ms

    def _note_answer(self, arrived: ArrivedFrame, took_s: float) -> None:
        answered_at_ms = now_ms()
        metrics.ANALYSIS_SECONDS.observe(took_s)
        load.note_analysis(took_s * 1_000)
        metrics.FRAMES.labels("analysed").inc()
        metrics.ANSWER_SECONDS.observe((answered_at_ms - arrived.arrived_at_ms) / 1_000)
        load.note_answer(answered_at_ms - arrived.arrived_at_ms)
        self._excuse(arrived.arrived_at_ms, answered_at_ms)

    def _excuse_stalls(self) -> None:
        """While the event loop stood still, frames had arrived and were not seen to."""
        stall = load.last_stall
        if stall is not None and stall is not self._last_stall:
            self._last_stall = stall
            self._excuse(stall.from_ms, stall.until_ms)

    def _excuse(self, from_ms: int, until_ms: int) -> None:
        """Give back what the server took longer than it may."""
        if lost_ms := self._lost_time.note(from_ms, until_ms):
            metrics.LOST_SECONDS.inc(lost_ms / 1_000)
            self._session.excuse(lost_ms)

    # --- what came of it -------------------------------------------------------------------------

    async def _handle(self, events: list[Event]) -> bool:
        """Store and send what happened, in order. True when the session is over."""
        ended: ChallengeEnded | None = None
        is_concluding = any(isinstance(event, SessionConcluded) for event in events)
        for event in events:
            match event:
                case FeedbackGiven():
                    await self._send(replies.build_feedback(event))
                case ChallengeEnded():
                    ended = event
                    metrics.note_challenge(event)
                    if not is_concluding:
                        await database_sync_to_async(services.end_challenge)(self._row.pk, event)
                    await self._send(replies.build_challenge_result(event))
                case ChallengeRevealed():
                    await self._reveal(event)
                case SessionConcluded():
                    await self._conclude(event, ended)
        return is_concluding

    async def _reveal(self, revealed: ChallengeRevealed) -> None:
        is_stored = await database_sync_to_async(services.reveal_challenge)(
            self._row.pk, revealed.challenge, self._nonce_lifetime_ms
        )
        if not is_stored:  # somebody else concluded it, and their news is still on the way
            self.end(Reason.DISCONNECTED)
            return
        self._gate.open_nonce(revealed.challenge.nonce, now_ms())
        with translation.override(self._row.locale or settings.LANGUAGE_CODE):
            message = replies.build_challenge(revealed.challenge)
        await self._send(message)
        self._excuse(revealed.challenge.revealed_at_ms, now_ms())

    async def _conclude(self, concluded: SessionConcluded, ended: ChallengeEnded | None) -> None:
        """Tell what is stored: somebody else may have concluded the session before."""
        token = await database_sync_to_async(services.conclude_session)(self._row.pk, concluded, ended)
        row = await database_sync_to_async(VerificationSession.objects.get)(pk=self._row.pk)
        await self._send(replies.build_result(row.reason, concluded.scores, token))
        await self._close(
            int(CloseCode.TIMED_OUT if row.reason == Reason.SESSION_TIMEOUT else CloseCode.NORMAL)
        )

    async def _end_early(self, error: MessageError | None) -> None:
        """The client broke the protocol, or the socket is gone: nothing is proven."""
        events = self._session.conclude(Reason.DISCONNECTED, now_ms())
        ended = next((event for event in events if isinstance(event, ChallengeEnded)), None)
        for event in events:
            if isinstance(event, SessionConcluded):
                await database_sync_to_async(services.conclude_session)(
                    self._row.pk, event, ended, close_code=error.close_code if error else None
                )
        if error is not None and not self._is_gone:
            await self._send(replies.build_error(error.code, str(error)))
            await self._close(error.close_code)

    async def _give_up(self) -> None:
        """The server broke, perhaps while it concluded: what is stored decides, not the session's phase."""
        try:
            await database_sync_to_async(services.abandon_session)(
                self._row.pk, Reason.DISCONNECTED, close_code=CloseCode.SERVER_ERROR
            )
        except Exception as error:
            log_failure(logger, "Session %s is left to conclude_expired", self._row.pk, error=error)
        await self._send(replies.build_error("server_error"))
        await self._close(int(CloseCode.SERVER_ERROR))


def _clock(work: Callable[[], list[Event]]) -> tuple[list[Event], float]:
    """What the work gives, and the seconds that it took, without the wait for a thread."""
    began_s = time.perf_counter()
    return work(), time.perf_counter() - began_s


def now_ms() -> int:
    """The server's clock for arrivals and deadlines; never falls."""
    return time.monotonic_ns() // 1_000_000
