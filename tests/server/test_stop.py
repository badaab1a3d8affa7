"""A server that is asked to end, as a service manager asks: SIGTERM, and the people who are inside."""

import signal

import requests

from tests.server.client import Client, address_at, assert_told, open_client, send_a_frame
from tests.server.cluster import Cluster
from tests.server.processes import Daphne


async def cancel(client: Client) -> None:
    await client.send_json({"type": "cancel"})
    messages, code = await client.read_to_close()
    assert (messages[-1]["reason"], code) == ("cancelled", 1000)


def assert_closed_to_newcomers(server: Daphne) -> None:
    health = requests.get(f"{server.url}/health", timeout=30)
    assert (health.status_code, health.json()["status"]) == (503, "stopping")
    answer = requests.post(f"{server.url}/auth/verify", json={"user_id": "alice"}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "stopping")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1


async def test_a_stop_lets_sessions_finish_sends_newcomers_on_and_concludes_the_rest(
    cluster: Cluster,
) -> None:
    near, _ = cluster.replicas
    with cluster.one_more() as server:
        finishing, lingering, late = (server.open_session() for _ in range(3))
        async with (
            open_client(address_at(server.url, finishing)) as inside,
            open_client(address_at(server.url, lingering)) as slow,
        ):
            await inside.begin()
            await slow.begin()
            server.send_signal(signal.SIGTERM)
            server.wait_for_line("Stopping: 2 sessions are still held")
            assert_closed_to_newcomers(server)
            await assert_told(address_at(server.url, late), "overloaded")
            await send_a_frame(inside)
            await cancel(inside)
            server.send_signal(signal.SIGTERM)
            messages, code = await slow.read_to_close()
        assert (messages[-1]["decision"], messages[-1]["reason"]) == ("inconclusive", "server_overloaded")
        assert code == 1000
        assert server.wait() == 0
        assert "Traceback" not in server.log
    assert near.read_session(lingering)["reason"] == "server_overloaded"
    assert cluster.count_conclusions(lingering) == 1
    assert cluster.count_live_nonces(lingering) == 0
    assert (
        cluster.query(
            "SELECT r.id FROM verification_replica r JOIN verification_verificationsession s ON s.held_by = r.id "
            "WHERE s.id = %s",
            lingering["session_id"],
        )
        == []
    )
    async with open_client(address_at(near.url, late)) as elsewhere:
        await elsewhere.begin()
        await cancel(elsewhere)


async def test_a_stop_waits_no_longer_than_it_was_told(cluster: Cluster) -> None:
    with cluster.one_more(POL_DRAIN_SECONDS="1") as server:
        opened = server.open_session()
        async with open_client(address_at(server.url, opened)) as client:
            await client.begin()
            server.send_signal(signal.SIGTERM)
            messages, code = await client.read_to_close()
        assert (messages[-1]["reason"], code) == ("server_overloaded", 1000)
        assert server.wait() == 0
