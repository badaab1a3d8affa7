"""The OpenAPI description of every HTTP address: `GET /api/schema`, and docs/api/openapi.json.

The views stay free of it: each is described here, by its dotted name. What is no REST view (pages,
OpenID Connect) is added by hand at the end.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiViewExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework import serializers

from verification import openapi_pages
from verification.capture_api import ConsentSerializer, TicketSerializer
from verification.limits import AddressCountedView
from verification.liveness.vocabulary import Decision, Reason
from verification.models import SessionStatus
from verification.serializers import OpenSessionSerializer, RevokeTokenSerializer, ValidateTokenSerializer
from verification.tokens import RefusalReason

PROBLEM = "application/problem+json"
ERRORS = {
    400: "The body is not JSON, or a member is missing or wrong (`malformed_json`, `invalid_request`).",
    401: "No API key, or a wrong one (`not_authenticated`, `invalid_api_key`).",
    403: "The ticket is wrong (`bad_ticket`).",
    404: "There is no such thing, or it is another party's (`not_found`).",
    405: "Another method is needed (`method_not_allowed`).",
    406: "JSON is all there is (`not_acceptable`).",
    409: "Not now (`not_over`, `already_connected`).",
    410: "Too late (`session_over`, `no_retry_left`).",
    413: "Over 64 KiB (`too_large`).",
    415: "The body is not declared as JSON (`unsupported_media_type`).",
    422: "`exclude` leaves too little to ask for (`pool_exhausted`), or the consent is not to this text.",
    429: "Too many; wait for `Retry-After` seconds (`throttled`, `locked_out`).",
    503: "This process is being stopped (`stopping`), or stores nothing now (`unavailable`); wait for `Retry-After`.",
}
ALWAYS = (405, 406, 429, 503)
WITH_BODY = (400, 413, 415, *ALWAYS)
# What is no UUID is no such path, and gets the page that people get.
NO_SUCH_PATH = {(404, "text/html"): OpenApiTypes.STR}


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="stable, for machines")


class OpenedSerializer(serializers.Serializer[Any]):
    session_id = serializers.UUIDField()
    websocket_url = serializers.CharField()
    verify_url = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ScoresSerializer(serializers.Serializer[Any]):
    liveness = serializers.FloatField(allow_null=True)
    emotion = serializers.FloatField(allow_null=True)
    deepfake = serializers.FloatField(allow_null=True)
    final = serializers.FloatField(allow_null=True)


class SessionSerializer(serializers.Serializer[Any]):
    session_id = serializers.UUIDField()
    user_id = serializers.CharField()
    status = serializers.ChoiceField(choices=SessionStatus.choices)
    decision = serializers.ChoiceField(choices=[str(value) for value in Decision], allow_null=True)
    reason = serializers.ChoiceField(choices=[str(value) for value in Reason], allow_null=True)
    scores = ScoresSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    concluded_at = serializers.DateTimeField(allow_null=True)
    retried_as = serializers.UUIDField(required=False, help_text="the session that took its place")
    retried_as = serializers.UUIDField(required=False, help_text="the session that followed, if one did")


class VerdictSerializer(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    payload = serializers.DictField(allow_null=True, help_text="the token's claims, where it is valid")
    reason = serializers.ChoiceField(
        choices=[str(value) for value in RefusalReason], required=False, help_text="where it is not"
    )


class RevokedSerializer(serializers.Serializer[Any]):
    session_id = serializers.UUIDField()
    jti = serializers.CharField()
    revoked = serializers.BooleanField()


class KeySerializer(serializers.Serializer[Any]):
    kty = serializers.CharField()
    kid = serializers.CharField()
    alg = serializers.CharField()
    use = serializers.CharField()
    n = serializers.CharField()
    e = serializers.CharField()


class KeySetSerializer(serializers.Serializer[Any]):
    keys = KeySerializer(many=True)


class HealthChecksSerializer(serializers.Serializer[Any]):
    database = serializers.CharField()
    channel_layer = serializers.CharField()
    models = serializers.DictField(child=serializers.CharField())


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ok", "unavailable", "stopping"])
    checks = HealthChecksSerializer()


class ConsentedSerializer(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField()
    skips_left = serializers.IntegerField()


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "verification.api_keys.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Authorization: Api-Key KEY`",
        }


def _describe(
    view: str, method: str, summary: str, *, errors: tuple[int, ...] = ALWAYS, **schema: Any
) -> None:
    """Say of one method of one view what it takes and gives. errors: statuses of `ERRORS`."""
    answers = schema.pop("responses")
    problems = {
        (status, PROBLEM): OpenApiResponse(ProblemSerializer, description=ERRORS[status]) for status in errors
    }
    described = extend_schema(summary=summary, responses={**answers, **problems}, **schema)

    class Extension(OpenApiViewExtension):  # type: ignore[no-untyped-call]
        target_class = view

        def view_replacement(self) -> Any:
            target: Any = self.target
            return extend_schema_view(**{method: described})(type(target.__name__, (target,), {}))


_describe(
    "verification.api.OpenSessionView", "post", "Open a session",
    request=OpenSessionSerializer, responses={201: OpenedSerializer}, errors=(*WITH_BODY, 401, 422, 503),
)  # fmt: skip
_describe(
    "verification.api.SessionView", "get", "What became of a session",
    responses={200: SessionSerializer}, errors=(*ALWAYS, 401, 404),
)  # fmt: skip
_describe(
    "verification.api.ValidateTokenView", "post", "Judge a token, and use it up on request",
    request=ValidateTokenSerializer, responses={200: VerdictSerializer}, errors=(*WITH_BODY, 401),
    auth=[{"ApiKey": []}, {}],
)  # fmt: skip
_describe(
    "verification.api.RevokeTokenView", "post", "Withdraw a token",
    request=RevokeTokenSerializer, responses={200: RevokedSerializer}, errors=(*WITH_BODY, 401, 404),
)  # fmt: skip
_describe(
    "verification.api.JwksView", "get", "The public keys (RFC 7517)", responses={200: KeySetSerializer}
)  # fmt: skip
_describe(
    "verification.api.HealthView", "get", "Whether this process can serve a session",
    responses={200: HealthSerializer, 503: HealthSerializer},
)  # fmt: skip
_describe(
    "verification.capture_api.ConsentView", "post", "The capture subject agrees",
    request=ConsentSerializer, responses={200: ConsentedSerializer, **NO_SUCH_PATH},
    errors=(*WITH_BODY, 403, 404, 409, 410, 422),
)  # fmt: skip
_describe(
    "verification.capture_api.DeclineView", "post", "The capture subject does not agree",
    request=TicketSerializer, responses={204: None, **NO_SUCH_PATH}, errors=(*WITH_BODY, 403, 404, 409, 410),
)  # fmt: skip
_describe(
    "verification.capture_api.RetryView", "post", "Another try in place of one that proved nothing",
    request=TicketSerializer, responses={201: OpenedSerializer, **NO_SUCH_PATH},
    errors=(*WITH_BODY, 403, 404, 409, 410, 422, 503),
)  # fmt: skip


def add_pages(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: the addresses that are no REST views."""
    result["paths"] = dict(sorted({**result["paths"], **openapi_pages.PATHS}.items()))
    return result


class SchemaView(AddressCountedView, SpectacularJSONAPIView):
    """GET /api/schema"""

    authentication_classes = ()
    permission_classes = ()
    throttle_scope = "public"
