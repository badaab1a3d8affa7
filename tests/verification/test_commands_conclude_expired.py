import pytest
from django.core.management import call_command
from django.utils import timezone

from verification import services
from verification.liveness.vocabulary import Reason
from verification.models import VerificationSession

pytestmark = pytest.mark.django_db


def conclude_expired(capsys: pytest.CaptureFixture[str]) -> str:
    call_command("conclude_expired")
    return capsys.readouterr().out.strip()


def test_sessions_that_ran_out_are_concluded_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    over = [services.open_session(user_id="alice").session.pk for _ in range(2)]
    VerificationSession.objects.update(expires_at=timezone.now())
    running = services.open_session(user_id="bob").session.pk
    assert conclude_expired(capsys) == "2 sessions concluded."
    assert conclude_expired(capsys) == "0 sessions concluded."
    concluded = VerificationSession.objects.filter(reason=Reason.SESSION_TIMEOUT)
    assert set(concluded.values_list("pk", flat=True)) == set(over)
    assert VerificationSession.objects.get(pk=running).status == "created"


def test_one_session_is_one_session(capsys: pytest.CaptureFixture[str]) -> None:
    services.open_session(user_id="alice")
    VerificationSession.objects.update(expires_at=timezone.now())
    assert conclude_expired(capsys) == "1 session concluded."
