"""A token bucket: how fast a socket may speak. Constant memory, no clock of its own."""


class TokenBucket:
    """rate_per_s: tokens that come back each second. burst: the most that are ever there."""

    def __init__(self, *, rate_per_s: float, burst: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._tokens = burst
        self._last_s: float | None = None

    def spend(self, now_s: float) -> bool:
        """Take one token; False when there is none. now_s never falls."""
        if self._last_s is not None:
            self._tokens = min(self._burst, self._tokens + (now_s - self._last_s) * self._rate_per_s)
        self._last_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
