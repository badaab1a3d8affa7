"""Opening a session: for whom it may be opened, and on which terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.models import EventKind
from verification import limits
from verification.admission import admission
from verification.conf import describe_policy, load_policy, restrict_policy, strengthen_policy
from verification.liveness.policy import Policy
from verification.models import RelyingParty, VerificationSession
from verification.secrets_at_rest import hash_secret, make_ticket
from verification.services.events import record_event


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The stored session and its ticket, which exists nowhere else."""

    session: VerificationSession
    ticket: str


@transaction.atomic
def open_session(
    *,
    user_id: str,
    relying_party: RelyingParty | None = None,
    exclude: Sequence[str] = (),
    locale: str = "",
    redirect_uri: str = "",
    state: str = "",
) -> OpenedSession:
    """Open a session, which waits SESSION_TIMEOUT_SECONDS for its page or its socket.

    Raises PoolExhaustedError when `exclude` leaves too little to ask for, SubjectLockedError after too many
    failed sessions of the same party and `user_id`, and ServerStoppingError in a process that is about to end.
    """
    admission.require_running()
    limits.require_unlocked(relying_party, user_id)
    policy = restrict_policy(_load_terms(relying_party), list(exclude))
    ticket = make_ticket()
    now = timezone.now()
    session = VerificationSession.objects.create(
        relying_party=relying_party,
        user_id=user_id,
        policy=describe_policy(policy),
        locale=locale,
        redirect_uri=redirect_uri,
        state=state,
        ticket_hash=hash_secret(ticket),
        created_at=now,
        expires_at=now + timedelta(milliseconds=policy.session_timeout_ms),
    )
    detail = {"policy_version": policy.version, "excluded": sorted(exclude)}
    record_event(EventKind.SESSION_OPENED, session, detail, now)
    return OpenedSession(session, ticket)


def _load_terms(party: RelyingParty | None) -> Policy:
    policy = load_policy()
    if party is None:
        return policy
    return strengthen_policy(
        policy,
        pass_threshold=party.pass_threshold,
        challenge_pool=party.challenge_pool,
        max_consecutive_failures=party.max_consecutive_failures,
    )
