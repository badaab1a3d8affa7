"""What a relying party may be set to: validators of its fields, strict because staff and scripts write them."""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from verification.liveness.actions import POOL, Action, PoolExhaustedError, restrict_pool

MAX_RETRIES = 5
MAX_ENTRIES = 50
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
# RFC 3986 characters, less those that browsers and servers read differently (backslash, quotes, spaces).
URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&()*+,;=%]{1,2000}")


def make_subject_salt() -> str:
    """256 random bits, hexadecimal."""
    return secrets.token_hex(32)


def validate_origins(value: Any) -> None:
    """A list of origins as browsers write them (RFC 6454): lower case, no path, no default port."""
    for origin in _require_texts(value):
        parts = _split(origin)
        rebuilt = f"{parts.scheme}://{parts.netloc}"
        is_default_port = parts.port == {"https": 443, "http": 80}.get(parts.scheme)
        if origin != rebuilt.lower() or not _is_safe(parts) or (is_default_port and parts.port is not None):
            raise ValidationError(
                _("%(text)s is no origin like https://shop.example."), params={"text": origin}
            )


def validate_redirect_uris(value: Any) -> None:
    """A list of absolute addresses without user, password or fragment: https, or http on this machine."""
    for address in _require_texts(value):
        if not is_redirect_uri(address):
            raise ValidationError(
                _("%(text)s is no address like https://shop.example/done."), params={"text": address}
            )


def is_redirect_uri(address: str) -> bool:
    """Whether an address may ever be redirected to; which party may use it is another question."""
    try:
        return "#" not in address and _is_safe(_split(address))
    except ValidationError:
        return False


def validate_webhook_url(value: str) -> None:
    """Absolute, https or http, without user, password or fragment. Where it leads is judged when it is called."""
    parts = _split(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username is not None
        or parts.fragment
    ):
        raise ValidationError(_("Enter an address like https://shop.example/webhooks."))


def validate_share(value: float) -> None:
    if not 0.0 < value <= 1.0:
        raise ValidationError(_("Must be above 0 and at most 1."))


def validate_pool(value: Any) -> None:
    """A list of actions that leaves enough to ask for, by the rule that holds for `exclude`."""
    actions = _require_texts(value)
    unknown = sorted(set(actions) - {str(action) for action in POOL})
    if unknown:
        raise ValidationError(_("Unknown actions: %(names)s."), params={"names": ", ".join(unknown)})
    try:
        restrict_pool(tuple(Action(action) for action in actions) or POOL, ())
    except PoolExhaustedError as error:
        raise ValidationError(str(error)) from error


def _require_texts(value: Any) -> list[str]:
    if (
        not isinstance(value, list)
        or not all(isinstance(item, str) for item in value)
        or len(value) > MAX_ENTRIES
    ):
        raise ValidationError(_("Must be a list of at most %(limit)s texts."), params={"limit": MAX_ENTRIES})
    return value


def _split(address: str) -> Any:
    if not URI_CHARACTERS.fullmatch(address):
        raise ValidationError(
            _("%(text)s holds characters that an address may not have."), params={"text": address}
        )
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  (raises for one that is no number)
    except ValueError as error:
        raise ValidationError(_("%(text)s is no address."), params={"text": address}) from error
    return parts


def _is_safe(parts: Any) -> bool:
    has_scheme = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
    return bool(has_scheme and parts.hostname and parts.username is None and parts.password is None)
