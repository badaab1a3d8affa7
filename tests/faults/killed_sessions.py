"""Hold sessions in processes of their own and kill each at a random moment.

    python -m tests.faults.killed_sessions 200 [SEED]

Prints a JSON report of what the database holds afterwards; exit status 1 where it does not agree with itself.
The processes are forked from one that has loaded the server's code, so each costs milliseconds.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

CALIBRATION_RUNS = 3


def hold_session(tell: Callable[[str], None]) -> None:
    """From the opening to a token, with all that a socket would store on the way."""
    from tests.verification import sessions as told
    from verification import services
    from verification.models import RelyingParty

    party = RelyingParty.objects.get(name="bank")
    opened = told.open_session(user_id="subject", relying_party=party)
    tell(f"opened {opened.session.pk} {opened.ticket}")
    services.connect_socket(opened.session.pk, opened.ticket)
    for _ in range(3):
        services.end_challenge(opened.session.pk, told.end(told.issue(opened)))
    last = told.issue(opened)
    token = services.conclude_session(opened.session.pk, told.conclude(), told.end(last))
    assert token is not None
    tell(f"token {opened.session.pk} {token.jti}")


def fork(work: Callable[[Callable[[str], None]], None]) -> tuple[int, int]:
    """Run in a process of its own; its id, and the end of a pipe at which it can be heard."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1

        def tell(line: str) -> None:
            os.write(writing, f"{line}\n".encode())

        try:
            work(tell)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    return pid, reading


def finish(pid: int, reading: int) -> list[str]:
    os.waitpid(pid, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read().splitlines()


def run_whole(work: Callable[[Callable[[str], None]], None]) -> float:
    """How many seconds it takes when nobody kills it."""
    began = time.monotonic()
    pid, reading = fork(work)
    _, status = os.waitpid(pid, 0)
    os.close(reading)
    assert status == 0, "a session that nobody killed did not get to its token"
    return time.monotonic() - began


def run_and_kill(after_s: float) -> list[str]:
    pid, reading = fork(hold_session)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    return finish(pid, reading)


def create_party(tell: Callable[[str], None]) -> None:
    from verification.relying_parties import create_relying_party

    create_relying_party("bank", webhook_url="https://bank.example/hook")


def main(count: int, seed: int) -> dict[str, Any]:
    # Loaded here once, so that no kill falls into the loading.
    from tests.verification import sessions  # noqa: F401

    draw = random.Random(seed)
    run_whole(create_party)
    whole_s = sorted(run_whole(hold_session) for _ in range(CALIBRATION_RUNS))[CALIBRATION_RUNS // 2]
    heard = [line for _ in range(count) for line in run_and_kill(draw.uniform(0, 1.1 * whole_s))]
    return {"seed": seed, "killed": count, "whole_ms": round(1_000 * whole_s), **look(heard)}


def look(heard: list[str]) -> dict[str, Any]:
    """What is wrong, and where the processes were killed."""
    from django.utils import timezone

    from audit.verify import verify_chain
    from verification.models import VerificationSession
    from verification.services import conclude_expired

    told = [line.split() for line in heard]
    opened = [(UUID(session_id), ticket) for what, session_id, ticket in told if what == "opened"]
    tokens = {UUID(session_id): jti for what, session_id, jti in told if what == "token"}
    states = Counter(VerificationSession.objects.values_list("status", flat=True))
    wrong = [f"{ticket} opened again" for pk, ticket in opened if can_connect_again(pk, ticket)]
    conclude_expired(VerificationSession.objects.all(), now=timezone.now() + timedelta(hours=1))
    for session in VerificationSession.objects.all():
        wrong += [f"{session.pk}: {problem}" for problem in find_problems(session, tokens.get(session.pk))]
    chain = verify_chain()
    if not chain.is_intact:
        wrong.append(f"the chain is broken at {chain.broken_at}: {chain.problem}")
    passed = VerificationSession.objects.filter(decision="pass").count()
    return {"states": dict(states), "passed": passed, "tokens_sent": len(tokens), "wrong": wrong}


def can_connect_again(session_id: UUID, ticket: str) -> bool:
    """Whether a ticket that was used opens a second socket."""
    from verification.models import VerificationSession
    from verification.services import SessionUnavailableError, connect_socket

    if VerificationSession.objects.get(pk=session_id).ticket_used_at is None:
        return False
    try:
        connect_socket(session_id, ticket)
    except SessionUnavailableError:
        return False
    return True


def find_problems(session: Any, sent_jti: str | None) -> list[str]:
    from audit.models import AuditEvent
    from verification.models import Challenge, Nonce, WebhookDelivery

    kinds = Counter(AuditEvent.objects.filter(session_id=session.pk).values_list("kind", flat=True))
    has_token = session.token_id is not None
    facts = {
        "not concluded": session.status == "concluded",
        "opened not once": kinds["session_opened"] == 1,
        "concluded not once": kinds["session_concluded"] == 1,
        "token and its event differ": kinds["token_issued"] == int(has_token),
        "token without a pass": has_token == (session.decision == "pass"),
        "another token was sent": sent_jti is None or sent_jti == session.token_id,
        "told the party not once": WebhookDelivery.objects.filter(session=session).count() == 1,
        "a nonce is left": not Nonce.objects.filter(
            challenge__session=session, consumed_at__isnull=True
        ).exists(),
        "a challenge is open": not Challenge.objects.filter(session=session, outcome="").exists(),
        "a revealed challenge lacks its event": Challenge.objects.filter(session=session).count()
        == kinds["challenge_revealed"],
        "socket and its event differ": kinds["socket_connected"] == int(session.ticket_used_at is not None),
    }
    return [problem for problem, holds in facts.items() if not holds]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
    django.setup()
    report = main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32))
    sys.stdout.write(json.dumps(report) + "\n")
    sys.exit(bool(report["wrong"]))
