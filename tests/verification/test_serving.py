"""What becomes of a request for which there is no thread; the real thing is tests/faults'."""

import json
from typing import Any

import pytest

from verification.serving import NO_THREAD, Receive, Scope, Send, ServingProcess

SCOPE = {"type": "http", "method": "GET", "path": "/"}


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b""}


async def ask_one_that_raises(error: Exception) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    async def send(message: Any) -> None:
        sent.append(message)

    await ServingProcess(fail)(SCOPE, receive, send)
    return sent


@pytest.mark.django_db(transaction=True)
async def test_without_a_thread_one_is_told_to_try_again() -> None:
    start, body = await ask_one_that_raises(RuntimeError(NO_THREAD))
    assert (start["status"], dict(start["headers"])[b"retry-after"]) == (503, b"5")
    assert json.loads(body["body"])["code"] == "unavailable"


@pytest.mark.django_db(transaction=True)
async def test_another_error_stays_one() -> None:
    with pytest.raises(RuntimeError, match="of ours"):
        await ask_one_that_raises(RuntimeError("of ours"))
