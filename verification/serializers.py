"""Shapes of the HTTP requests. Unknown members are ignored; wrong types are refused, never coerced."""

from typing import Any

from rest_framework import serializers

from verification.liveness.actions import POOL
from verification.models import NO_CONTROL_CHARACTERS, USER_ID_MAX_LENGTH
from verification.party_fields import is_redirect_uri
from verification.relying_parties import is_allowed_redirect
from verification.tokens import MAX_TOKEN_CHARACTERS


class StrictCharField(serializers.CharField):
    """Text and nothing but: DRF's own field also takes numbers."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class OpenSessionSerializer(serializers.Serializer[Any]):
    user_id = StrictCharField(
        min_length=1,
        max_length=USER_ID_MAX_LENGTH,
        trim_whitespace=False,
        validators=[NO_CONTROL_CHARACTERS],
    )
    exclude = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(action) for action in POOL]), required=False, max_length=20
    )
    locale = serializers.RegexField(r"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", required=False, max_length=35)
    redirect_uri = serializers.URLField(required=False, max_length=2000)
    state = StrictCharField(
        required=False, allow_blank=True, max_length=500, validators=[NO_CONTROL_CHARACTERS]
    )

    def validate_redirect_uri(self, value: str) -> str:
        """context["party"]: who asks; None where no key is required."""
        if not is_redirect_uri(value):
            raise serializers.ValidationError("Must be https, or http on the local machine.")
        if not is_allowed_redirect(self.context.get("party"), value):
            raise serializers.ValidationError("Is not among the addresses registered for this party.")
        return value


class StrictBooleanField(serializers.BooleanField):
    """true or false: DRF's own field also takes "yes" and 1."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ValidateTokenSerializer(serializers.Serializer[Any]):
    # Length is judged by the validator, which answers `malformed` for what is no token at all.
    token = StrictCharField(allow_blank=True, trim_whitespace=False, max_length=8 * MAX_TOKEN_CHARACTERS)
    audience = StrictCharField(required=False, max_length=200)
    consume = StrictBooleanField(required=False, default=False)


class RevokeTokenSerializer(serializers.Serializer[Any]):
    """Either the token's id or its session."""

    jti = StrictCharField(required=False, max_length=64)
    session_id = serializers.UUIDField(required=False, format="hex_verbose")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Name the token by `jti` or by `session_id`.")
        return attrs
