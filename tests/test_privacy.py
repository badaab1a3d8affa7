"""The data map of docs/privacy.md against the models: nothing is stored that it does not name."""

import re
from collections import defaultdict

import pytest
from django.apps import apps
from django.db.models import Model
from pytest_django import Settings

from tests.test_docs import CODE_SPAN, DOCS

ROW = re.compile(r"^\| `(\w+\.\w+)` \| ([^|]+) \| ([^|]+) \|")
ALL_FIELDS = "*"
# What names a capture subject, or was measured of them: never summed up as "all fields".
SPELLED_OUT = {
    "verification.VerificationSession", "verification.Challenge", "verification.Nonce",
    "verification.WebhookDelivery", "verification.OidcLogin", "audit.AuditEvent", "auth.User",
}  # fmt: skip
MODELS = {model._meta.label: model for model in apps.get_models()}


def read_map() -> dict[str, list[str]]:
    fields: dict[str, list[str]] = defaultdict(list)
    for line in (DOCS / "privacy.md").read_text(encoding="utf-8").splitlines():
        if row := ROW.match(line):
            fields[row[1]] += CODE_SPAN.findall(row[2])
    return dict(fields)


def list_fields(model: type[Model]) -> list[str]:
    return sorted(field.name for field in [*model._meta.fields, *model._meta.many_to_many])


def test_every_table_is_in_the_map_and_no_other() -> None:
    assert set(read_map()) == set(MODELS)


@pytest.mark.parametrize("label", sorted(MODELS))
def test_every_field_is_in_the_map_once(label: str) -> None:
    stated = read_map()[label]
    if label in SPELLED_OUT or stated != [ALL_FIELDS]:
        assert sorted(stated) == list_fields(MODELS[label])


def test_what_holds_no_rows_is_switched_off(settings: Settings) -> None:
    assert settings.AXES_DISABLE_ACCESS_LOG is True
    assert not getattr(settings, "AXES_ENABLE_ACCESS_FAILURE_LOG", False)
