import json
from typing import Any

import pytest
from django.http import Http404
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import exceptions

from verification.parsers import TooLargeError
from verification.problems import (
    CONTENT_TYPE,
    UnprocessableError,
    handle_exception,
)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (exceptions.ParseError(), 400, "malformed_json"),
        (exceptions.ValidationError({"user_id": ["Too long."]}), 400, "invalid_request"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed("No.", code="invalid_api_key"), 401, "invalid_api_key"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (TooLargeError(), 413, "too_large"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (UnprocessableError("No head movement.", code="pool_exhausted"), 422, "pool_exhausted"),
        (exceptions.Throttled(wait=12.4), 429, "throttled"),
    ],
)
def test_each_error_has_its_status_and_code(error: Exception, status: int, code: str) -> None:
    response = handle_exception(error, {})
    assert response is not None
    assert response.status_code == status
    assert response["Content-Type"] == CONTENT_TYPE
    assert (response.data["status"], response.data["code"]) == (status, code)


def test_an_error_of_the_server_is_not_dressed_up_as_one_of_the_client() -> None:
    assert handle_exception(RuntimeError("broken"), {}) is None


@pytest.mark.parametrize(("wait_s", "told"), [(12.4, "13"), (0.2, "1"), (59.9, "60")])
def test_the_wait_is_told_in_whole_seconds_and_never_as_none(wait_s: float, told: str) -> None:
    response = handle_exception(exceptions.Throttled(wait=wait_s), {})
    assert response is not None
    assert response["Retry-After"] == told


def test_who_is_not_known_is_told_how_to_say_who_they_are() -> None:
    response = handle_exception(exceptions.NotAuthenticated(), {})
    assert response is not None
    assert response["WWW-Authenticate"] == "Api-Key"


def test_the_detail_names_the_field_that_is_wrong() -> None:
    error = exceptions.ValidationError(
        {"user_id": ["Too long."], "exclude": {"0": ["Not an action."]}, "non_field_errors": ["No object."]}
    )
    response = handle_exception(error, {})
    assert response is not None
    assert response.data["detail"] == "user_id: Too long. 0: Not an action. No object."


details = st.recursive(
    st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)


@given(detail=details)
def test_a_detail_of_any_shape_becomes_one_text(detail: Any) -> None:
    response = handle_exception(exceptions.ValidationError(detail), {})
    assert response is not None
    assert isinstance(response.data["detail"], str)
    json.dumps(response.data)
