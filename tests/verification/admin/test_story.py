"""A session's story, from rows that the services wrote."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.verification.sessions import conclude, end, issue
from verification import services
from verification.admin.story import Story, tell_story
from verification.liveness.score import Scores
from verification.liveness.vocabulary import ChallengeOutcome, Reason
from verification.models import VerificationSession
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db


def open_connected() -> OpenedSession:
    opened = services.open_session(user_id="subject-001")
    services.connect_socket(opened.session.pk, opened.ticket)
    return opened


def tell(opened: OpenedSession) -> Story:
    session = VerificationSession.objects.get(pk=opened.session.pk)
    return tell_story(session, list(session.challenges.all()))


def test_the_timeline_is_in_order_and_says_what_came_of_each_challenge() -> None:
    opened = open_connected()
    services.end_challenge(opened.session.pk, end(issue(opened), ChallengeOutcome.FAILED))
    services.conclude_session(opened.session.pk, conclude(), end(issue(opened)))
    story = tell(opened)
    assert [str(moment.title) for moment in story.timeline] == [
        "Session opened", "Capture page connected, ticket used up", "Turn left", "Turn left",
        "Decision", "Token issued",
    ]  # fmt: skip
    failed, passed = story.timeline[2:4]
    assert (failed.tone, failed.note) == ("failed", "Failed: not performed in time")
    assert (passed.tone, passed.latency_ms, passed.measures) == ("passed", 1_234, {"peak": 0.9877})
    offsets = [moment.offset_s for moment in story.timeline]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0.0


def test_evidence_is_told_at_each_challenges_end_and_at_the_conclusion() -> None:
    opened = open_connected()
    first = replace(
        end(issue(opened)), scores=Scores(liveness=0.4), signals={"parallax": None, "timing": 0.8}
    )
    services.end_challenge(opened.session.pk, first)
    services.conclude_session(opened.session.pk, conclude(Reason.SCORE_BELOW_THRESHOLD), end(issue(opened)))
    story = tell(opened)
    liveness, parallax = story.scores[0], story.signals[0]
    assert liveness.values == (0.4, None, 0.91)  # the last challenge's end told no scores
    assert parallax.values == (None, None, 0.9877)
    assert (liveness.last, liveness.floor, liveness.is_below_floor) == (0.91, 0.5, False)
    assert len(story.rows) == len(story.course_at_s) == 3
    assert [len(values) for _at, values in story.rows] == [10, 10, 10]
    assert story.has_course


def test_a_score_below_what_the_policy_asks_is_marked() -> None:
    opened = open_connected()
    low = replace(conclude(Reason.LIVENESS_BELOW_FLOOR), scores=Scores(liveness=0.2, final=0.2))
    services.conclude_session(opened.session.pk, low)
    marked = [str(course.label) for course in tell(opened).scores if course.is_below_floor]
    assert marked == ["Liveness", "Final"]


def test_a_session_that_nobody_came_to_has_a_story_without_a_course() -> None:
    opened = services.open_session(user_id="subject-001")
    services.conclude_expired(VerificationSession.objects.all(), now=timezone.now() + timedelta(hours=1))
    story = tell(opened)
    assert [str(moment.title) for moment in story.timeline] == ["Session opened", "Decision"]
    assert not story.has_course
    assert story.rows == []


def test_a_challenge_that_goes_on_is_told_as_such() -> None:
    opened = open_connected()
    issue(opened)
    assert (tell(opened).timeline[-1].tone, tell(opened).timeline[-1].note) == ("current", "Going on")
