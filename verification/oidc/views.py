"""The provider's addresses: discovery, authorization, the way back from the check, token and userinfo."""

import re
import uuid
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.models import Application
from oauth2_provider.views.base import TokenView
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from verification import limits
from verification.addresses import build_addresses
from verification.liveness.actions import PoolExhaustedError
from verification.liveness.vocabulary import Decision
from verification.models import OidcLogin, SessionStatus
from verification.oidc import logins
from verification.oidc.validator import ACR
from verification.problems import ServerStoppingError
from verification.public_rate import limit_call, limit_page
from verification.services import conclude_if_expired

MAX_STATE_CHARACTERS = 2_000
MAX_NONCE_CHARACTERS = 255
CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url (RFC 7636, section 4.2)


class RequestObjectsRefusedError(OAuth2Error):  # type: ignore[misc]  # oauthlib ships no types
    error = "request_not_supported"


@require_safe
@limit_call
def show_discovery(request: HttpRequest) -> HttpResponse:
    """GET /.well-known/openid-configuration (OpenID Connect Discovery 1.0, section 4)."""
    issuer = get_issuer(request)
    document = {
        "issuer": issuer,
        "authorization_endpoint": issuer + reverse("oidc_authorize"),
        "token_endpoint": issuer + reverse("oidc_token"),
        "userinfo_endpoint": issuer + reverse("oidc_userinfo"),
        "jwks_uri": issuer + reverse("jwks"),
        "scopes_supported": ["openid"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash",
        ],
        "acr_values_supported": [ACR],
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }  # fmt: skip
    return JsonResponse(document, headers={"Cache-Control": "public, max-age=300"})


@require_http_methods(["GET", "POST"])
@csrf_exempt
@never_cache
def authorize(request: HttpRequest) -> HttpResponse:
    """GET or POST /oidc/authorize: checked by oauthlib, then the person is sent to the capture page."""
    wait_s = limits.spend("open_session", limits.identify(request))
    if wait_s:
        return _refuse(request, _("Too many attempts from here. Please try again in a minute."), status=429)
    issuer = get_issuer(request)
    given = request.POST if request.method == "POST" else request.GET
    try:
        scopes, credentials = _core().validate_authorization_request(request)
        _check_profile(credentials, given)
    except OAuthToolkitError as error:
        return _answer_error(request, error, issuer)
    application = Application.objects.select_related("relying_party").get(client_id=credentials["client_id"])
    asked = logins.AuthorizationRequest(
        issuer=issuer,
        redirect_uri=credentials["redirect_uri"],
        scope=" ".join(scopes),
        state=credentials.get("state") or "",
        nonce=credentials.get("nonce") or "",
        code_challenge=credentials["code_challenge"],
        login_hint=given.get("login_hint", ""),
        locale=given.get("ui_locales", "").partition(" ")[0],
    )
    try:
        begun = logins.begin_login(application, asked, issuer + reverse("oidc_continue"))
    except (limits.SubjectLockedError, PoolExhaustedError, ServerStoppingError):
        return _send_back(
            asked.redirect_uri,
            {"error": "temporarily_unavailable", "state": asked.state, "iss": issuer},
        )
    return _show_capture(request, begun)


@require_http_methods(["GET"])
@never_cache
@limit_page
def finish_login(request: HttpRequest) -> HttpResponse:
    """GET /oidc/continue: the capture page leads here; the browser that began gets its code."""
    login = _find_login(request.GET.get("session_id", ""))
    cookie = request.COOKIES.get(logins.name_cookie(login), "") if login else ""
    if login is None or not logins.is_own_browser(login, cookie):
        return _refuse(request, _("This sign-in was begun in another browser, or is over."))
    login.session = conclude_if_expired(login.session)
    if login.session.status != SessionStatus.CONCLUDED:
        return _refuse(request, _("The check is not finished yet."), status=409)
    code = logins.issue_code(login)
    answer = {"code": code} if code else _explain(login)
    response = _send_back(login.redirect_uri, {**answer, "state": login.state, "iss": login.issuer})
    response.delete_cookie(logins.name_cookie(login), samesite="Lax")
    return response


class LimitedTokenView(TokenView):  # type: ignore[misc]  # django-oauth-toolkit ships no types
    """POST /oidc/token: a code for an ID token and an access token."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if wait_s := limits.spend("public", limits.identify(request)):
            body = {"error": "slow_down", "error_description": "Too many requests."}
            return JsonResponse(body, status=429, headers={"Retry-After": str(wait_s)})
        response: HttpResponse = self.authorization_flow_token_response(request, *args, **kwargs)
        return response


@csrf_exempt
@require_http_methods(["GET", "POST"])
@never_cache
@limit_call
def show_userinfo(request: HttpRequest) -> HttpResponse:
    """GET or POST /oidc/userinfo: `sub`, which the ID token holds as well, and nothing else."""
    is_valid, answer = _core().verify_request(request, scopes=["openid"])
    if not is_valid:
        challenge = 'Bearer error="invalid_token"' if request.headers.get("Authorization") else "Bearer"
        return JsonResponse({"error": "invalid_token"}, status=401, headers={"WWW-Authenticate": challenge})
    return JsonResponse({"sub": answer.access_token.oidc_login.subject})


def get_issuer(request: HttpRequest) -> str:
    """The provider's name: POL_PUBLIC_URL, or the address of the request."""
    return (settings.POL_PUBLIC_URL or request.build_absolute_uri("/")).rstrip("/")


def _find_login(session_id: str) -> OidcLogin | None:
    try:
        return logins.find_login(uuid.UUID(session_id))
    except ValueError:
        return None


def _core() -> Any:
    return OAuthLibMixin.get_oauthlib_core()


def _check_profile(credentials: dict[str, Any], given: QueryDict) -> None:
    """What oauthlib leaves open. Raises OAuthToolkitError."""
    problem: OAuth2Error | None = None
    state, nonce = credentials.get("state") or "", credentials.get("nonce") or ""
    if "request" in given or "request_uri" in given:
        problem = RequestObjectsRefusedError("Request objects are not supported.", state=state)
    elif credentials.get("code_challenge_method") != "S256":
        problem = InvalidRequestError("code_challenge_method must be S256.", state=state)
    elif not CODE_CHALLENGE.fullmatch(credentials["code_challenge"]):
        problem = InvalidRequestError("code_challenge must be 43 base64url characters.", state=state)
    elif len(state) > MAX_STATE_CHARACTERS or "\0" in state:
        problem = InvalidRequestError("state is too long, or no text.")
    elif len(nonce) > MAX_NONCE_CHARACTERS or "\0" in nonce:
        problem = InvalidRequestError("nonce is too long, or no text.", state=state)
    if problem is not None:
        raise OAuthToolkitError(error=problem, redirect_uri=credentials["redirect_uri"])


def _show_capture(request: HttpRequest, begun: logins.BegunLogin) -> HttpResponse:
    session = begun.opened.session
    address = build_addresses(request, session.pk, begun.opened.ticket)["verify_url"]
    response = HttpResponseRedirect(address)
    response.status_code = HTTPStatus.SEE_OTHER
    response.set_cookie(
        logins.name_cookie(begun.login),
        begun.browser_secret,
        max_age=logins.COOKIE_LIFETIME_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _explain(login: OidcLogin) -> dict[str, str]:
    """Coarse on purpose: which signal failed is for the relying party's back end to ask, not for a browser."""
    if login.session.decision == Decision.INCONCLUSIVE:
        description = "The check showed nothing either way."
    elif login.session.decision == Decision.FAIL:
        description = "The check was not passed."
    else:
        description = "The check is too long ago, or was used."
    return {"error": "access_denied", "error_description": description}


def _answer_error(request: HttpRequest, error: OAuthToolkitError, issuer: str) -> HttpResponse:
    """Fatal is what says nothing reliable about where to send people; only then is there no way back."""
    problem: OAuth2Error = error.oauthlib_error
    if isinstance(error, FatalClientError) or not problem.redirect_uri:
        return _refuse(
            request,
            _("The service that sent you made a mistake: %(mistake)s")
            % {"mistake": problem.description or problem.error},
        )
    return _send_back(problem.redirect_uri, {**dict(problem.twotuples), "iss": issuer})


def _send_back(redirect_uri: str, answer: dict[str, str]) -> HttpResponse:
    """To an address that was compared with the registered ones before; its own query stays."""
    query = urlencode({name: value for name, value in answer.items() if value})
    return HttpResponseRedirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}")


def _refuse(request: HttpRequest, message: str, *, status: int = 400) -> HttpResponse:
    """A page: where the client or its address is not known, nobody may be sent anywhere."""
    return render(request, "oidc/refused.html", {"message": message}, status=status)
