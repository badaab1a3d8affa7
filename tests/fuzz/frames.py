"""Throw mutated messages at all that reads what a client sends: `python -m tests.fuzz.frames --seconds 60`.

By mutations of a dictionary of its own; `tests.fuzz.coverage_guided` throws at the same target what Atheris finds.
Whatever is thrown, there is a message, a picture within the cap, or a refusal with a known code; anything
else, an exception of another kind among them, is a finding and is printed with its seed.
"""

import argparse
import contextlib
import random
import sys
import time
from typing import get_args

from tests.fuzz.malformed import build_malformed
from tests.verification.pictures import make_jpeg, make_webp
from verification.liveness.frame_gate import NONCE_BYTES, FrameHeader
from verification.messages import Frame, MessageError, build_binary, parse_binary, parse_text
from verification.vision.decode import decode_image
from verification.vision.image_header import FrameRejected, RejectionCode

MAX_FRAME_BYTES, MAX_PIXELS = 262_144, 1920 * 1080
SIZES = (
    b"\0",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\0\0",
    b"\xff\xff",
    b"\x7f\xff",
    b"\xff\xd8",
    b"\xff\xd9",
)
TEXTS = (
    '{"type": "ready", "camera": {"width": 640, "height": 480, "fps": 30, "label": "x"}}',
    '{"type": "skip", "challenge_id": "0b5f2d5e-6b0f-4c39-9d2c-2f6d0c1a9e11"}',
    '{"type": "frame", "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "seq": 1, "captured_at_ms": 1, "image": "/9j/"}',
    '{"type": "cancel"}',
)


def fuzz_one(data: bytes) -> None:
    """Read one message as both kinds, and look into the picture that it carries."""
    with contextlib.suppress(MessageError):
        look(parse_binary(data, max_frame_bytes=MAX_FRAME_BYTES))
    with contextlib.suppress(MessageError):
        message = parse_text(data.decode("utf-8", "replace"), max_frame_bytes=MAX_FRAME_BYTES)
        if isinstance(message, Frame):
            look(message)


def look(frame: Frame) -> None:
    try:
        picture = decode_image(frame.image, max_pixels=MAX_PIXELS)
    except FrameRejected as rejection:
        assert rejection.code in get_args(RejectionCode), rejection.code
        return
    height, width = picture.luma.shape
    assert 0 < width * height <= MAX_PIXELS
    assert picture.bgr.shape == (height, width, 3)


def build_seeds() -> list[bytes]:
    pictures = [make_jpeg(), make_webp(), *build_malformed().values()]
    header = FrameHeader(bytes(NONCE_BYTES), 1, 40)
    return [*(build_binary(header, picture) for picture in pictures), *(text.encode() for text in TEXTS)]


def mutate(data: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """One to eight changes: flipped bits, telling sizes, pieces cut out, doubled or taken from another."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(len(changed) + 1)
        match draw.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << draw.randrange(8)
            case 1:
                size = draw.choice(SIZES)
                changed[at : at + len(size)] = size
            case 2:
                del changed[at : at + draw.randint(1, 64)]
            case 3:
                changed[at:at] = changed[at : at + draw.randint(1, 64)]
            case 4:
                other = draw.choice(others)
                start = draw.randrange(len(other))
                changed[at : at + 64] = other[start : start + 64]
            case _:
                changed[at:at] = draw.randbytes(draw.randint(1, 8))
    return bytes(changed)


def run(*, seconds: float, seed: int, most: int | None = None) -> int:
    """How many inputs were tried; raises what a finding raised, after printing how to see it again."""
    draw, seeds, tried = random.Random(seed), build_seeds(), 0
    for data in seeds:
        fuzz_one(data)
    until = time.monotonic() + seconds
    while time.monotonic() < until and (most is None or tried < most):
        data = mutate(draw.choice(seeds), seeds, draw)
        try:
            fuzz_one(data)
        except BaseException:
            sys.stderr.write(f"finding with seed {seed}, input {tried}: {data.hex()}\n")
            raise
        tried += 1
    return tried


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    tried = run(seconds=asked.seconds, seed=asked.seed)
    sys.stdout.write(f"{tried:,} inputs, seed {asked.seed}: nothing found\n")


if __name__ == "__main__":
    main()
