"""The wire's closed enums in words that a reviewer reads."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from verification.liveness.actions import Action
from verification.liveness.score import Signal
from verification.liveness.vocabulary import ChallengeFault, ChallengeOutcome, Decision, Reason

DECISIONS: Mapping[str, Promise] = {
    Decision.PASS: _("Pass"),
    Decision.FAIL: _("Fail"),
    Decision.INCONCLUSIVE: _("Inconclusive"),
    "": _("Open"),
}
REASONS: Mapping[str, Promise] = {
    Reason.VERIFIED: _("Verified"),
    Reason.CHALLENGE_FAILED: _("Challenges not performed"),
    Reason.SCORE_BELOW_THRESHOLD: _("Final or emotion score too low"),
    Reason.LIVENESS_BELOW_FLOOR: _("Liveness score below its floor"),
    Reason.DEEPFAKE_BELOW_FLOOR: _("Deepfake score below its floor"),
    Reason.MULTIPLE_FACES: _("More than one face"),
    Reason.IDENTITY_CHANGED: _("The face changed during the session"),
    Reason.INJECTION_SUSPECTED: _("Frames that no camera sends"),
    Reason.REPLAY_DETECTED: _("Replayed frames or nonce"),
    Reason.SESSION_TIMEOUT: _("Out of time"),
    Reason.NO_RESPONSE: _("Nobody there"),
    Reason.POOR_CAPTURE: _("Picture not good enough"),
    Reason.CANCELLED: _("Cancelled"),
    Reason.DISCONNECTED: _("Connection lost"),
    Reason.SERVER_OVERLOADED: _("Server overloaded"),
    "": _("Not concluded yet"),
}
ACTIONS: Mapping[str, Promise] = {
    Action.LOOK_STRAIGHT: _("Alignment: look straight"),
    Action.TURN_LEFT: _("Turn left"),
    Action.TURN_RIGHT: _("Turn right"),
    Action.LOOK_UP: _("Look up"),
    Action.LOOK_DOWN: _("Look down"),
    Action.NOD: _("Nod"),
    Action.BLINK: _("Blink"),
    Action.OPEN_MOUTH: _("Open the mouth"),
    Action.RAISE_EYEBROWS: _("Raise the eyebrows"),
    Action.SMILE: _("Smile"),
    Action.SURPRISE: _("Look surprised"),
}
OUTCOMES: Mapping[str, Promise] = {
    ChallengeOutcome.PASSED: _("Passed"),
    ChallengeOutcome.FAILED: _("Failed"),
    ChallengeOutcome.SKIPPED: _("Skipped by the capture subject"),
    ChallengeOutcome.ABANDONED: _("Cut short: the session ended"),
    "": _("Going on"),
}
FAULTS: Mapping[str, Promise] = {
    ChallengeFault.NOT_PERFORMED: _("not performed in time"),
    ChallengeFault.NO_RESPONSE: _("no face in view"),
    ChallengeFault.POOR_CAPTURE: _("picture not good enough"),
}
SCORES: Mapping[str, Promise] = {
    "liveness": _("Liveness"),
    "emotion": _("Emotion"),
    "deepfake": _("Deepfake"),
    "final": _("Final"),
}
SIGNALS: Mapping[str, Promise] = {
    Signal.PARALLAX: _("Parallax"),
    Signal.MICRO_MOTION: _("Micro-motion"),
    Signal.TEXTURE: _("Texture"),
    Signal.COMPLIANCE: _("Compliance"),
    Signal.TIMING: _("Timing"),
    Signal.CONTINUITY: _("Continuity"),
}


def put_in_words(words: Mapping[str, Promise], value: str) -> str:
    """The phrase for a value; a value without one (a newer version wrote it) with spaces for underscores."""
    return str(words[value]) if value in words else value.replace("_", " ")
