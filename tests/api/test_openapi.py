"""The OpenAPI description against the server: every address described, every answer as described."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.management import call_command
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Err

from verification.api_keys import create_api_key
from verification.relying_parties import create_relying_party
from verification.urls import urlpatterns

EXAMPLES = 8
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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_no_answer_to_any_request_is_other_than_described(
    live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch, mode: GenerationMode
) -> None:
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    for scope in rates:
        monkeypatch.setitem(rates, scope, "1000000/min")
    key = create_api_key(create_relying_party("bank"))
    schema = schemathesis.openapi.from_url(f"{live_server.url}/api/schema")
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
