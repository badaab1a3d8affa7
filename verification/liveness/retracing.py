"""Pictures that were seen before, bit for bit: no camera takes one twice, and a file that is played again does."""

from collections import deque
from itertools import pairwise

KEPT_PICTURES = 2_400
MIN_SHARE = 0.1


class PictureTrail:
    """Of the pictures of the last `window_ms`, which were seen at least `min_age_ms` before, and in what order."""

    def __init__(self, *, window_ms: int, min_age_ms: int) -> None:
        self._window_ms, self._min_age_ms = window_ms, min_age_ms
        self._last_ms: dict[bytes, int] = {}
        self._recent: deque[tuple[int, int | None]] = deque()  # when, and when last before

    def observe(self, digest: bytes, at_ms: int) -> None:
        last_ms = self._last_ms.pop(digest, None)
        is_old = last_ms is not None and at_ms - last_ms >= self._min_age_ms
        self._recent.append((at_ms, last_ms if is_old else None))
        self._last_ms[digest] = at_ms  # the newest last, so that the longest unseen is let go first
        if len(self._last_ms) > KEPT_PICTURES:
            del self._last_ms[next(iter(self._last_ms))]
        while at_ms - self._recent[0][0] > self._window_ms:
            self._recent.popleft()

    @property
    def has_known(self) -> bool:
        """Enough of them are known to say that one file is played, and not a copy with noise of its own."""
        known = sum(last_ms is not None for _, last_ms in self._recent)
        return known >= MIN_SHARE * max(len(self._recent), 1)

    @property
    def is_forward(self) -> bool:
        """They come back in the order they were last seen in, which no way to and fro does."""
        known = [last_ms for _, last_ms in self._recent if last_ms is not None]
        rising = sum(later > earlier for earlier, later in pairwise(known))
        return len(known) > 1 and 2 * rising > len(known) - 1
