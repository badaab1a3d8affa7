"""The reference client: holds a session before a clip with a running server, in real time where that keeps up.

Speaks docs/protocol.md and nothing else, so it doubles as an example for client authors.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import requests
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from verification.clips.segments import ClipError
from verification.clips.subject import ChallengeRecord, ClipSubject, ClipVerdict
from verification.liveness.actions import Action
from verification.liveness.frame_gate import FrameHeader
from verification.messages import build_binary, decode_nonce

HTTP_TIMEOUT_S = 30
MAX_MESSAGE_BYTES = 65_536
# Frames that wait in the network carry a nonce that may be gone when they arrive: never keep many there.
MAX_IN_FLIGHT = 2
IN_FLIGHT_EXPIRY_S = 1.5


def open_remote_session(url: str, subject: ClipSubject[bytes], *, user_id: str, api_key: str = "") -> str:
    """POST /auth/verify; the WebSocket address. Raises ClipError in words when the server says no."""
    headers = {"Authorization": f"Api-Key {api_key}"} if api_key else {}
    body = {"user_id": user_id, "exclude": [str(action) for action in subject.excluded]}
    address = f"{url.rstrip('/')}/auth/verify"
    try:
        answer = requests.post(address, json=body, headers=headers, timeout=HTTP_TIMEOUT_S)
    except requests.RequestException as error:
        raise ClipError(f"{url} does not answer: {type(error).__name__}") from error
    if answer.status_code != requests.codes.created:
        raise ClipError(f"{address} answered {answer.status_code}: {answer.text[:300]}")
    return str(answer.json()["websocket_url"])


class RemoteSession:
    """One session over one socket.

    cookie: of a sign-in, which belongs to the browser that began it. on_message hears of every message of
    the server.
    """

    def __init__(
        self,
        subject: ClipSubject[bytes],
        websocket_url: str,
        *,
        cookie: str = "",
        on_message: Callable[[dict[str, Any]], None] = lambda message: None,
    ) -> None:
        self._subject = subject
        self._url = websocket_url
        self._headers = {"Cookie": cookie} if cookie else {}
        self._on_message = on_message
        self._nonce: bytes | None = None
        self._action = Action.LOOK_STRAIGHT
        self._revealed_at_s = 0.0
        self._frames = 0
        self._answered = 0  # the newest frame that is known to have arrived
        self._last_sent_s = 0.0
        self._challenges: list[ChallengeRecord] = []

    def run(self) -> ClipVerdict:
        """Play until the server gives its result. Raises ClipError when it gives none."""
        return asyncio.run(self._run())

    async def _run(self) -> ClipVerdict:
        started_s = time.monotonic()
        try:
            async with connect(
                self._url,
                subprotocols=["pol.v1"],  # type: ignore[list-item]
                additional_headers=self._headers,
                max_size=MAX_MESSAGE_BYTES,
            ) as socket:
                camera = {"fps": self._subject.camera.fps, "label": "video file"}
                with contextlib.suppress(ConnectionClosed):  # refused: what the server said of it comes next
                    await socket.send(json.dumps({"type": "ready", "camera": camera}))
                sending = asyncio.create_task(self._send_frames(socket, time.monotonic()))
                try:
                    verdict = await self._receive(socket)
                finally:
                    sending.cancel()
        except (OSError, InvalidHandshake) as error:
            raise ClipError(f"the socket could not be opened: {type(error).__name__}") from error
        except ConnectionClosed as error:
            raise ClipError(f"the server closed the socket without a result: {error}") from error
        verdict.frames, verdict.elapsed_s = self._frames, time.monotonic() - started_s
        verdict.challenges = self._challenges
        return verdict

    async def _receive(self, socket: ClientConnection) -> ClipVerdict:
        async for text in socket:
            message = json.loads(text)
            self._on_message(message)
            match message["type"]:
                case "feedback":
                    self._answered = max(self._answered, message["seq"])
                case "challenge":
                    self._answered = self._frames
                    self._nonce = decode_nonce(message["nonce"])
                    self._action = Action(message["action"])
                    self._revealed_at_s = time.monotonic()
                    self._subject.answer(self._action)
                case "challenge_result":
                    self._note_challenge(message)
                case "result":
                    return ClipVerdict(
                        message["decision"], message["reason"], message["scores"], token=message["token"]
                    )
                case "error":
                    raise ClipError(f"the server says {message['code']}: {message['message']}")
        raise ClipError("the server closed the socket without a result")

    def _note_challenge(self, message: dict[str, Any]) -> None:
        latency_ms = round(1_000 * (time.monotonic() - self._revealed_at_s))
        outcome = "passed" if message["passed"] else "failed"
        self._challenges.append(ChallengeRecord(str(self._action), outcome, message["reason"], latency_ms))

    def _may_send(self) -> bool:
        """A feedback answers its frame and all before it; one that never comes is not waited for long."""
        is_room = self._frames - self._answered < MAX_IN_FLIGHT
        return is_room or time.monotonic() - self._last_sent_s >= IN_FLIGHT_EXPIRY_S

    async def _send_frames(self, socket: ClientConnection, ready_at_s: float) -> None:
        """At the clip's own rate, or the server's where that is slower: a frame left out may be the one that tells."""
        interval_s = 1.0 / self._subject.camera.fps
        due_s = time.monotonic()
        while True:
            if self._nonce is not None and self._may_send():
                self._frames += 1
                self._last_sent_s = time.monotonic()
                captured_at_ms = int(1_000 * (time.monotonic() - ready_at_s))
                header = FrameHeader(self._nonce, self._frames, max(captured_at_ms, self._frames))
                try:
                    await socket.send(build_binary(header, self._subject.camera.take()))
                except ConnectionClosed:
                    return  # the receiver is told why
            due_s = max(due_s + interval_s, time.monotonic())
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
