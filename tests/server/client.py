"""A capture client over a real socket."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.asyncapi import check_server_message
from tests.server.migrated import PATIENCE_S
from tests.verification.pictures import make_jpeg
from verification.liveness.frame_gate import FrameHeader
from verification.messages import build_binary, decode_nonce

Message = dict[str, Any]


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.nonce = b""
        self.seq = 0

    async def receive(self) -> Message:
        """The next message; raises ConnectionClosed."""
        message: Message = json.loads(await self.socket.recv())
        check_server_message(message)
        if message["type"] == "challenge":
            self.nonce = decode_nonce(message["nonce"])
        return message

    async def read_until(self, kind: str) -> Message:
        while (message := await self.receive())["type"] != kind:
            pass
        return message

    async def read_to_close(self) -> tuple[list[Message], int]:
        """Every message up to the close, and its code."""
        messages: list[Message] = []
        try:
            while True:
                messages.append(await self.receive())
        except ConnectionClosed as closed:
            return messages, closed.rcvd.code if closed.rcvd else 1006

    async def send_json(self, message: Message) -> None:
        await self.socket.send(json.dumps(message))

    async def begin(self) -> Message:
        assert (await self.receive())["type"] == "session"
        await self.send_json({"type": "ready", "camera": {}})
        challenge = await self.receive()
        assert challenge["type"] == "challenge"
        return challenge

    def build_frame(self, image: bytes) -> bytes:
        self.seq += 1
        return build_binary(FrameHeader(self.nonce, self.seq, 40 * self.seq), image)

    async def send_frame(self, image: bytes) -> int:
        await self.socket.send(self.build_frame(image))
        return self.seq


@asynccontextmanager
async def open_client(address: str | Mapping[str, str], origin: str | None = None) -> AsyncIterator[Client]:
    """Connect to a websocket_url, or to the one in the answer that opened a session."""
    url = address if isinstance(address, str) else address["websocket_url"]
    async with connect(
        url,
        subprotocols=[Subprotocol("pol.v1")],
        origin=None if origin is None else Origin(origin),
        max_queue=None,
        open_timeout=PATIENCE_S,
    ) as socket:
        yield Client(socket)


def address_at(server_url: str, opened: Mapping[str, str]) -> str:
    """The session's socket, at one replica of our choice."""
    path = opened["websocket_url"].partition("://")[2].partition("/")[2]
    return f"{server_url.replace('http', 'ws', 1)}/{path}"


async def send_a_frame(client: Client) -> None:
    """Up to its feedback."""
    seq = await client.send_frame(make_jpeg())
    assert (await client.receive())["seq"] == seq


async def assert_told(address: str, slug: str) -> None:
    """A socket gets this error, first and last."""
    async with open_client(address) as client:
        assert (await client.receive())["code"] == slug
