"""Secrets that leave the server once and are kept as hashes only.

Plain SHA-256 is right here: each is 128 or more random bits, so there is nothing to guess.
"""

import hashlib
import secrets

TICKET_BYTES = 32


def make_ticket() -> str:
    """256 random bits, base64url."""
    return secrets.token_urlsafe(TICKET_BYTES)


def hash_secret(value: str | bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()
