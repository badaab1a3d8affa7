"""The OpenAPI description against the server: every address described, every answer as described."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.management import call_command
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Err

from tests.server.processes import PATIENCE_S, PROJECT, Daphne, build_environment, run_daphne
from verification.urls import urlpatterns

EXAMPLES = 8
SCOPES = django_settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
# The API ignores members that it does not know, and some rules are beyond JSON Schema: how many actions
# must be left, where people may be sent, whether a code or ticket is right.
LOOSE: list[Any] = [checks.negative_data_rejection, checks.positive_data_acceptance]
DOCUMENT = Path(django_settings.BASE_DIR) / "docs" / "api" / "openapi.json"


def read_paths() -> dict[str, Any]:
    return dict(json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"])


def list_routes() -> set[str]:
    """Every address of the app, as OpenAPI writes them."""
    routes = (str(pattern.pattern) for pattern in urlpatterns)
    return {"/" + route.replace("<uuid:", "{").replace("<str:", "{").replace(">", "}") for route in routes}


def test_the_document_in_the_repository_is_what_the_server_says(tmp_path: Path) -> None:
    made = tmp_path / "openapi.json"
    call_command(
        "spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn", "--file", str(made)
    )
    said = json.loads(made.read_text(encoding="utf-8"))
    assert said == json.loads(DOCUMENT.read_text(encoding="utf-8")), (
        "manage.py spectacular --format openapi-json --file docs/api/openapi.json"
    )


def test_every_address_is_described() -> None:
    assert list_routes() - {"/api/schema"} == set(read_paths())


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, signing_keys_dir: Path) -> dict[str, str]:
    """That of a server which asks for keys and turns nobody away for asking often."""
    rates = {f"POL_RATE_{scope.upper()}": "1000000/min" for scope in SCOPES}
    folder = tmp_path_factory.mktemp("openapi")
    return build_environment(folder, signing_keys_dir, POL_REQUIRE_API_KEY="1", **rates)


@pytest.fixture(scope="module")
def server(env: dict[str, str]) -> Iterator[Daphne]:
    """As deployed: Daphne, both ways that a request can go through it, its middlewares."""
    with run_daphne(env) as daphne:
        yield daphne


@pytest.fixture(scope="module")
def key(server: Daphne, env: dict[str, str]) -> str:
    command = [sys.executable, "manage.py", "relying_party", "--skip-checks", "create", "bank"]
    made = subprocess.run(
        command, cwd=PROJECT, env=env, check=True, timeout=PATIENCE_S, capture_output=True, text=True
    )
    return made.stdout.split()[-1]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_no_answer_to_any_request_is_other_than_described(
    server: Daphne, key: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/api/schema")
    for found in schema.get_all_operations():
        assert not isinstance(found, Err), found
        operation = found.ok()
        takes_data = operation.body or operation.query or operation.path_parameters
        if takes_data or mode is GenerationMode.POSITIVE:
            check(operation, mode, {"Authorization": f"Api-Key {key}"})


def check(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis_settings(max_examples=EXAMPLES)
    def run(case: Any) -> None:
        case.call_and_validate(headers=headers, timeout=30, excluded_checks=LOOSE, allow_redirects=False)

    run()
