"""The HTTP API of docs/protocol.md."""

import uuid
from typing import Any

from django.db import connection
from django.http import Http404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from verification.addresses import build_addresses
from verification.health import check_health
from verification.key_ring import get_key_ring
from verification.limits import AddressCountedView, RelyingPartyThrottle
from verification.liveness.actions import PoolExhaustedError
from verification.models import RelyingParty, VerificationSession
from verification.permissions import HasApiKeyWhereRequired
from verification.problems import UnprocessableError
from verification.retries import find_retry
from verification.revocation import find_token_session, judge_token, revoke_token
from verification.serializers import OpenSessionSerializer, RevokeTokenSerializer, ValidateTokenSerializer
from verification.services import conclude_if_expired, open_session


class OpenSessionView(AddressCountedView):
    """POST /auth/verify"""

    permission_classes = (HasApiKeyWhereRequired,)
    throttle_classes = (RelyingPartyThrottle,)
    throttle_scope = "open_session"

    def post(self, request: Request) -> Response:
        party = _relying_party(request)
        serializer = OpenSessionSerializer(data=request.data, context={"party": party})
        serializer.is_valid(raise_exception=True)
        try:
            opened = open_session(relying_party=party, **serializer.validated_data)
        except PoolExhaustedError as error:
            raise UnprocessableError(str(error), code="pool_exhausted") from error
        body = {
            "session_id": str(opened.session.pk),
            **build_addresses(request, opened.session.pk, opened.ticket),
            "expires_at": opened.session.expires_at.isoformat(),
        }
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class SessionView(AddressCountedView):
    """GET /auth/sessions/{session_id}"""

    permission_classes = (HasApiKeyWhereRequired,)
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
        if retry := find_retry(session):
            body["retried_as"] = str(retry.pk)
        return Response(body, headers={"Cache-Control": "no-store"})


class ValidateTokenView(AddressCountedView):
    """POST /token/validate. No key is needed; whoever sends one gets only tokens made for itself called valid."""

    throttle_scope = "validate_token"
    # Made once: it keeps nothing of what it validates, and to copy its fields takes longer than to use them.
    _request_form = ValidateTokenSerializer()

    def post(self, request: Request) -> Response:
        asked = self._request_form.run_validation(request.data)
        verdict = judge_token(
            asked["token"],
            party=_relying_party(request),
            audience=asked.get("audience"),
            is_consuming=asked["consume"],
        )
        body: dict[str, Any] = {"valid": verdict.valid, "payload": verdict.payload}
        if verdict.reason is not None:
            body["reason"] = str(verdict.reason)
        return Response(body, headers={"Cache-Control": "no-store"})


class RevokeTokenView(AddressCountedView):
    """POST /token/revoke: withdraw a token of one's own session."""

    permission_classes = (HasApiKeyWhereRequired,)
    throttle_scope = "read_session"

    def post(self, request: Request) -> Response:
        serializer = RevokeTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        session = find_token_session(**serializer.validated_data)
        if session is None or session.relying_party != _relying_party(request):
            raise Http404
        revoke_token(session.pk)
        body = {"session_id": str(session.pk), "jti": session.token_id, "revoked": True}
        return Response(body, headers={"Cache-Control": "no-store"})


class JwksView(AddressCountedView):
    """GET /.well-known/jwks.json (RFC 7517)"""

    authentication_classes = ()
    throttle_scope = "public"

    def get(self, request: Request) -> Response:
        return Response(get_key_ring().public_jwks(), headers={"Cache-Control": "public, max-age=300"})


class HealthView(AddressCountedView):
    """GET /health"""

    authentication_classes = ()
    throttle_scope = "public"

    def get(self, request: Request) -> Response:
        report = check_health(connection)
        code = status.HTTP_200_OK if report["status"] == "ok" else status.HTTP_503_SERVICE_UNAVAILABLE
        return Response(report, status=code, headers={"Cache-Control": "no-store"})


def _parse_session_id(text: str) -> uuid.UUID:
    """What is no id names no session; Django's own 404 would be a page rather than a problem document."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Http404 from None


def _relying_party(request: Request) -> RelyingParty | None:
    return request.auth if isinstance(request.auth, RelyingParty) else None
