"""Whole sessions before the simulated capture subject: the live analyser and session code."""

from dataclasses import replace
from random import Random

import pytest

from tests.subject.subject import FlatPhoto
from tests.verification.clips.performed import PERFORMED_ACTIONS, PerformedClip, perform
from verification.clips.in_process import InProcessSession
from verification.clips.subject import ClipSubject, ClipVerdict
from verification.inference import open_analyser
from verification.liveness.events import ChallengeRevealed, Event
from verification.liveness.policy import Floors, Policy
from verification.vision.image_header import FrameRejected

SHORT = Policy(challenge_count=(3, 3))
LENIENT = replace(SHORT, floors=Floors(0.0, 0.0, 0.0), pass_threshold=0.01)


def hold(subject: ClipSubject[bytes], policy: Policy, seed: int = 1) -> ClipVerdict:
    with open_analyser() as analyser:
        return InProcessSession(subject, analyser.analyse, policy, rng=Random(seed)).run()


def test_with_the_floors_lowered_the_simulated_subject_passes(performed_clip: PerformedClip) -> None:
    verdict = hold(performed_clip.as_subject(), LENIENT)
    assert (verdict.decision, verdict.reason) == ("pass", "verified")
    assert [record.outcome for record in verdict.challenges] == ["passed"] * 4
    assert verdict.signals is not None
    assert verdict.signals["parallax"] is not None
    assert verdict.signals["parallax"] > 0.5
    assert verdict.frames == round(verdict.elapsed_s * 12)
    assert verdict.token is None


def test_the_same_seed_draws_the_same_challenges(performed_clip: PerformedClip) -> None:
    first, second = (hold(performed_clip.as_subject(speed=2.0), LENIENT, seed=5) for _ in range(2))
    assert [record.action for record in first.challenges] == [record.action for record in second.challenges]
    assert (first.reason, first.scores, first.frames) == (second.reason, second.scores, second.frames)


def test_a_flat_photo_of_the_subject_cannot_turn_its_head(performed_clip: PerformedClip) -> None:
    """Even with every floor lowered: the challenges themselves are what it fails."""
    photo = perform(FlatPhoto(), PERFORMED_ACTIONS)
    # Whichever two are drawn, one of them is a turn; each takes the whole time of its challenge.
    verdict = hold(photo.as_subject(), replace(LENIENT, max_consecutive_failures=2))
    assert (verdict.decision, verdict.reason) == ("fail", "challenge_failed")
    assert verdict.signals is not None
    assert (verdict.signals["parallax"] or 0.0) < 0.2


def test_one_picture_over_and_over_is_suspected_of_injection(performed_clip: PerformedClip) -> None:
    still = PerformedClip(performed_clip.frames[:1] * len(performed_clip.frames), performed_clip.segments)
    verdict = hold(still.as_subject(), LENIENT)
    assert (verdict.decision, verdict.reason) == ("fail", "injection_suspected")
    assert verdict.elapsed_s < 10


def test_challenges_are_revealed_one_at_a_time_and_told_as_they_come(performed_clip: PerformedClip) -> None:
    heard: list[tuple[Event, float]] = []
    with open_analyser() as analyser:
        session = InProcessSession(
            performed_clip.as_subject(),
            analyser.analyse,
            LENIENT,
            rng=Random(2),
            on_event=lambda event, elapsed_s: heard.append((event, elapsed_s)),
        )
        verdict = session.run()
    times = [elapsed_s for _, elapsed_s in heard]
    revealed = [event.challenge for event, _ in heard if isinstance(event, ChallengeRevealed)]
    assert times == sorted(times)
    assert [challenge.index for challenge in revealed] == [0, 1, 2, 3]
    assert len({challenge.nonce for challenge in revealed}) == 4
    assert len(verdict.challenges) == 4


def test_frames_that_cannot_be_decoded_are_an_error_and_no_verdict(performed_clip: PerformedClip) -> None:
    broken = PerformedClip([b"not a picture"] * len(performed_clip.frames), performed_clip.segments)
    with pytest.raises(FrameRejected):
        hold(broken.as_subject(), LENIENT)
