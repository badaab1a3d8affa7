"""Bad pictures, malformed messages, replays and floods: what docs/protocol.md promises of bad input."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.verification.consumers.conftest import assert_ended, assert_still_serving
from tests.verification.pictures import make_cmyk_jpeg, make_huge_header, make_jpeg, make_png
from tests.verification.sockets import CaptureSocket, Close, count_audit, read_audit
from verification.messages import encode_nonce
from verification.services import OpenedSession

pytestmark = pytest.mark.django_db(transaction=True)

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
