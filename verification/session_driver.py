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

from verification import replies, services
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
from verification.messages import Cancel, ClientMessage, CloseCode, Frame, MessageError, Ready, Skip
from verification.models import VerificationSession
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
        self._ending: Reason | None = None
        self._error: MessageError | None = None
        self._is_gone = False

    @property
    def challenges_total(self) -> int:
        return self._session.challenges_total

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
            self._frames.put(ArrivedFrame(frame, arrived_at_ms))

    # --- driving ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the session is over: wait for something to do, do it, send what came of it."""
        try:
            while not await self._step():
                pass
        except Exception:
            logger.exception("Session %s ended by an error of the server", self._row.pk)
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
        # Before the frames: where they keep coming, a deadline would otherwise never be looked at.
        if now_ms() >= session.deadline_ms:
            return await self._handle(session.expire(now_ms()))
        if arrived := self._frames.take():
            return await self._handle(await self._analyse(arrived))
        self._has_news.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._has_news.wait(), max(0, session.deadline_ms - now_ms()) / 1_000)
        return False

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
            return await run_inference(look)
        except FrameRejected as rejection:
            await database_sync_to_async(services.record_rejected_frame)(self._row.pk, rejection.code)
            close_code = CloseCode.TOO_LARGE if rejection.code == TOO_MANY_PIXELS else CloseCode.MALFORMED
            self._error = MessageError(str(rejection), code=rejection.code, close_code=close_code)
            return []

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
        except Exception:
            logger.exception("Session %s is left to conclude_expired", self._row.pk)
        await self._send(replies.build_error("server_error"))
        await self._close(int(CloseCode.SERVER_ERROR))


def now_ms() -> int:
    """The server's clock for arrivals and deadlines; never falls."""
    return time.monotonic_ns() // 1_000_000
