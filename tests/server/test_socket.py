"""Close codes, floods and vanishing clients as a real client over a real socket sees them."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from tests.server.client import Client, open_client
from tests.server.conftest import ROOM
from tests.server.processes import Daphne
from tests.verification.pictures import make_huge_header, make_jpeg

FLOOD = 10_000


def open_session(server: Daphne) -> dict[str, str]:
    return server.open_session("alice@example.org")


async def assert_serves(server: Daphne) -> None:
    """A newcomer gets as far as an analysed frame."""
    async with open_client(open_session(server)) as client:
        await client.begin()
        await client.send_frame(make_jpeg())
        assert (await client.receive())["hint"] == "no_face"
        await client.send_json({"type": "cancel"})
        assert (await client.read_to_close())[1] == 1000


async def assert_closed(address: str, code: int, slug: str, origin: str | None = None) -> None:
    async with open_client(address, origin) as client:
        messages, close_code = await client.read_to_close()
    assert [(m["type"], m["code"]) for m in messages] == [("error", slug)]
    assert close_code == code


async def test_each_refusal_reaches_the_client_with_its_close_code(server: Daphne) -> None:
    opened = open_session(server)
    address = opened["websocket_url"]
    wrong = address[:-5] + "wrong"
    await assert_closed(wrong, 4401, "bad_ticket")
    await assert_closed(address, 4403, "origin_not_allowed", origin="https://evil.example")
    unknown = address.replace(opened["session_id"], "00000000-0000-4000-8000-000000000000")
    await assert_closed(unknown, 4404, "no_such_session")
    await assert_closed(address.replace(opened["session_id"], "no-id"), 4404, "no_such_session")
    async with open_client(address, origin=server.url) as client:
        await client.begin()
        await assert_closed(address, 4409, "already_connected")
        await client.send_json({"type": "cancel"})
        messages, code = await client.read_to_close()
    assert (messages[-1]["reason"], code) == ("cancelled", 1000)
    await assert_closed(address, 4410, "session_over")


BAD: dict[str, tuple[Callable[[Client], bytes | str], set[int]]] = {
    "no JPEG": (lambda client: client.build_frame(b"nonsense"), {4400}),
    "no bytes": (lambda client: client.build_frame(b""), {4400}),
    "truncated": (lambda client: client.build_frame(make_jpeg()[:-99]), {4400}),
    "huge header": (lambda client: client.build_frame(make_huge_header()), {4413}),
    "over the byte cap": (lambda client: client.build_frame(bytes(262_145)), {4413}),
    # Daphne's own cap on messages, a megabyte, comes before ours, and it just hangs up.
    "over the server's cap": (lambda client: client.build_frame(bytes(3_000_000)), {1006, 1009}),
    "short binary": (lambda client: b"\x01", {4400}),
    "text that is no JSON": (lambda client: "text where binary is due", {4400}),
    "JSON of the wrong shape": (lambda client: '{"type": "frame", "nonce": []}', {4400}),
    "deep JSON": (lambda client: "[" * 100_000, {4400}),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_closes_its_socket_and_is_concluded(server: Daphne, name: str) -> None:
    build, codes = BAD[name]
    opened = open_session(server)
    async with open_client(opened) as client:
        await client.begin()
        with contextlib.suppress(ConnectionClosed):  # a server that hangs up may do so while we still send
            await client.socket.send(build(client))
        _, code = await client.read_to_close()
    assert code in codes
    await assert_serves(server)
    session = server.read_session(opened)
    assert (session["decision"], session["reason"]) == ("inconclusive", "disconnected")


async def test_a_replayed_frame_gets_a_result(server: Daphne) -> None:
    opened = open_session(server)
    async with open_client(opened) as client:
        await client.begin()
        frame = client.build_frame(make_jpeg())
        await client.socket.send(frame)
        await client.receive()
        await client.socket.send(frame)
        messages, code = await client.read_to_close()
    assert (messages[-1]["decision"], messages[-1]["reason"]) == ("fail", "replay_detected")
    assert code == 1000
    assert server.read_session(opened)["reason"] == "replay_detected"


async def flood(client: Client, image: bytes) -> None:
    """Send frames as fast as the socket takes them, until the server has enough.

    That is by its rate; or, where the two share so little of a processor that the rate stays low, by its judges.
    """
    with pytest.raises(Exception, match="4429|1000|1006|closed|no close frame"):
        for _ in range(FLOOD):
            await client.send_frame(image)
        await client.socket.wait_closed()
        await client.send_frame(image)


async def test_ten_thousand_frames_at_once_cost_bounded_memory_and_no_other_session(server: Daphne) -> None:
    image = make_jpeg() + bytes(200_000)  # cheap to look at; all of them would be two gigabytes
    await assert_serves(server)
    opened = open_session(server)
    async with open_client(open_session(server)) as other, open_client(opened) as client:
        await other.begin()
        await client.begin()
        before = server.resident_bytes
        flooding = asyncio.create_task(flood(client, image))
        for _ in range(20):
            await other.send_frame(make_jpeg())
            assert (await other.receive())["type"] == "feedback"
        await flooding
        grown = server.resident_bytes - before
    assert grown < 300 * 1024 * 1024, f"{grown / 1e6:.0f} MB"
    await assert_serves(server)
    assert server.read_session(opened)["decision"] in {"inconclusive", "fail"}


async def test_clients_that_vanish_leave_no_thread_and_no_place_taken(server: Daphne) -> None:
    image = make_jpeg()
    await assert_serves(server)
    before = server.thread_count
    opened = []
    for _ in range(3 * ROOM):
        opened.append(open_session(server))
        async with open_client(opened[-1]) as client:
            await client.begin()
            await client.send_frame(image)
            client.socket.transport.abort()
        await assert_ended(server, opened[-1])
    await assert_serves(server)
    assert {server.read_session(one)["reason"] for one in opened} == {"disconnected"}
    assert server.thread_count <= before + ROOM


async def assert_ended(server: Daphne, opened: dict[str, str]) -> None:
    """Wait until the server has noticed: its own answer to the same ticket changes then."""
    for _ in range(200):
        async with open_client(opened) as client:
            if (await client.read_to_close())[1] == 4410:
                return
    raise AssertionError("the session was never concluded")


async def test_a_full_server_says_so_and_recovers(server: Daphne) -> None:
    clients = [open_client(open_session(server)) for _ in range(ROOM)]
    held = [await one.__aenter__() for one in clients]
    for client in held:
        await client.begin()
    late = open_session(server)
    await assert_closed(late["websocket_url"], 4503, "overloaded")
    for one in clients:
        await one.__aexit__(None, None, None)
    for earlier in held:
        assert earlier.socket.close_code is not None
    await retry_until_admitted(late)


async def retry_until_admitted(opened: dict[str, str]) -> None:
    for _ in range(200):
        async with open_client(opened) as client:
            if (await client.receive())["type"] == "session":
                return
    raise AssertionError("no place was given back")


async def test_sockets_that_race_with_one_ticket_are_told_apart(server: Daphne) -> None:
    opened = open_session(server)
    assert sorted(await race_for(opened)) == ["already_connected", "session"]


async def race_for(opened: dict[str, str]) -> list[str]:
    """Two sockets at once with one ticket; what each is told first."""
    both_were_told = asyncio.Barrier(2)

    async def try_it() -> str:
        async with open_client(opened) as client:
            message = await client.receive()
            await both_were_told.wait()
            return str(message.get("code", message["type"]))

    return list(await asyncio.gather(try_it(), try_it()))


def test_the_log_names_no_ticket_person_or_token(server: Daphne) -> None:
    opened = open_session(server)
    requests.get(opened["verify_url"], timeout=30)
    requests.post(f"{server.url}/token/validate", json={"token": "eyJ.a.b"}, timeout=30)
    requests.post(
        f"{server.url}/auth/verify", data=b"{", headers={"Content-Type": "application/json"}, timeout=30
    )
    assert opened["websocket_url"].partition("ticket=")[2] not in server.log
    assert "alice" not in server.log
