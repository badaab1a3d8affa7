"""JSON request bodies: UTF-8 (RFC 8259), of bounded size and depth."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn, Protocol

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser


class TooLargeError(APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."
    default_code = "too_large"


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class StrictJsonParser(BaseParser):
    """DRF's own parser heeds neither Django's limit on bodies nor the depth that Python can parse."""

    media_type = "application/json"

    def parse(
        self,
        stream: _Readable,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises ParseError, or TooLargeError over DATA_UPLOAD_MAX_MEMORY_SIZE bytes."""
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLargeError
        try:
            return json.loads(body.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise ParseError("The request is not JSON.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
