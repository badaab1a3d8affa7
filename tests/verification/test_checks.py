from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from pytest_django import Settings

from verification.checks import refuse_unsafe_start


def found(*, deploy: bool = False) -> dict[str | None, str]:
    messages = run_checks(include_deployment_checks=deploy)
    return {message.id: message.msg for message in messages if str(message.id).startswith("verification.")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POL_CHALLENGES", ["jump"]),
        ("POL_CHALLENGES", ["blink", "smile"]),
        ("POL_CHALLENGES", ["blink", "smile", "surprise"]),
        ("POL_CHALLENGE_COUNT", "many"),
        ("POL_CHALLENGE_COUNT", "5-3"),
        ("POL_CHALLENGE_COUNT", "0"),
        ("POL_WEIGHTS", "1,1,1"),
        ("POL_WEIGHTS", "0.5,0.5"),
        ("POL_FLOORS", "2,0,0"),
        ("POL_PASS_THRESHOLD", 0.0),
        ("POL_MAX_CONSECUTIVE_FAILURES", 0),
        ("SESSION_TIMEOUT_SECONDS", 0),
        ("POL_START_SECONDS", 0),
    ],
)
def test_a_policy_that_makes_no_sense_is_an_error_at_the_start(
    settings: Settings, name: str, value: Any
) -> None:
    setattr(settings, name, value)
    assert "verification.E001" in found()


def test_the_default_policy_is_no_error() -> None:
    assert "verification.E001" not in found()


def test_a_missing_model_is_a_warning_that_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIAPIPE_MODEL_PATH = tmp_path / "absent.task"
    assert "download_models" in found()["verification.W001"]


UNSAFE: dict[str, dict[str, Any]] = {
    "verification.E002": {"SECRET_KEY": django_settings.DEVELOPMENT_SECRET_KEY},
    "verification.E003": {"ALLOWED_HOSTS": ["verify.example.org", "*"]},
    "verification.E004": {"DEBUG": True, "POL_PUBLIC_URL": "https://verify.example.org"},
    "verification.E005": {"REDIS_URL": "redis://redis"},
    "verification.W002": {"POL_REQUIRE_API_KEY": False},
}


@pytest.fixture
def safe_settings(settings: Settings) -> Settings:
    """What a production server may have."""
    settings.DEBUG = False
    settings.SECRET_KEY = "x" * 60
    settings.ALLOWED_HOSTS = ["verify.example.org"]
    settings.REDIS_URL = ""
    return settings


def test_a_safe_server_may_start(safe_settings: Settings) -> None:
    assert not UNSAFE.keys() & found(deploy=True).keys()
    refuse_unsafe_start()


@pytest.mark.parametrize("check", UNSAFE)
def test_what_must_not_reach_production_is_said_and_refused_at_the_start(
    safe_settings: Settings, check: str
) -> None:
    for name, value in UNSAFE[check].items():
        setattr(safe_settings, name, value)
    assert check in found(deploy=True)
    if ".E" in check:
        with pytest.raises(CommandError, match="Not safe to serve others"):
            call_command("serve", skip_checks=True)
    else:
        refuse_unsafe_start()


@pytest.fixture
def development_settings(settings: Settings) -> Settings:
    """What `make run` sets."""
    settings.DEBUG = True
    settings.SECRET_KEY = settings.DEVELOPMENT_SECRET_KEY
    settings.ALLOWED_HOSTS = ["localhost", "shop.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "0.0.0.0"]
    return settings


def test_on_ones_own_machine_nothing_is_refused(development_settings: Settings) -> None:
    refuse_unsafe_start()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POL_PUBLIC_URL", "https://verify.example.org"),
        ("SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https")),
        ("ALLOWED_HOSTS", ["localhost", "verify.example.org"]),
        ("ALLOWED_HOSTS", ["192.168.1.5"]),
        ("ALLOWED_HOSTS", ["*"]),
    ],
)
def test_whatever_says_that_others_reach_it_ends_the_licence_of_development(
    development_settings: Settings, name: str, value: Any
) -> None:
    setattr(development_settings, name, value)
    with pytest.raises(ImproperlyConfigured, match="DEBUG is on.*SECRET_KEY is the development one"):
        refuse_unsafe_start()


@pytest.mark.parametrize("host", ["*", ".com", ".", ".localhost."])
def test_names_that_anybody_can_have_are_a_wildcard(safe_settings: Settings, host: str) -> None:
    safe_settings.ALLOWED_HOSTS = [host]
    assert "verification.E003" in found(deploy=True)


def test_all_names_below_ones_own_are_no_wildcard(safe_settings: Settings) -> None:
    safe_settings.ALLOWED_HOSTS = [".verify.example.org"]
    refuse_unsafe_start()
