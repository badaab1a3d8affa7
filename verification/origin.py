"""Which pages may open a socket: ours, and those the operator named (RFC 6454)."""

from urllib.parse import urlsplit

from django.conf import settings


def is_allowed_origin(origin: str, host: str) -> bool:
    """Judge the Origin header of a WebSocket handshake, without the database.

    Origins of relying parties are `relying_parties.is_party_origin`'s to judge.

    No Origin means no browser, and only browsers carry a person's cookies into a cross-site socket;
    such a client is still held to its ticket. "null" (sandboxed, local file) is never allowed.
    """
    if not origin:
        return True
    if origin in settings.POL_ALLOWED_ORIGINS or (
        settings.POL_PUBLIC_URL and origin == settings.POL_PUBLIC_URL
    ):
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # such as an unclosed bracket
        return False
    return parts.scheme in {"http", "https"} and bool(host) and parts.netloc.lower() == host.lower()
