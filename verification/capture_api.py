"""What the capture page itself calls: consent, refusal and another try. The session's ticket is the key.

No cookie is involved, so there is nothing a foreign page could ride on (CSRF), and the page works in a frame
of another site.
"""

import uuid
from http import HTTPStatus
from typing import Any

from django.conf import settings
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from verification.addresses import build_addresses
from verification.consent import ConsentRefusedError, decline_consent, give_consent
from verification.limits import AddressCountedView
from verification.liveness.actions import POOL, PoolExhaustedError
from verification.models import VerificationSession
from verification.problems import UnprocessableError
from verification.retries import open_retry
from verification.serializers import StrictCharField
from verification.services import SessionUnavailableError, conclude_expired

_STATUS_BY_CODE = {
    4401: HTTPStatus.FORBIDDEN,
    4404: HTTPStatus.NOT_FOUND,
    4409: HTTPStatus.CONFLICT,
    4410: HTTPStatus.GONE,
}


class TicketSerializer(serializers.Serializer[Any]):
    ticket = StrictCharField(max_length=256)


class ConsentSerializer(TicketSerializer):
    version = StrictCharField(max_length=32)
    language = serializers.ChoiceField(choices=[])
    set_aside = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(action) for action in POOL]), required=False, max_length=20
    )

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        fields["language"].choices = [code for code, _ in settings.LANGUAGES]
        return fields


class _CaptureView(AddressCountedView):
    authentication_classes = ()
    throttle_scope = "open_session"


class ConsentView(_CaptureView):
    """POST /verify/{session_id}/consent"""

    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        serializer = ConsentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            session = give_consent(session_id, **serializer.validated_data)
        except SessionUnavailableError as error:
            raise _refuse(error) from error
        except PoolExhaustedError as error:
            raise UnprocessableError(str(error), code="pool_exhausted") from error
        except ConsentRefusedError as error:
            raise UnprocessableError(str(error), code=error.code) from error
        body = {"expires_at": session.expires_at.isoformat(), "skips_left": session.policy["max_skips"]}
        return Response(body, headers={"Cache-Control": "no-store"})


class DeclineView(_CaptureView):
    """POST /verify/{session_id}/decline"""

    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        serializer = TicketSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            decline_consent(session_id, serializer.validated_data["ticket"])
        except SessionUnavailableError as error:
            raise _refuse(error) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


class RetryView(_CaptureView):
    """POST /verify/{session_id}/retry"""

    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        serializer = TicketSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        conclude_expired(VerificationSession.objects.filter(pk=session_id))
        try:
            opened = open_retry(session_id, serializer.validated_data["ticket"])
        except SessionUnavailableError as error:
            raise _refuse(error) from error
        body = {
            "session_id": str(opened.session.pk),
            **build_addresses(request, opened.session.pk, opened.ticket),
            "expires_at": opened.session.expires_at.isoformat(),
        }
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


def _refuse(error: SessionUnavailableError) -> APIException:
    refusal = APIException(detail=error.slug.replace("_", " "), code=error.slug)
    refusal.status_code = _STATUS_BY_CODE[error.code]
    return refusal
