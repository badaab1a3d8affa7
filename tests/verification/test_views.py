"""The server-rendered pages, as HTTP answers; what they do in a browser is tested in tests/e2e."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from verification import services
from verification.liveness.vocabulary import Reason
from verification.models import RelyingParty, VerificationSession
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened() -> OpenedSession:
    return services.open_session(
        user_id="alice", redirect_uri="https://shop.example/<x>", state='"><script>alert(1)</script>'
    )


def test_the_landing_page_is_html_for_a_browser(client: Client) -> None:
    response = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")


def test_the_landing_page_is_json_for_a_machine_that_asks(client: Client) -> None:
    response = client.get("/", headers={"Accept": "application/json"})
    assert response.json() == {"service": "proof-of-life", "version": django_settings.VERSION}


@pytest.mark.parametrize("accept", ["*/*", "", "image/png"])
def test_whoever_does_not_say_gets_the_page(client: Client, accept: str) -> None:
    assert client.get("/", headers={"Accept": accept})["Content-Type"].startswith("text/html")


def test_the_landing_page_tells_the_policy_in_force(client: Client, settings: Settings) -> None:
    settings.POL_CHALLENGE_COUNT = "4"
    settings.SESSION_TIMEOUT_SECONDS = 77
    settings.POL_REQUIRE_API_KEY = False
    context = client.get("/").context
    assert context["policy_summary"] == {
        "challenge_count": "4",
        "session_timeout_seconds": 77,
        "audit_retention_days": 90,
    }
    assert context["is_open_to_everyone"] is True


def test_the_capture_page_names_its_session_and_never_its_ticket(
    client: Client, opened: OpenedSession
) -> None:
    response = client.get(f"/verify/{opened.session.pk}")
    page = response.content.decode()
    assert response.status_code == 200
    assert f'data-websocket-path="/ws/verify/{opened.session.pk}"' in page
    assert opened.ticket not in page
    assert "alice" not in page
    assert "no-store" in response["Cache-Control"]


def test_what_a_party_said_is_escaped_on_the_capture_page(client: Client, opened: OpenedSession) -> None:
    page = client.get(f"/verify/{opened.session.pk}").content.decode()
    assert "<script>alert" not in page
    assert "shop.example/<x>" not in page


def conclude(opened: OpenedSession) -> None:
    services.abandon_session(opened.session.pk, Reason.CANCELLED)


def connect(opened: OpenedSession) -> None:
    services.connect_socket(opened.session.pk, opened.ticket)


def expire(opened: OpenedSession) -> None:
    VerificationSession.objects.update(expires_at=timezone.now())


@pytest.mark.parametrize(
    ("use", "told"), [(conclude, "already over"), (connect, "already running"), (expire, "run out")]
)
def test_a_link_that_was_used_or_has_run_out_is_gone(
    client: Client, opened: OpenedSession, use: Callable[[OpenedSession], None], told: str
) -> None:
    use(opened)
    response = client.get(f"/verify/{opened.session.pk}")
    assert response.status_code == 410
    assert told in response.content.decode()


def test_whoever_looks_at_an_expired_link_concludes_its_session(
    client: Client, opened: OpenedSession
) -> None:
    expire(opened)
    client.get(f"/verify/{opened.session.pk}")
    assert VerificationSession.objects.get().reason == Reason.SESSION_TIMEOUT


def test_a_link_to_no_session_is_not_found(client: Client) -> None:
    response = client.get(f"/verify/{uuid4()}")
    assert response.status_code == 404
    assert "does not exist" in response.content.decode()
    assert client.get("/verify/not-an-id").status_code == 404


@pytest.mark.parametrize("path", ["/", "/verify/{}"])
def test_pages_are_only_read(client: Client, opened: OpenedSession, path: str) -> None:
    address = path.format(opened.session.pk)
    assert client.post(address).status_code == 405
    assert client.head(address).status_code == 200


@pytest.mark.parametrize("locale", ["ar", "de-AT", "zz-Unknown1", ""])
def test_the_page_is_in_the_language_of_the_session(client: Client, locale: str) -> None:
    opened = services.open_session(user_id="alice", locale=locale)
    page = client.get(f"/verify/{opened.session.pk}").content.decode()
    assert 'id="capture"' in page
    assert ('dir="rtl"' in page) == (locale == "ar")
    assert ("Bevor die Kamera angeht" in page) == (locale == "de-AT")


def test_the_language_in_the_address_outranks_the_sessions_and_the_browsers(client: Client) -> None:
    opened = services.open_session(user_id="alice", locale="de")
    german_browser = {"Accept-Language": "de"}
    page = client.get(f"/verify/{opened.session.pk}?lang=es", headers=german_browser).content.decode()
    assert '<html lang="es"' in page
    assert '<html lang="ar" dir="rtl"' in client.get("/?lang=ar", headers=german_browser).content.decode()
    assert '<html lang="de"' in client.get("/?lang=tlh", headers=german_browser).content.decode()
    assert '<html lang="en"' in client.get("/").content.decode()


@pytest.fixture
def party_session() -> OpenedSession:
    party = RelyingParty.objects.create(
        name="Shop & Sons",
        help_url="https://shop.example/help",
        alternative_url="https://shop.example/desk",
        allowed_origins=[
            "https://shop.example",
            "https://evil.example;script-src *",
            "http://localhost:9000",
        ],
    )
    return services.open_session(user_id="alice", relying_party=party)


def test_the_page_names_who_asks_and_the_ways_out(client: Client, party_session: OpenedSession) -> None:
    page = client.get(f"/verify/{party_session.session.pk}").content.decode()
    assert "Shop &amp; Sons wants to know" in page
    assert 'data-help-url="https://shop.example/help"' in page
    assert 'data-alternative-url="https://shop.example/desk"' in page


def test_a_check_that_is_over_offers_the_ways_out(client: Client, party_session: OpenedSession) -> None:
    conclude(party_session)
    page = client.get(f"/verify/{party_session.session.pk}").content.decode()
    assert 'href="https://shop.example/desk"' in page


def test_only_the_partys_pages_may_frame_the_check(client: Client, party_session: OpenedSession) -> None:
    response = client.get(f"/verify/{party_session.session.pk}")
    policy = response["Content-Security-Policy"]
    assert "frame-ancestors https://shop.example http://localhost:9000;" in policy + ";"
    assert "evil" not in policy
    assert "X-Frame-Options" not in response


def test_scripts_run_by_the_nonce_of_their_page_only(client: Client, opened: OpenedSession) -> None:
    seen = set()
    for _ in range(2):
        response = client.get(f"/verify/{opened.session.pk}")
        policy, page = response["Content-Security-Policy"], response.content.decode()
        match = re.search(r"script-src 'nonce-([^']+)'(;|$)", policy)
        assert match is not None
        assert f'nonce="{match[1]}"' in page
        seen.add(match[1])
    assert len(seen) == 2


def test_a_framed_check_has_no_masthead_of_its_own(client: Client, opened: OpenedSession) -> None:
    address = f"/verify/{opened.session.pk}"
    assert "is-framed" in client.get(address, headers={"Sec-Fetch-Dest": "iframe"}).content.decode()
    assert "is-framed" not in client.get(address).content.decode()


def test_what_a_relying_party_excluded_is_not_offered_to_be_set_aside(client: Client) -> None:
    opened = services.open_session(user_id="alice", exclude=["smile"])
    page = client.get(f"/verify/{opened.session.pk}").content.decode()
    assert 'value="blink"' in page
    assert 'value="smile"' not in page


@pytest.mark.parametrize("path", ["/", "/verify/{}", "/health"])
def test_every_answer_keeps_the_browser_strict(client: Client, opened: OpenedSession, path: str) -> None:
    response = client.get(path.format(opened.session.pk))
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert "camera=(self)" in response["Permissions-Policy"]
