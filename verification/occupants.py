"""Who is in, and the moment when nobody is."""

import asyncio
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Occupants(Generic[T]):
    """A set that can be waited on. Belongs to the event loop."""

    def __init__(self) -> None:
        self._members: set[T] = set()
        self._waiting: list[asyncio.Future[None]] = []

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[T]:
        """Over who is in now; they may leave meanwhile."""
        return iter(tuple(self._members))

    def add(self, member: T) -> None:
        self._members.add(member)

    def discard(self, member: T) -> None:
        self._members.discard(member)
        if not self._members:
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def wait_until_none(self) -> None:
        while self._members:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future
