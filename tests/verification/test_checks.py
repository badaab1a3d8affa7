from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


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


def test_what_must_not_reach_production_is_said(settings: Settings) -> None:
    settings.SECRET_KEY = settings.DEVELOPMENT_SECRET_KEY
    settings.ALLOWED_HOSTS = ["*"]
    settings.POL_REQUIRE_API_KEY = False
    unsafe = {"verification.E002", "verification.E003", "verification.W002"}
    assert unsafe <= set(found(deploy=True))
    settings.SECRET_KEY = "x" * 60
    settings.ALLOWED_HOSTS = ["verify.example.org"]
    settings.POL_REQUIRE_API_KEY = True
    assert not unsafe & set(found(deploy=True))
