"""CORS: relying parties' pages may read answers, other pages may not."""

import pytest
from django.test import Client

from verification.relying_parties import change_relying_party, create_relying_party

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example"
ALLOWED = "Access-Control-Allow-Origin"


def ask(client: Client, path: str, origin: str | None, method: str = "get") -> str | None:
    headers = {"Origin": origin} if origin is not None else {}
    answer = getattr(client, method)(path, headers={**headers, "Access-Control-Request-Method": "POST"})
    allowed: str | None = answer.headers.get(ALLOWED)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    return allowed


@pytest.mark.parametrize("path", ["/auth/verify", "/token/validate", "/oidc/token", "/oidc/userinfo"])
@pytest.mark.parametrize("method", ["get", "options"])
def test_a_partys_page_may_read(client: Client, path: str, method: str) -> None:
    create_relying_party("shop", allowed_origins=[SHOP])
    assert ask(client, path, SHOP, method) == SHOP


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://evil.example",
        "https://shop.example.evil.example",
        "http://shop.example",
        "https://[",
    ],
)
def test_nobody_elses_page_may(client: Client, origin: str | None) -> None:
    create_relying_party("shop", allowed_origins=[SHOP])
    assert ask(client, "/token/validate", origin, "options") is None


def test_a_party_that_was_switched_off_has_no_pages(client: Client) -> None:
    change_relying_party(create_relying_party("shop", allowed_origins=[SHOP]), is_active=False)
    assert ask(client, "/token/validate", SHOP, "options") is None


@pytest.mark.parametrize("path", ["/", "/health", "/admin/login/"])
def test_pages_and_admin_are_for_no_other_page(client: Client, path: str) -> None:
    create_relying_party("shop", allowed_origins=[SHOP])
    assert ask(client, path, SHOP) is None


def test_public_keys_are_for_everyone(client: Client) -> None:
    assert ask(client, "/.well-known/jwks.json", "https://anyone.example") == "https://anyone.example"
