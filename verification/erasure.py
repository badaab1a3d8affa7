"""Erasing what identifies one capture subject, on their request (GDPR article 17)."""

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from oauth2_provider.models import AccessToken

from audit.models import EventKind
from audit.services import record
from verification import monitor
from verification.limits import forget_failures
from verification.models import OidcLogin, RelyingParty, SessionStatus, VerificationSession
from verification.services import end_session_by_staff

PSEUDONYM_BYTES = 8
PSEUDONYM_PREFIX = "erased-"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom one relying party calls by this id; at two parties the same id may be two people.

    relying_party: None means sessions opened without an API key.
    """

    user_id: str
    relying_party: RelyingParty | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """sessions: how many were pseudonymised. ended: how many of them were still in progress."""

    pseudonym: str
    sessions: int
    ended: int


def find_sessions(subject: Subject) -> QuerySet[VerificationSession]:
    return VerificationSession.objects.filter(user_id=subject.user_id, relying_party=subject.relying_party)


@transaction.atomic
def erase_subject(subject: Subject, *, staff_id: int) -> Erasure | None:
    """Put one random pseudonym in the place of the id in all of the subject's sessions.

    Sessions in progress are ended first: their token would name the subject. What else the relying party
    or the browser said (return address, state, locale, camera) is emptied, OpenID Connect logins and their
    tokens are deleted, and the count of failures in the cache is forgotten. Scores, decisions and audit
    events stay; the events never held the id, so the chain still verifies. One event tells that it was
    done, by which account and to how many sessions, without the id.

    Returns None where there is no such session. staff_id: the account's number.
    """
    found = find_sessions(subject)
    unfinished = found.exclude(status=SessionStatus.CONCLUDED).values_list("pk", flat=True)
    ended = sum(end_session_by_staff(pk, staff_id=staff_id) for pk in list(unfinished))
    _delete_logins(found)
    pseudonym = PSEUDONYM_PREFIX + secrets.token_hex(PSEUDONYM_BYTES)
    count = found.update(user_id=pseudonym, locale="", redirect_uri="", state="", camera={})
    if not count:
        return None
    record(
        EventKind.SUBJECT_ERASED,
        relying_party=subject.relying_party.name if subject.relying_party else "",
        detail={"sessions": count, "ended": ended, "pseudonym": pseudonym, "staff_id": staff_id},
    )
    monitor.announce(EventKind.SUBJECT_ERASED)
    transaction.on_commit(lambda: forget_failures(subject.relying_party, subject.user_id), robust=True)
    return Erasure(pseudonym, count, ended)


def _delete_logins(sessions: QuerySet[VerificationSession]) -> None:
    """What an OpenID Connect client said of the person's login, and the tokens that came of it."""
    logins = OidcLogin.objects.filter(session__in=sessions)
    AccessToken.objects.filter(pk__in=logins.values("access_token")).delete()
    logins.delete()
