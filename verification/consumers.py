"""The capture socket: parse, call, send. Rules live in liveness/, state changes in services.py.

One task drives the session, so its state machine is only ever touched by one thread at a time;
frames are admitted as they arrive and the newest waits in a slot.
"""

import asyncio
import contextlib
import json
import logging
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import translation

from verification import handshake, monitor, replies, services
from verification.conf import restore_policy
from verification.inference import NewestWins, open_analyser, run_inference, session_slots
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
from verification.messages import (
    Cancel,
    ClientMessage,
    CloseCode,
    Frame,
    MessageError,
    Ready,
    Skip,
    parse_binary,
    parse_text,
)
from verification.models import VerificationSession
from verification.origin import is_allowed_origin
from verification.rate import TokenBucket
from verification.relying_parties import is_party_origin
from verification.vision.analyser import FrameAnalyser
from verification.vision.image_header import FrameRejected

logger = logging.getLogger(__name__)

SUBPROTOCOL = "pol.v1"
BURST_SECONDS = 4
TOO_MANY_PIXELS = "too_many_pixels"


@dataclass(frozen=True, slots=True)
class ArrivedFrame:
    frame: Frame
    arrived_at_ms: int


class VerificationConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """One capture session's socket, from its ticket to its verdict."""

    session_id: uuid.UUID | None
    row: VerificationSession

    async def connect(self) -> None:
        """Check Origin, then the ticket, then accept; the close code says which of them refused."""
        self._slot_is_taken = False
        self._closing: MessageError | None = None
        self._session: LivenessSession | None = None
        self._analyser: FrameAnalyser | None = None
        self._driver: asyncio.Task[None] | None = None
        self._is_listening = False
        self.session_id = self.scope["url_route"]["kwargs"]["session_id"]
        try:
            await self._take_session()
        except services.SessionUnavailableError as refusal:
            if self.session_id is not None:
                await database_sync_to_async(services.record_refusal)(
                    self.session_id, refusal.code, refusal.slug
                )
            await self._refuse(refusal.code, refusal.slug)
            return
        except Exception:
            logger.exception("Session %s could not be taken up", self.session_id)
            await self._refuse(CloseCode.SERVER_ERROR, "server_error")
            return
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in self.scope.get("subprotocols", []) else None
        await self.accept(subprotocol)
        await self._send(replies.build_session(self.row, self._require_session().challenges_total))
        self._driver = asyncio.create_task(self._drive())

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Receiving touches no database, so it skips the thread hop in which Channels closes old connections.

        With it a flood of frames was read more slowly than it came, and lay in memory meanwhile.
        """
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def disconnect(self, code: int) -> None:
        """The socket is gone. A session that was not over ends here, whoever closed it."""
        self._is_gone = True
        try:
            if self._driver is not None and self._driver is not asyncio.current_task():
                self._inbox_changed.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._driver
        finally:
            await self._release()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Parse and admit one message; the driving task does the rest."""
        if self._session is None or self._closing is not None:
            return
        try:
            self._spend_rate()
            if bytes_data is not None:
                message: ClientMessage = parse_binary(
                    bytes_data, max_frame_bytes=settings.POL_MAX_FRAME_BYTES
                )
            else:
                message = parse_text(text_data or "", max_frame_bytes=settings.POL_MAX_FRAME_BYTES)
            self._accept_message(message)
        except MessageError as error:
            self._closing = error
        self._inbox_changed.set()

    async def session_ended(self, message: dict[str, Any]) -> None:
        """Staff ended the session, in whatever process: the person is told, with the stored reason."""
        self._is_ended = True
        self._inbox_changed.set()

    # --- connecting ------------------------------------------------------------------------------

    async def _take_session(self) -> None:
        headers = dict(self.scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        await database_sync_to_async(handshake.require_room)(headers, self.scope.get("client"))
        if not is_allowed_origin(origin, host) and not await database_sync_to_async(is_party_origin)(
            origin, self.session_id
        ):
            raise services.SessionUnavailableError(CloseCode.ORIGIN, "origin_not_allowed")
        if self.session_id is None:
            raise services.SessionUnavailableError(CloseCode.NO_SUCH_SESSION, "no_such_session")
        await database_sync_to_async(handshake.require_browser)(self.session_id, headers)
        if not session_slots.take():
            raise services.SessionUnavailableError(CloseCode.OVERLOADED, "overloaded")
        self._slot_is_taken = True
        ticket = parse_qs(self.scope["query_string"].decode("latin-1")).get("ticket", [""])[0]
        self.row = await database_sync_to_async(services.connect_socket)(self.session_id, ticket)
        self._prepare()
        await self.channel_layer.group_add(monitor.name_group(self.row.pk), self.channel_name)
        self._is_listening = True

    def _prepare(self) -> None:
        policy = restore_policy(self.row.policy)
        remaining_ms = int((self.row.expires_at.timestamp() - time.time()) * 1_000)
        self._session = LivenessSession(
            policy, opened_at_ms=_now_ms() + remaining_ms - policy.session_timeout_ms
        )
        self._nonce_lifetime_ms = policy.nonce_lifetime_ms
        self._gate = FrameGate(nonce_lifetime_ms=policy.nonce_lifetime_ms, grace_ms=policy.nonce_grace_ms)
        self._bucket = TokenBucket(
            rate_per_s=2 * settings.POL_MAX_FPS, burst=2 * BURST_SECONDS * settings.POL_MAX_FPS
        )
        self._frames: NewestWins[ArrivedFrame] = NewestWins()
        self._controls: list[Ready | Skip | Cancel] = []
        self._inbox_changed = asyncio.Event()
        self._is_replay = False
        self._is_gone = False
        self._is_ended = False

    async def _refuse(self, code: int, slug: str) -> None:
        """Accept first: a browser is told no close code of a socket that was never open."""
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in self.scope.get("subprotocols", []) else None
        await self._release()
        await self.accept(subprotocol)
        await self._send(replies.build_error(slug))
        await self.close(int(code))

    # --- receiving -------------------------------------------------------------------------------

    def _spend_rate(self) -> None:
        if not self._bucket.spend(time.monotonic()):
            raise MessageError("Too many messages.", code="rate_limited", close_code=CloseCode.RATE)

    def _accept_message(self, message: ClientMessage) -> None:
        if not isinstance(message, Frame):
            # A person cannot press faster than the driver empties this.
            self._controls = [*self._controls, message][-8:]
            return
        arrived_at_ms = _now_ms()
        admission = self._gate.admit(message.header, arrived_at_ms)
        if admission is Admission.REPLAY:
            self._is_replay = True
        elif admission is Admission.CURRENT:
            self._frames.put(ArrivedFrame(message, arrived_at_ms))

    # --- driving ---------------------------------------------------------------------------------

    async def _drive(self) -> None:
        """Until the session is over: wait for something to do, do it, send what came of it."""
        try:
            while not await self._step():
                pass
        except Exception:
            logger.exception("Session %s ended by an error of the server", self.session_id)
            await self._give_up()

    async def _step(self) -> bool:
        """One turn. True when the session is over."""
        session = self._require_session()
        if self._is_replay or self._is_ended:
            reason = Reason.REPLAY_DETECTED if self._is_replay else Reason.CANCELLED
            return await self._handle(session.conclude(reason, _now_ms()))
        if self._closing is not None or self._is_gone:
            await self._end_early(self._closing)
            return True
        if self._controls:
            return await self._handle(await self._control(self._controls.pop(0)))
        # Before the frames: where they keep coming, a deadline would otherwise never be looked at.
        if _now_ms() >= session.deadline_ms:
            return await self._handle(session.expire(_now_ms()))
        if arrived := self._frames.take():
            return await self._handle(await self._analyse(arrived))
        self._inbox_changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                self._inbox_changed.wait(), max(0, session.deadline_ms - _now_ms()) / 1_000
            )
        return False

    async def _control(self, message: Ready | Skip | Cancel) -> list[Event]:
        session = self._require_session()
        match message:
            case Ready():
                if session.phase is Phase.WAITING:
                    await database_sync_to_async(services.note_camera)(self.session_id, message.camera)
                return session.start(_now_ms())
            case Skip():
                return session.skip(message.challenge_id, _now_ms())
            case Cancel():
                return session.conclude(Reason.CANCELLED, _now_ms())

    async def _analyse(self, arrived: ArrivedFrame) -> list[Event]:
        """Decode, look, and let the session judge, all on an inference thread."""
        session = self._require_session()
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
                now_ms=_now_ms(),
            )

        try:
            return await run_inference(look)
        except FrameRejected as rejection:
            await database_sync_to_async(services.record_rejected_frame)(self.row.pk, rejection.code)
            close_code = CloseCode.TOO_LARGE if rejection.code == TOO_MANY_PIXELS else CloseCode.MALFORMED
            self._closing = MessageError(str(rejection), code=rejection.code, close_code=close_code)
            return []

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
                        await database_sync_to_async(services.end_challenge)(self.row.pk, event)
                    await self._send(replies.build_challenge_result(event))
                case ChallengeRevealed():
                    await database_sync_to_async(services.reveal_challenge)(
                        self.row.pk, event.challenge, self._nonce_lifetime_ms
                    )
                    self._gate.open_nonce(event.challenge.nonce, _now_ms())
                    await self._send_localised(event)
                case SessionConcluded():
                    await self._conclude(event, ended)
        return is_concluding

    async def _conclude(self, concluded: SessionConcluded, ended: ChallengeEnded | None) -> None:
        token = await database_sync_to_async(services.conclude_session)(self.row.pk, concluded, ended)
        row = await database_sync_to_async(VerificationSession.objects.get)(pk=self.row.pk)
        await self._send(replies.build_result(row.reason, concluded.scores, token))
        await self.close(
            int(CloseCode.TIMED_OUT if row.reason == Reason.SESSION_TIMEOUT else CloseCode.NORMAL)
        )

    async def _end_early(self, error: MessageError | None) -> None:
        """The client broke the protocol, or the socket is gone: nothing is proven."""
        session = self._require_session()
        events = session.conclude(Reason.DISCONNECTED, _now_ms())
        ended = next((event for event in events if isinstance(event, ChallengeEnded)), None)
        for event in events:
            if isinstance(event, SessionConcluded):
                await database_sync_to_async(services.conclude_session)(
                    self.row.pk, event, ended, close_code=error.close_code if error else None
                )
        if error is not None and not self._is_gone:
            await self._send(replies.build_error(error.code, str(error)))
            await self.close(error.close_code)

    async def _give_up(self) -> None:
        """The server broke, perhaps while it concluded: what is stored decides, not the session's phase."""
        try:
            await database_sync_to_async(services.abandon_session)(
                self.row.pk, Reason.DISCONNECTED, close_code=CloseCode.SERVER_ERROR
            )
        except Exception:
            logger.exception("Session %s is left to conclude_expired", self.session_id)
        await self._send(replies.build_error("server_error"))
        await self.close(int(CloseCode.SERVER_ERROR))

    # --- sending and letting go ------------------------------------------------------------------

    async def _send_localised(self, revealed: ChallengeRevealed) -> None:
        with translation.override(self.row.locale or settings.LANGUAGE_CODE):
            await self._send(replies.build_challenge(revealed.challenge))

    async def _send(self, message: dict[str, Any]) -> None:
        if not getattr(self, "_is_gone", False):
            with contextlib.suppress(RuntimeError):  # closed by the client between two lines of ours
                await self.send(text_data=json.dumps(message))

    async def _release(self) -> None:
        if self._slot_is_taken:
            self._slot_is_taken = False
            session_slots.give_back()
        analyser, self._analyser = self._analyser, None
        if analyser is not None:
            await run_inference(analyser.close)
        if self._is_listening:
            self._is_listening = False
            await self.channel_layer.group_discard(monitor.name_group(self.row.pk), self.channel_name)

    def _require_session(self) -> LivenessSession:
        assert self._session is not None  # noqa: S101  (set before anything that calls this)
        return self._session


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
