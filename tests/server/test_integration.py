"""What a relying party lives with, as deployed: its command line, its key, its pages, its webhooks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server.client import open_client
from tests.server.processes import PATIENCE_S, PROJECT, Daphne, Process, build_environment, run_daphne
from tests.verification.receiver import Receiver, run_receiver

SHOP = "https://shop.example"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("integration")
    return build_environment(folder, signing_keys_dir, POL_REQUIRE_API_KEY="1", POL_WEBHOOK_ALLOW_PRIVATE="1")


@pytest.fixture(scope="module")
def server(env: dict[str, str]) -> Iterator[Daphne]:
    with run_daphne(env) as daphne:
        yield daphne


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as receiver:
        yield receiver


def manage(env: dict[str, str], *arguments: str) -> list[str]:
    command = [sys.executable, "manage.py", arguments[0], "--skip-checks", *arguments[1:]]
    done = subprocess.run(
        command, cwd=PROJECT, env=env, check=True, timeout=PATIENCE_S, capture_output=True, text=True
    )
    return done.stdout.splitlines()


async def test_a_conclusion_reaches_the_party_that_opened_the_session(
    server: Daphne, env: dict[str, str], receiver: Receiver
) -> None:
    terms = ["--origin", SHOP, "--webhook-url", receiver.url]
    key = manage(env, "relying_party", "create", "shop", *terms)[-1]
    headers = {"Authorization": f"Api-Key {key}", "Origin": SHOP}
    answer = requests.post(
        f"{server.url}/auth/verify", json={"user_id": "alice"}, headers=headers, timeout=30
    )
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (201, SHOP)
    async with open_client(answer.json(), origin=SHOP) as client:
        await client.begin()
        await client.send_json({"type": "cancel"})
        await client.read_to_close()
    service = Process(
        [sys.executable, "manage.py", "deliver_webhooks", "--interval", "1", "--skip-checks"], env
    )
    try:
        service.wait_for_line("1 delivered")
    finally:
        assert service.stop() == 0
    (received,) = receiver.received
    assert received.message["data"]["session_id"] == answer.json()["session_id"]
    assert received.message["data"]["reason"] == "cancelled"


def test_a_revoked_key_opens_nothing_from_then_on(server: Daphne, env: dict[str, str]) -> None:
    key = manage(env, "relying_party", "create", "bank")[-1]
    headers = {"Authorization": f"Api-Key {key}"}

    def ask() -> int:
        body = {"user_id": "alice"}
        return requests.post(f"{server.url}/auth/verify", json=body, headers=headers, timeout=30).status_code

    assert ask() == 201
    manage(env, "relying_party", "revoke", key.partition(".")[0])
    assert ask() == 401


def test_a_page_of_nobody_reads_nothing(server: Daphne) -> None:
    answer = requests.get(f"{server.url}/health", headers={"Origin": "https://evil.example"}, timeout=30)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_server_describes_itself(server: Daphne) -> None:
    assert requests.get(f"{server.url}/api/schema", timeout=30).json()["openapi"].startswith("3.")
    document = requests.get(f"{server.url}/.well-known/openid-configuration", timeout=30).json()
    assert document["issuer"] == server.url


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["create", "x", "--threshold", "7"], 1), (["fly"], 2), (["list", "--json"], 0), (["--help"], 0)],
)
def test_the_command_line_says_by_its_status_how_it_went(
    env: dict[str, str], server: Daphne, arguments: list[str], status: int
) -> None:
    command = [sys.executable, "manage.py", "relying_party", *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=env, timeout=PATIENCE_S, capture_output=True, check=False)
    assert done.returncode == status
