"""Several processes behind a load balancer, and one of them dying."""

import signal
import time
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from tests.server.client import address_at, assert_told, open_client, send_a_frame
from tests.server.cluster import Cluster
from tests.server.processes import PATIENCE_S, Daphne


def await_conclusion(server: Daphne, opened: dict[str, str]) -> dict[str, Any]:
    """Ask until the session is over."""
    give_up_at = time.monotonic() + PATIENCE_S
    while (session := server.read_session(opened))["status"] != "concluded":
        assert time.monotonic() < give_up_at, session
        time.sleep(0.1)
    return session


async def test_a_session_is_opened_at_one_replica_and_held_at_the_other(cluster: Cluster) -> None:
    near, far = cluster.replicas
    opened = near.open_session()
    async with open_client(address_at(far.url, opened)) as client:
        await client.begin()
        await send_a_frame(client)
        await assert_told(address_at(near.url, opened), "already_connected")
        await client.send_json({"type": "cancel"})
        messages, code = await client.read_to_close()
    assert (messages[-1]["reason"], code) == ("cancelled", 1000)
    assert near.read_session(opened)["reason"] == far.read_session(opened)["reason"] == "cancelled"
    await assert_told(address_at(near.url, opened), "session_over")


async def test_the_load_balancer_needs_no_stickiness(cluster: Cluster) -> None:
    for _ in range(3):  # in turn: an odd number of requests, so that each replica is met in each part
        answer = requests.post(f"{cluster.url}/auth/verify", json={"user_id": "alice"}, timeout=30)
        assert answer.status_code == 201
        opened = answer.json()
        async with open_client(opened) as client:
            await client.begin()
            await send_a_frame(client)
            await client.send_json({"type": "cancel"})
            assert (await client.read_to_close())[1] == 1000
        session = requests.get(f"{cluster.url}/auth/sessions/{opened['session_id']}", timeout=30).json()
        assert session["reason"] == "cancelled"


async def test_who_loses_a_replica_is_disconnected_once_and_may_start_again_at_once(cluster: Cluster) -> None:
    near, far = cluster.replicas
    with cluster.one_more() as doomed:
        left, retried = doomed.open_session(), doomed.open_session()
        async with (
            open_client(address_at(doomed.url, left)) as one,
            open_client(address_at(doomed.url, retried)) as other,
        ):
            for client in (one, other):
                await client.begin()
                await send_a_frame(client)
            doomed.send_signal(signal.SIGKILL)
            with pytest.raises(ConnectionClosed):
                await one.receive()
    await start_again(near, far, retried)
    assert far.read_session(retried)["reason"] == "disconnected"
    session = await_conclusion(near, left)
    assert (session["decision"], session["reason"]) == ("inconclusive", "disconnected")
    for opened in (left, retried):
        assert cluster.count_conclusions(opened) == 1
        assert cluster.count_live_nonces(opened) == 0
        await assert_told(address_at(near.url, opened), "session_over")


async def start_again(near: Daphne, far: Daphne, lost: dict[str, str]) -> None:
    """At another replica, with the ticket of the lost session; once."""
    address = f"{near.url}/verify/{lost['session_id']}/retry"
    body = {"ticket": lost["websocket_url"].partition("ticket=")[2]}
    answer = requests.post(address, json=body, timeout=30)
    assert answer.status_code == 201, answer.text
    async with open_client(address_at(far.url, answer.json())) as client:
        await client.begin()
        await send_a_frame(client)
    assert requests.post(address, json=body, timeout=30).status_code == 410


async def test_a_replica_that_was_only_asleep_gives_up_what_others_concluded(cluster: Cluster) -> None:
    near, _ = cluster.replicas
    with cluster.one_more() as sleeper:
        opened = sleeper.open_session()
        async with open_client(address_at(sleeper.url, opened)) as client:
            await client.begin()
            sleeper.send_signal(signal.SIGSTOP)
            try:
                assert await_conclusion(near, opened)["reason"] == "disconnected"
            finally:
                sleeper.send_signal(signal.SIGCONT)
            result = await client.read_until("result")
        assert (result["reason"], result["token"]) == ("disconnected", None)
        assert cluster.count_conclusions(opened) == 1
        again = sleeper.open_session()
        async with open_client(address_at(sleeper.url, again)) as client:
            await client.begin()
            await send_a_frame(client)
