"""A relying party and its key, and calls as its back end makes them."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from verification.api_keys import create_api_key
from verification.models import RelyingParty

JSON = "application/json"
PROBLEM = "application/problem+json"
Answer = Any  # a response with the `json()` that Django's test client adds


@pytest.fixture
def party() -> RelyingParty:
    return RelyingParty.objects.create(name="bank")


@pytest.fixture
def key(party: RelyingParty) -> dict[str, str]:
    return {"Authorization": f"Api-Key {create_api_key(party)}"}


@pytest.fixture
def open_to_all(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is needed, and nobody asks too often."""
    settings.POL_REQUIRE_API_KEY = False
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    for scope in rates:
        monkeypatch.setitem(rates, scope, "1000000/min")


def post(client: Client, path: str, body: Any, **extra: Any) -> Answer:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.generic("POST", path, content, content_type=extra.pop("content_type", JSON), **extra)


def open_session(client: Client, body: Any = None, **extra: Any) -> Answer:
    return post(client, "/auth/verify", {"user_id": "alice"} if body is None else body, **extra)


def assert_problem(response: Answer, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    problem: dict[str, Any] = json.loads(response.content)
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"].endswith(code)
    assert problem["title"]
    assert problem["detail"]
    return problem
