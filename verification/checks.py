"""System checks: what is missing or unsafe is said once, before anyone is served."""

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
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Error("ALLOWED_HOSTS has a wildcard.", id="verification.E003"))
    if not settings.POL_REQUIRE_API_KEY:
        found.append(
            CheckWarning("Anyone may open sessions: POL_REQUIRE_API_KEY is off.", id="verification.W002")
        )
    return found


def refuse_unsafe_start() -> None:
    """Raises ImproperlyConfigured where this server is meant for others and `check --deploy` finds an error.

    It is meant for others where DEBUG is off, or where they reach it by https.
    """
    if settings.DEBUG and not settings.POL_PUBLIC_URL.startswith("https://"):
        return
    errors = [str(message.msg) for message in check_production(None) if message.level >= ERROR]
    if errors:
        raise ImproperlyConfigured(" ".join(errors))
