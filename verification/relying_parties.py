"""Relying parties: what they are set to and what secrets they hold; each change with its audit event."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import Application

from audit.models import EventKind
from audit.services import record
from verification.api_keys import create_api_key
from verification.models import ApiKey, RelyingParty, VerificationSession

TERMS = (
    "audience", "allowed_origins", "redirect_uris", "pass_threshold", "challenge_pool",
    "max_consecutive_failures", "webhook_url", "help_url", "alternative_url", "is_active",
)  # fmt: skip
WEBHOOK_OVERLAP = timedelta(hours=24)
WEBHOOK_SECRET_PREFIX = "whsec_"  # noqa: S105  (as the Standard Webhooks specification writes it)


@transaction.atomic
def create_relying_party(name: str, **terms: Any) -> RelyingParty:
    """Store a new party. Raises ValidationError for a name or term that cannot be."""
    party = RelyingParty(name=name)
    _set_terms(party, terms)
    party.full_clean()
    party.save()
    record(EventKind.RELYING_PARTY_CREATED, relying_party=party.name, detail={"terms": sorted(terms)})
    return party


@transaction.atomic
def change_relying_party(party: RelyingParty, **terms: Any) -> RelyingParty:
    """Change some terms; what is not named stays. Raises ValidationError. Open sessions keep their policy."""
    party = RelyingParty.objects.select_for_update().get(pk=party.pk)
    _set_terms(party, terms)
    party.full_clean()
    party.save()
    record(EventKind.RELYING_PARTY_CHANGED, relying_party=party.name, detail={"terms": sorted(terms)})
    return party


@transaction.atomic
def rotate_api_key(party: RelyingParty, *, overlap: timedelta, now: datetime | None = None) -> str:
    """A new key; the older ones go on for `overlap`, unless they end sooner. Returns the new key, once."""
    ends_at = (now or timezone.now()) + overlap
    older = ApiKey.objects.filter(relying_party=party, revoked_at=None)
    older.exclude(expires_at__lte=ends_at).update(expires_at=ends_at)
    return create_api_key(party)


@transaction.atomic
def revoke_api_key(prefix: str, *, now: datetime | None = None) -> ApiKey:
    """End a key at once; a second time changes nothing. Raises ApiKey.DoesNotExist."""
    key = ApiKey.objects.select_for_update().select_related("relying_party").get(prefix=prefix)
    if key.revoked_at is None:
        key.revoked_at = now or timezone.now()
        key.save(update_fields=["revoked_at"])
        record(EventKind.API_KEY_REVOKED, relying_party=key.relying_party.name, detail={"prefix": prefix})
    return key


@transaction.atomic
def enable_oidc(party: RelyingParty, *, is_public: bool = False) -> tuple[str, str]:
    """Make the party an OpenID Connect client, or give the client a new secret: (client_id, secret).

    is_public: a page or app that can keep no secret; its secret is empty and PKCE alone protects it.
    Raises ValidationError where the party has no redirect address.
    """
    if not party.redirect_uris:
        raise ValidationError("Register a redirect address first; OpenID Connect sends people nowhere else.")
    secret = "" if is_public else generate_client_secret()
    client = party.oidc_client or Application(
        name=party.name,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        skip_authorization=True,
    )
    client.client_type = Application.CLIENT_PUBLIC if is_public else Application.CLIENT_CONFIDENTIAL
    client.client_secret = secret
    client.save()
    party.oidc_client = client
    party.save(update_fields=["oidc_client"])
    record(EventKind.RELYING_PARTY_CHANGED, relying_party=party.name, detail={"terms": ["oidc_client"]})
    return client.client_id, secret


@transaction.atomic
def rotate_webhook_secret(party: RelyingParty, *, now: datetime | None = None) -> str:
    """A new webhook secret; for a day, deliveries are signed with the older one too."""
    party = RelyingParty.objects.select_for_update().get(pk=party.pk)
    party.webhook_generation += 1
    party.webhook_rotated_at = now or timezone.now()
    party.save(update_fields=["webhook_generation", "webhook_rotated_at"])
    record(EventKind.RELYING_PARTY_CHANGED, relying_party=party.name, detail={"terms": ["webhook_secret"]})
    return read_webhook_secret(party)


def read_webhook_secret(party: RelyingParty, generation: int | None = None) -> str:
    """The secret that signs the party's webhooks, as `whsec_` and base64.

    It is derived from SECRET_KEY, so the database does not hold it and nobody who reads the database
    can sign. Changing SECRET_KEY changes it.
    """
    purpose = f"webhook:{party.subject_salt}:{generation or party.webhook_generation}"
    key = hmac.new(settings.SECRET_KEY.encode(), purpose.encode(), hashlib.sha256).digest()
    return WEBHOOK_SECRET_PREFIX + base64.b64encode(key).decode()


def list_webhook_secrets(party: RelyingParty, now: datetime) -> list[str]:
    """Every secret that a delivery is signed with now, the current one first."""
    secrets = [read_webhook_secret(party)]
    if party.webhook_rotated_at is not None and now < party.webhook_rotated_at + WEBHOOK_OVERLAP:
        secrets.append(read_webhook_secret(party, party.webhook_generation - 1))
    return secrets


def compute_audience(party: RelyingParty | None) -> str:
    """`aud` of the tokens a party gets."""
    return (party.audience if party else "") or settings.POL_TOKEN_AUDIENCE


def is_allowed_redirect(party: RelyingParty | None, address: str) -> bool:
    """Whether people may be sent to this address: exactly one that the party registered.

    A party that registered none may name any in the sessions that it opens with its key. That is no
    open redirect: nobody but the party writes the address. OpenID Connect, whose requests pass through
    the person's browser, never goes without the list.
    """
    return party is None or not party.redirect_uris or address in party.redirect_uris


def is_party_origin(origin: str, session_id: UUID | None) -> bool:
    """Whether the session's own party, where it is active, names this origin."""
    if session_id is None:
        return False
    sessions = VerificationSession.objects.filter(pk=session_id, relying_party__is_active=True)
    return any(origin in named for named in sessions.values_list("relying_party__allowed_origins", flat=True))


def is_any_party_origin(origin: str) -> bool:
    """Whether some active party names this origin."""
    parties = RelyingParty.objects.filter(is_active=True).exclude(allowed_origins=[])
    return any(origin in named for named in parties.values_list("allowed_origins", flat=True))


def _set_terms(party: RelyingParty, terms: Mapping[str, Any]) -> None:
    unknown = set(terms) - set(TERMS)
    if unknown:
        raise ValidationError(f"There is no term {', '.join(sorted(unknown))}.")
    for term, value in terms.items():
        setattr(party, term, value)
