"""Tokens that were used up, withdrawn, or made for somebody else."""

from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from audit.models import AuditEvent
from tests.verification.sessions import conclude, end, issue, race
from verification import services
from verification.api_keys import create_api_key
from verification.key_ring import create_key, get_key_ring
from verification.models import RelyingParty, VerificationSession
from verification.relying_parties import create_relying_party
from verification.revocation import judge_token, revoke_token
from verification.tokens import IssuedToken, RefusalReason

pytestmark = pytest.mark.django_db


def pass_session(party: RelyingParty | None = None, user_id: str = "alice") -> IssuedToken:
    opened = services.open_session(user_id=user_id, relying_party=party)
    token = services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    assert token is not None
    return token


def refuse(token: IssuedToken, **asked: object) -> RefusalReason | None:
    verdict = judge_token(token.token, **asked)  # type: ignore[arg-type]
    assert verdict.valid == (verdict.reason is None) == (verdict.payload is not None)
    return verdict.reason


def count(kind: str) -> int:
    return AuditEvent.objects.filter(kind=kind).count()


# --- used up -----------------------------------------------------------------------------------------


def test_a_token_may_be_looked_at_often_and_used_up_once() -> None:
    token = pass_session()
    assert [refuse(token), refuse(token), refuse(token, is_consuming=True)] == [None] * 3
    assert refuse(token, is_consuming=True) == refuse(token) == RefusalReason.USED
    assert (count("token_validated"), count("token_consumed")) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_those_who_use_a_token_up_at_once_one_does() -> None:
    token = pass_session()
    reasons = race(lambda: refuse(token, is_consuming=True))
    assert sorted(map(str, reasons)) == ["None", "used", "used", "used"]
    assert count("token_consumed") == 1


def test_the_api_uses_a_token_up_on_request(client: Client) -> None:
    body = {"token": pass_session().token, "consume": True}
    first, second = (
        client.post("/token/validate", body, content_type="application/json").json() for _ in range(2)
    )
    assert (first["valid"], second) == (True, {"valid": False, "payload": None, "reason": "used"})


@pytest.mark.parametrize("consume", ["true", 1, None, "yes", []])
def test_consume_is_true_or_false_and_nothing_else(client: Client, consume: object) -> None:
    token = pass_session()
    body = {"token": token.token, "consume": consume}
    assert client.post("/token/validate", body, content_type="application/json").status_code == 400
    assert refuse(token) is None


# --- withdrawn ---------------------------------------------------------------------------------------


def test_a_withdrawn_token_is_revoked_for_everybody() -> None:
    token = pass_session()
    session = VerificationSession.objects.get()
    assert revoke_token(session.pk)
    assert not revoke_token(session.pk)
    assert refuse(token) == refuse(token, is_consuming=True) == RefusalReason.REVOKED
    assert count("token_revoked") == 1


def test_a_session_without_a_token_has_none_to_withdraw() -> None:
    opened = services.open_session(user_id="alice")
    assert not revoke_token(opened.session.pk)
    assert not revoke_token(uuid4())


def test_a_token_goes_with_its_session() -> None:
    token = pass_session()
    VerificationSession.objects.all().delete()
    assert refuse(token) == RefusalReason.REVOKED


@pytest.mark.parametrize("by", ["jti", "session_id"])
def test_a_party_withdraws_its_own_token_over_the_api(client: Client, by: str) -> None:
    party = create_relying_party("bank")
    token = pass_session(party)
    name = {"jti": token.jti, "session_id": str(VerificationSession.objects.get().pk)}[by]
    headers = {"Authorization": f"Api-Key {create_api_key(party)}"}
    answer = client.post("/token/revoke", {by: name}, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["revoked"]) == (200, True)
    assert refuse(token) == RefusalReason.REVOKED


def test_another_partys_token_is_not_there_to_withdraw(client: Client) -> None:
    token = pass_session(create_relying_party("bank"))
    headers = {"Authorization": f"Api-Key {create_api_key(create_relying_party('shop'))}"}
    body = {"jti": token.jti}
    answer = client.post("/token/revoke", body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.post("/token/revoke", body, content_type="application/json").status_code == 401
    assert refuse(token) is None


@pytest.mark.parametrize(
    "body", [{}, {"jti": 7}, {"session_id": "x"}, {"jti": "a", "session_id": str(uuid4())}, {"jti": "a\0b"}]
)
def test_a_token_to_withdraw_is_named_in_one_way(client: Client, settings: Settings, body: object) -> None:
    settings.POL_REQUIRE_API_KEY = False
    answer = client.post("/token/revoke", body, content_type="application/json")
    assert answer.status_code == 400


def test_the_command_withdraws_by_id_or_session(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = pass_session(), pass_session()
    call_command("revoke_token", "--jti", first.jti)
    call_command("revoke_token", "--session", str(VerificationSession.objects.get(token_id=second.jti).pk))
    assert refuse(first) == refuse(second) == RefusalReason.REVOKED
    assert "is revoked." in capsys.readouterr().out
    with pytest.raises(CommandError, match="no such token"):
        call_command("revoke_token", "--jti", "nobody")


# --- for whom ----------------------------------------------------------------------------------------


def test_a_token_is_for_its_partys_audience() -> None:
    bank, shop = create_relying_party("bank", audience="bank"), create_relying_party("shop", audience="shop")
    token = pass_session(bank)
    assert refuse(token) is None
    assert refuse(token, party=bank) is None
    assert refuse(token, audience="bank") is None
    assert refuse(token, party=shop) == refuse(token, audience="shop") == RefusalReason.WRONG_AUDIENCE


def test_a_key_sent_along_narrows_what_is_valid(client: Client) -> None:
    bank, shop = create_relying_party("bank", audience="bank"), create_relying_party("shop", audience="shop")
    body = {"token": pass_session(bank).token}

    def validate(party: RelyingParty) -> object:
        headers = {"Authorization": f"Api-Key {create_api_key(party)}"}
        answer = client.post("/token/validate", body, content_type="application/json", headers=headers)
        return answer.json().get("reason")

    assert (validate(bank), validate(shop)) == (None, "wrong_audience")
    named = {**body, "audience": "shop"}
    answer = client.post("/token/validate", named, content_type="application/json")
    assert answer.json()["reason"] == "wrong_audience"


# --- any order of things -----------------------------------------------------------------------------


@given(steps=st.lists(st.sampled_from(["look", "consume", "revoke"]), max_size=8))
def test_whatever_happens_to_a_token_it_never_becomes_valid_again(steps: list[str]) -> None:
    token = pass_session()
    session = VerificationSession.objects.get(token_id=token.jti)
    is_used = is_revoked = False
    for step in steps:
        if step == "revoke":
            is_revoked = revoke_token(session.pk) or is_revoked
            continue
        expected = RefusalReason.REVOKED if is_revoked else RefusalReason.USED if is_used else None
        assert refuse(token, is_consuming=step == "consume") == expected
        is_used = is_used or (step == "consume" and expected is None)


def test_a_token_outlives_the_private_half_of_its_key(settings: Settings, tmp_path: Path) -> None:
    settings.POL_SIGNING_KEYS_DIR = tmp_path / "keys"
    create_key(tmp_path / "keys")
    token = pass_session()
    call_command("rotate_keys")
    assert refuse(token) is None
    assert len(get_key_ring().public_keys) == 2
    assert len(list((tmp_path / "keys").glob("*.pub.pem"))) == 1
