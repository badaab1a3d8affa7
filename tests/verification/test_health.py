from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from pytest_django import Settings

from verification.health import check_health
from verification.inference import get_models
from verification.vision.weights import MANIFEST

pytestmark = pytest.mark.django_db


def test_each_model_of_the_manifest_is_told() -> None:
    report = check_health(connection)
    assert set(report) == {"status", "checks"}
    assert set(report["checks"]) == {"database", "channel_layer", "models"}
    assert set(report["checks"]["models"]) == {str(name) for name in MANIFEST}
    assert report["checks"]["database"] == report["checks"]["channel_layer"] == "ok"


def test_a_missing_required_model_makes_the_service_unavailable(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIAPIPE_MODEL_PATH = tmp_path / "absent.task"
    get_models.cache_clear()
    try:
        report = check_health(connection)
    finally:
        get_models.cache_clear()
    assert report["status"] == "unavailable"
    assert report["checks"]["models"]["face_landmarker"] == "missing"


def test_a_missing_extra_model_is_told_and_does_not_matter(settings: Settings, tmp_path: Path) -> None:
    settings.DEEPFACE_HOME = tmp_path
    get_models.cache_clear()
    try:
        report = check_health(connection)
        is_ready = get_models().is_ready
    finally:
        get_models.cache_clear()
    assert report["checks"]["models"]["fasnet_v2"] == "not installed"
    assert (report["status"] == "ok") == is_ready


def test_a_channel_layer_that_is_down_makes_the_service_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    nobody = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
    }
    with override_settings(CHANNEL_LAYERS={"default": nobody}):
        channel_layers.backends.clear()
        report = check_health(connection)
    channel_layers.backends.clear()
    assert report["checks"]["channel_layer"] == "unavailable"
    assert report["status"] == "unavailable"
    assert "A health check failed" in caplog.text
    assert "127.0.0.1" not in str(report)


def test_health_is_open_and_says_what_it_looked_at(client: Client) -> None:
    response = client.get("/health")
    body = response.json()
    assert body == check_health_without_request()
    assert response.status_code == (200 if body["status"] == "ok" else 503)
    assert response["Cache-Control"] == "no-store"


def check_health_without_request() -> dict[str, Any]:
    return check_health(connection)


def test_health_answers_though_the_cache_is_down(client: Client) -> None:
    nobody = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    with override_settings(CACHES=settings.CACHES | {"default": nobody}):
        response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
