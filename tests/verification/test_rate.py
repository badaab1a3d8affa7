from hypothesis import given
from hypothesis import strategies as st

from verification.rate import TokenBucket

gaps_s = st.lists(st.floats(0.0, 5.0), max_size=80)


def spend_all(bucket: TokenBucket, times_s: list[float]) -> int:
    return sum(bucket.spend(now_s) for now_s in times_s)


def test_a_burst_is_allowed_and_what_follows_it_is_not() -> None:
    bucket = TokenBucket(rate_per_s=10.0, burst=5.0)
    assert [bucket.spend(100.0) for _ in range(7)] == [True] * 5 + [False] * 2


def test_tokens_come_back_at_the_rate() -> None:
    bucket = TokenBucket(rate_per_s=2.0, burst=1.0)
    assert bucket.spend(0.0)
    assert not bucket.spend(0.25)
    assert bucket.spend(0.5)


def test_a_long_silence_saves_no_more_than_the_burst() -> None:
    bucket = TokenBucket(rate_per_s=10.0, burst=3.0)
    assert bucket.spend(0.0)
    assert spend_all(bucket, [1e6] * 10) == 3


def test_asking_in_vain_costs_nothing() -> None:
    bucket = TokenBucket(rate_per_s=1.0, burst=1.0)
    assert spend_all(bucket, [0.0] * 50) == 1
    assert bucket.spend(1.0)


@given(gaps_s, st.floats(0.1, 100.0), st.floats(1.0, 50.0))
def test_no_timing_gets_more_than_the_burst_and_the_rate_together(
    gaps: list[float], rate_per_s: float, burst: float
) -> None:
    times_s = [1_000.0]
    for gap_s in gaps:
        times_s.append(times_s[-1] + gap_s)
    spent = spend_all(TokenBucket(rate_per_s=rate_per_s, burst=burst), times_s)
    assert spent <= burst + rate_per_s * (times_s[-1] - times_s[0]) + 1e-6


@given(st.floats(1.0, 100.0), st.integers(1, 200))
def test_whoever_keeps_to_the_rate_is_never_refused(rate_per_s: float, messages: int) -> None:
    bucket = TokenBucket(rate_per_s=rate_per_s, burst=2.0)
    times_s = [number / rate_per_s for number in range(messages)]
    assert spend_all(bucket, times_s) == messages
