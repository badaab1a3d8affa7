"""Closed enums of the wire: hints, decisions and reasons. The values are those of docs/protocol.md."""

from enum import StrEnum


class Hint(StrEnum):
    OK = "ok"
    NO_FACE = "no_face"
    MULTIPLE_FACES = "multiple_faces"
    MOVE_CLOSER = "move_closer"
    MOVE_BACK = "move_back"
    CENTER_FACE = "center_face"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    HOLD_STILL = "hold_still"
    FACE_OBSCURED = "face_obscured"
    SLOW_DOWN = "slow_down"
    FOLLOW_INSTRUCTION = "follow_instruction"


class Decision(StrEnum):
    PASS = "pass"  # noqa: S105  (a decision, not a password)
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Reason(StrEnum):
    VERIFIED = "verified"
    CHALLENGE_FAILED = "challenge_failed"
    SCORE_BELOW_THRESHOLD = "score_below_threshold"
    LIVENESS_BELOW_FLOOR = "liveness_below_floor"
    DEEPFAKE_BELOW_FLOOR = "deepfake_below_floor"
    MULTIPLE_FACES = "multiple_faces"
    IDENTITY_CHANGED = "identity_changed"
    INJECTION_SUSPECTED = "injection_suspected"
    REPLAY_DETECTED = "replay_detected"
    SESSION_TIMEOUT = "session_timeout"
    NO_RESPONSE = "no_response"
    POOR_CAPTURE = "poor_capture"
    CANCELLED = "cancelled"
    DISCONNECTED = "disconnected"
    SERVER_OVERLOADED = "server_overloaded"

    @property
    def decision(self) -> Decision:
        """The decision that a reason belongs to."""
        if self is Reason.VERIFIED:
            return Decision.PASS
        return Decision.INCONCLUSIVE if self in _INCONCLUSIVE else Decision.FAIL


_INCONCLUSIVE = frozenset(
    {
        Reason.SESSION_TIMEOUT,
        Reason.NO_RESPONSE,
        Reason.POOR_CAPTURE,
        Reason.CANCELLED,
        Reason.DISCONNECTED,
        Reason.SERVER_OVERLOADED,
    }
)


class ChallengeOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ABANDONED = "abandoned"  # the session ended while it was current


class ChallengeFault(StrEnum):
    """Why a challenge failed; the `reason` of a `challenge_result`."""

    NOT_PERFORMED = "not_performed"
    NO_RESPONSE = "no_response"
    POOR_CAPTURE = "poor_capture"
