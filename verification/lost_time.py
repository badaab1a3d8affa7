"""Time that the server, not the capture subject, let pass."""

# Waiting so long for an answer is usual, and nobody's loss.
TOLERATED_MS = 500


class LostTime:
    """Adds up delays of one session; where they overlap, the time counts once. Milliseconds of one clock."""

    def __init__(self) -> None:
        self._counted_until_ms = 0

    def note(self, from_ms: int, until_ms: int) -> int:
        """Something of the server's took from then until then. How much of it is newly lost."""
        begins_ms = max(from_ms + TOLERATED_MS, self._counted_until_ms)
        if until_ms <= begins_ms:
            return 0
        self._counted_until_ms = until_ms
        return until_ms - begins_ms
