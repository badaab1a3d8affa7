"""The admin's login: locked after wrong passwords, and with a one-time code where there is a device."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from audit.models import AuditEvent
from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.admin.integration import HIDDEN
from verification.models import WebhookDelivery
from verification.relying_parties import create_relying_party

pytestmark = pytest.mark.django_db
LOGIN, INDEX = "/admin/login/", "/admin/verification/relyingparty/"


@pytest.fixture
def staff(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_superuser("anna", password="right")


def log_in(client: Client, password: str = "right", code: str = "") -> Any:
    return client.post(LOGIN, {"username": "anna", "password": password, "otp_token": code, "next": INDEX})


def is_in(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


def make_code(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key):06d}"


def test_an_account_without_a_device_needs_its_password_only(client: Client, staff: User) -> None:
    assert log_in(client).status_code == 302
    assert is_in(client)


def test_an_account_with_a_device_needs_its_code_too(client: Client, staff: User) -> None:
    call_command("second_factor", "anna")
    device = TOTPDevice.objects.get()
    assert log_in(client).status_code == 200
    assert log_in(client, code="12345").status_code == 200
    assert not is_in(client)
    TOTPDevice.objects.update(throttling_failure_count=0)
    assert log_in(client, code=make_code(device)).status_code == 302
    assert is_in(client)


def test_a_code_is_good_once(client: Client, staff: User) -> None:
    call_command("second_factor", "anna")
    code = make_code(TOTPDevice.objects.get())
    assert log_in(client, code=code).status_code == 302
    assert log_in(Client(), code=code).status_code == 200


def test_a_login_before_the_device_does_not_outlive_it(client: Client, staff: User) -> None:
    log_in(client)
    call_command("second_factor", "anna")
    assert not is_in(client)


def test_where_it_is_required_nobody_gets_in_without_a_device(
    client: Client, staff: User, settings: Settings
) -> None:
    settings.POL_ADMIN_REQUIRE_OTP = True
    assert log_in(client).status_code == 200
    client.force_login(staff)
    assert not is_in(client)


def test_the_command_replaces_and_removes_devices(staff: User, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        call_command("second_factor", "anna")
    assert TOTPDevice.objects.count() == 1
    assert "otpauth://totp/Proof%20of%20Life%3Aanna?secret=" in capsys.readouterr().out
    call_command("second_factor", "anna", "--remove")
    assert not TOTPDevice.objects.exists()
    with pytest.raises(CommandError, match="no account"):
        call_command("second_factor", "nobody")


def test_five_wrong_passwords_lock_the_login(client: Client, staff: User) -> None:
    assert [log_in(client, "wrong").status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    assert log_in(client).status_code == 429
    assert not is_in(client)


@pytest.mark.parametrize("model", HIDDEN, ids=lambda model: str(model._meta.label))
def test_secrets_and_second_factors_are_not_for_the_admin(model: Any) -> None:
    assert not admin.site.is_registered(model)


def test_a_message_is_sent_again_from_the_admin(admin_client: Client) -> None:
    party = create_relying_party("bank", webhook_url="https://bank.example/hooks")
    opened = services.open_session(user_id="alice", relying_party=party)
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    delivery = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(next_attempt_at=None, failed_at=delivery.created_at, attempts=12)
    form = {"action": "send_again", "_selected_action": str(delivery.pk)}
    answer = admin_client.post("/admin/verification/webhookdelivery/", form)
    assert answer.status_code == 302
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.failed_at) == (0, None)
    assert delivery.next_attempt_at is not None
    assert AuditEvent.objects.filter(kind="webhook_replayed").count() == 1


def test_answers_are_for_our_own_pages(client: Client) -> None:
    answer = client.get("/")
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
