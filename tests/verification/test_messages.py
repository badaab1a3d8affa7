import base64
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.frame_gate import NONCE_BYTES, FrameHeader
from verification.messages import (
    HEADER,
    MAX_LABEL_CHARACTERS,
    MAX_UINT32,
    Cancel,
    ClientMessage,
    CloseCode,
    Frame,
    MessageError,
    Ready,
    Skip,
    build_binary,
    decode_nonce,
    encode_nonce,
    parse_binary,
    parse_text,
)

Answer = TypeVar("Answer")

MAX_FRAME_BYTES = 2_048
NONCE = bytes(range(NONCE_BYTES))
uint32s = st.integers(0, MAX_UINT32)
headers = st.builds(
    FrameHeader,
    nonce=st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES),
    seq=uint32s,
    captured_at_ms=uint32s,
)
images = st.binary(max_size=MAX_FRAME_BYTES)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
field_names = st.sampled_from(["type", "nonce", "seq", "captured_at_ms", "image", "camera", "challenge_id"])


def parse(message: object) -> ClientMessage:
    return parse_text(json.dumps(message), max_frame_bytes=MAX_FRAME_BYTES)


def frame_message(header: FrameHeader, image: bytes, *, prefix: str = "") -> dict[str, Any]:
    return {
        "type": "frame",
        "nonce": encode_nonce(header.nonce),
        "seq": header.seq,
        "captured_at_ms": header.captured_at_ms,
        "image": prefix + base64.b64encode(image).decode(),
    }


def good_frame(**changes: object) -> dict[str, Any]:
    return frame_message(FrameHeader(NONCE, 1, 33), b"\xff\xd8\xff") | changes


def attempt(parse_one: Callable[[], Answer]) -> Answer | None:
    """What was parsed, or None where it was refused as the protocol says; any other error is the test's end."""
    refusal: MessageError | None = None
    answer: Answer | None = None
    try:
        answer = parse_one()
    except MessageError as error:
        refusal = error
    if refusal is not None:
        expected = {"malformed": CloseCode.MALFORMED, "frame_too_large": CloseCode.TOO_LARGE}
        assert refusal.close_code == expected[refusal.code]
        assert str(refusal)
    return answer


def refusal_of(message: object) -> MessageError:
    with pytest.raises(MessageError) as caught:
        parse(message)
    return caught.value


# --- whatever is sent ----------------------------------------------------------------------------


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"\x01" + tail))
def test_any_bytes_are_a_frame_or_a_message_error(data: bytes) -> None:
    frame = attempt(lambda: parse_binary(data, max_frame_bytes=100))
    assert frame is None or build_binary(frame.header, frame.image) == data


@given(st.text())
def test_any_text_is_a_message_or_a_message_error(text: str) -> None:
    message = attempt(lambda: parse_text(text, max_frame_bytes=MAX_FRAME_BYTES))
    assert message is None or isinstance(message, ClientMessage)


@given(json_values)
def test_any_json_is_a_message_or_a_message_error(value: object) -> None:
    message = attempt(lambda: parse(value))
    assert message is None or isinstance(message, ClientMessage)


@given(
    st.sampled_from(["ready", "frame", "skip", "cancel"]),
    st.dictionaries(field_names, json_values, max_size=4),
)
def test_any_fields_of_a_known_type_are_a_message_or_a_message_error(
    kind: str, fields: dict[str, object]
) -> None:
    base = good_frame() if kind == "frame" else {"type": kind, "challenge_id": "c"}
    message = attempt(lambda: parse(base | fields))
    assert message is None or isinstance(message, ClientMessage)
    assert not isinstance(message, Frame) or len(message.header.nonce) == NONCE_BYTES


# --- frames --------------------------------------------------------------------------------------


@given(headers, images)
def test_a_binary_frame_comes_back_as_it_was_built(header: FrameHeader, image: bytes) -> None:
    assert parse_binary(build_binary(header, image), max_frame_bytes=MAX_FRAME_BYTES) == Frame(header, image)


@given(headers, images, st.sampled_from(["", "data:image/jpeg;base64,", "data:image/webp;base64,"]))
def test_a_json_frame_says_the_same_as_a_binary_one(header: FrameHeader, image: bytes, prefix: str) -> None:
    assert parse(frame_message(header, image, prefix=prefix)) == Frame(header, image)


def test_the_binary_header_lies_as_the_protocol_says() -> None:
    data = build_binary(FrameHeader(NONCE, 0x01020304, 0x0A0B0C0D), b"JPEG")
    assert data[0] == 1
    assert data[1:17] == NONCE
    assert data[17:21] == b"\x01\x02\x03\x04"
    assert data[21:25] == b"\x0a\x0b\x0c\x0d"
    assert data[25:] == b"JPEG"


@given(headers, st.integers(1, 4_000), st.integers(0, 4_000))
def test_no_frame_over_the_cap_is_taken_in_either_form(header: FrameHeader, cap: int, size: int) -> None:
    image = bytes(size)
    text = json.dumps(frame_message(header, image))
    forms: tuple[Callable[[], ClientMessage], ...] = (
        lambda: parse_binary(build_binary(header, image), max_frame_bytes=cap),
        lambda: parse_text(text, max_frame_bytes=cap),
    )
    for parse_one in forms:
        if size <= cap:
            assert parse_one() == Frame(header, image)
            continue
        with pytest.raises(MessageError) as caught:
            parse_one()
        assert (caught.value.code, caught.value.close_code) == ("frame_too_large", CloseCode.TOO_LARGE)


@pytest.mark.parametrize("size", [0, 1, HEADER.size - 1])
def test_a_binary_frame_shorter_than_its_header_is_malformed(size: int) -> None:
    with pytest.raises(MessageError, match="header") as caught:
        parse_binary(b"\x01" * size, max_frame_bytes=MAX_FRAME_BYTES)
    assert caught.value.close_code == CloseCode.MALFORMED


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_frame_of_another_version_is_refused_by_its_number(version: int) -> None:
    with pytest.raises(MessageError, match=f"version {version}"):
        parse_binary(bytes([version]) + bytes(24), max_frame_bytes=MAX_FRAME_BYTES)


@pytest.mark.parametrize("name", ["seq", "captured_at_ms"])
@pytest.mark.parametrize("value", [-1, MAX_UINT32 + 1, 10**400, 1.0, True, "1", None, [1]])
def test_a_number_that_is_no_uint32_is_named(name: str, value: object) -> None:
    assert f"`{name}`" in str(refusal_of(good_frame(**{name: value})))


@pytest.mark.parametrize("name", ["nonce", "image", "seq", "captured_at_ms"])
def test_a_missing_field_is_named(name: str) -> None:
    message = good_frame()
    del message[name]
    assert f"`{name}`" in str(refusal_of(message))


@pytest.mark.parametrize(
    "image", ["not base64!", "AAA", "AA=A", "data:image/jpeg;base64,%%%", "ÄÖÜ", "\ud800"]
)
def test_an_image_that_is_not_base64_is_malformed(image: str) -> None:
    assert "base64" in str(refusal_of(good_frame(image=image)))


# --- nonces --------------------------------------------------------------------------------------


@given(st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES))
def test_a_nonce_comes_back_from_base64url_without_padding(nonce: bytes) -> None:
    text = encode_nonce(nonce)
    assert decode_nonce(text) == nonce
    assert len(text) == 22
    assert not set(text) & set("+/=")


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9_=-]{0,30}", fullmatch=True))
def test_any_text_is_a_nonce_of_16_bytes_or_a_message_error(text: str) -> None:
    nonce = attempt(lambda: decode_nonce(text))
    assert nonce is None or len(nonce) == NONCE_BYTES


@pytest.mark.parametrize("text", ["", "A" * 21, "A" * 24, "A" * 22 + "==", "A" * 22 + "\n", "A" * 21 + "é"])
def test_a_nonce_of_another_form_is_malformed(text: str) -> None:
    with pytest.raises(MessageError):
        decode_nonce(text)


# --- the other messages --------------------------------------------------------------------------


def test_ready_keeps_what_the_camera_says_of_itself() -> None:
    camera = {"width": 640, "height": 480, "fps": 29.97, "label": "FaceTime HD"}
    assert parse({"type": "ready", "camera": camera}) == Ready(camera)


def test_ready_without_a_camera_is_ready() -> None:
    assert parse({"type": "ready"}) == Ready({})


def test_ready_leaves_out_what_it_does_not_know_or_trust() -> None:
    camera = {"width": "640", "height": True, "fps": None, "label": 7, "serial": "1234"}
    assert parse({"type": "ready", "camera": camera}) == Ready({})


def test_a_long_camera_label_is_cut() -> None:
    message = parse({"type": "ready", "camera": {"label": "x" * 1_000}})
    assert message == Ready({"label": "x" * MAX_LABEL_CHARACTERS})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_does_not_have_is_malformed_or_left_out(number: str) -> None:
    text = f'{{"type": "ready", "camera": {{"width": {number}}}}}'
    message = attempt(lambda: parse_text(text, max_frame_bytes=MAX_FRAME_BYTES))
    assert message is None or message == Ready({})


@given(st.text(max_size=100))
def test_a_skip_names_its_challenge(challenge_id: str) -> None:
    assert parse({"type": "skip", "challenge_id": challenge_id}) == Skip(challenge_id)


def test_cancel_is_a_message_of_its_own() -> None:
    assert parse({"type": "cancel"}) == Cancel()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "nul", "'x'", '{"type": "cancel"} x', "[" * 100_000, '{"a":' * 5_000, "1" * 5_000),
        *("[]", "null", "7", '"cancel"', "{}", '{"type": null}', '{"type": ["cancel"]}'),
        *(
            '{"type": "READY"}',
            '{"type": "result"}',
            '{"type": "skip"}',
            '{"type": "skip", "challenge_id": 7}',
        ),
        '{"type": "ready", "camera": []}',
    ],
    ids=lambda text: text[:24] or "nothing",
)
def test_text_that_is_no_message_is_malformed(text: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse_text(text, max_frame_bytes=10**6)
    assert (caught.value.code, caught.value.close_code) == ("malformed", CloseCode.MALFORMED)


def test_text_longer_than_any_frame_is_refused_unread() -> None:
    with pytest.raises(MessageError) as caught:
        parse_text("x" * (2 * MAX_FRAME_BYTES + 5_000), max_frame_bytes=MAX_FRAME_BYTES)
    assert caught.value.close_code == CloseCode.TOO_LARGE


def test_errors_do_not_repeat_what_was_sent() -> None:
    for message in (
        {"type": "secret-word"},
        good_frame(nonce="secret-word"),
        good_frame(image="secret-word!"),
    ):
        assert "secret-word" not in str(refusal_of(message))
