"""Challenges and frames over the capture socket: what docs/protocol.md promises of good input."""

import base64
from collections.abc import Callable

import pytest
from pytest_django import Settings

from tests.verification.consumers.conftest import assert_ended
from tests.verification.pictures import make_grey_jpeg, make_jpeg, make_webp
from tests.verification.sockets import CaptureSocket, Message, count_audit, open_in_test, read_audit
from verification.liveness.actions import CATALOGUE, Action
from verification.messages import encode_nonce
from verification.models import Challenge
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db(transaction=True)


async def test_ready_reveals_the_alignment_step_once(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        challenge = await socket.begin()
        await socket.send_json({"type": "ready", "camera": {}})
        await socket.send_frame(make_jpeg())
        await socket.expect("feedback")
    assert challenge == {
        "type": "challenge",
        "challenge_id": challenge["challenge_id"],
        "index": 0,
        "total": challenge["total"],
        "kind": "align",
        "action": "look_straight",
        "params": dict(CATALOGUE[Action.LOOK_STRAIGHT].params),
        "instruction": "Look straight into the camera",
        "nonce": encode_nonce(socket.nonce),
        "timeout_ms": 30_000,
    }
    stored = await Challenge.objects.aget(session=opened.session)
    assert str(stored.pk) == challenge["challenge_id"]


@pytest.mark.parametrize("make", [make_jpeg, make_webp, make_grey_jpeg])
async def test_jpeg_grey_jpeg_and_webp_are_analysed(opened: OpenedSession, make: Callable[[], bytes]) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        seq = await socket.send_frame(make())
        feedback = await socket.expect("feedback")
    assert feedback == {
        "type": "feedback",
        "seq": seq,
        "hint": "no_face",
        "face": None,
        "progress": 0.0,
        "scores": {"liveness": None, "emotion": None, "deepfake": None},
    }


@pytest.mark.parametrize("prefix", ["", "data:image/jpeg;base64,"])
async def test_a_frame_in_json_is_the_same_as_a_binary_one(opened: OpenedSession, prefix: str) -> None:
    async with CaptureSocket(opened) as socket:
        challenge = await socket.begin()
        image = prefix + base64.b64encode(make_jpeg()).decode()
        frame = {"type": "frame", "nonce": challenge["nonce"], "seq": 7, "captured_at_ms": 1, "image": image}
        await socket.send_json(frame)
        assert (await socket.expect("feedback"))["seq"] == 7


async def test_a_face_is_located_in_fractions_of_the_frame(
    opened: OpenedSession, neutral_faces: list[bytes]
) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_frame(neutral_faces[0])
        feedback = await socket.expect("feedback")
    x, y, width, height = feedback["face"]["box"]
    assert 0 < x < x + width < 1
    assert 0 < y < y + height < 1


async def test_scores_are_hidden_where_the_operator_hides_them(
    opened: OpenedSession, settings: Settings
) -> None:
    settings.POL_EXPOSE_SCORES = False
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_frame(make_jpeg())
        assert (await socket.expect("feedback"))["scores"] is None
        await socket.send_json({"type": "cancel"})
        assert (await socket.read_until("result"))["scores"] is None


async def test_of_frames_that_pile_up_the_newest_wins(
    opened: OpenedSession, neutral_faces: list[bytes]
) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        for number in range(150):
            last = await socket.send_frame(neutral_faces[number % len(neutral_faces)])
        answered = [(await socket.expect("feedback"))["seq"]]
        while answered[-1] != last:
            answered.append((await socket.expect("feedback"))["seq"])
    assert len(answered) < 150
    assert answered == sorted(answered)


def is_first_challenge(message: Message) -> bool:
    return bool(message["type"] == "challenge" and message["index"] == 1)


async def test_a_frame_in_flight_when_the_challenge_changes_is_dropped_without_harm(
    opened: OpenedSession, neutral_faces: list[bytes]
) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        old_nonce = socket.nonce
        await socket.show(neutral_faces, is_first_challenge)
        await socket.send_frame(neutral_faces[0], nonce=old_nonce)
        seq = await socket.send_frame(neutral_faces[1])
        assert (await socket.expect("feedback"))["seq"] == seq
        assert socket.nonce != old_nonce
    await assert_ended(opened, "inconclusive", "disconnected")
    kinds = [kind for kind, _ in await read_audit(opened.session.pk)]
    assert kinds.count("challenge_revealed") == 2
    assert kinds.count("challenge_passed") == 1
    assert "replay_detected" not in kinds


async def test_i_cannot_do_this_brings_another_action_twice_at_most(
    opened: OpenedSession, neutral_faces: list[bytes]
) -> None:
    async with CaptureSocket(opened) as socket:
        align = await socket.begin()
        await socket.send_json({"type": "skip", "challenge_id": align["challenge_id"]})  # never alignment
        current = await socket.show(neutral_faces, is_first_challenge)
        await socket.send_json({"type": "skip", "challenge_id": align["challenge_id"]})  # not the current one
        for _ in range(2):
            await socket.send_json({"type": "skip", "challenge_id": current["challenge_id"]})
            ended = await socket.expect("challenge_result")
            assert ended == {
                "type": "challenge_result",
                "challenge_id": current["challenge_id"],
                "passed": False,
                "reason": "skipped",
                "attempts_left": 3,
            }
            following = await socket.expect("challenge")
            assert following["index"] == current["index"]
            assert following["action"] != current["action"]
            assert following["nonce"] != current["nonce"]
            current = following
        await socket.send_json({"type": "skip", "challenge_id": current["challenge_id"]})
        await socket.send_frame(neutral_faces[0])
        await socket.expect("feedback")
    assert await count_audit(opened, "challenge_skipped") == 2


async def test_instructions_come_in_the_language_of_the_session() -> None:
    opened = await open_in_test(user_id="alice", locale="zz-Unknown1")
    async with CaptureSocket(opened) as socket:
        assert (await socket.begin())["instruction"]
