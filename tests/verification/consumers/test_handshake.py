"""Who gets a capture socket and who is refused one: what docs/protocol.md promises of connecting."""

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from tests.verification.consumers.conftest import assert_refused, assert_still_serving
from tests.verification.pictures import make_jpeg
from tests.verification.sockets import CaptureSocket, count_audit, open_in_test, read_audit
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_first_message_describes_the_session_and_the_capture(opened: OpenedSession) -> None:
    async with CaptureSocket(opened) as socket:
        message = await socket.expect("session")
    session = await type(opened.session).objects.aget()
    assert message == {
        "type": "session",
        "session_id": str(session.pk),
        "expires_at": session.expires_at.isoformat(),
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
