"""What a relying party may be set to, and what that does to its keys, sessions and tokens."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from audit.models import AuditEvent
from tests.verification.sessions import conclude, end, issue
from tests.verification.sockets import CaptureSocket, open_in_test
from verification import services
from verification.api_keys import create_api_key, find_relying_party
from verification.conf import load_policy, restore_policy, strengthen_policy
from verification.liveness.actions import POOL, PoolExhaustedError
from verification.models import ApiKey, RelyingParty, VerificationSession
from verification.party_fields import is_redirect_uri, validate_origins
from verification.relying_parties import (
    change_relying_party,
    create_relying_party,
    enable_oidc,
    read_webhook_secret,
    revoke_api_key,
    rotate_api_key,
    rotate_webhook_secret,
)
from verification.tokens import validate_token

pytestmark = pytest.mark.django_db

SENSELESS: list[dict[str, Any]] = [
    {"pass_threshold": 0.0},
    {"pass_threshold": 1.1},
    {"pass_threshold": float("nan")},
    {"max_consecutive_failures": 0},
    {"max_consecutive_failures": 6},
    {"challenge_pool": ["blink", "smile", "surprise"]},
    {"challenge_pool": ["nod", "blink"]},
    {"challenge_pool": ["nod", "blink", "fly"]},
    {"challenge_pool": "nod"},
    {"allowed_origins": ["https://shop.example/"]},
    {"allowed_origins": ["https://shop.example:443"]},
    {"allowed_origins": ["https://SHOP.example"]},
    {"allowed_origins": ["http://shop.example"]},
    {"allowed_origins": ["*"]},
    {"allowed_origins": ["null"]},
    {"allowed_origins": [7]},
    {"redirect_uris": ["http://shop.example/done"]},
    {"redirect_uris": ["https://user@shop.example/"]},
    {"redirect_uris": ["https://shop.example/#x"]},
    {"redirect_uris": ["https://shop.example\\@evil.example/"]},
    {"redirect_uris": ["javascript:alert(1)"]},
    {"redirect_uris": ["//shop.example/"]},
    {"redirect_uris": ["/done"]},
    {"redirect_uris": {"a": 1}},
    {"webhook_url": "file:///etc/passwd"},
    {"webhook_url": "https://user:pass@shop.example/"},
    {"audience": "two\nlines"},
    {"name_of_nothing": 1},
]


# --- terms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", SENSELESS, ids=str)
def test_a_senseless_term_is_refused_and_nothing_is_stored(terms: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        create_relying_party("shop", **terms)
    assert not RelyingParty.objects.exists()


@pytest.mark.parametrize("terms", SENSELESS, ids=str)
def test_a_senseless_change_leaves_the_party_as_it_was(terms: dict[str, Any]) -> None:
    party = create_relying_party("shop", audience="shop")
    with pytest.raises(ValidationError):
        change_relying_party(party, **terms)
    assert list(RelyingParty.objects.values()) == [RelyingParty.objects.filter(pk=party.pk).values().get()]
    assert AuditEvent.objects.filter(kind="relying_party_changed").count() == 0


def test_creation_and_change_are_audited_without_the_values() -> None:
    party = create_relying_party("shop", audience="secret-project")
    change_relying_party(party, redirect_uris=["https://shop.example/done"])
    details = [event.detail for event in AuditEvent.objects.order_by("sequence")]
    assert details == [{"terms": ["audience"]}, {"terms": ["redirect_uris"]}]


@given(text=st.text(max_size=80))
def test_no_text_but_an_absolute_safe_address_is_one_to_be_sent_to(text: str) -> None:
    if is_redirect_uri(text):
        assert text.startswith(("https://", "http://localhost", "http://127.0.0.1", "http://[::1]"))
        assert not set(text) & set("\\# \t\r\n<>\"'")


@given(host=st.from_regex(r"[a-z]{1,10}\.example", fullmatch=True), port=st.integers(1, 65_535))
def test_an_origin_is_taken_as_browsers_write_it(host: str, port: int) -> None:
    if port != 443:
        validate_origins([f"https://{host}:{port}", f"https://{host}"])


# --- policy ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("own", "expected"), [(None, 0.7), (0.5, 0.7), (0.7, 0.7), (0.9, 0.9)])
def test_a_partys_threshold_only_goes_up(own: float | None, expected: float) -> None:
    party = create_relying_party("bank", pass_threshold=own)
    session = services.open_session(user_id="alice", relying_party=party).session
    assert restore_policy(session.policy).pass_threshold == expected


def test_pool_and_retries_are_the_partys_own() -> None:
    pool = ["turn_left", "turn_right", "nod", "smile"]
    party = create_relying_party("bank", challenge_pool=pool, max_consecutive_failures=1)
    session = services.open_session(user_id="alice", relying_party=party, exclude=["nod"]).session
    policy = restore_policy(session.policy)
    assert {str(action) for action in policy.pool} == set(pool) - {"nod"}
    assert policy.max_consecutive_failures == 1


@given(
    pool=st.lists(st.sampled_from([str(action) for action in POOL]), unique=True),
    threshold=st.none() | st.floats(0.01, 1),
)
def test_no_terms_weaken_the_servers_policy(pool: list[str], threshold: float | None) -> None:
    base = load_policy()
    try:
        policy = strengthen_policy(base, challenge_pool=pool, pass_threshold=threshold)
    except PoolExhaustedError:
        return
    assert policy.pass_threshold >= base.pass_threshold
    assert set(policy.pool) <= set(base.pool)
    assert (policy.floors, policy.weights, policy.nonce_lifetime_ms) == (
        base.floors,
        base.weights,
        base.nonce_lifetime_ms,
    )


# --- audience and addresses ----------------------------------------------------------------------------


def test_a_partys_tokens_name_its_audience() -> None:
    party = create_relying_party("bank", audience="https://bank.example")
    opened = services.open_session(user_id="alice", relying_party=party)
    token = services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    assert token is not None
    assert validate_token(token.token, audience="https://bank.example").valid


@pytest.mark.parametrize(
    ("registered", "asked", "status"),
    [
        ([], "https://anywhere.example/", 201),
        (["https://bank.example/done"], "https://bank.example/done", 201),
        (["https://bank.example/done"], "https://bank.example/done/", 400),
        (["https://bank.example/done"], "https://bank.example/done?x=1", 400),
        (["https://bank.example/done"], "https://bank.example/Done", 400),
        (["https://bank.example/done"], "https://bank.example.evil.example/done", 400),
        ([], "http://anywhere.example/", 400),
    ],
)
def test_people_are_sent_to_registered_addresses_only(
    client: Client, registered: list[str], asked: str, status: int
) -> None:
    party = create_relying_party("bank", redirect_uris=registered)
    headers = {"Authorization": f"Api-Key {create_api_key(party)}"}
    body = {"user_id": "alice", "redirect_uri": asked}
    answer = client.post("/auth/verify", body, content_type="application/json", headers=headers)
    assert answer.status_code == status


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("origin", "code"), [("https://bank.example", None), ("https://shop.example", 4403), ("null", 4403)]
)
async def test_a_partys_pages_open_sockets_of_its_own_sessions(origin: str, code: int | None) -> None:
    from asgiref.sync import sync_to_async

    create = sync_to_async(create_relying_party)
    bank = await create("bank", allowed_origins=["https://bank.example"])
    await create("shop", allowed_origins=["https://shop.example"])
    opened = await open_in_test(user_id="alice", relying_party=bank)
    async with CaptureSocket(opened, origin=origin) as socket:
        if code is None:
            await socket.expect("session")
        else:
            assert (await socket.read_to_close())[1] == code


# --- keys --------------------------------------------------------------------------------------------


def test_a_key_ends_when_it_was_said_to() -> None:
    party = create_relying_party("bank")
    end_at = timezone.now() + timedelta(days=1)
    key = create_api_key(party, expires_at=end_at)
    assert find_relying_party(key, now=end_at - timedelta(microseconds=1)) == party
    assert find_relying_party(key, now=end_at) is None


def test_the_last_use_is_noted_to_the_minute() -> None:
    key = create_api_key(create_relying_party("bank"))
    now = timezone.now()
    for after_s, noted_s in [(0, 0), (30, 0), (61, 61)]:
        find_relying_party(key, now=now + timedelta(seconds=after_s))
        assert ApiKey.objects.get().last_used_at == now + timedelta(seconds=noted_s)
    find_relying_party(f"{key.partition('.')[0]}.wrong", now=now + timedelta(days=1))
    assert ApiKey.objects.get().last_used_at == now + timedelta(seconds=61)


def test_a_rotation_leaves_no_moment_without_a_key() -> None:
    party = create_relying_party("bank")
    old = create_api_key(party)
    now = timezone.now()
    new = rotate_api_key(party, overlap=timedelta(hours=1), now=now)
    assert find_relying_party(old, now=now + timedelta(minutes=59)) == party
    assert find_relying_party(old, now=now + timedelta(hours=1)) is None
    assert find_relying_party(new, now=now + timedelta(days=900)) == party


def test_a_rotation_lengthens_no_keys_life() -> None:
    party = create_relying_party("bank")
    now = timezone.now()
    short = create_api_key(party, expires_at=now + timedelta(minutes=5))
    rotate_api_key(party, overlap=timedelta(hours=24), now=now)
    assert find_relying_party(short, now=now + timedelta(minutes=6)) is None


def test_a_revoked_key_ends_at_once_and_is_audited_once() -> None:
    party = create_relying_party("bank")
    first, second = create_api_key(party), create_api_key(party)
    prefix = first.partition(".")[0]
    revoke_api_key(prefix)
    revoke_api_key(prefix)
    assert (find_relying_party(first), find_relying_party(second)) == (None, party)
    assert AuditEvent.objects.filter(kind="api_key_revoked").count() == 1
    with pytest.raises(ApiKey.DoesNotExist):
        revoke_api_key("nothing")


# --- other secrets -----------------------------------------------------------------------------------


def test_a_webhook_secret_is_in_no_table() -> None:
    party = create_relying_party("bank", webhook_url="https://bank.example/hooks")
    secret = read_webhook_secret(party)
    assert secret == read_webhook_secret(RelyingParty.objects.get())
    assert rotate_webhook_secret(party) != secret
    assert secret.removeprefix("whsec_") not in str(RelyingParty.objects.values())


def test_each_party_has_a_secret_of_its_own(settings: Settings) -> None:
    bank, shop = create_relying_party("bank"), create_relying_party("shop")
    secret = read_webhook_secret(bank)
    assert secret != read_webhook_secret(shop)
    settings.SECRET_KEY = "another" * 10
    assert secret != read_webhook_secret(bank)


def test_sign_in_needs_a_registered_address() -> None:
    party = create_relying_party("bank")
    with pytest.raises(ValidationError, match="redirect address"):
        enable_oidc(party)
    change_relying_party(party, redirect_uris=["https://bank.example/callback"])
    party.refresh_from_db()
    client_id, secret = enable_oidc(party)
    again, other = enable_oidc(party)
    assert again == client_id
    assert len({secret, other}) == 2
    assert party.oidc_client is not None
    assert secret not in party.oidc_client.client_secret


def test_a_party_with_sessions_cannot_be_deleted_by_accident() -> None:
    party = create_relying_party("bank")
    services.open_session(user_id="alice", relying_party=party)
    with pytest.raises(Exception, match="protected"):
        party.delete()
    assert VerificationSession.objects.count() == 1
