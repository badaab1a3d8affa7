"""`Authorization: Api-Key KEY`, where KEY is `prefix.secret`."""

import re
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit.models import EventKind
from audit.services import record
from verification.models import ApiKey, RelyingParty
from verification.secrets_at_rest import hash_secret, is_secret

KEYWORD = "Api-Key"
PREFIX_BYTES, SECRET_BYTES = 6, 32
PREFIX = re.compile(r"[0-9a-f]{12}")
MAX_HEADER_BYTES = 512
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_api_key(relying_party: RelyingParty, *, expires_at: datetime | None = None) -> str:
    """Make a key and return it; only its hash stays. expires_at: aware; None: until it is revoked."""
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    ApiKey.objects.create(
        relying_party=relying_party, prefix=prefix, secret_hash=hash_secret(secret), expires_at=expires_at
    )
    record(EventKind.API_KEY_CREATED, relying_party=relying_party.name, detail={"prefix": prefix})
    return f"{prefix}.{secret}"


class ApiKeyAuthentication(BaseAuthentication):
    """request.auth is the RelyingParty of the key. A header of another scheme is not ours to judge."""

    def authenticate(self, request: Request) -> tuple[None, RelyingParty] | None:
        header = get_authorization_header(request)
        scheme, _, key = header.decode("latin-1").partition(" ")
        if scheme.lower() != KEYWORD.lower():
            return None
        party = find_relying_party(key.strip()) if len(header) <= MAX_HEADER_BYTES else None
        if party is None:
            raise AuthenticationFailed("The API key is not valid.", code="invalid_api_key")
        return None, party

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD


def find_relying_party(key: str, *, now: datetime | None = None) -> RelyingParty | None:
    """The active party whose key this is, unless it is revoked or over. Notes the use, once a minute."""
    prefix, _, secret = key.partition(".")
    if not PREFIX.fullmatch(prefix):
        return None
    now = now or timezone.now()
    found = ApiKey.objects.select_related("relying_party").filter(prefix=prefix, revoked_at=None).first()
    is_right = is_secret(secret, found.secret_hash if found else hash_secret(""))
    if found is None or not is_right or not found.relying_party.is_active:
        return None
    if found.expires_at is not None and found.expires_at <= now:
        return None
    unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    ApiKey.objects.filter(unnoted, pk=found.pk).update(last_used_at=now)
    return found.relying_party
