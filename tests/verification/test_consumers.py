"""The capture socket, with the real analyser behind it: what docs/protocol.md promises for each input."""

import base64
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from audit.models import ChainHead
from tests.verification.pictures import (
    make_cmyk_jpeg,
    make_grey_jpeg,
    make_huge_header,
    make_jpeg,
    make_png,
    make_webp,
)
from tests.verification.sockets import (
    CaptureSocket,
    Close,
    Message,
    count_audit,
    open_in_test,
    read_audit,
    reload,
)
from verification.inference import get_models
from verification.liveness.actions import CATALOGUE, Action
from verification.messages import encode_nonce
from verification.models import Challenge, Nonce
from verification.services import OpenedSession, conclude_expired

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module", autouse=True)
def installed_landmarker() -> None:
    if not get_models().is_ready and not get_models().status["face_landmarker"].is_installed:
        pytest.skip("the face landmarker is not installed; run manage.py download_models")


@pytest.fixture
async def opened() -> OpenedSession:
    return await open_in_test(user_id="alice")


@pytest.fixture
async def another() -> OpenedSession:
    return await open_in_test(user_id="bob")


async def assert_ended(opened: OpenedSession, decision: str, reason: str) -> None:
    """Concluded once, with this verdict, every nonce consumed, and the audit log agreeing."""
    session = await reload(opened)
    assert (session.status, session.decision, session.reason) == ("concluded", decision, reason)
    concluded = [d for kind, d in await read_audit(session.pk) if kind == "session_concluded"]
    assert [(d["decision"], d["reason"]) for d in concluded] == [(decision, reason)]
    assert not await Nonce.objects.filter(challenge__session=session, consumed_at=None).aexists()


async def assert_still_serving(another: OpenedSession) -> None:
    """Someone else's session works, up to an analysed frame."""
    async with CaptureSocket(another) as socket:
        await socket.begin()
        await socket.send_frame(make_jpeg())
        assert (await socket.expect("feedback"))["hint"] == "no_face"


# --- connecting --------------------------------------------------------------------------------------


async def test_the_first_message_describes_the_session_and_the_capture(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        message = await socket.expect("session")
    assert message == {
        "type": "session",
        "session_id": str(opened.session.pk),
        "expires_at": opened.session.expires_at.isoformat(),
        "challenges_total": message["challenges_total"],
        "capture": {
            "width": 640,
            "height": 480,
            "max_fps": 30,
            "max_frame_bytes": 262_144,
            "formats": ["image/jpeg", "image/webp"],
        },
    }
    assert 3 <= message["challenges_total"] <= 5
    assert await count_audit(opened, "socket_connected") == 1


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["pol.v1"], "pol.v1"), (["other", "pol.v1"], "pol.v1"), ([], None), (["x"], None)],
)
async def test_the_subprotocol_is_chosen_where_it_is_offered(
    opened: OpenedSession, offered: list[str], chosen: str | None
) -> None:
    async with CaptureSocket(opened, subprotocols=offered) as socket:
        assert socket.subprotocol == chosen


async def assert_refused(socket: CaptureSocket, code: int, slug: str) -> None:
    async with socket:
        messages, close_code = await socket.read_to_close()
    assert [(m["type"], m["code"]) for m in messages] == [("error", slug)]
    assert messages[0]["message"]
    assert close_code == code


@pytest.mark.parametrize("query", ["?ticket=wrong", "?ticket=", "", "?ticket=%00%ff&ticket=b", "?x=y"])
async def test_a_wrong_ticket_is_refused_and_audited_and_the_right_one_still_works(
    opened: OpenedSession, query: str
) -> None:
    path = f"/ws/verify/{opened.session.pk}{query}"
    await assert_refused(CaptureSocket(path=path), 4401, "bad_ticket")
    assert ("socket_refused", {"close_code": 4401, "code": "bad_ticket"}) in await read_audit(
        opened.session.pk
    )
    await assert_still_serving(opened)


async def test_a_ticket_of_another_session_is_refused(opened: OpenedSession, another: OpenedSession) -> None:
    path = f"/ws/verify/{opened.session.pk}?ticket={another.ticket}"
    await assert_refused(CaptureSocket(path=path), 4401, "bad_ticket")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "https://pol.example.evil"])
async def test_a_foreign_origin_is_refused_and_the_ticket_stays_good(
    opened: OpenedSession, origin: str
) -> None:
    await assert_refused(CaptureSocket(opened, origin=origin), 4403, "origin_not_allowed")
    assert await count_audit(opened, "socket_refused") == 1
    async with CaptureSocket(opened, origin="https://pol.example") as socket:
        await socket.expect("session")


async def test_an_origin_that_the_operator_named_is_allowed(
    opened: OpenedSession, settings: Settings
) -> None:
    settings.POL_ALLOWED_ORIGINS = ["https://shop.example"]
    async with CaptureSocket(opened, origin="https://shop.example") as socket:
        await socket.expect("session")


@pytest.mark.parametrize("name", ["4f0c4d0e-7a53-4a86-9f50-0d1f2c6f9f35", "not-a-session", "", "a/b"])
async def test_a_session_that_does_not_exist_is_told_so(name: str, opened: OpenedSession) -> None:
    path = f"/ws/verify/{name}?ticket={opened.ticket}"
    await assert_refused(CaptureSocket(path=path), 4404, "no_such_session")


async def test_a_second_socket_is_refused_and_the_first_goes_on(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as first:
        await assert_refused(CaptureSocket(opened), 4409, "already_connected")
        await first.begin()
        await first.send_frame(make_jpeg())
        await first.expect("feedback")
    assert await count_audit(opened, "socket_refused") == 1


async def test_a_used_ticket_opens_nothing_after_its_session(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_json({"type": "cancel"})
        await socket.read_to_close()
    await assert_refused(CaptureSocket(opened), 4410, "session_over")


async def test_a_ticket_is_good_no_longer_than_its_session(settings: Settings) -> None:
    settings.SESSION_TIMEOUT_SECONDS = 1
    opened = await open_in_test(user_id="alice")
    await sync_to_async(lambda: type(opened.session).objects.update(expires_at=opened.session.created_at))()
    await assert_refused(CaptureSocket(opened), 4410, "session_over")


async def test_a_full_server_says_try_again_and_keeps_the_ticket_good(
    opened: OpenedSession, another: OpenedSession, settings: Settings
) -> None:
    settings.POL_MAX_SESSIONS = 1
    async with CaptureSocket(another) as first:
        await first.begin()
        await assert_refused(CaptureSocket(opened), 4503, "overloaded")
    await assert_still_serving(opened)


async def test_a_refused_socket_that_goes_on_talking_is_not_heard(opened: OpenedSession) -> None:
    async with CaptureSocket(path=f"/ws/verify/{opened.session.pk}?ticket=x") as socket:
        await socket.send_json({"type": "ready"})
        messages, code = await socket.read_to_close()
        await socket.send_bytes(b"x" * 1_000)
    assert (len(messages), code) == (1, 4401)


# --- challenges and frames ---------------------------------------------------------------------------


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


# --- what bad input gets -----------------------------------------------------------------------------

BAD_PICTURES: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "no bytes": (lambda: b"", 4400, "empty"),
    "no picture": (lambda: b"<html>not a picture</html>" * 9, 4400, "not_an_image"),
    "a truncated JPEG": (lambda: make_jpeg()[:-200], 4400, "truncated"),
    "only a JPEG's first bytes": (lambda: make_jpeg()[:40], 4400, "truncated"),
    "a PNG": (make_png, 4400, "unsupported_format"),
    "a CMYK JPEG": (make_cmyk_jpeg, 4400, "unsupported_format"),
    "20,000 x 20,000 pixels": (make_huge_header, 4413, "too_many_pixels"),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_a_bad_picture_ends_the_session_and_no_other(
    name: str, opened: OpenedSession, another: OpenedSession
) -> None:
    make, close_code, slug = BAD_PICTURES[name]
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_frame(make())
        messages, code = await socket.read_to_close()
    assert [(m["type"], m["code"]) for m in messages] == [("error", slug)]
    assert code == close_code
    await assert_ended(opened, "inconclusive", "disconnected")
    audit = await read_audit(opened.session.pk)
    assert ("frame_rejected", {"code": slug}) in audit
    assert audit[-1][1]["close_code"] == close_code
    await assert_still_serving(another)


OVERSIZED = {
    "binary": lambda socket: socket.send_frame(b"\xff\xd8\xff" + bytes(262_142)),
    "json": lambda socket: socket.send_json(
        {
            "type": "frame",
            "nonce": encode_nonce(socket.nonce),
            "seq": 1,
            "captured_at_ms": 1,
            "image": base64.b64encode(bytes(262_145)).decode(),
        }
    ),
    "endless text": lambda socket: socket.send_text("x" * 400_000),
}


@pytest.mark.parametrize("name", OVERSIZED)
async def test_a_frame_over_the_byte_cap_is_too_large(
    name: str, opened: OpenedSession, another: OpenedSession
) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await OVERSIZED[name](socket)
        messages, code = await socket.read_to_close()
    assert [m["code"] for m in messages] == ["frame_too_large"]
    assert code == 4413
    await assert_ended(opened, "inconclusive", "disconnected")
    await assert_still_serving(another)


async def test_a_picture_of_exactly_the_byte_cap_is_looked_at(opened: OpenedSession) -> None:
    image = make_jpeg()
    padded = image[:2] + _comment(262_144 - len(image)) + image[2:]
    assert len(padded) == 262_144
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_frame(padded)
        await socket.expect("feedback")


def _comment(size: int) -> bytes:
    """JPEG comment segments of `size` bytes in all."""
    segments = b""
    while size:
        part = min(size, 60_000) if not 0 < size - 60_000 < 4 else size // 2
        segments += b"\xff\xfe" + (part - 2).to_bytes(2, "big") + bytes(part - 4)
        size -= part
    return segments


MALFORMED: list[Any] = [
    "not json",
    "",
    "[]",
    "null",
    '"ready"',
    "{}",
    '{"type": 1}',
    '{"type": "readyy"}',
    '{"type": "frame"}',
    '{"type": "frame", "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "seq": "1", "captured_at_ms": 1, "image": ""}',
    '{"type": "frame", "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "seq": -1, "captured_at_ms": 1, "image": ""}',
    '{"type": "frame", "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "seq": 1e9, "captured_at_ms": 1, "image": ""}',
    '{"type": "frame", "nonce": "short", "seq": 1, "captured_at_ms": 1, "image": ""}',
    '{"type": "skip"}',
    '{"type": "ready", "camera": 3}',
    "[" * 100_000,
    "9" * 10_000,
    b"",
    b"\x01",
    b"\x02" + bytes(40),
    b'{"type": "ready"}',
]


@pytest.mark.parametrize("message", MALFORMED, ids=lambda m: repr(m[:40]))
async def test_a_malformed_message_ends_the_session(message: str | bytes, opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await (socket.send_text(message) if isinstance(message, str) else socket.send_bytes(message))
        messages, code = await socket.read_to_close()
    assert [(m["type"], m["code"]) for m in messages] == [("error", "malformed")]
    assert code == 4400
    await assert_ended(opened, "inconclusive", "disconnected")


async def assert_replay(socket: CaptureSocket, opened: OpenedSession) -> None:
    result = await socket.read_until("result")
    assert (result["decision"], result["reason"], result["token"]) == ("fail", "replay_detected", None)
    assert await socket.receive() == Close(1000)
    await assert_ended(opened, "fail", "replay_detected")
    assert await count_audit(opened, "replay_detected") == 1


async def test_a_nonce_that_was_never_issued_is_a_replay(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_frame(make_jpeg(), nonce=bytes(16))
        await assert_replay(socket, opened)


async def test_a_nonce_of_another_session_is_a_replay(opened: OpenedSession, another: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket, CaptureSocket(another) as other:
        await socket.begin()
        await other.begin()
        await socket.send_frame(make_jpeg(), nonce=other.nonce)
        await assert_replay(socket, opened)
        await other.send_frame(make_jpeg())
        await other.expect("feedback")


@pytest.mark.parametrize(("seq", "captured_at_ms"), [(5, 900), (4, 900), (0, 900), (6, 200), (6, 199)])
async def test_a_number_or_time_that_does_not_rise_is_a_replay(
    opened: OpenedSession, seq: int, captured_at_ms: int
) -> None:
    async with CaptureSocket(opened) as socket:
        challenge = await socket.begin()
        await socket.send_frame(make_jpeg(), seq=5)  # captured at 200 ms
        await socket.expect("feedback")
        image = base64.b64encode(make_jpeg(1)).decode()
        frame = {"type": "frame", "nonce": challenge["nonce"], "seq": seq, "image": image}
        await socket.send_json(frame | {"captured_at_ms": captured_at_ms})
        await assert_replay(socket, opened)


async def test_a_frame_before_ready_carries_no_nonce_that_could_be_right(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.expect("session")
        await socket.send_frame(make_jpeg(), nonce=bytes(16))
        await assert_replay(socket, opened)


async def test_ten_thousand_frames_at_once_end_their_session_while_another_is_served(
    opened: OpenedSession, another: OpenedSession
) -> None:
    image = make_jpeg()
    async with CaptureSocket(another) as other, CaptureSocket(opened) as socket:
        await other.begin()
        await socket.begin()
        for _ in range(10_000):
            await socket.send_frame(image)
        await other.send_frame(image)
        assert (await other.expect("feedback"))["seq"] == 1
        messages, code = await socket.read_to_close()
    assert messages[-1]["code"] == "rate_limited"
    assert sum(message["type"] == "feedback" for message in messages) < 1_000
    assert code == 4429
    await assert_ended(opened, "inconclusive", "disconnected")
    assert await count_audit(opened, "rate_limited") == 1


# --- endings -----------------------------------------------------------------------------------------


async def test_cancelling_is_inconclusive(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_json({"type": "cancel"})
        messages, code = await socket.read_to_close()
    assert messages[-1] == {
        "type": "result",
        "decision": "inconclusive",
        "reason": "cancelled",
        "scores": {"liveness": None, "emotion": None, "deepfake": None, "final": None},
        "token": None,
        "token_type": "Bearer",
        "expires_in": None,
    }
    assert code == 1000
    await assert_ended(opened, "inconclusive", "cancelled")


async def test_cancelling_before_ready_is_heard(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.expect("session")
        await socket.send_json({"type": "cancel"})
        assert (await socket.expect("result"))["reason"] == "cancelled"
        assert await socket.receive() == Close(1000)


async def test_a_socket_that_says_nothing_ends_with_its_session(settings: Settings) -> None:
    settings.SESSION_TIMEOUT_SECONDS = 1
    opened = await open_in_test(user_id="alice")
    async with CaptureSocket(opened) as socket:
        await socket.expect("session")
        result = await socket.expect("result")
        assert await socket.receive() == Close(4408)
    assert (result["decision"], result["reason"]) == ("inconclusive", "session_timeout")
    await assert_ended(opened, "inconclusive", "session_timeout")


async def test_nobody_before_the_camera_is_no_response(settings: Settings) -> None:
    settings.POL_CHALLENGE_TIMEOUT_SECONDS = 1
    opened = await open_in_test(user_id="alice")
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await socket.send_frame(make_jpeg())
        result = await socket.read_until("result")
        assert await socket.receive() == Close(1000)
    assert (result["decision"], result["reason"]) == ("inconclusive", "no_response")
    await assert_ended(opened, "inconclusive", "no_response")


async def vanish_at_once(socket: CaptureSocket) -> None:
    pass


async def vanish_during_alignment(socket: CaptureSocket) -> None:
    await socket.begin()


async def vanish_during_analysis(socket: CaptureSocket) -> None:
    await socket.begin()
    await socket.send_frame(make_jpeg())


async def vanish_after_a_frame(socket: CaptureSocket) -> None:
    await socket.begin()
    await socket.send_frame(make_jpeg())
    await socket.expect("feedback")


@pytest.mark.parametrize(
    "moment", [vanish_at_once, vanish_during_alignment, vanish_during_analysis, vanish_after_a_frame]
)
async def test_one_that_vanishes_is_disconnected_and_gives_its_place_back(
    moment: Any, opened: OpenedSession, another: OpenedSession, settings: Settings
) -> None:
    settings.POL_MAX_SESSIONS = 1
    async with CaptureSocket(opened) as socket:
        await moment(socket)
        await socket.vanish()
    await assert_ended(opened, "inconclusive", "disconnected")
    await assert_still_serving(another)


async def test_a_session_concluded_by_someone_else_is_not_concluded_again(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        sessions = type(opened.session).objects.filter(pk=opened.session.pk)
        later = opened.session.expires_at + timedelta(seconds=1)
        assert await sync_to_async(conclude_expired)(sessions, now=later) == 1
        await socket.send_json({"type": "cancel"})
        result = await socket.read_until("result")
    assert (result["decision"], result["reason"]) == ("inconclusive", "session_timeout")
    await assert_ended(opened, "inconclusive", "session_timeout")


async def test_a_server_that_cannot_write_its_audit_log_says_so_and_keeps_serving(
    opened: OpenedSession, another: OpenedSession, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.POL_MAX_SESSIONS = 1
    async with CaptureSocket(opened) as socket:
        await socket.expect("session")
        head = await ChainHead.objects.aget()
        await ChainHead.objects.all().adelete()
        await socket.send_json({"type": "ready"})
        messages, code = await socket.read_to_close()
    assert [(m["type"], m["code"]) for m in messages] == [("error", "server_error")]
    assert code == 4500
    assert (await reload(opened)).status == "in_progress"
    assert not await Challenge.objects.filter(session=opened.session).aexists()
    await head.asave(force_insert=True)
    await assert_still_serving(another)
    assert opened.ticket not in caplog.text
    assert "alice" not in caplog.text


async def test_a_socket_that_the_database_cannot_serve_gives_its_place_back(
    opened: OpenedSession, another: OpenedSession, settings: Settings
) -> None:
    settings.POL_MAX_SESSIONS = 1
    head = await ChainHead.objects.aget()
    await ChainHead.objects.all().adelete()
    await assert_refused(CaptureSocket(opened), 4500, "server_error")
    await head.asave(force_insert=True)
    await assert_still_serving(another)


async def test_a_missing_landmarker_is_an_error_of_the_server(
    opened: OpenedSession, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIAPIPE_MODEL_PATH = tmp_path / "absent.task"
    get_models.cache_clear()
    try:
        async with CaptureSocket(opened) as socket:
            await socket.begin()
            await socket.send_frame(make_jpeg())
            messages, code = await socket.read_to_close()
    finally:
        get_models.cache_clear()
    assert [m["code"] for m in messages] == ["server_error"]
    assert code == 4500
    await assert_ended(opened, "inconclusive", "disconnected")


async def test_instructions_come_in_the_language_of_the_session() -> None:
    opened = await open_in_test(user_id="alice", locale="zz-Unknown1")
    async with CaptureSocket(opened) as socket:
        assert (await socket.begin())["instruction"]
