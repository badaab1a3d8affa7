"""The HTTP API of docs/protocol.md."""

import uuid
from typing import Any

from django.db import connection, transaction
from django.http import Http404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from audit.models import EventKind
from audit.services import record
from verification.addresses import build_addresses
from verification.health import check_health
from verification.key_ring import get_key_ring
from verification.liveness.actions import PoolExhaustedError
from verification.models import RelyingParty, VerificationSession
from verification.permissions import HasApiKeyWhereRequired
from verification.problems import UnprocessableError
from verification.serializers import OpenSessionSerializer, ValidateTokenSerializer
from verification.services import conclude_if_expired, open_session
from verification.tokens import validate_token


class OpenSessionView(APIView):
    """POST /auth/verify"""

    permission_classes = (HasApiKeyWhereRequired,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "open_session"

    def post(self, request: Request) -> Response:
        serializer = OpenSessionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            opened = open_session(relying_party=_relying_party(request), **serializer.validated_data)
        except PoolExhaustedError as error:
            raise UnprocessableError(str(error), code="pool_exhausted") from error
        body = {
            "session_id": str(opened.session.pk),
            **build_addresses(request, opened.session.pk, opened.ticket),
            "expires_at": opened.session.expires_at.isoformat(),
        }
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class SessionView(APIView):
    """GET /auth/sessions/{session_id}"""

    permission_classes = (HasApiKeyWhereRequired,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "read_session"

    def get(self, request: Request, session_id: str) -> Response:
        found = VerificationSession.objects.filter(
            pk=_parse_session_id(session_id), relying_party=_relying_party(request)
        ).first()
        if found is None:
            raise Http404
        session = conclude_if_expired(found)
        body = {
            "session_id": str(session.pk),
            "user_id": session.user_id,
            "status": session.status,
            "decision": session.decision or None,
            "reason": session.reason or None,
            "scores": session.scores or None,
            "created_at": session.created_at.isoformat(),
            "concluded_at": session.concluded_at.isoformat() if session.concluded_at else None,
        }
        return Response(body, headers={"Cache-Control": "no-store"})


class ValidateTokenView(APIView):
    """POST /token/validate"""

    authentication_classes = ()
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "validate_token"

    def post(self, request: Request) -> Response:
        serializer = ValidateTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        verdict = validate_token(serializer.validated_data["token"])
        body: dict[str, Any] = {"valid": verdict.valid, "payload": verdict.payload}
        if verdict.reason is not None:
            body["reason"] = str(verdict.reason)
        if verdict.payload is not None:
            _record_validation(verdict.payload)
        return Response(body, headers={"Cache-Control": "no-store"})


class JwksView(APIView):
    """GET /.well-known/jwks.json (RFC 7517)"""

    authentication_classes = ()
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "public"

    def get(self, request: Request) -> Response:
        return Response(get_key_ring().public_jwks(), headers={"Cache-Control": "public, max-age=300"})


class HealthThrottle(ScopedRateThrottle):
    """Counts in the cache; a cache that is down is what health has to tell, not what keeps it from telling."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except Exception:  # each cache backend has errors of its own
            return True


class HealthView(APIView):
    """GET /health"""

    authentication_classes = ()
    throttle_classes = (HealthThrottle,)
    throttle_scope = "public"

    def get(self, request: Request) -> Response:
        report = check_health(connection)
        code = status.HTTP_200_OK if report["status"] == "ok" else status.HTTP_503_SERVICE_UNAVAILABLE
        return Response(report, status=code, headers={"Cache-Control": "no-store"})


@transaction.atomic
def _record_validation(payload: dict[str, Any]) -> None:
    """The first time a token is shown is what staff ask for; more would let anyone grow the log."""
    session = VerificationSession.objects.select_for_update().filter(token_id=payload["jti"]).first()
    if session is None or session.token_validated_at is not None:
        return
    event = record(
        EventKind.TOKEN_VALIDATED,
        session_id=session.pk,
        relying_party=session.relying_party.name if session.relying_party else "",
        detail={"jti": payload["jti"]},
    )
    session.token_validated_at = event.recorded_at
    session.save(update_fields=["token_validated_at"])


def _parse_session_id(text: str) -> uuid.UUID:
    """What is no id names no session; Django's own 404 would be a page rather than a problem document."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def _relying_party(request: Request) -> RelyingParty | None:
    return request.auth if isinstance(request.auth, RelyingParty) else None
