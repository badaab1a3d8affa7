"""The wire, both ways: strict parsing of what clients send, typed building of what they get.

Nothing here raises anything but MessageError, whatever the input. docs/protocol.md is the contract.
"""

import base64
import binascii
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn

from verification.liveness.frame_gate import NONCE_BYTES, FrameHeader

FRAME_VERSION = 1
HEADER = struct.Struct(">B16sII")  # version, nonce, seq, captured_at_ms: 25 bytes
MAX_UINT32 = 2**32 - 1
MAX_TEXT_CHARACTERS_BESIDE_IMAGE = 4_096
MAX_LABEL_CHARACTERS = 200
MAX_CAMERA_NUMBER = 100_000


class CloseCode(IntEnum):
    NORMAL = 1000
    MALFORMED = 4400
    BAD_TICKET = 4401
    ORIGIN = 4403
    NO_SUCH_SESSION = 4404
    TIMED_OUT = 4408
    ALREADY_CONNECTED = 4409
    SESSION_OVER = 4410
    TOO_LARGE = 4413
    RATE = 4429
    SERVER_ERROR = 4500
    OVERLOADED = 4503


class MessageError(ValueError):
    """A message that does not fit the protocol. close_code ends the socket; code goes with it."""

    def __init__(
        self, message: str, *, code: str = "malformed", close_code: int = CloseCode.MALFORMED
    ) -> None:
        super().__init__(message)
        self.code = code
        self.close_code = int(close_code)


@dataclass(frozen=True, slots=True)
class Ready:
    """The camera runs. What it says of itself is shown to staff, never trusted."""

    camera: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    header: FrameHeader
    image: bytes


@dataclass(frozen=True, slots=True)
class Skip:
    challenge_id: str


@dataclass(frozen=True, slots=True)
class Cancel:
    pass


ClientMessage = Ready | Frame | Skip | Cancel


def parse_binary(data: bytes, *, max_frame_bytes: int) -> Frame:
    """Parse a binary frame: the 25-byte header, then JPEG or WebP. Raises MessageError."""
    if len(data) > max_frame_bytes + HEADER.size:
        raise _too_large(max_frame_bytes)
    if len(data) < HEADER.size:
        raise MessageError(f"A binary frame has a header of {HEADER.size} bytes.")
    version, nonce, seq, captured_at_ms = HEADER.unpack_from(data)
    if version != FRAME_VERSION:
        raise MessageError(f"Frame version {version} is not known; this server speaks {FRAME_VERSION}.")
    return Frame(FrameHeader(nonce, seq, captured_at_ms), data[HEADER.size :])


def build_binary(header: FrameHeader, image: bytes) -> bytes:
    """The bytes of a binary frame, as clients send it."""
    return HEADER.pack(FRAME_VERSION, header.nonce, header.seq, header.captured_at_ms) + image


def parse_text(text: str, *, max_frame_bytes: int) -> ClientMessage:
    """Parse one JSON text message. Raises MessageError."""
    if len(text) > max_frame_bytes * 4 // 3 + MAX_TEXT_CHARACTERS_BESIDE_IMAGE:
        raise _too_large(max_frame_bytes)
    try:
        message = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MessageError("The message is not JSON.") from None
    if not isinstance(message, dict):
        raise MessageError("A message is a JSON object.")
    match message.get("type"):
        case "ready":
            return _parse_ready(message)
        case "frame":
            return _parse_frame(message, max_frame_bytes)
        case "skip":
            return Skip(_take_text(message, "challenge_id"))
        case "cancel":
            return Cancel()
    raise MessageError("The message's type is not one of ready, frame, skip and cancel.")


def decode_nonce(text: str) -> bytes:
    """base64url without padding to 16 bytes. Raises MessageError."""
    try:
        nonce = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise MessageError("The nonce is not base64url.") from None
    if len(nonce) != NONCE_BYTES:
        raise MessageError(f"A nonce has {NONCE_BYTES} bytes.")
    return nonce


def encode_nonce(nonce: bytes) -> str:
    return base64.urlsafe_b64encode(nonce).rstrip(b"=").decode()


def _is_plausible(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_CAMERA_NUMBER


def _refuse_constant(name: str) -> NoReturn:
    """Python's reader takes NaN and the infinities, which JSON (RFC 8259, section 6) does not have."""
    raise ValueError(name)


def _parse_ready(message: dict[str, Any]) -> Ready:
    camera = message.get("camera", {})
    if not isinstance(camera, dict):
        raise MessageError("`camera` is an object.")
    numbers = {name: camera[name] for name in ("width", "height", "fps") if _is_plausible(camera.get(name))}
    label = camera.get("label")
    return Ready(numbers | ({"label": label[:MAX_LABEL_CHARACTERS]} if isinstance(label, str) else {}))


def _parse_frame(message: dict[str, Any], max_frame_bytes: int) -> Frame:
    header = FrameHeader(
        nonce=decode_nonce(_take_text(message, "nonce")),
        seq=_take_uint32(message, "seq"),
        captured_at_ms=_take_uint32(message, "captured_at_ms"),
    )
    encoded = _take_text(message, "image")
    if encoded.startswith("data:"):
        encoded = encoded.partition(",")[2]
    try:
        image = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise MessageError("`image` is not base64.") from None
    if len(image) > max_frame_bytes:
        raise _too_large(max_frame_bytes)
    return Frame(header, image)


def _take_text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise MessageError(f"`{name}` must be a string.")
    return value


def _take_uint32(message: dict[str, Any], name: str) -> int:
    value = message.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_UINT32:
        raise MessageError(f"`{name}` must be an integer from 0 to {MAX_UINT32}.")
    return value


def _too_large(max_frame_bytes: int) -> MessageError:
    return MessageError(
        f"A frame has at most {max_frame_bytes} bytes.",
        code="frame_too_large",
        close_code=CloseCode.TOO_LARGE,
    )
