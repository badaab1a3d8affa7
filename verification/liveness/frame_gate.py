"""Admission of frames before anything is decoded: nonce, sequence and capture clock.

The gate belongs to the event loop: it is a handful of compares a frame, so that a frame that must
not count costs nothing more.
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum

NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What a client says of a frame. captured_at_ms is its own clock, milliseconds since `ready`."""

    nonce: bytes
    seq: int
    captured_at_ms: int


class Admission(StrEnum):
    CURRENT = "current"  # counts for the current challenge
    STALE = "stale"  # was in flight when the challenge changed: dropped without harm
    REPLAY = "replay"  # ends the session


class FrameGate:
    """Knows the current nonce and the last accepted sequence number. Times are arrival times in ms."""

    def __init__(self, *, nonce_lifetime_ms: int, grace_ms: int) -> None:
        self._nonce_lifetime_ms = nonce_lifetime_ms
        self._grace_ms = grace_ms
        self._current: bytes | None = None
        self._previous: bytes | None = None
        self._changed_at_ms = 0
        self._last_seq = -1
        self._last_captured_at_ms = -1

    def open_nonce(self, nonce: bytes, now_ms: int) -> None:
        """Make `nonce` the current one; frames still carrying the last one are stale for the grace time."""
        self._previous, self._current = self._current, nonce
        self._changed_at_ms = now_ms

    def admit(self, header: FrameHeader, now_ms: int) -> Admission:
        """Judge a frame by its header.

        A sequence number or a capture time that does not rise is a repeated frame, whichever nonce it
        carries: TCP neither repeats nor reorders.
        """
        if header.seq <= self._last_seq or header.captured_at_ms <= self._last_captured_at_ms:
            return Admission.REPLAY
        admission = self._judge_nonce(header.nonce, now_ms)
        if admission is not Admission.REPLAY:
            self._last_seq, self._last_captured_at_ms = header.seq, header.captured_at_ms
        return admission

    def _judge_nonce(self, nonce: bytes, now_ms: int) -> Admission:
        age_ms = now_ms - self._changed_at_ms
        if self._current is not None and hmac.compare_digest(nonce, self._current):
            return Admission.CURRENT if age_ms <= self._nonce_lifetime_ms else Admission.REPLAY
        was_in_flight = self._previous is not None and hmac.compare_digest(nonce, self._previous)
        return Admission.STALE if was_in_flight and age_ms <= self._grace_ms else Admission.REPLAY
