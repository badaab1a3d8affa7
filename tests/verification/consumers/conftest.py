"""The capture socket, with the real analyser behind it: sessions to connect to, and what is promised of each."""

import pytest

from tests.verification.pictures import make_jpeg
from tests.verification.sockets import CaptureSocket, open_in_test, read_audit, reload
from verification.inference import get_models
from verification.models import Nonce
from verification.services import OpenedSession


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


async def assert_refused(socket: CaptureSocket, code: int, slug: str) -> None:
    async with socket:
        messages, close_code = await socket.read_to_close()
    assert [(m["type"], m["code"]) for m in messages] == [("error", slug)]
    assert messages[0]["message"]
    assert close_code == code
