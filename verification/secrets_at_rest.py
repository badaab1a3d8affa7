"""Secrets that leave the server once and are kept as hashes only.

Plain SHA-256 is right here: each is 128 or more random bits, so there is nothing to guess.
"""

import hashlib
import hmac
import secrets

TICKET_BYTES = 32


def make_ticket() -> str:
    """256 random bits, base64url."""
    return secrets.token_urlsafe(TICKET_BYTES)


def is_secret(value: str, stored_hash: str) -> bool:
    """Whether `value` is the secret whose hash is stored; takes as long for any other of its length."""
    return hmac.compare_digest(hash_secret(value), stored_hash)


def hash_secret(value: str | bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()
