"""The server with DEBUG off, as it is deployed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server.processes import Daphne, build_environment, run_daphne


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> Iterator[Daphne]:
    env = build_environment(
        tmp_path_factory.mktemp("production"),
        signing_keys_dir,
        DEBUG="0",
        SECRET_KEY="k" * 60,
        ALLOWED_HOSTS="127.0.0.1",
        POL_BEHIND_PROXY="1",
    )
    with run_daphne(env) as daphne:
        yield daphne


BY_TLS = {"X-Forwarded-Proto": "https"}


def test_plain_http_is_sent_to_https(server: Daphne) -> None:
    answer = requests.get(f"{server.url}/", allow_redirects=False, timeout=30)
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


def test_health_answers_plain_http_for_the_machines_that_ask(server: Daphne) -> None:
    assert requests.get(f"{server.url}/health", allow_redirects=False, timeout=30).status_code in {200, 503}


def test_opening_a_session_needs_a_key(server: Daphne) -> None:
    answer = requests.post(f"{server.url}/auth/verify", json={"user_id": "a"}, headers=BY_TLS, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_page_that_does_not_exist_tells_nothing_of_the_inside(server: Daphne) -> None:
    answer = requests.get(f"{server.url}/nothing-here", headers=BY_TLS, timeout=30)
    assert answer.status_code == 404
    assert "urlpatterns" not in answer.text
    assert "DEBUG" not in answer.text


def test_a_host_that_is_not_ours_is_refused(server: Daphne) -> None:
    headers = BY_TLS | {"Host": "evil.example"}
    answer = requests.get(f"{server.url}/.well-known/jwks.json", headers=headers, timeout=30)
    assert answer.status_code == 400


def test_a_server_that_is_asked_to_end_ends(tmp_path: Path, signing_keys_dir: Path) -> None:
    with run_daphne(build_environment(tmp_path, signing_keys_dir)) as daphne:
        assert requests.get(f"{daphne.url}/.well-known/jwks.json", timeout=30).status_code == 200
        assert daphne.stop() == 0
