from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.frame_gate import NONCE_BYTES, Admission, FrameGate, FrameHeader

LIFETIME_MS, GRACE_MS = 300_000, 1_000
FIRST, SECOND, THIRD = (bytes([number]) * NONCE_BYTES for number in (1, 2, 3))
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
uint32s = st.integers(0, 2**32 - 1)


def open_gate(*openings: tuple[bytes, int]) -> FrameGate:
    gate = FrameGate(nonce_lifetime_ms=LIFETIME_MS, grace_ms=GRACE_MS)
    for nonce, at_ms in openings:
        gate.open_nonce(nonce, at_ms)
    return gate


def test_no_frame_is_admitted_before_a_nonce_was_issued() -> None:
    assert open_gate().admit(FrameHeader(FIRST, 0, 0), 0) is Admission.REPLAY


def test_frames_of_the_current_challenge_are_admitted_one_after_another() -> None:
    gate = open_gate((FIRST, 0))
    admissions = [gate.admit(FrameHeader(FIRST, seq, 33 * seq), 33 * seq) for seq in range(5)]
    assert admissions == [Admission.CURRENT] * 5


def test_the_nonce_before_the_previous_one_is_a_replay() -> None:
    gate = open_gate((FIRST, 0), (SECOND, 100), (THIRD, 200))
    assert gate.admit(FrameHeader(FIRST, 1, 1), 210) is Admission.REPLAY


def test_a_nonce_of_another_length_is_a_replay() -> None:
    assert open_gate((FIRST, 0)).admit(FrameHeader(FIRST[:-1], 1, 1), 0) is Admission.REPLAY


def test_a_stale_frame_uses_up_its_sequence_number() -> None:
    gate = open_gate((FIRST, 0), (SECOND, 100))
    assert gate.admit(FrameHeader(FIRST, 7, 700), 150) is Admission.STALE
    assert gate.admit(FrameHeader(SECOND, 7, 800), 160) is Admission.REPLAY
    assert gate.admit(FrameHeader(SECOND, 8, 800), 170) is Admission.CURRENT


@given(st.integers(0, 2 * LIFETIME_MS), nonces)
def test_only_the_current_nonce_within_its_life_is_current(age_ms: int, nonce: bytes) -> None:
    gate = open_gate((FIRST, 50_000))
    is_good = nonce == FIRST and age_ms <= LIFETIME_MS
    expected = Admission.CURRENT if is_good else Admission.REPLAY
    assert gate.admit(FrameHeader(nonce, 1, 1), 50_000 + age_ms) is expected


@given(st.integers(0, 2 * LIFETIME_MS))
def test_the_current_nonce_dies_of_age(age_ms: int) -> None:
    expected = Admission.CURRENT if age_ms <= LIFETIME_MS else Admission.REPLAY
    assert open_gate((FIRST, 0)).admit(FrameHeader(FIRST, 1, 1), age_ms) is expected


@given(st.integers(0, 3 * GRACE_MS))
def test_the_previous_nonce_is_harmless_only_within_the_grace(age_ms: int) -> None:
    gate = open_gate((FIRST, 0), (SECOND, 10_000))
    expected = Admission.STALE if age_ms <= GRACE_MS else Admission.REPLAY
    assert gate.admit(FrameHeader(FIRST, 1, 1), 10_000 + age_ms) is expected


@given(uint32s, uint32s, uint32s, uint32s, st.sampled_from([FIRST, SECOND]))
def test_whatever_does_not_rise_is_a_replay_whichever_nonce_it_carries(
    seq: int, captured_at_ms: int, next_seq: int, next_captured_at_ms: int, nonce: bytes
) -> None:
    gate = open_gate((FIRST, 0), (SECOND, 10))
    assert gate.admit(FrameHeader(SECOND, seq, captured_at_ms), 20) is Admission.CURRENT
    admission = gate.admit(FrameHeader(nonce, next_seq, next_captured_at_ms), 30)
    has_risen = next_seq > seq and next_captured_at_ms > captured_at_ms
    assert (admission is Admission.REPLAY) == (not has_risen)


@given(st.lists(st.tuples(st.sampled_from([FIRST, SECOND, THIRD]), uint32s, uint32s), max_size=20))
def test_admitted_frames_rise_strictly_whatever_is_sent(sent: list[tuple[bytes, int, int]]) -> None:
    gate = open_gate((FIRST, 0), (SECOND, 10))
    headers = [FrameHeader(*fields) for fields in sent]
    admitted = [header for header in headers if gate.admit(header, 20) is not Admission.REPLAY]
    assert all(header.nonce != THIRD for header in admitted)
    for earlier, later in pairwise(admitted):
        assert earlier.seq < later.seq
        assert earlier.captured_at_ms < later.captured_at_ms
