"""GET /metrics, for Prometheus and nobody else."""

import ipaddress
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from verification import metrics
from verification.admission import admission
from verification.load import load
from verification.models import WebhookDelivery
from verification.problems import CONTENT_TYPE, build_problem

# Whoever came through a proxy comes from the proxy's address, which may well be this machine's own.
FORWARDING_HEADERS = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


@require_safe
@never_cache
def show_metrics(request: HttpRequest) -> HttpResponse:
    """With POL_METRICS_TOKEN: whoever shows it. Without: this machine itself, and not through a proxy."""
    if settings.POL_METRICS_TOKEN:
        if not _shows_token(request):
            return _refuse(HTTPStatus.UNAUTHORIZED, "not_authenticated", "The metrics need a token.")
    elif not _is_from_here(request):
        return _refuse(
            HTTPStatus.FORBIDDEN,
            "permission_denied",
            "Set POL_METRICS_TOKEN to read the metrics from elsewhere.",
        )
    _measure_levels()
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _measure_levels() -> None:
    metrics.LIVE_SESSIONS.set(len(admission.held))
    metrics.SESSION_LIMIT.set(admission.limit)
    metrics.WAITING_FRAMES.set(sum(socket.has_waiting_frame for socket in admission.held))
    metrics.LOOP_LAG_SECONDS.set(load.lag_ms / 1_000)
    metrics.STOPPING.set(admission.is_stopping)
    metrics.OUTBOX.set(WebhookDelivery.objects.filter(next_attempt_at__isnull=False).count())


def _shows_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and constant_time_compare(token.strip(), settings.POL_METRICS_TOKEN)


def _is_from_here(request: HttpRequest) -> bool:
    if any(name in request.headers for name in FORWARDING_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _refuse(status: HTTPStatus, code: str, detail: str) -> JsonResponse:
    response = JsonResponse(build_problem(status, code, detail), status=status, content_type=CONTENT_TYPE)
    if status is HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response
