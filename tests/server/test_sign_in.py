"""Sign in with a proof of life, as deployed: Authlib, a running server, and a session that was really passed."""

import base64
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError

from tests.asyncapi import check_server_message
from tests.server.processes import PATIENCE_S, PROJECT, Daphne, build_environment, run_daphne
from tests.verification.clips.performed import PERFORMED_ACTIONS, PerformedClip
from tests.verification.oidc.relying_party import CALLBACK, Browser, Site
from verification.clips.remote import RemoteSession

HINT = "alice@example.org"
PIECE_BYTES = 48


@dataclass(frozen=True)
class SignIn:
    """What came of one sign-in: the party's tokens, and everything that must stay between the two."""

    site: Site
    session_id: str
    location: str
    kept: dict[str, Any]
    token: dict[str, Any]
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> dict[str, str]:
    """Floors lowered and the pool narrowed, so that the simulated capture subject can pass; says all it can."""
    return build_environment(
        tmp_path_factory.mktemp("sign-in"),
        signing_keys_dir,
        POL_REQUIRE_API_KEY="1",
        POL_CHALLENGES=",".join(str(action) for action in PERFORMED_ACTIONS[1:]),
        POL_CHALLENGE_COUNT="3",
        POL_FLOORS="0,0,0",
        POL_PASS_THRESHOLD="0.01",
        LOG_LEVEL="DEBUG",
    )


@pytest.fixture(scope="module")
def server(env: dict[str, str]) -> Iterator[Daphne]:
    with run_daphne(env) as daphne:
        yield daphne


@pytest.fixture(scope="module")
def signed_in(server: Daphne, env: dict[str, str], performed_clip: PerformedClip) -> SignIn:
    manage(env, "relying_party", "create", "shop", "--redirect-uri", CALLBACK)
    said = manage(env, "relying_party", "oidc", "shop").split()
    site = Site(server.url, said[1], said[-1])
    browser = Browser(server.url)
    session_id, ticket = browser.follow(site.begin(login_hint=HINT))
    cookie = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
    verify(server, performed_clip, session_id, ticket, cookie)
    location = browser.get(f"{server.url}/oidc/continue?session_id={session_id}").headers["Location"]
    kept = dict(site.session)
    token = site.finish(location)
    secrets = {
        "user_id": HINT,
        "ticket": ticket,
        "cookie": cookie.partition("=")[2],
        "code": parse_qs(urlsplit(location).query)["code"][0],
        "client secret": site.client_secret,
        "access token": token["access_token"],
        "ID token": token["id_token"],
    }
    return SignIn(site, session_id, location, kept, token, secrets)


def manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", arguments[0], "--skip-checks", *arguments[1:]]
    done = subprocess.run(
        command, cwd=PROJECT, env=env, check=True, timeout=PATIENCE_S, capture_output=True, text=True
    )
    return done.stdout


def verify(server: Daphne, clip: PerformedClip, session_id: str, ticket: str, cookie: str) -> None:
    """What the capture page does: the subject before the camera, over the socket, up to the verdict."""
    address = f"{server.url.replace('http', 'ws', 1)}/ws/verify/{session_id}?ticket={ticket}"
    subject = clip.as_subject(speed=2.0)
    verdict = RemoteSession(subject, address, cookie=cookie, on_message=check_server_message).run()
    assert (verdict.decision, verdict.reason) == ("pass", "verified"), verdict
    assert [record.outcome for record in verdict.challenges] == ["passed"] * 4


def test_the_id_token_says_that_a_living_person_was_there_now(signed_in: SignIn, server: Daphne) -> None:
    """Its signature, issuer, audience, times and nonce were checked by Authlib, with our published keys."""
    claims = signed_in.token["userinfo"]
    assert (claims["iss"], claims["aud"]) == (server.url, signed_in.site.client_id)
    assert (claims["amr"], claims["acr"]) == (["face"], "urn:proof-of-life:presence")
    assert 0 <= time.time() - claims["auth_time"] < PATIENCE_S
    assert claims["nonce"] in str(signed_in.kept)
    assert HINT not in str(claims)


def test_the_verifier_that_began_is_asked_for(signed_in: SignIn) -> None:
    """The authorization request carried the challenge only; whoever redeems the code shows what it was made of."""
    stored = next(value for name, value in signed_in.kept.items() if name.startswith("_state_"))
    assert len(stored["data"]["code_verifier"]) >= 43
    assert "code_challenge=" in stored["data"]["url"]
    assert stored["data"]["code_verifier"] not in stored["data"]["url"]


def test_no_log_of_the_whole_run_names_the_person_or_holds_a_secret_or_a_picture(
    signed_in: SignIn, server: Daphne, performed_clip: PerformedClip
) -> None:
    """At the most talkative level there is."""
    assert " DEBUG " in server.log
    assert [name for name, value in signed_in.secrets.items() if value in server.log] == []
    for frame in performed_clip.frames[:50]:
        piece = frame[len(frame) // 2 :][:PIECE_BYTES]
        texts = [repr(piece)[2:-1], piece.hex(), base64.b64encode(frame)[:64].decode()]
        assert not [text for text in texts if text in server.log]


def test_userinfo_says_who_it_was_until_the_code_is_shown_again(signed_in: SignIn, server: Daphne) -> None:
    site = signed_in.site
    assert site.client.userinfo(token=signed_in.token) == {"sub": signed_in.token["userinfo"]["sub"]}
    site.session.update(signed_in.kept)
    with pytest.raises(OAuthError, match="invalid_grant"):
        site.finish(signed_in.location)
    headers = {"Authorization": f"Bearer {signed_in.token['access_token']}"}
    answer = requests.get(f"{server.url}/oidc/userinfo", headers=headers, timeout=PATIENCE_S)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token"})
