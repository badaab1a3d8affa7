"""The live monitor over its socket, with the real consumers and the channel layer between them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from audit.models import EventKind
from polsite.asgi import protocols
from tests.verification.sessions import end, issue
from tests.verification.sockets import PATIENCE_S, CaptureSocket, Close, open_in_test, reload
from verification import monitor, services
from verification.monitor_snapshot import MAX_ROWS, read_snapshot
from verification.services import end_session_by_staff

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "pol.example"
Message = dict[str, Any]


@sync_to_async
def sign_in(role: str = "reviewer", *, is_staff: bool = True) -> str:
    """The session cookie of a staff account of that role."""
    group, _ = Group.objects.get_or_create(name=role)
    user = User.objects.create(username=role, is_staff=is_staff)
    user.groups.add(group)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser.cookies["sessionid"].value


class MonitorSocket:
    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._communicator = communicator

    async def receive(self) -> Message | Close:
        output = await self._communicator.receive_output(timeout=PATIENCE_S)
        if output["type"] == "websocket.close":
            return Close(output["code"])
        message: Message = json.loads(output["text"])
        return message

    async def receive_until(self, part: str) -> Message:
        """The first message whose rows hold `part`."""
        while True:
            message = await self.receive()
            assert isinstance(message, dict), message
            if part in "".join(row["html"] for row in message["rows"]):
                return message

    async def send(self, text: str) -> None:
        await self._communicator.send_input({"type": "websocket.receive", "text": text})


@asynccontextmanager
async def watch(
    cookie: str = "", *, origin: str | None = f"http://{HOST}", language: str = "en"
) -> AsyncIterator[MonitorSocket]:
    headers = [(b"host", HOST.encode()), (b"cookie", f"sessionid={cookie}".encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    communicator = WebsocketCommunicator(protocols, f"/ws/admin/monitor/{language}", headers)
    is_accepted, _ = await communicator.connect(timeout=PATIENCE_S)
    assert is_accepted
    yield MonitorSocket(communicator)
    await communicator.disconnect(timeout=PATIENCE_S)


@pytest.fixture(autouse=True)
def roles(request: pytest.FixtureRequest) -> None:
    """The test database is emptied after each of these tests, and the roles with it."""
    request.getfixturevalue("transactional_db")
    with connection.schema_editor() as editor:
        import_module("verification.migrations.0003_staff_roles").create_roles(apps, editor)


async def test_a_reviewer_sees_a_session_come_go_on_and_leave() -> None:
    async with watch(await sign_in()) as staff:
        first = await staff.receive()
        assert first == {"type": "sessions", "total": 0, "rows": []}
        opened = await open_in_test(user_id="subject-001")
        row = (await staff.receive_until("Waiting for the person"))["rows"][0]
        assert row["id"] == str(opened.session.pk)
        assert "subject-001" in row["html"]
        async with CaptureSocket(opened) as person:
            await person.begin()
            await staff.receive_until("Alignment: look straight")
        while (message := await staff.receive()) != first:
            assert isinstance(message, dict)


async def test_rows_are_written_in_the_language_of_the_page() -> None:
    await open_in_test(user_id="subject-001")
    cookie = await sign_in()
    for language in ("en", "zz", "en-gb"):
        async with watch(cookie, language=language) as staff:
            assert isinstance(await staff.receive_until("Waiting for the person"), dict)


async def test_what_a_relying_party_sent_is_escaped() -> None:
    await open_in_test(user_id="<script>alert(1)</script>")
    async with watch(await sign_in()) as staff:
        assert "<script>" not in (await staff.receive_until("alert(1)"))["rows"][0]["html"]


@pytest.mark.parametrize(
    ("role", "is_staff", "origin"),
    [
        ("nobody", True, f"http://{HOST}"),
        ("reviewer", False, f"http://{HOST}"),
        ("reviewer", True, "https://evil.example"),
        ("reviewer", True, f"http://{HOST}:9999"),
        ("reviewer", True, "null"),
        ("reviewer", True, "http://["),
        ("reviewer", True, None),
    ],
)
async def test_others_are_turned_away(role: str, is_staff: bool, origin: str | None) -> None:
    async with watch(await sign_in(role, is_staff=is_staff), origin=origin) as staff:
        assert await staff.receive() == Close(4403)


@pytest.mark.parametrize("cookie", ["", "x" * 32])
async def test_a_visitor_is_turned_away(cookie: str) -> None:
    async with watch(cookie) as staff:
        assert await staff.receive() == Close(4403)


async def test_origins_of_relying_parties_may_not_watch(settings: Settings) -> None:
    settings.POL_ALLOWED_ORIGINS = ["https://shop.example"]
    async with watch(await sign_in(), origin="https://shop.example") as staff:
        assert await staff.receive() == Close(4403)


async def test_our_public_address_may_watch(settings: Settings) -> None:
    settings.POL_PUBLIC_URL = "https://verify.example"
    async with watch(await sign_in(), origin="https://verify.example") as staff:
        assert isinstance(await staff.receive(), dict)


async def test_whoever_logs_out_stops_watching() -> None:
    async with watch(await sign_in()) as staff:
        await staff.receive()
        await sync_to_async(Session.objects.all().delete)()
        await open_in_test(user_id="subject-001")
        assert await staff.receive() == Close(4403)


async def test_whoever_loses_the_role_stops_watching() -> None:
    async with watch(await sign_in()) as staff:
        await staff.receive()
        await sync_to_async(User.groups.through.objects.all().delete)()
        await open_in_test(user_id="subject-001")
        assert await staff.receive() == Close(4403)


async def test_where_a_second_factor_is_required_a_password_alone_does_not_do(settings: Settings) -> None:
    settings.POL_ADMIN_REQUIRE_OTP = True
    async with watch(await sign_in()) as staff:
        assert await staff.receive() == Close(4403)


async def test_a_monitor_is_not_to_be_talked_to() -> None:
    async with watch(await sign_in()) as staff:
        await staff.receive()
        await staff.send("hello")
        assert await staff.receive() == Close(4400)


async def test_only_who_may_end_sessions_is_offered_to() -> None:
    opened = await open_in_test(user_id="subject-001")
    address = f"/admin/verification/verificationsession/{opened.session.pk}/end/"
    for role, is_offered in (("reviewer", False), ("operator", True)):
        async with watch(await sign_in(role)) as staff:
            row = (await staff.receive_until("subject-001"))["rows"][0]
            assert (address in row["html"]) is is_offered


# --- a session that staff end ----------------------------------------------------------------------


async def test_the_person_is_told_and_the_socket_closes_as_after_any_result() -> None:
    opened = await open_in_test(user_id="subject-001")
    async with CaptureSocket(opened) as person:
        await person.begin()
        assert await sync_to_async(end_session_by_staff)(opened.session.pk, staff_id=1)
        messages, code = await person.read_to_close()
    assert code == 1000
    assert [message["type"] for message in messages] == ["challenge_result", "result"]
    result = messages[-1]
    assert (result["decision"], result["reason"]) == ("inconclusive", "cancelled")
    assert result["token"] is None
    assert (await reload(opened)).reason == "cancelled"


async def test_a_session_whose_camera_has_not_started_ends_too() -> None:
    opened = await open_in_test(user_id="subject-001")
    async with CaptureSocket(opened) as person:
        await person.expect("session")
        await sync_to_async(end_session_by_staff)(opened.session.pk, staff_id=1)
        messages, code = await person.read_to_close()
    assert (code, [message["type"] for message in messages]) == (1000, ["result"])


async def test_another_session_goes_on() -> None:
    ended, other = await open_in_test(user_id="subject-001"), await open_in_test(user_id="subject-002")
    async with CaptureSocket(ended) as first, CaptureSocket(other) as second:
        await first.begin()
        await second.begin()
        await sync_to_async(end_session_by_staff)(ended.session.pk, staff_id=1)
        await first.read_to_close()
        await second.send_json({"type": "cancel"})
        messages, _ = await second.read_to_close()
    assert messages[-1]["type"] == "result"


async def test_sockets_leave_nothing_behind_in_the_channel_layer(settings: Settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    opened = await open_in_test(user_id="subject-001")
    async with watch(await sign_in()) as staff, CaptureSocket(opened) as person:
        await staff.receive()
        await person.begin()
        assert monitor.name_group(opened.session.pk) in get_channel_layer().groups
    assert not {monitor.MONITORS, monitor.name_group(opened.session.pk)} & set(get_channel_layer().groups)


# --- the page and what it reads --------------------------------------------------------------------


def test_the_page_has_every_row_before_any_script_ran(admin_client: Client) -> None:
    opened = services.open_session(user_id="subject-001")
    page = admin_client.get("/admin/monitor/").content.decode()
    assert f'data-session="{opened.session.pk}"' in page
    assert "Sessions in progress: 1" in page
    assert 'data-socket="/ws/admin/monitor/en"' in page


def test_an_empty_monitor_says_so(admin_client: Client) -> None:
    assert "Nobody is being verified right now" in admin_client.get("/admin/monitor/").content.decode()


def test_a_snapshot_tells_where_a_session_stands_and_its_scores_so_far() -> None:
    opened = services.open_session(user_id="subject-001")
    services.connect_socket(opened.session.pk, opened.ticket)
    services.end_challenge(opened.session.pk, end(issue(opened)))
    second = issue(opened)
    (row,) = read_snapshot(now=timezone.now()).rows
    assert row.current is not None
    assert str(row.current.pk) == second.challenge_id
    assert set(row.scores) == {"liveness", "emotion", "deepfake", "final"}


def test_a_snapshot_is_bounded_in_rows_and_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(MAX_ROWS + 2):
        services.open_session(user_id=f"subject-{number:03d}")
    with django_assert_max_num_queries(3):
        snapshot = read_snapshot(now=timezone.now())
    assert (len(snapshot.rows), snapshot.total) == (MAX_ROWS, MAX_ROWS + 2)
    assert snapshot.rows[0].session.user_id == f"subject-{MAX_ROWS + 1:03d}"


def test_a_channel_layer_that_fails_costs_no_session(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": ["redis://127.0.0.1:1"]},
        }
    }
    opened = services.open_session(user_id="subject-001")
    assert services.end_session_by_staff(opened.session.pk, staff_id=1)
    assert "The channel layer did not take" in caplog.text


def test_events_that_change_nothing_on_the_page_are_not_announced() -> None:
    assert EventKind.TOKEN_VALIDATED not in monitor.VISIBLE_KINDS
    assert EventKind.SESSION_CONCLUDED in monitor.VISIBLE_KINDS
