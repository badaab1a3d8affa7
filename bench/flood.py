"""Send a running server bad messages by the ten thousand and see what it costs: `make flood COUNT=100000`.

It starts a server of its own. A third of the messages are HTTP bodies, a third are socket messages of all sorts
(fuzzed frames and texts, many a session until it is closed), a third are frames poured into one socket faster than
allowed. Meanwhile a bystander's session goes on frame by frame. Told afterwards: how often each answer came, how
the server's memory grew after the first tenth, how long the bystander waited, and whether a newcomer is served.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests
from websockets.exceptions import ConnectionClosed

from tests.fuzz.frames import build_seeds, mutate
from tests.server.client import Client, open_client
from tests.server.processes import Daphne, build_environment, run_daphne
from tests.verification.pictures import make_jpeg
from verification.key_ring import create_key

MESSAGES_A_SOCKET = 200
MOST_GROWTH_BYTES = 150 * 1024 * 1024
POSTS = ("/auth/verify", "/token/validate", "/token/revoke", "/oidc/token")
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"user_id": 1}',
    b'{"token": []}',
    b"[" * 60_000,
    b"\xff\xfe",
    b'{"token": "a.b.c"}',
)


class Flood:
    """count: how many bad messages in all. seed: of every choice."""

    def __init__(self, server: Daphne, count: int, seed: int) -> None:
        self.server, self.count = server, count
        self.draw = random.Random(seed)
        self.answers: Counter[str] = Counter()
        self.sent = 0
        self.seeds = build_seeds()
        self.early_bytes = 0

    def note(self, answer: str) -> None:
        self.answers[answer] += 1
        self.sent += 1
        if not self.early_bytes and self.sent > self.count / 10:
            self.early_bytes = self.server.resident_bytes

    async def post(self, most: int) -> None:
        note = asyncio.get_running_loop().call_soon_threadsafe

        def post_all() -> None:
            with requests.Session() as http:
                for _ in range(most):
                    answer = http.post(
                        self.server.url + self.draw.choice(POSTS),
                        self.draw.choice(BODIES),
                        headers={"Content-Type": "application/json"},
                        timeout=60,
                    )
                    note(self.note, f"HTTP {answer.status_code}")

        await asyncio.to_thread(post_all)

    async def talk(self, most: int) -> None:
        """Fuzzed messages, each to a session of its own until that is closed."""
        done = 0
        while done < most:
            async with open_client(await self.open_session()) as client:
                await client.begin()
                with contextlib.suppress(ConnectionClosed):
                    for _ in range(min(MESSAGES_A_SOCKET, most - done)):
                        done += 1
                        self.note("socket message")
                        await self.say_something(client)
                self.answers[f"close {await read_close(client)}"] += 1

    async def say_something(self, client: Client) -> None:
        data = mutate(self.draw.choice(self.seeds), self.seeds, self.draw)
        await client.socket.send(data if self.draw.random() < 0.7 else data.decode("utf-8", "replace"))

    async def pour(self, most: int) -> None:
        """Frames as fast as the socket takes them."""
        done, image = 0, make_jpeg() + bytes(50_000)
        while done < most:
            async with open_client(await self.open_session()) as client:
                await client.begin()
                with contextlib.suppress(ConnectionClosed):
                    for _ in range(min(10 * MESSAGES_A_SOCKET, most - done)):
                        done += 1
                        self.note("poured frame")
                        await client.send_frame(image)
                self.answers[f"close {await read_close(client)}"] += 1

    async def open_session(self) -> dict[str, str]:
        return await asyncio.to_thread(self.server.open_session)

    async def stand_by(self, is_over: asyncio.Event) -> list[float]:
        """A session that does nothing wrong; how many milliseconds each of its frames waited."""
        waits: list[float] = []
        while not is_over.is_set():
            async with open_client(await self.open_session()) as client:
                await client.begin()
                until = time.monotonic() + 20
                while not is_over.is_set() and time.monotonic() < until:
                    began = time.monotonic()
                    seq = await client.send_frame(make_jpeg(client.seq))
                    assert (await client.receive())["seq"] == seq
                    waits.append(1_000 * (time.monotonic() - began))
                    await asyncio.sleep(0.2)
        return waits


async def read_close(client: Client) -> int:
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        async with asyncio.timeout(30):
            await client.socket.send('{"type": "cancel"}')
    with contextlib.suppress(Exception):
        async with asyncio.timeout(30):
            return (await client.read_to_close())[1]
    return client.socket.close_code or 0


async def run(server: Daphne, count: int, seed: int) -> dict[str, Any]:
    flood, is_over = Flood(server, count, seed), asyncio.Event()
    bystander = asyncio.create_task(flood.stand_by(is_over))
    began = time.monotonic()
    third = count // 3
    await asyncio.gather(flood.post(count - 2 * third), flood.talk(third), flood.pour(third))
    took_s = time.monotonic() - began
    is_over.set()
    waits = sorted(await bystander)
    newcomer = await asyncio.to_thread(server.open_session)
    grown = server.resident_bytes - flood.early_bytes
    return {
        "sent": flood.sent,
        "seconds": round(took_s, 1),
        "seed": seed,
        "answers": dict(sorted(flood.answers.items())),
        "grown_mib": round(grown / 2**20, 1),
        "bystander_frames": len(waits),
        "bystander_median_ms": round(waits[len(waits) // 2]),
        "bystander_worst_ms": round(waits[-1]),
        "newcomer_is_served": "session_id" in newcomer,
        "is_sound": server.is_running
        and grown < MOST_GROWTH_BYTES
        and not any(answer.startswith("HTTP 5") for answer in flood.answers),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        create_key(Path(folder) / "keys")
        rates = dict.fromkeys(
            ("OPEN_SESSION", "VALIDATE_TOKEN", "HANDSHAKE", "PUBLIC", "READ_SESSION"), "1000000/min"
        )
        env = build_environment(
            Path(folder), Path(folder) / "keys", **{f"POL_RATE_{name}": rate for name, rate in rates.items()}
        )
        with run_daphne(env) as server:
            report = asyncio.run(run(server, asked.count, asked.seed))
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0 if report["is_sound"] else 1


if __name__ == "__main__":
    sys.exit(main())
