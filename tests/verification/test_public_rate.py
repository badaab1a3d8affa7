"""POL_RATE_PUBLIC where no REST view throttles: the pages, and what OpenID Connect asks without a key."""

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db
PAGES = ["/", "/verify/4f0c4d0e-7a53-4a86-9f50-0d1f2c6f9f35", "/oidc/continue"]
CALLS = ["/oidc/userinfo", "/.well-known/openid-configuration"]


@pytest.fixture(autouse=True)
def two_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "public", "2/day")


@pytest.mark.parametrize("path", [*PAGES, *CALLS])
def test_what_needs_no_key_has_a_limit_too(client: Client, path: str) -> None:
    answers = [client.get(path) for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert int(answers[2]["Retry-After"]) > 0
    assert "no-store" in answers[2]["Cache-Control"]
    assert client.get(path, REMOTE_ADDR="10.9.9.9").status_code != 429


def test_a_person_is_told_so_in_words(client: Client) -> None:
    answer = [client.get("/", headers={"Accept-Language": "de"}) for _ in range(3)][-1]
    assert answer["Content-Type"].startswith("text/html")
    assert "Zu viele" in answer.content.decode()


def test_reloading_a_page_takes_no_turn_from_the_health_check(client: Client) -> None:
    assert [client.get("/").status_code for _ in range(4)][-1] == 429
    assert client.get("/health").status_code != 429
