"""POL_RATE_PUBLIC for what anyone may ask and REST framework does not throttle: pages, and OpenID Connect.

Counted apart from the key set and the health check: whoever reloads a page takes no turn from the load
balancer that may stand at the same address.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from verification import limits

Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


def limit_call(view: View[Params]) -> View[Params]:
    """Beyond the rate: 429 in the words of OAuth 2.0."""
    return _limit(view, _refuse_call)


def limit_page(view: View[Params]) -> View[Params]:
    """Beyond the rate: 429, and a page that says so."""
    return _limit(view, lambda request: render(request, "429.html", status=429))


def _refuse_call(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"error": "slow_down", "error_description": "Too many requests."}, status=429)


def _limit(view: View[Params], refuse: Callable[[HttpRequest], HttpResponse]) -> View[Params]:
    @wraps(view)
    def limited(request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
        wait_s = limits.spend("public", f"page:{limits.identify(request)}")
        if not wait_s:
            return view(request, *args, **kwargs)
        response = refuse(request)
        response["Retry-After"] = str(wait_s)
        response["Cache-Control"] = "no-store"
        return response

    return limited
