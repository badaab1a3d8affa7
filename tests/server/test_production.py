"""The server with DEBUG off, as it is deployed."""

import re

import pytest
import requests

from tests.server.conftest import Production
from tests.server.processes import Daphne


@pytest.fixture
def server(production: Production) -> Daphne:
    return production.server


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


def test_what_a_page_loads_is_there_compressed_and_kept_for_good(server: Daphne) -> None:
    page = requests.get(f"{server.url}/", headers=BY_TLS, timeout=30).text
    names = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert any(name.startswith("/static/css/base.") for name in names)
    for name in names:
        answer = requests.get(f"{server.url}{name}", headers=BY_TLS, timeout=30)
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["Cache-Control"], name
        assert answer.headers["Content-Encoding"] == "gzip" or len(answer.content) < 600, name


def test_the_script_that_other_sites_load_has_a_name_that_stays(server: Daphne) -> None:
    answer = requests.get(f"{server.url}/static/js/proof_of_life_element.js", headers=BY_TLS, timeout=30)
    assert answer.status_code == 200
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_host_that_is_not_ours_is_refused(server: Daphne) -> None:
    headers = BY_TLS | {"Host": "evil.example"}
    answer = requests.get(f"{server.url}/.well-known/jwks.json", headers=headers, timeout=30)
    assert answer.status_code == 400
