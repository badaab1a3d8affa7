"""What the server says on the socket, as JSON-ready dictionaries of docs/protocol.md."""

from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.conf import CAPTURE_FORMATS, CAPTURE_HEIGHT_PX, CAPTURE_WIDTH_PX
from verification.instructions import INSTRUCTIONS
from verification.liveness.events import ChallengeEnded, FeedbackGiven, IssuedChallenge
from verification.liveness.score import Scores
from verification.liveness.vocabulary import ChallengeOutcome, Reason
from verification.messages import encode_nonce
from verification.models import VerificationSession
from verification.tokens import IssuedToken

_DEFAULT_ERROR: Promise = _("The session ended because of an error of the server. Please start again.")
ERROR_TEXTS: dict[str, Promise] = {
    "bad_ticket": _("This link is not valid. Please start again."),
    "origin_not_allowed": _("This page may not open a session here."),
    "no_such_session": _("There is no such session. Please start again."),
    "already_connected": _("This session is open in another window, or was open before."),
    "session_over": _("This session is over. Please start again."),
    "rate_limited": _("Too many attempts from here. Please try again in a minute."),
    "overloaded": _("Too many people are being verified right now. Please try again in a minute."),
}


def build_session(session: VerificationSession, challenges_total: int) -> dict[str, Any]:
    return {
        "type": "session",
        "session_id": str(session.pk),
        "expires_at": session.expires_at.isoformat(),
        "challenges_total": challenges_total,
        "capture": {
            "width": CAPTURE_WIDTH_PX,
            "height": CAPTURE_HEIGHT_PX,
            "max_fps": settings.POL_MAX_FPS,
            "max_frame_bytes": settings.POL_MAX_FRAME_BYTES,
            "formats": list(CAPTURE_FORMATS),
        },
    }


def build_challenge(challenge: IssuedChallenge) -> dict[str, Any]:
    return {
        "type": "challenge",
        "challenge_id": challenge.challenge_id,
        "index": challenge.index,
        "total": challenge.total,
        "kind": str(challenge.kind),
        "action": str(challenge.action),
        "params": dict(challenge.params),
        "instruction": str(INSTRUCTIONS[challenge.action]),
        "nonce": encode_nonce(challenge.nonce),
        "timeout_ms": challenge.timeout_ms,
    }


def build_feedback(feedback: FeedbackGiven) -> dict[str, Any]:
    box = feedback.box
    face = {"box": [round(v, 4) for v in (box.x, box.y, box.width, box.height)]} if box else None
    return {
        "type": "feedback",
        "seq": feedback.seq,
        "hint": str(feedback.hint),
        "face": face,
        "progress": round(feedback.progress, 3),
        "scores": _build_scores(feedback.scores, with_final=False),
    }


def build_challenge_result(ended: ChallengeEnded) -> dict[str, Any]:
    return {
        "type": "challenge_result",
        "challenge_id": ended.challenge.challenge_id,
        "passed": ended.outcome is ChallengeOutcome.PASSED,
        "reason": str(ended.fault or ended.outcome),
        "attempts_left": ended.attempts_left,
    }


def build_result(reason: str, scores: Scores, token: IssuedToken | None) -> dict[str, Any]:
    return {
        "type": "result",
        "decision": str(Reason(reason).decision),
        "reason": reason,
        "scores": _build_scores(scores, with_final=True),
        "token": token.token if token else None,
        "token_type": "Bearer",
        "expires_in": int(settings.JWT_EXPIRY.total_seconds()) if token else None,
    }


def build_error(code: str, message: str = "") -> dict[str, Any]:
    return {"type": "error", "code": code, "message": message or str(ERROR_TEXTS.get(code, _DEFAULT_ERROR))}


def _build_scores(scores: Scores, *, with_final: bool) -> dict[str, float | None] | None:
    """None unless the operator shows scores: they would guide an attacker uphill."""
    if not settings.POL_EXPOSE_SCORES:
        return None
    values = {"liveness": scores.liveness, "emotion": scores.emotion, "deepfake": scores.deepfake}
    if with_final:
        values["final"] = scores.final
    return {name: None if value is None else round(value, 3) for name, value in values.items()}
