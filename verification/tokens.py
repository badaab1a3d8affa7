"""The token that says: this session saw a living person. RS256 (RFC 7518) in a JWT (RFC 7519)."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.utils import timezone
from jwt.types import Options
from jwt.utils import base64url_decode
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.tokens import Token

from verification.key_ring import ALGORITHM, get_key_ring

MAX_TOKEN_CHARACTERS = 8192
# RFC 7515 compact form. PyJWT also takes padded segments; one token is to have one spelling.
COMPACT_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", re.ASCII)
# The claims are judged by `check_claims`, on a clock that is passed in.
SIGNATURE_ONLY: Options = {
    "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False,
    "verify_iss": False, "verify_sub": False, "verify_jti": False,
}  # fmt: skip
TEXT_CLAIMS = ("iss", "aud", "sub", "jti", "session_id", "user_id", "token_type")
TIME_CLAIMS = ("iat", "nbf", "exp")
REQUIRED_CLAIMS = (*TEXT_CLAIMS, *TIME_CLAIMS, "verification_score", "amr")


class RefusalReason(StrEnum):
    """Why a token is not valid; the strings of `POST /token/validate`."""

    MALFORMED = "malformed"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    MISSING_CLAIM = "missing_claim"
    WRONG_TOKEN_TYPE = "wrong_token_type"  # noqa: S105  (a reason, not a password)
    USED = "used"
    REVOKED = "revoked"


class TokenRefusedError(TokenBackendError):
    """A token that does not hold; also a `TokenBackendError`, as simplejwt's own code expects."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """expires_at: aware, whole seconds; the first moment at which the token is no longer valid."""

    token: str
    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenVerdict:
    """reason: None where valid. payload: the claims where valid, else None."""

    valid: bool
    reason: RefusalReason | None
    payload: dict[str, Any] | None


class KeyRingTokenBackend(TokenBackend):
    """simplejwt's backend with the keys of our ring: sets the header's `kid` and looks keys up by it."""

    def __init__(self) -> None:
        super().__init__(ALGORITHM)

    def encode(self, payload: dict[str, Any]) -> str:
        signing_key = get_key_ring().require_signing_key()
        return jwt.encode(payload, signing_key.private_key, ALGORITHM, headers={"kid": signing_key.kid})

    def decode(self, token: object, verify: bool = True) -> dict[str, Any]:
        """Return the claims of a token with a good signature; times and other claims are not looked at.

        The signature is checked whatever `verify` says. Raises TokenRefusedError.
        """
        if not isinstance(token, str):
            raise TokenRefusedError(RefusalReason.MALFORMED)
        kid = _read_kid(token)
        public_key = get_key_ring().public_keys.get(kid)
        if public_key is None:
            raise TokenRefusedError(RefusalReason.UNKNOWN_KEY)
        try:
            return jwt.decode(token, public_key, [ALGORITHM], options=SIGNATURE_ONLY)
        except jwt.InvalidSignatureError as error:
            raise TokenRefusedError(RefusalReason.BAD_SIGNATURE) from error
        except jwt.InvalidTokenError as error:
            raise TokenRefusedError(RefusalReason.MALFORMED) from error


class ProofOfLifeToken(Token):
    """The token as simplejwt and DRF know it; reading one applies every check of `validate_token`."""

    token_type = "proof_of_life"  # noqa: S105  (a type, not a password)
    lifetime: timedelta = settings.JWT_EXPIRY
    _token_backend = KeyRingTokenBackend()

    def verify(self) -> None:
        try:
            check_claims(self.payload, audience=settings.POL_TOKEN_AUDIENCE, now=self.current_time)
        except TokenRefusedError as refusal:
            raise TokenError(refusal.reason.value) from refusal


def issue_token(
    *, session_id: UUID, user_id: str, verification_score: float, audience: str, now: datetime, jti: str
) -> IssuedToken:
    """Sign a token that lives for `settings.JWT_EXPIRY`; the same arguments and key give the same token.

    verification_score: the final score, 0..1. audience: the relying party that shall accept it.
    now: aware; the token's times are its whole seconds.
    Raises ValueError for a score outside 0..1, a naive time or an empty text, and KeyRingError
    without a signing key.
    """
    if not (math.isfinite(verification_score) and 0.0 <= verification_score <= 1.0):
        raise ValueError("verification_score must lie in 0..1")
    if timezone.is_naive(now) or not (user_id and audience and jti):
        raise ValueError("now must be aware; user_id, audience and jti may not be empty")
    token = ProofOfLifeToken()
    issued_at = now.astimezone(UTC).replace(microsecond=0)
    token.set_iat(at_time=issued_at)
    token.set_iat(claim="nbf", at_time=issued_at)
    token.set_exp(from_time=issued_at, lifetime=settings.JWT_EXPIRY)
    token.payload.update(
        iss=settings.POL_TOKEN_ISSUER,
        aud=audience,
        sub=user_id,
        jti=jti,
        session_id=str(session_id),
        user_id=user_id,
        verification_score=float(verification_score),
        amr=["face"],
    )
    return IssuedToken(str(token), jti, issued_at + settings.JWT_EXPIRY)


def validate_token(
    token: str,
    *,
    audience: str | Callable[[Mapping[str, Any]], str] | None = None,
    now: datetime | None = None,
) -> TokenVerdict:
    """Judge any text as a token; raises for no text, only KeyRingError where the keys cannot be read.

    What is stored about the token (`verification.revocation`) is not looked at.

    audience: who asks, or a function of the signed claims that tells; `settings.POL_TOKEN_AUDIENCE` by
    default. now: aware; the current time by default.
    A token is valid from its `nbf` on and no longer at its `exp`. The header's `jku`, `jwk`, `x5u`
    and `x5c` are never followed; `crit` is refused, as no extension is known here (RFC 7515, 4.1.11).
    """
    try:
        payload = ProofOfLifeToken._token_backend.decode(token)
        expected = audience(payload) if callable(audience) else audience or settings.POL_TOKEN_AUDIENCE
        check_claims(payload, audience=expected, now=now or timezone.now())
    except TokenRefusedError as refusal:
        return TokenVerdict(valid=False, reason=refusal.reason, payload=None)
    return TokenVerdict(valid=True, reason=None, payload=payload)


def check_claims(payload: dict[str, Any], *, audience: str, now: datetime) -> None:
    """Raise TokenRefusedError unless every claim is there, of its type, ours, and in force at `now`."""
    if any(payload.get(claim) is None for claim in REQUIRED_CLAIMS):
        raise TokenRefusedError(RefusalReason.MISSING_CLAIM)
    if not _has_right_types(payload):
        raise TokenRefusedError(RefusalReason.MALFORMED)
    if payload["token_type"] != ProofOfLifeToken.token_type:
        raise TokenRefusedError(RefusalReason.WRONG_TOKEN_TYPE)
    if payload["iss"] != settings.POL_TOKEN_ISSUER:
        raise TokenRefusedError(RefusalReason.WRONG_ISSUER)
    if payload["aud"] != audience:
        raise TokenRefusedError(RefusalReason.WRONG_AUDIENCE)
    seconds = now.timestamp()
    if seconds < max(payload["nbf"], payload["iat"]):
        raise TokenRefusedError(RefusalReason.NOT_YET_VALID)
    if seconds >= payload["exp"]:
        raise TokenRefusedError(RefusalReason.EXPIRED)


def _has_right_types(payload: dict[str, Any]) -> bool:
    score = payload["verification_score"]
    return (
        all(isinstance(payload[claim], str) for claim in TEXT_CLAIMS)
        and all(type(payload[claim]) is int for claim in TIME_CLAIMS)
        and type(score) in (int, float)
        and payload["amr"] == ["face"]
    )


def _read_kid(token: str) -> str:
    """Return the `kid` of a token whose form and header are acceptable; nothing is verified yet."""
    if len(token) > MAX_TOKEN_CHARACTERS or not COMPACT_FORM.fullmatch(token):
        raise TokenRefusedError(RefusalReason.MALFORMED)
    try:
        # PyJWT would read and check all three segments here, and again when it verifies them.
        header = json.loads(base64url_decode(token.partition(".")[0]))
    except (ValueError, RecursionError) as error:
        raise TokenRefusedError(RefusalReason.MALFORMED) from error
    if not isinstance(header, dict) or "crit" in header:
        raise TokenRefusedError(RefusalReason.MALFORMED)
    if header.get("alg") != ALGORITHM:
        raise TokenRefusedError(RefusalReason.UNSUPPORTED_ALGORITHM)
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise TokenRefusedError(RefusalReason.UNKNOWN_KEY)
    return kid
