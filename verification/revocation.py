"""What a token is worth now: beyond its signature and claims, whether it was used up or withdrawn.

A token belongs to one session, whose row says so; the row's absence (its person was erased, or it is
past its retention) withdraws the token, so that nothing becomes valid again by being deleted.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.models import EventKind
from audit.services import record
from verification.models import RelyingParty, VerificationSession
from verification.relying_parties import compute_audience
from verification.tokens import RefusalReason, TokenVerdict, validate_token


class _TokenUse(NamedTuple):
    """What is stored of a token. audience: its relying party's own, if any."""

    session_id: UUID
    token_validated_at: datetime | None
    token_consumed_at: datetime | None
    token_revoked_at: datetime | None
    audience: str | None


def judge_token(
    token: str,
    *,
    party: RelyingParty | None = None,
    audience: str | None = None,
    is_consuming: bool = False,
    now: datetime | None = None,
) -> TokenVerdict:
    """Judge any text as a token, with all that is stored about it.

    party: who asks; only tokens made for it are valid. audience: the `aud` that is expected instead.
    Without either it is the one that the token's own session was opened for. is_consuming: the first
    such call wins, by one conditional update; from then on the token is `used` for everybody.
    """
    now = now or timezone.now()
    found: dict[str, _TokenUse | None] = {}

    def find(payload: Mapping[str, Any]) -> _TokenUse | None:
        """One query for each call: who asks is told by the same row as what became of the token."""
        jti = payload.get("jti")
        if isinstance(jti, str) and jti not in found:
            found[jti] = _find_use(jti)
        return found.get(jti) if isinstance(jti, str) else None

    def find_audience(payload: Mapping[str, Any]) -> str:
        use = find(payload)
        return (use.audience if use else None) or compute_audience(None)

    expected = audience or (compute_audience(party) if party else None)
    verdict = validate_token(token, audience=expected or find_audience, now=now)
    if verdict.payload is None:
        return verdict
    reason = _note_use(find(verdict.payload), is_consuming=is_consuming, now=now)
    return verdict if reason is None else TokenVerdict(valid=False, reason=reason, payload=None)


@transaction.atomic
def revoke_token(session_id: UUID, *, now: datetime | None = None) -> bool:
    """Withdraw the token of a session; False where it had none, or it was withdrawn before."""
    session = VerificationSession.objects.select_for_update().filter(pk=session_id).first()
    if session is None or session.token_id is None or session.token_revoked_at is not None:
        return False
    session.token_revoked_at = now or timezone.now()
    session.save(update_fields=["token_revoked_at"])
    _record(EventKind.TOKEN_REVOKED, session)
    return True


def find_token_session(
    *, jti: str = "", session_id: UUID | None = None, party: RelyingParty | None = None
) -> VerificationSession | None:
    """The session whose token is meant, by the token's id or its own; with `party`, only that party's."""
    sessions = VerificationSession.objects.exclude(token_id=None)
    sessions = sessions.filter(pk=session_id) if session_id else sessions.filter(token_id=jti)
    return (sessions.filter(relying_party=party) if party else sessions).first()


def _find_use(jti: str) -> _TokenUse | None:
    """One narrow query: this is asked for every token that anybody shows."""
    rows = (
        VerificationSession.objects.filter(token_id=jti)
        .order_by()
        .values_list(
            "pk", "token_validated_at", "token_consumed_at", "token_revoked_at", "relying_party__audience"
        )
    )
    return next((_TokenUse(*row) for row in rows), None)


def _note_use(use: _TokenUse | None, *, is_consuming: bool, now: datetime) -> RefusalReason | None:
    reason = _find_obstacle(use)
    if use is None or reason is not None:
        return reason
    if use.token_validated_at is not None and not is_consuming:
        return None  # nothing to write: anyone may ask often, and the log must not grow with it
    return _write_use(use.session_id, is_consuming=is_consuming, now=now)


@transaction.atomic
def _write_use(session_id: UUID, *, is_consuming: bool, now: datetime) -> RefusalReason | None:
    session = VerificationSession.objects.select_for_update().filter(pk=session_id).first()
    reason = _find_obstacle(session)
    if session is None or reason is not None:
        return reason
    if session.token_validated_at is None:
        session.token_validated_at = now
        _record(EventKind.TOKEN_VALIDATED, session)
    if is_consuming:
        session.token_consumed_at = now
        _record(EventKind.TOKEN_CONSUMED, session)
    session.save(update_fields=["token_validated_at", "token_consumed_at"])
    return None


def _find_obstacle(session: VerificationSession | _TokenUse | None) -> RefusalReason | None:
    if session is None or session.token_revoked_at is not None:
        return RefusalReason.REVOKED
    return RefusalReason.USED if session.token_consumed_at is not None else None


def _record(kind: EventKind, session: VerificationSession) -> None:
    party = session.relying_party.name if session.relying_party else ""
    record(kind, session_id=session.pk, relying_party=party, detail={"jti": session.token_id})
