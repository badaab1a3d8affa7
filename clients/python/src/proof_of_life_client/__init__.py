"""For services that ask a Proof of Life server whether a living person is there."""

from proof_of_life_client.client import OpenedSession, ProofOfLife, SessionState, Verdict
from proof_of_life_client.errors import ApiError, ProofOfLifeError, SignatureError, TokenError
from proof_of_life_client.webhooks import verify_webhook

__all__ = [
    "ApiError",
    "OpenedSession",
    "ProofOfLife",
    "ProofOfLifeError",
    "SessionState",
    "SignatureError",
    "TokenError",
    "Verdict",
    "verify_webhook",
]
__version__ = "0.1.0"
