"""How a session ends over the capture socket, by whoever ends it, and that its place comes back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from audit.models import ChainHead
from tests.verification.consumers.conftest import assert_ended, assert_refused, assert_still_serving
from tests.verification.pictures import make_jpeg
from tests.verification.sockets import CaptureSocket, Close, open_in_test, reload
from verification.inference import get_models
from verification.models import Challenge
from verification.services import OpenedSession, conclude_expired

pytestmark = pytest.mark.django_db(transaction=True)


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
