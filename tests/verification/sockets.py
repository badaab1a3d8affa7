"""A capture client for tests: the wire protocol over Channels' own communicator, with the real consumer."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from audit.models import AuditEvent
from polsite.asgi import protocols
from tests.asyncapi import check_server_message
from verification.liveness.frame_gate import FrameHeader
from verification.messages import build_binary, decode_nonce
from verification.models import VerificationSession
from verification.services import OpenedSession, open_session

PATIENCE_S = 60.0
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Close:
    """The server closed the socket."""

    code: int


class CaptureSocket:
    """One socket. `async with` opens it and lets the consumer see it go at the end."""

    def __init__(
        self,
        opened: OpenedSession | None = None,
        *,
        path: str | None = None,
        origin: str | None = None,
        host: str = "pol.example",
        cookie: str = "",
        subprotocols: Sequence[str] = ("pol.v1",),
    ) -> None:
        headers = [(b"host", host.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if cookie:
            headers.append((b"cookie", cookie.encode()))
        if path is None:
            assert opened is not None
            path = f"/ws/verify/{opened.session.pk}?ticket={opened.ticket}"
        self._communicator = WebsocketCommunicator(protocols, path, headers, list(subprotocols))
        self._is_gone = False
        self.subprotocol: str | None = None
        self.nonce = b""
        self.seq = 0

    async def __aenter__(self) -> Self:
        is_accepted, self.subprotocol = await self._communicator.connect(timeout=PATIENCE_S)
        assert is_accepted
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.vanish()

    async def vanish(self) -> None:
        """The client is gone, without a word; returns when the server has dealt with it."""
        if not self._is_gone:
            self._is_gone = True
            await self._communicator.disconnect(1006, timeout=PATIENCE_S)

    async def receive(self) -> Message | Close:
        """The next message of the server, or its close."""
        output = await self._communicator.receive_output(timeout=PATIENCE_S)
        if output["type"] == "websocket.close":
            assert type(output["code"]) is int
            return Close(output["code"])
        message: Message = json.loads(output["text"])
        check_server_message(message)
        if message["type"] == "challenge":
            self.nonce = decode_nonce(message["nonce"])
        return message

    async def expect(self, kind: str) -> Message:
        """The next message, which must be of this type."""
        message = await self.receive()
        assert isinstance(message, dict), message
        assert message["type"] == kind, message
        return message

    async def read_until(self, kind: str) -> Message:
        """The first message of this type; others before it are passed over."""
        while True:
            message = await self.receive()
            assert isinstance(message, dict), f"closed with {message} before {kind}"
            if message["type"] == kind:
                return message

    async def read_to_close(self) -> tuple[list[Message], int]:
        """Every message up to the server's close, and its code."""
        messages: list[Message] = []
        while isinstance(message := await self.receive(), dict):
            messages.append(message)
        return messages, message.code

    async def send_text(self, text: str) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "text": text})

    async def send_json(self, message: Any) -> None:
        await self.send_text(json.dumps(message))

    async def send_bytes(self, data: bytes) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "bytes": data})

    async def send_frame(self, image: bytes, *, nonce: bytes | None = None, seq: int | None = None) -> int:
        """Send a binary frame; its capture time rises with its sequence number."""
        self.seq = self.seq + 1 if seq is None else seq
        header = FrameHeader(nonce or self.nonce, self.seq, 40 * self.seq)
        await self.send_bytes(build_binary(header, image))
        return self.seq

    async def begin(self) -> Message:
        """Read the session, say `ready`, and return the alignment step."""
        await self.expect("session")
        await self.send_json(
            {"type": "ready", "camera": {"width": 640, "height": 480, "fps": 30, "label": ""}}
        )
        return await self.expect("challenge")

    async def show(self, images: Sequence[bytes], until: Callable[[Message], bool]) -> Message:
        """Send picture after picture, each when the last is answered, until a message fits."""
        for number in range(1_000):
            await self.send_frame(images[number % len(images)])
            while True:
                message = await self.receive()
                assert isinstance(message, dict), message
                if until(message):
                    return message
                if message["type"] == "feedback":
                    break
        raise AssertionError("no such message came")


open_in_test = sync_to_async(open_session)


@sync_to_async
def reload(opened: OpenedSession) -> VerificationSession:
    return VerificationSession.objects.get(pk=opened.session.pk)


@sync_to_async
def read_audit(session_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """Kind and detail of the session's audit events, oldest first."""
    events = AuditEvent.objects.filter(session_id=session_id).order_by("sequence")
    return [(event.kind, event.detail) for event in events]


async def count_audit(opened: OpenedSession, kind: str) -> int:
    return sum(found == kind for found, _ in await read_audit(opened.session.pk))
