"""How long failed sessions of one person count, by a clock of the test's own."""

import time

import pytest

from verification import limits
from verification.models import RelyingParty
from verification.relying_parties import create_relying_party

pytestmark = pytest.mark.django_db
HOUR_S = 3_600


class Clock:
    def __init__(self) -> None:
        self.now_s = time.time()

    def read(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock.read)
    return clock


@pytest.fixture
def party() -> RelyingParty:
    return create_relying_party("bank")


def fail(party: RelyingParty, clock: Clock, *, after_h: int) -> int:
    """The seconds of lockout that a failure brings so many hours after the last."""
    clock.now_s += after_h * HOUR_S
    return limits.note_failure(party, "alice")


def test_failures_that_come_day_after_day_add_up(party: RelyingParty, clock: Clock) -> None:
    assert [fail(party, clock, after_h=20) for _ in range(6)] == [0, 0, 0, 0, 60, 120]


def test_a_day_without_a_failure_ends_the_count(party: RelyingParty, clock: Clock) -> None:
    assert [fail(party, clock, after_h=1) for _ in range(5)][-1] == 60
    assert fail(party, clock, after_h=25) == 0
