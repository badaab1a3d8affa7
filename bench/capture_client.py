"""A capture client as the page is one: ten frames a second, an action when it is asked for, session after session."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from bench.frames import FPS
from bench.http_client import HttpConnection, HttpStatusError
from verification.liveness.frame_gate import FrameHeader
from verification.messages import build_binary, decode_nonce

Repertoire = Mapping[str, Sequence[bytes]]
# Where a close code belongs, but there was no connection to be closed.
NO_ANSWER = 0
_PAUSE_AFTER_REFUSAL_S = 1.0


@dataclass(slots=True)
class Tally:
    """What clients saw. answers_ms: from sending a frame to its feedback."""

    answers_ms: list[float] = field(default_factory=list)
    sent: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    closes: Counter[int] = field(default_factory=Counter)
    tokens: list[str] = field(default_factory=list)


class CaptureClient:
    """Holds sessions one after another until it is cancelled. tally may be changed at any time."""

    def __init__(self, url: str, name: str, repertoire: Repertoire, tally: Tally) -> None:
        self._url = url
        self._name = name
        self._repertoire = repertoire
        self.tally = tally

    async def run(self) -> None:
        number = 0
        while True:
            number += 1
            await self.hold_session(f"{self._name}-{number}")

    async def hold_session(self, user_id: str, *, frames: int | None = None) -> None:
        """One session to its end; with `frames`, given up after that many answers.

        A server that is too busy to answer at all is counted as well: as NO_ANSWER.
        """
        try:
            code = await self._hold(user_id, frames)
        except (OSError, EOFError, InvalidHandshake, HttpStatusError):
            code = NO_ANSWER
        self.tally.closes[code] += 1
        if code in (NO_ANSWER, 4503):
            await asyncio.sleep(_PAUSE_AFTER_REFUSAL_S)

    async def _hold(self, user_id: str, frames: int | None) -> int:
        """The close code."""
        async with HttpConnection(self._url) as http:
            opened = await http.post_json("/auth/verify", {"user_id": user_id})
        async with connect(
            opened["websocket_url"], subprotocols=[Subprotocol("pol.v1")], compression=None, open_timeout=60
        ) as socket:
            await _Capture(socket, self._repertoire, self).run(frames)
            return socket.close_code or 1006


class _Capture:
    """One socket: frames go out on the beat, whatever comes back."""

    def __init__(self, socket: ClientConnection, repertoire: Repertoire, owner: CaptureClient) -> None:
        self._socket = socket
        self._repertoire = repertoire
        self._owner = owner
        self._nonce = b""
        self._frames: Sequence[bytes] = ()
        self._next: Sequence[bytes] = ()
        self._position = 0
        self._sent_at_s: dict[int, float] = {}
        self._answers = 0

    async def run(self, frames: int | None) -> None:
        sending = asyncio.create_task(self._send_frames())
        try:
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps({"type": "ready", "camera": {"fps": FPS}}))
            with suppress(ConnectionClosed):
                async for text in self._socket:
                    self._take(json.loads(text))
                    if frames is not None and self._answers >= frames:
                        await self._socket.send(json.dumps({"type": "cancel"}))
                        frames = None
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await sending

    def _take(self, message: dict[str, Any]) -> None:
        tally = self._owner.tally
        match message["type"]:
            case "challenge":
                self._nonce = decode_nonce(message["nonce"])
                self._next = self._repertoire[message["action"]]
            case "feedback":
                self._answers += 1
                if (sent_at_s := self._sent_at_s.pop(message["seq"], None)) is not None:
                    tally.answers_ms.append((time.perf_counter() - sent_at_s) * 1_000)
            case "result":
                tally.endings[f"{message['decision']}: {message['reason']}"] += 1
                if message["token"]:
                    tally.tokens.append(message["token"])

    async def _send_frames(self) -> None:
        began_s, seq = time.perf_counter(), 0
        while True:
            seq += 1
            await asyncio.sleep(max(0.0, began_s + seq / FPS - time.perf_counter()))
            if not self._nonce:
                continue
            image = self._take_picture()
            header = FrameHeader(self._nonce, seq, round((time.perf_counter() - began_s) * 1_000))
            self._sent_at_s[seq] = time.perf_counter()
            await self._socket.send(build_binary(header, image))
            self._owner.tally.sent += 1

    def _take_picture(self) -> bytes:
        """The next of the action being done; it is ended before another begins, as a person would."""
        if self._next and self._position >= len(self._frames):
            self._frames, self._next, self._position = self._next, (), 0
        image = self._frames[self._position % len(self._frames)]
        self._position += 1
        return image
