"""The server-rendered pages."""

import re
import uuid
from typing import Any

from csp.constants import NONCE, NONE
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from verification.conf import load_policy
from verification.consent import CONSENT_VERSION, allow_reading, list_choices
from verification.instructions import ACTION_NAMES
from verification.language import read_choice, resolve_language
from verification.liveness.actions import Action
from verification.models import SessionStatus, VerificationSession
from verification.page_text import build_catalogue
from verification.public_rate import limit_page
from verification.retries import NEVER_RETRIED, count_retries_left, may_be_followed
from verification.services import conclude_if_expired

SERVICE_NAME = "Proof of Life"
# RFC 6454, serialised: nothing that could end a directive of the content security policy and begin another.
ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[0-9]{1,5})?")


@require_safe
@limit_page
def show_landing(request: HttpRequest) -> HttpResponse:
    """GET /: the landing page, or who we are for a machine that asks."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"service": "proof-of-life", "version": settings.VERSION})
    context = {
        "service_name": SERVICE_NAME,
        "version": settings.VERSION,
        "is_open_to_everyone": not settings.POL_REQUIRE_API_KEY,
        "policy_summary": _summarise_policy(),
        "page_text": build_catalogue(),
    }
    return _harden(render(request, "landing.html", context))


@require_safe
@never_cache
@limit_page
def show_capture(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """GET /verify/{session_id}: the capture page. The ticket is in the fragment, which we never see."""
    session = VerificationSession.objects.select_related("relying_party").filter(pk=session_id).first()
    if session is not None:
        session = conclude_if_expired(session)
    with translation.override(_choose_language(request, session)):
        if session is None or session.status != SessionStatus.CREATED:
            status = 404 if session is None else 410
            context = {
                "session": session,
                "may_retry": may_be_followed(session),
                "page_text": build_catalogue(),
            }
            response = render(request, "verification/session_over.html", context, status=status)
        else:
            described = _describe_session(request, allow_reading(session))
            response = render(request, "verification/capture.html", described)
    return _harden(response, _list_framing_origins(session))


def _choose_language(request: HttpRequest, session: VerificationSession | None) -> str:
    """What the person chose, else what the session was opened in, else what the browser asks for."""
    of_session = resolve_language(session.locale) if session is not None and session.locale else None
    return read_choice(request) or of_session or translation.get_language() or settings.LANGUAGE_CODE


def _describe_session(request: HttpRequest, session: VerificationSession) -> dict[str, Any]:
    choices = list_choices(session)
    party = session.relying_party
    return {
        "session": session,
        "party": party,
        "websocket_path": f"/ws/verify/{session.pk}",
        "expires_at": session.expires_at.isoformat(),
        "consent_version": CONSENT_VERSION,
        "has_consented": session.consented_at is not None,
        "set_aside_choices": [(action, ACTION_NAMES[Action(action)]) for action in choices.actions],
        "set_aside_limit": choices.limit,
        "skips_left": session.policy["max_skips"],
        "retries_left": count_retries_left(session),
        "final_reasons": " ".join(sorted(NEVER_RETRIED)),
        "framing_origins": _list_framing_origins(session),
        # Browsers tell where a page is shown; the masthead around it would be one too many there.
        "is_framed": request.headers.get("Sec-Fetch-Dest") in {"iframe", "frame"},
        "policy_summary": _summarise_policy(),
        "page_text": build_catalogue(),
    }


def _list_framing_origins(session: VerificationSession | None) -> list[str]:
    """Whose pages may show this session in a frame: its party's, or the operator's where it has none."""
    if session is None:
        return []
    party = session.relying_party
    origins = settings.POL_ALLOWED_ORIGINS if party is None else party.allowed_origins
    return [origin for origin in origins if ORIGIN.fullmatch(origin)]


def _harden(response: HttpResponse, framing_origins: list[str] | None = None) -> HttpResponse:
    """Scripts run by their nonce only, and only the named origins may frame the page (django-csp reads both)."""
    extra = {"script-src": [NONCE], "frame-ancestors": framing_origins or [NONE]}
    response._csp_replace = extra  # type: ignore[attr-defined]
    if framing_origins:
        response.xframe_options_exempt = True  # the header knows no list
    return response


def _summarise_policy() -> dict[str, str | int]:
    policy = load_policy()
    low, high = policy.challenge_count
    return {
        "challenge_count": f"{low}-{high}" if low < high else str(low),
        "session_timeout_seconds": policy.session_timeout_ms // 1_000,
        "audit_retention_days": settings.POL_AUDIT_RETENTION_DAYS,
    }
