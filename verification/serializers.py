"""Shapes of the HTTP requests. Unknown members are ignored; wrong types are refused, never coerced."""

from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers

from verification.liveness.actions import POOL
from verification.models import NO_CONTROL_CHARACTERS, USER_ID_MAX_LENGTH
from verification.tokens import MAX_TOKEN_CHARACTERS

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


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
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
            raise serializers.ValidationError("Must be https, or http on the local machine.")
        return value


class ValidateTokenSerializer(serializers.Serializer[Any]):
    # Length is judged by the validator, which answers `malformed` for what is no token at all.
    token = StrictCharField(allow_blank=True, trim_whitespace=False, max_length=8 * MAX_TOKEN_CHARACTERS)
