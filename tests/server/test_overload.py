"""A server with as much to do as it can bear: newcomers wait outside, those inside go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server.client import Client, assert_told, open_client, send_a_frame
from tests.server.processes import Daphne, build_environment, run_daphne


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Daphne]:
    """No frame is answered within a millisecond, so this server is full as soon as it has answered one."""
    env = build_environment(tmp_path_factory.mktemp("busy"), signing_keys_dir, POL_MAX_ANSWER_MS="1")
    with run_daphne(env) as daphne:
        yield daphne


async def test_newcomers_wait_while_those_inside_are_answered_late(server: Daphne) -> None:
    late = server.open_session()
    async with open_client(server.open_session()) as inside:
        await inside.begin()
        await send_a_frame(inside)
        await assert_told(late["websocket_url"], "overloaded")
        await send_a_frame(inside)
        await cancel(inside)
    async with open_client(late) as admitted:  # nobody is inside any more, and the ticket is still good
        await admitted.begin()
        await cancel(admitted)
    refused = 'pol_sockets_refused_total{code="4503"} 1.0'
    assert refused in requests.get(f"{server.url}/metrics", timeout=30).text


async def cancel(client: Client) -> None:
    await client.send_json({"type": "cancel"})
    messages, code = await client.read_to_close()
    assert (messages[-1]["reason"], code) == ("cancelled", 1000)
