"""The server-rendered pages."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from verification.conf import load_policy
from verification.models import SessionStatus, VerificationSession
from verification.services import conclude_if_expired

SERVICE_NAME = "Proof of Life"


@require_safe
def show_landing(request: HttpRequest) -> HttpResponse:
    """GET /: the landing page, or who we are for a machine that asks."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"service": "proof-of-life", "version": settings.VERSION})
    context = {
        "service_name": SERVICE_NAME,
        "version": settings.VERSION,
        "is_open_to_everyone": not settings.POL_REQUIRE_API_KEY,
        "policy_summary": _summarise_policy(),
    }
    return render(request, "landing.html", context)


@require_safe
@never_cache
def show_capture(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """GET /verify/{session_id}: the capture page. The ticket is in the fragment, which we never see."""
    session = VerificationSession.objects.filter(pk=session_id).first()
    if session is not None:
        session = conclude_if_expired(session)
    if session is None or session.status != SessionStatus.CREATED:
        return render(
            request,
            "verification/session_over.html",
            {"session": session},
            status=404 if session is None else 410,
        )
    with translation.override(session.locale or translation.get_language()):
        context = {
            "session_id": session.pk,
            "websocket_path": f"/ws/verify/{session.pk}",
            "expires_at": session.expires_at.isoformat(),
            "redirect_uri": session.redirect_uri,
            "state": session.state,
            "policy_summary": _summarise_policy(),
            "text_direction": "rtl" if translation.get_language_bidi() else "ltr",
        }
        return render(request, "verification/capture.html", context)


def _summarise_policy() -> dict[str, str | int]:
    policy = load_policy()
    low, high = policy.challenge_count
    return {
        "challenge_count": f"{low}-{high}" if low < high else str(low),
        "session_timeout_seconds": policy.session_timeout_ms // 1_000,
        "audit_retention_days": settings.POL_AUDIT_RETENTION_DAYS,
    }
