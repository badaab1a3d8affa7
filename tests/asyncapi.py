"""The AsyncAPI document's schemas, and the check that every test client runs on every message it gets."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "api" / "asyncapi.yaml"
ADDRESS = "urn:asyncapi"


@cache
def load_document() -> dict[str, Any]:
    return dict(yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")))


def list_messages(action: str) -> set[str]:
    """The messages of one direction: `send` is what the server says, `receive` what it hears."""
    operations = load_document()["operations"].values()
    chosen = [operation for operation in operations if operation["action"] == action]
    return {entry["$ref"].rsplit("/", 1)[1] for operation in chosen for entry in operation["messages"]}


@cache
def load_validator(name: str) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource(ADDRESS, DRAFT202012.create_resource(load_document()))
    reference = {"$ref": f"{ADDRESS}#/components/messages/{name}/payload"}
    return Draft202012Validator(reference, registry=registry, format_checker=FormatChecker())


def check_server_message(message: dict[str, Any]) -> None:
    """Raises ValidationError, or AssertionError for a type that the document does not have."""
    assert message["type"] in list_messages("send"), message
    load_validator(message["type"]).validate(message)


def check_client_message(message: dict[str, Any]) -> None:
    """The same for what a client sends as JSON."""
    assert message["type"] in list_messages("receive"), message
    load_validator(message["type"]).validate(message)
