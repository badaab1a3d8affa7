"""The Python client against a server over HTTP, and against forgeries without one."""

import base64
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from proof_of_life_client import ApiError, ProofOfLife, SignatureError, TokenError, verify_webhook
from proof_of_life_client.tokens import KEYS_KEPT_S, MIN_REFETCH_S, KeyCache
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.verification.receiver import run_receiver
from tests.verification.sessions import conclude, end, issue
from verification import services, webhooks
from verification.api_keys import create_api_key
from verification.key_ring import create_key, get_key_ring
from verification.models import RelyingParty, VerificationSession
from verification.relying_parties import create_relying_party, read_webhook_secret, rotate_webhook_secret
from verification.tokens import issue_token

ROOT = Path(django_settings.BASE_DIR) / "clients" / "python"
EXAMPLE = ROOT / "examples" / "ten_lines.py"
ISSUER = "proof-of-life"
database = pytest.mark.django_db(transaction=True)


@pytest.fixture
def party() -> RelyingParty:
    return create_relying_party("bank")


@pytest.fixture
def client(live_server: LiveServer, party: RelyingParty) -> ProofOfLife:
    return ProofOfLife(live_server.url, create_api_key(party), issuer=ISSUER)


def pass_session(session_id: str) -> str:
    session = VerificationSession.objects.get(pk=session_id)
    opened = services.OpenedSession(session, "")
    token = services.conclude_session(session.pk, conclude(), end(issue(opened)))
    assert token is not None
    return token.token


@pytest.fixture
def example(live_server: LiveServer, party: RelyingParty) -> Iterator[subprocess.Popen[str]]:
    env = os.environ | {
        "POL_URL": live_server.url,
        "POL_API_KEY": create_api_key(party),
        "POL_ISSUER": ISSUER,
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, str(EXAMPLE)]
    with subprocess.Popen(
        command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        yield running


@database
def test_the_example_of_ten_lines_runs(example: subprocess.Popen[str]) -> None:
    assert example.stdout is not None
    address = example.stdout.readline().split()[-1]
    token = pass_session(address.partition("#")[0].rsplit("/", 1)[1])
    said, _ = example.communicate(f"{token}\n", timeout=60)
    assert said.splitlines() == ["A living person, score 0.8478", "Counts once: [True, False]"]
    assert example.returncode == 0


def test_the_readme_shows_the_example_that_is_run() -> None:
    example = EXAMPLE.read_text(encoding="utf-8")
    assert len([line for line in example.splitlines() if line]) <= 10
    assert f"```python\n{example}```" in (ROOT / "README.md").read_text(encoding="utf-8")


@database
def test_a_session_is_opened_read_and_withdrawn(client: ProofOfLife) -> None:
    opened = client.open_session("alice", exclude=["blink"], state="x", locale="de")
    assert client.read_session(opened.session_id).status == "created"
    token = pass_session(opened.session_id)
    state = client.read_session(opened.session_id)
    assert (state.decision, state.reason, state.user_id) == ("pass", "verified", "alice")
    assert client.check_token(token)["sub"] == "alice"
    assert client.validate_token(token).valid
    client.revoke_token(opened.session_id)
    verdict = client.validate_token(token)
    assert (verdict.valid, verdict.reason, verdict.claims) == (False, "revoked", None)


@database
def test_refusals_carry_the_servers_code(client: ProofOfLife, live_server: LiveServer) -> None:
    stranger = ProofOfLife(live_server.url, "wrong")
    refused: list[tuple[Callable[[], object], int, str]] = [
        (lambda: client.open_session(""), 400, "invalid_request"),
        (lambda: client.read_session("nobody"), 404, "not_found"),
        (lambda: client.read_session("../../health"), 404, "unknown"),
        (lambda: stranger.open_session("a"), 401, "invalid_api_key"),
    ]
    for call, status, code in refused:
        with pytest.raises(ApiError) as caught:
            call()
        assert (caught.value.status, caught.value.code) == (status, code)


def test_a_server_that_is_not_there_is_an_error_and_not_a_traceback_of_urllib() -> None:
    with pytest.raises(ApiError) as caught:
        ProofOfLife("http://127.0.0.1:9", timeout_s=2).open_session("a")
    assert (caught.value.status, caught.value.code) == (0, "unreachable")
    with pytest.raises(ValueError, match="base_url"):
        ProofOfLife("file:///etc/passwd")


def test_the_key_goes_to_no_other_host() -> None:
    with run_receiver() as other, run_receiver() as server:
        server.answers, server.location = [302], other.url
        with pytest.raises(ApiError) as caught:
            ProofOfLife(server.url.partition("/hooks")[0], "secret").open_session("a")
        assert caught.value.status == 302
        assert not other.received


# --- tokens, offline ---------------------------------------------------------------------------------


@pytest.fixture
def offline(settings: Settings) -> ProofOfLife:
    settings.POL_TOKEN_ISSUER, settings.POL_TOKEN_AUDIENCE = ISSUER, "proof-of-life"
    client = ProofOfLife("http://pol.invalid", issuer=ISSUER)
    client._keys = KeyCache(lambda: get_key_ring().public_jwks())
    return client


def make_token(**changes: Any) -> str:
    arguments: dict[str, Any] = {
        "session_id": "8c1f6a52-90c2-4f4a-b8a1-4c3f6f0f9b60",
        "user_id": "alice",
        "verification_score": 0.9,
        "audience": "proof-of-life",
        "now": timezone.now(),
        "jti": "a",
    }
    return issue_token(**{**arguments, **changes}).token


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"audience": "shop"}, "wrong_audience"),
        ({"now": timezone.now() - timedelta(hours=1)}, "expired"),
        ({"now": timezone.now() + timedelta(hours=1)}, "not_yet_valid"),
    ],
)
def test_a_token_that_does_not_hold_has_the_servers_reason(
    offline: ProofOfLife, changes: dict[str, Any], reason: str
) -> None:
    assert offline.check_token(make_token())["sub"] == "alice"
    with pytest.raises(TokenError) as caught:
        offline.check_token(make_token(**changes))
    assert caught.value.reason == reason


def test_another_issuer_is_refused(offline: ProofOfLife, settings: Settings) -> None:
    settings.POL_TOKEN_ISSUER = "https://evil.example"
    with pytest.raises(TokenError, match="wrong_issuer"):
        offline.check_token(make_token())


def test_a_forged_token_is_refused(offline: ProofOfLife, tmp_path: Path) -> None:
    claims = jwt.decode(make_token(), options={"verify_signature": False})
    kid = get_key_ring().require_signing_key().kid
    forger = create_key(tmp_path / "forger").private_key
    for token, reason in [
        (jwt.encode(claims, "", "none", headers={"kid": kid}), "unsupported_algorithm"),
        (jwt.encode(claims, "s" * 64, "HS256", headers={"kid": kid}), "unsupported_algorithm"),
        (jwt.encode(claims, forger, "RS256", headers={"kid": kid}), "bad_signature"),
        (jwt.encode(claims, forger, "RS256", headers={"jku": "https://evil.example"}), "unknown_key"),
        (
            jwt.encode({**claims, "token_type": "x"}, get_private_key(), "RS256", {"kid": kid}),
            "wrong_token_type",
        ),
        ("no token", "malformed"),
    ]:
        with pytest.raises(TokenError) as caught:
            offline.check_token(token)
        assert caught.value.reason == reason


def get_private_key() -> Any:
    return get_key_ring().require_signing_key().private_key


@given(st.text())
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    client = ProofOfLife("http://pol.invalid")
    client._keys = KeyCache(lambda: {"keys": []})
    with pytest.raises(TokenError):
        client.check_token(text)


def test_keys_are_fetched_seldom_and_at_once_for_a_new_one() -> None:
    fetched, now = [], [0.0]

    def fetch() -> dict[str, Any]:
        fetched.append(now[0])
        return get_key_ring().public_jwks()

    cache = KeyCache(fetch, clock=lambda: now[0])
    kid = get_key_ring().require_signing_key().kid
    for at_s, wanted in [(0, kid), (1, kid), (2, "new"), (MIN_REFETCH_S, "new"), (MIN_REFETCH_S + 1, "new")]:
        now[0] = at_s
        assert (cache.find(wanted) is None) == (wanted == "new")
    now[0] = MIN_REFETCH_S + KEYS_KEPT_S
    cache.find(kid)
    assert fetched == [0, MIN_REFETCH_S, MIN_REFETCH_S + KEYS_KEPT_S]


# --- webhooks ----------------------------------------------------------------------------------------


@database
def test_a_webhook_of_the_server_is_accepted(settings: Settings) -> None:
    settings.POL_WEBHOOK_ALLOW_PRIVATE = True
    with run_receiver() as receiver:
        party = create_relying_party("bank", webhook_url=receiver.url)
        old = read_webhook_secret(party)
        new = rotate_webhook_secret(party)
        opened = services.open_session(user_id="alice", relying_party=party)
        pass_session(str(opened.session.pk))
        assert webhooks.deliver_due() == (1, 0)
        (received,) = receiver.received
    for secret in (old, new):
        message = verify_webhook(received.body, received.headers, secret)
        assert message["data"]["decision"] == "pass"


SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
BODY = b'{"id":"1"}'


def sign_webhook(at_s: int, body: bytes = BODY) -> dict[str, str]:
    return {
        "Webhook-Id": "1",
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": webhooks.sign(SECRET, "1", at_s, body),
    }


@pytest.mark.parametrize("age_s", [-301, 301, 10**6])
def test_an_old_webhook_is_refused(age_s: int) -> None:
    now_s = 1_800_000_000
    assert verify_webhook(BODY, sign_webhook(now_s - 299), SECRET, now_s=now_s) == {"id": "1"}
    with pytest.raises(SignatureError, match="old"):
        verify_webhook(BODY, sign_webhook(now_s - age_s), SECRET, now_s=now_s)


@given(at=st.integers(0), bit=st.integers(0, 7))
def test_one_flipped_bit_of_a_webhook_is_refused(at: int, bit: int) -> None:
    body = bytearray(BODY)
    body[at % len(body)] ^= 1 << bit
    with pytest.raises(SignatureError):
        verify_webhook(bytes(body), sign_webhook(int(time.time())), SECRET)


@pytest.mark.parametrize(
    "changes",
    [
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": "v2,é"},
        {"Webhook-Id": "2"},
        {"Webhook-Id": ""},
        {"Webhook-Timestamp": "now"},
        {"Webhook-Timestamp": "²"},
    ],
)
def test_a_webhook_with_other_headers_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(SignatureError):
        verify_webhook(BODY, sign_webhook(int(time.time())) | changes, SECRET)


@pytest.mark.parametrize("secret", ["whsec_!", "whsec_" + base64.b64encode(b"x" * 32).decode()])
def test_another_secret_does_not_fit(secret: str) -> None:
    with pytest.raises(SignatureError):
        verify_webhook(BODY, sign_webhook(int(time.time())), secret)
