"""From an authorization request to a code: the login whose one step is a capture session."""

import base64
import hashlib
import hmac
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from oauth2_provider.models import Application

from audit.models import EventKind
from audit.services import record
from verification.liveness.vocabulary import Decision
from verification.models import (
    NO_CONTROL_CHARACTERS,
    USER_ID_MAX_LENGTH,
    OidcLogin,
    RelyingParty,
    VerificationSession,
)
from verification.secrets_at_rest import hash_secret
from verification.services import OpenedSession, open_session

COOKIE_PREFIX = "pol_login_"
COOKIE_LIFETIME_S = 900
FRESH_FOR = timedelta(minutes=5)
CODE_BYTES = 32
MAX_TRIES = 20
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asked for, after oauthlib has checked client, address, response type and PKCE."""

    issuer: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    code_challenge: str
    login_hint: str
    locale: str


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """browser_secret: goes into a cookie, so that only this browser can finish what it began."""

    opened: OpenedSession
    login: OidcLogin
    browser_secret: str


@transaction.atomic
def begin_login(application: Application, asked: AuthorizationRequest, return_to: str) -> BegunLogin:
    """Open the session and remember the request. return_to: where the capture page leads afterwards."""
    party: RelyingParty = application.relying_party
    hint = _read_hint(asked.login_hint)
    browser_secret = secrets.token_urlsafe(CODE_BYTES)
    opened = open_session(
        user_id=hint or f"oidc-{secrets.token_urlsafe(16)}",
        relying_party=party,
        locale=asked.locale if LOCALE.fullmatch(asked.locale) and len(asked.locale) <= 35 else "",
        redirect_uri=return_to,
    )
    login = OidcLogin.objects.create(
        session=opened.session,
        application=application,
        issuer=asked.issuer,
        redirect_uri=asked.redirect_uri,
        scope=asked.scope,
        state=asked.state,
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        subject=compute_subject(party, hint),
        browser_hash=hash_secret(browser_secret),
    )
    return BegunLogin(opened, login, browser_secret)


def compute_subject(party: RelyingParty, hint: str) -> str:
    """`sub`, 43 base64url characters: pairwise for a hint, new for each login without one.

    HMAC-SHA256 of the hint under the party's own salt, so two parties cannot compare what they got
    (OpenID Connect Core 1.0, section 8.1). See docs/decisions/0009.
    """
    if not hint:
        return secrets.token_urlsafe(32)
    digest = hmac.new(bytes.fromhex(party.subject_salt), hint.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@transaction.atomic
def issue_code(login: OidcLogin) -> str | None:
    """The code of a login whose session was passed just now, once; None where there is none to be had."""
    session = login.session
    now = timezone.now()
    is_fresh = session.concluded_at is not None and now - session.concluded_at <= FRESH_FOR
    if session.decision != Decision.PASS or not is_fresh or session.token_revoked_at is not None:
        return None
    code = secrets.token_urlsafe(CODE_BYTES)
    lifetime_s: int = settings.OAUTH2_PROVIDER["AUTHORIZATION_CODE_EXPIRE_SECONDS"]  # type: ignore[assignment]
    lifetime = timedelta(seconds=lifetime_s)
    is_first = OidcLogin.objects.filter(pk=login.pk, code_hash=None).update(
        code_hash=hash_secret(code), code_expires_at=now + lifetime, session=session
    )
    if not is_first:
        return None
    party = session.relying_party.name if session.relying_party else ""
    record(EventKind.LOGIN_CODE_ISSUED, session_id=session.pk, relying_party=party)
    return code


def name_cookie(login: OidcLogin) -> str:
    """One cookie for each login, so that two tabs do not disturb each other."""
    return f"{COOKIE_PREFIX}{login.pk}"


def is_own_browser(login: OidcLogin, cookie_value: str) -> bool:
    """Whether the login was begun in the browser that shows this cookie."""
    return constant_time_compare(hash_secret(cookie_value), login.browser_hash)


def may_open_socket(session_id: uuid.UUID, cookie_header: str) -> bool:
    """Whether a socket may take this session: one of a login only from the browser that began it.

    Without this, somebody could begin a login, send the capture page's address to another person, and
    be logged in by that person's face.
    """
    login = find_login(session_id)
    if login is None:
        return True
    try:
        morsel = SimpleCookie(cookie_header).get(name_cookie(login))
    except CookieError:
        return False
    return morsel is not None and is_own_browser(login, morsel.value)


def find_login(session_id: uuid.UUID) -> OidcLogin | None:
    """The login that a session belongs to, itself or as a further try; `login.session` is that session."""
    session = VerificationSession.objects.select_related("relying_party").filter(pk=session_id).first()
    found = session
    for _ in range(MAX_TRIES):
        if session is None or found is None:
            break
        login = OidcLogin.objects.filter(session=found).first()
        if login is not None:
            login.session = session
            return login
        found = found.retry_of
    return None


def _read_hint(hint: str) -> str:
    """The hint where it can be a `user_id`, else none."""
    try:
        NO_CONTROL_CHARACTERS(hint)
    except ValidationError:
        return ""
    return hint if len(hint) <= USER_ID_MAX_LENGTH else ""
