"""Time that the server let pass: the person gets it back, or is not blamed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.liveness.faces import make_observation
from tests.verification.liveness.performance import Performer
from tests.verification.liveness.rehearsal import NEUTRAL, aligned, perform
from verification.liveness.decision import EXCUSABLE, MAX_LOST_MS, excuse_failure
from verification.liveness.vocabulary import Decision, Reason

TOO_MUCH_MS = MAX_LOST_MS + 1


def fail_three_times(performer: Performer) -> None:
    for _ in range(3):
        performer.show(make_observation(NEUTRAL, picture=performer.frames))
        performer.run_out_of_time()


def test_a_challenge_lasts_longer_by_what_the_server_lost() -> None:
    session = aligned().session
    before_ms = session.deadline_ms
    session.excuse(2_000)
    assert session.deadline_ms == before_ms + 2_000


def test_the_next_challenge_has_its_usual_time() -> None:
    performer = aligned()
    performer.session.excuse(2_000)
    performer.run_out_of_time()
    challenge = performer.revealed[-1].challenge
    assert performer.session.deadline_ms == challenge.revealed_at_ms + challenge.timeout_ms


def test_no_session_lasts_beyond_its_end_however_slow_the_server() -> None:
    performer = aligned()
    performer.session.excuse(10**9)
    performer.wait(performer.session.deadline_ms - performer.now_ms)
    assert performer.conclusions[0].reason is Reason.SERVER_OVERLOADED


@pytest.mark.parametrize(
    ("lost_ms", "reason"),
    [(MAX_LOST_MS, Reason.CHALLENGE_FAILED), (TOO_MUCH_MS, Reason.SERVER_OVERLOADED)],
)
def test_failed_challenges_are_not_put_down_to_whom_a_slow_server_watched(
    lost_ms: int, reason: Reason
) -> None:
    performer = aligned()
    performer.session.excuse(lost_ms)
    fail_three_times(performer)
    assert performer.conclusions[0].reason is reason


def test_whoever_passes_before_a_slow_server_passes() -> None:
    performer = perform()
    performer.start()
    performer.session.excuse(TOO_MUCH_MS)
    while not performer.conclusions:
        performer.perform()
    assert performer.conclusions[0].reason is Reason.VERIFIED


def test_what_no_living_person_can_show_is_told_however_slow_the_server() -> None:
    performer = aligned()
    performer.session.excuse(TOO_MUCH_MS)
    while not performer.conclusions:
        performer.show(make_observation(NEUTRAL, picture=10**6))
    assert performer.conclusions[0].reason is Reason.INJECTION_SUSPECTED


@given(st.sampled_from(Reason), st.integers(0, 10**6))
def test_an_excuse_never_makes_a_pass_nor_hides_an_attack(reason: Reason, lost_ms: int) -> None:
    excused = excuse_failure(reason, lost_ms=lost_ms)
    assert (excused.decision is Decision.PASS) == (reason.decision is Decision.PASS)
    assert excused is reason or (reason in EXCUSABLE and excused.decision is Decision.INCONCLUSIVE)
