"""What DATABASE_URL says is what the driver is told."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.server.processes import PATIENCE_S, PROJECT

ASK = "from django.conf import settings; import json; print(json.dumps(settings.DATABASES['default']))"


def read_database(url: str) -> dict[str, Any]:
    env = {**os.environ, "DATABASE_URL": url, "DEBUG": "1", "DJANGO_SETTINGS_MODULE": "polsite.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=PROJECT, env=env, check=True, timeout=PATIENCE_S, capture_output=True
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("url", "name", "value"),
    [
        ("postgres://pol:secret@db/pol?sslmode=verify-full", "sslmode", "verify-full"),
        ("sqlite:////srv/pol.sqlite3?timeout=5", "timeout", 5),
    ],
)
def test_the_query_of_the_address_reaches_the_driver(url: str, name: str, value: object) -> None:
    assert read_database(url)["OPTIONS"][name] == value


def test_connections_to_postgresql_are_few_and_looked_at_before_they_are_used() -> None:
    database = read_database("postgres://pol:secret@db/pol")
    assert database["OPTIONS"]["pool"]["timeout"] <= 10
    assert database["CONN_HEALTH_CHECKS"] is True
