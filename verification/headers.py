"""Answers say which other sites may embed them; Django and the installed middlewares say the rest."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "Cross-Origin-Resource-Policy"
API_POLICY = "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"


class ResourcePolicyMiddleware:
    """Fetch standard, Cross-Origin-Resource-Policy: pages and answers for our own pages only.

    Static files may be loaded by anyone, since a relying party's page loads the script that frames ours.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        is_static = request.path_info.startswith(settings.STATIC_URL)
        response.headers.setdefault(HEADER, "cross-origin" if is_static else "same-origin")
        return response


class ApiPolicyMiddleware:
    """What a browser may do with an answer of the API that it was led to as to a page: nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", API_POLICY)
        return response
