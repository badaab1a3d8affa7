"""Checking a token without asking the server: its published keys are fetched now and then, and kept."""

import threading
import time
from collections.abc import Callable
from typing import Any

import jwt

from proof_of_life_client.errors import TokenError

KEYS_KEPT_S = 300
# A token with an unknown `kid` makes us look for new keys; not more often than this, whoever sends it.
MIN_REFETCH_S = 10
REQUIRED = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "session_id", "user_id"]
REASONS: tuple[tuple[type[jwt.InvalidTokenError], str], ...] = (
    (jwt.ExpiredSignatureError, "expired"),
    (jwt.ImmatureSignatureError, "not_yet_valid"),
    (jwt.InvalidIssuerError, "wrong_issuer"),
    (jwt.InvalidAudienceError, "wrong_audience"),
    (jwt.MissingRequiredClaimError, "missing_claim"),
    (jwt.InvalidSignatureError, "bad_signature"),
    (jwt.InvalidAlgorithmError, "unsupported_algorithm"),
)


class KeyCache:
    """The server's keys by `kid`. fetch: returns the RFC 7517 key set. Safe for several threads."""

    def __init__(
        self, fetch: Callable[[], dict[str, Any]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched_at_s: float | None = None

    def find(self, kid: str) -> Any:
        """The public key; fetches the set where it is old, or does not hold the key. None for no key."""
        with self._lock:
            age_s = None if self._fetched_at_s is None else self._clock() - self._fetched_at_s
            is_worth_a_look = kid not in self._keys and (age_s is None or age_s >= MIN_REFETCH_S)
            if age_s is None or age_s >= KEYS_KEPT_S or is_worth_a_look:
                self._keys = {key["kid"]: jwt.PyJWK(key).key for key in self._fetch()["keys"]}
                self._fetched_at_s = self._clock()
            return self._keys.get(kid)


def check_token(token: str, keys: KeyCache, *, issuer: str, audience: str) -> dict[str, Any]:
    """The claims of a token that holds. Raises TokenError, with the reasons that the server would give.

    RS256 only, by a key of the server's own set; `jku`, `jwk` and the like in the header are not looked at.
    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256":
            raise TokenError("unsupported_algorithm")
        key = keys.find(str(header.get("kid")))
        if key is None:
            raise TokenError("unknown_key")
        claims: dict[str, Any] = jwt.decode(
            token, key, ["RS256"], issuer=issuer, audience=audience, options={"require": REQUIRED}
        )
    except jwt.InvalidTokenError as error:
        raise TokenError(_find_reason(error)) from error
    if claims.get("token_type") != "proof_of_life" or claims.get("amr") != ["face"]:
        raise TokenError("wrong_token_type")
    return claims


def _find_reason(error: jwt.InvalidTokenError) -> str:
    return next((reason for kind, reason in REASONS if isinstance(error, kind)), "malformed")
