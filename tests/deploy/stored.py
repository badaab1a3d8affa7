"""What a server stores, made and looked at in processes of their own: `python -m tests.deploy.stored fill|look`.

`fill` makes a signing key, holds a session to its pass and one to its failure, by the services
that the socket uses, and prints what a relying party would hold. `look` reads that from standard input and prints
what the server of DATABASE_URL makes of it.
"""

import json
import os
import sys
from typing import Any
from uuid import uuid4

import django


def fill() -> dict[str, Any]:
    from django.core.management import call_command

    call_command("create_signing_key", verbosity=0, stdout=sys.stderr)
    from verification.api_keys import create_api_key
    from verification.liveness.vocabulary import Reason
    from verification.relying_parties import create_relying_party, read_webhook_secret

    party = create_relying_party("shop", webhook_url="https://shop.example/hooks")
    passed, failed = (hold_session(party, reason) for reason in (Reason.VERIFIED, Reason.CHALLENGE_FAILED))
    assert passed["token"]
    assert not failed["token"]
    return {"api_key": create_api_key(party), "webhook": read_webhook_secret(party), **passed}


def hold_session(party: Any, reason: Any) -> dict[str, Any]:
    from verification import services
    from verification.liveness.actions import Action
    from verification.liveness.events import ChallengeEnded, IssuedChallenge, SessionConcluded
    from verification.liveness.score import Scores
    from verification.liveness.vocabulary import ChallengeOutcome

    opened = services.open_session(user_id="subject-001", relying_party=party)
    services.connect_socket(opened.session.pk, opened.ticket)
    challenge = IssuedChallenge(str(uuid4()), 1, 3, Action.TURN_LEFT, uuid4().bytes, 0, 15_000)
    services.reveal_challenge(opened.session.pk, challenge, 300_000)
    ended = ChallengeEnded(challenge, ChallengeOutcome.PASSED, None, 2, 1_234, {"peak": 0.98765})
    scores = Scores(liveness=0.91, emotion=0.8, deepfake=0.77, final=0.84777)
    concluded = SessionConcluded(reason, scores, {"parallax": 0.98765}, {})
    issued = services.conclude_session(opened.session.pk, concluded, ended)
    return {"session_id": str(opened.session.pk), "token": issued.token if issued else None}


def look(held: dict[str, Any]) -> dict[str, Any]:
    from audit.verify import verify_chain
    from verification.api_keys import find_relying_party
    from verification.models import VerificationSession
    from verification.relying_parties import read_webhook_secret
    from verification.revocation import judge_token

    party = find_relying_party(held["api_key"])
    assert party is not None
    chain = verify_chain()
    return {
        "decision": VerificationSession.objects.get(pk=held["session_id"]).decision,
        "is_valid": judge_token(held["token"], party=party).valid,
        "has_same_webhook_secret": read_webhook_secret(party) == held["webhook"],
        "deliveries": party.deliveries.filter(delivered_at=None).count(),
        "is_intact": chain.is_intact and chain.checked > 8,
        "is_guarded": chain.is_guarded,
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
    django.setup()
    sys.stdout.write(json.dumps(fill() if sys.argv[1] == "fill" else look(json.load(sys.stdin))))
