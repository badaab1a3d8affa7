"""The AsyncAPI description against the code. The sockets of all tests validate what they receive, too."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, get_args

import pytest
from jsonschema import ValidationError

from tests.asyncapi import check_client_message, check_server_message, list_messages, load_document
from tests.verification.sockets import CaptureSocket, open_in_test
from verification import replies
from verification.liveness.actions import Action, ChallengeKind
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Hint, Reason
from verification.messages import MessageError, parse_text
from verification.vision.image_header import RejectionCode

OUTCOMES = [outcome for outcome in ChallengeOutcome if outcome is not ChallengeOutcome.FAILED]
ERROR_CODES = {*replies.ERROR_TEXTS, *get_args(RejectionCode), "malformed", "server_error", "frame_too_large"}
NONCE = "A" * 22


def walk_references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from walk_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk_references(item)


def follow(reference: str) -> Any:
    value: Any = load_document()
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def test_every_reference_leads_somewhere() -> None:
    references = list(walk_references(load_document()))
    assert len(references) > 40
    for reference in references:
        assert follow(reference)


def test_each_message_of_the_channel_goes_one_way() -> None:
    document = load_document()
    channel = set(document["channels"]["capture"]["messages"])
    assert channel == set(document["components"]["messages"])
    assert list_messages("send") | list_messages("receive") == channel
    assert not list_messages("send") & list_messages("receive")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("action", Action),
        ("kind", ChallengeKind),
        ("hint", Hint),
        ("decision", Decision),
        ("reason", Reason),
        ("challenge_reason", [*OUTCOMES, *ChallengeFault]),
        ("error_code", ERROR_CODES),
    ],
)
def test_the_document_knows_the_words_of_the_code(name: str, words: Iterable[str]) -> None:
    assert set(load_document()["components"]["schemas"][name]["enum"]) == {str(word) for word in words}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ready"},
        {"type": "ready", "camera": {"width": 640, "height": 480, "fps": 29.97, "label": "é"}},
        {"type": "frame", "nonce": NONCE, "seq": 1, "captured_at_ms": 2**32 - 1, "image": "AAAA"},
        {"type": "skip", "challenge_id": "x"},
        {"type": "cancel"},
    ],
)
def test_what_the_document_allows_the_server_reads(message: dict[str, Any]) -> None:
    check_client_message(message)
    parse_text(json.dumps(message), max_frame_bytes=1_000)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "frame", "nonce": NONCE + "A", "seq": 1, "captured_at_ms": 1, "image": "AAAA"},
        {"type": "frame", "nonce": NONCE, "seq": -1, "captured_at_ms": 1, "image": "AAAA"},
        {"type": "frame", "nonce": NONCE, "seq": 2**32, "captured_at_ms": 1, "image": "AAAA"},
        {"type": "frame", "nonce": NONCE, "seq": 1, "image": "AAAA"},
        {"type": "ready", "camera": "front"},
        {"type": "skip"},
        {"type": "skip", "challenge_id": 7},
    ],
)
def test_what_the_document_forbids_the_server_refuses(message: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check_client_message(message)
    with pytest.raises(MessageError):
        parse_text(json.dumps(message), max_frame_bytes=1_000)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "error", "code": "no_such_code", "message": "x"},
        {"type": "error", "code": "malformed", "message": "x", "trace": "y"},
        {
            "type": "result", "decision": "fail", "reason": "challenge_failed", "scores": None,
            "token": "eyJ", "token_type": "Bearer", "expires_in": 900,
        },
    ],
)  # fmt: skip
def test_the_check_would_notice(message: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check_server_message(message)


@pytest.mark.django_db(transaction=True)
async def test_a_session_that_is_cancelled_speaks_as_described() -> None:
    async with CaptureSocket(await open_in_test(user_id="alice")) as socket:
        await socket.begin()
        await socket.send_json({"type": "cancel"})
        messages, code = await socket.read_to_close()
    assert (messages[-1]["type"], code) == ("result", 1000)
