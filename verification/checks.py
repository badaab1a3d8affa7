"""System checks: what is missing or unsafe is said once, before anyone is served."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from verification.conf import get_model_paths, load_policy, load_start_time
from verification.vision.installed import check_models


@register()
def check_policy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        load_policy()
        load_start_time()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="verification.E001")]
    return []


@register()
def check_installed_models(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Required models missing are a warning, not an error: `download_models` must be able to run."""
    return [
        CheckWarning(f"{status.purpose}: {status.detail}", obj=status.name, id="verification.W001")
        for status in check_models(get_model_paths()).values()
        if status.is_required and not status.is_installed
    ]


@register(Tags.security, deploy=True)
def check_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on: error pages tell the inside.", id="verification.E004"))
    if settings.REDIS_URL and connection.vendor == "sqlite":
        found.append(
            Error(
                "REDIS_URL means replicas, and SQLite cannot be theirs: use PostgreSQL.",
                id="verification.E005",
            )
        )
    if settings.SECRET_KEY == settings.DEVELOPMENT_SECRET_KEY:
        found.append(Error("SECRET_KEY is the development one.", id="verification.E002"))
    if any(map(_is_anybodys, settings.ALLOWED_HOSTS)):
        found.append(Error("ALLOWED_HOSTS has a wildcard.", id="verification.E003"))
    if not settings.POL_REQUIRE_API_KEY:
        found.append(
            CheckWarning("Anyone may open sessions: POL_REQUIRE_API_KEY is off.", id="verification.W002")
        )
    return found


def refuse_unsafe_start() -> None:
    """Raises ImproperlyConfigured where this server is meant for others and `check --deploy` finds an error.

    It is meant for others where DEBUG is off, and where anything says that others reach it: an address for
    the public, a proxy before it, a host name that is not this machine's.
    """
    if settings.DEBUG and not _is_for_others():
        return
    errors = [str(message.msg) for message in check_production(None) if message.level >= ERROR]
    if errors:
        raise ImproperlyConfigured(" ".join(errors))


def _is_for_others() -> bool:
    is_local = all(map(_is_this_machine, settings.ALLOWED_HOSTS))
    is_public = settings.POL_PUBLIC_URL.startswith("https://")
    return is_public or settings.SECURE_PROXY_SSL_HEADER is not None or not is_local


def _is_anybodys(host: str) -> bool:
    """`*`, or all names under one label, such as `.com`: anyone can have one of those."""
    return host == "*" or (host.startswith(".") and "." not in host.strip("."))


def _is_this_machine(host: str) -> bool:
    name = host.strip("[].").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
