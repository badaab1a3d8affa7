"""What is said while the database does not answer: try again, and when; not that the server is broken.

In the log that is one line for each request or socket, without a traceback: nothing in the code is at fault.
The same for a question of staff that no database could answer.
"""

import logging
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render

from verification.problems import CONTENT_TYPE, build_problem

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 5
OUTAGES = (OperationalError, InterfaceError)
# Lists in the admin look for whatever their address says: a NUL, which PostgreSQL stores nowhere; a number
# beyond its column.
UNANSWERABLE = (DataError, OverflowError)
# Addresses that machines ask; a person's browser gets a page.
MACHINE_PATHS = ("/auth/", "/token/", "/oidc/", "/.well-known/", "/api/", "/health")


class OutageMiddleware:
    """503 and `Retry-After` where a request met a database that is locked, full or gone.

    Nothing was stored then: every change of state is one transaction.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if (
            isinstance(error, UNANSWERABLE)
            and request.method == "GET"
            and request.path_info.startswith("/admin/")
        ):
            return HttpResponseBadRequest(b"Nothing can be like that.", content_type="text/plain")
        if not isinstance(error, OUTAGES):
            return None
        log_failure(logger, "A request failed", error=error)
        response = _build_answer(request)
        response["Retry-After"] = str(RETRY_AFTER_S)
        response["Cache-Control"] = "no-store"
        return response


def log_failure(log: logging.Logger, message: str, *values: object, error: Exception) -> None:
    """What failed, for which ids, and why: a traceback where the fault may be ours, one line in an outage."""
    if isinstance(error, OUTAGES):
        # The reason is the database's own; it names no value of a row.
        reason = f"{type(error).__name__}: {error}".strip()
        log.error(f"{message}; the database does not answer: %s", *values, reason)
    else:
        log.error(message, *values, exc_info=error)


def _build_answer(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(MACHINE_PATHS) or request.method == "POST":
        problem = build_problem(503, "unavailable", "The server cannot store anything just now. Try again.")
        return JsonResponse(problem, status=503, content_type=CONTENT_TYPE)
    return render(request, "500.html", status=503)
