"""HTTP/1.1 over one kept connection, as little of it as it takes: the client must not be what is measured."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class HttpStatusError(RuntimeError):
    """The server answered, but not with success."""


class HttpConnection:
    """One connection to a server on this machine; one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()

    async def post_json(self, path: str, body: dict[str, Any]) -> Any:
        """POST, and the answer's JSON. Raises HttpStatusError, and OSError for a connection that is lost."""
        return json.loads(await self.send(self.build_post(path, body)))

    def build_post(self, path: str, body: dict[str, Any]) -> bytes:
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
        )
        return f"{head}Accept: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content

    async def send(self, request: bytes) -> bytes:
        """Send a whole request; the answer's body."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = head.split(" ", 2)[1]
        fields = dict(line.lower().split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
        if "content-length" in fields:
            body = await self._reader.readexactly(int(fields["content-length"]))
        else:
            body = await self._read_chunks()
        if not status.startswith("2"):
            raise HttpStatusError(f"{status}: {body[:200]!r}")
        return body

    async def _read_chunks(self) -> bytes:
        body = b""
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return body
