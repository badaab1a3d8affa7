"""Errors as RFC 9457 problem details, with a stable machine `code`."""

from http import HTTPStatus
from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

CONTENT_TYPE = "application/problem+json"


class UnprocessableError(exceptions.APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "unprocessable"


class ServerStoppingError(exceptions.APIException):
    """This process is about to end and begins nothing new. wait: seconds after which another one should answer."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "stopping"
    default_detail = "This server is being stopped. Please try again."
    wait = 1


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error it knows becomes a problem document."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if not isinstance(error, exceptions.APIException):
        return None
    status, code = _identify(error)
    response = Response(build_problem(status, code, _describe(error.detail)), status=status)
    response["Content-Type"] = CONTENT_TYPE
    wait_s: float | None = getattr(error, "wait", None)  # of Throttled and ServerStoppingError
    if wait_s is not None:
        response["Retry-After"] = str(max(1, round(wait_s)))
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Api-Key"
    response.content_type = CONTENT_TYPE
    return response


def build_problem(status: int, code: str, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {
        "type": f"urn:proof-of-life:{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
        "code": code,
    }


def _identify(error: exceptions.APIException) -> tuple[int, str]:
    if isinstance(error, exceptions.ParseError):
        return HTTPStatus.BAD_REQUEST, "malformed_json"
    if isinstance(error, exceptions.ValidationError):
        return HTTPStatus.BAD_REQUEST, "invalid_request"
    codes = error.get_codes()
    return error.status_code, codes if isinstance(codes, str) else error.default_code


def _describe(detail: Any, path: str = "") -> str:
    if isinstance(detail, dict):
        return " ".join(_describe(item, str(key)) for key, item in detail.items())
    if isinstance(detail, list):
        return " ".join(_describe(item, path) for item in detail)
    return f"{path}: {detail}" if path and path != "non_field_errors" else str(detail)
