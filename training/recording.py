"""Frames as video codecs and GIF files give them back: most published clips have been through one.

Video is coded by the `ffmpeg` program, one run for many faces: each is a little still scene of its own, of
which the last frame is kept, so that it is one predicted from others, as most frames of a clip are.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

FRAMES_A_SCENE = 3
BLOCK_PX = 16

Image = npt.NDArray[np.uint8]


class EncoderMissing(RuntimeError):
    """There is no `ffmpeg` program."""


def require_ffmpeg() -> str:
    """The path of `ffmpeg`. Raises EncoderMissing."""
    path = shutil.which("ffmpeg")
    if path is None:
        raise EncoderMissing("training needs the ffmpeg program (Debian: apt-get install ffmpeg)")
    return path


def draw_codec(rng: np.random.Generator) -> tuple[str, ...]:
    """Options of `ffmpeg` that name a codec and its quality: H.264 mostly, else MPEG-4 or MPEG-2."""
    choice = rng.random()
    if choice < 0.75:
        rate = str(int(rng.integers(17, 33)))
        return ("-c:v", "libx264", "-preset", "veryfast", "-crf", rate, "-threads", "1")
    quality = str(int(rng.integers(2, 10)))
    return ("-c:v", "mpeg4" if choice < 0.9 else "mpeg2video", "-q:v", quality, "-threads", "1")


def film(
    images_bgr: Sequence[Image], codec: Sequence[str], drifts_px: npt.NDArray[np.float32]
) -> list[Image]:
    """Each picture as the last frame of a short scene, after the codec.

    drifts_px: float32 of shape (N, 2), how far each scene moves from frame to frame.
    Raises EncoderMissing, and CalledProcessError when `ffmpeg` fails.
    """
    if not images_bgr:
        return []
    height, width = (
        -(-max(image.shape[axis] for image in images_bgr) // BLOCK_PX) * BLOCK_PX for axis in (0, 1)
    )
    frames = [
        frame
        for image, drift in zip(images_bgr, drifts_px, strict=True)
        for frame in _play_scene(_pad(image, height, width), drift)
    ]
    coded = _run_codec(np.stack(frames), codec)
    last = coded[FRAMES_A_SCENE - 1 :: FRAMES_A_SCENE]
    return [
        np.ascontiguousarray(frame[: image.shape[0], : image.shape[1]])
        for frame, image in zip(last, images_bgr, strict=True)
    ]


def reduce_palette(image_bgr: Image) -> Image:
    """The picture in 256 colours with error diffusion, as a GIF holds it."""
    picture = PillowImage.fromarray(np.ascontiguousarray(image_bgr[..., ::-1]))
    few = picture.quantize(256, method=PillowImage.Quantize.MEDIANCUT).convert("RGB")
    return np.ascontiguousarray(np.asarray(few, np.uint8)[..., ::-1])


def _pad(image_bgr: Image, height: int, width: int) -> Image:
    below, right = height - image_bgr.shape[0], width - image_bgr.shape[1]
    padded = cv2.copyMakeBorder(image_bgr, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return padded.astype(np.uint8, copy=False)


def _play_scene(image_bgr: Image, drift_px: npt.NDArray[np.float32]) -> list[Image]:
    size = (image_bgr.shape[1], image_bgr.shape[0])
    frames = []
    for steps in range(FRAMES_A_SCENE - 1, 0, -1):
        move = np.array([[1, 0, drift_px[0] * steps], [0, 1, drift_px[1] * steps]], np.float32)
        moved = cv2.warpAffine(image_bgr, move, size, borderMode=cv2.BORDER_REPLICATE)
        frames.append(moved.astype(np.uint8, copy=False))
    return [*frames, image_bgr]


def _run_codec(frames: Image, codec: Sequence[str]) -> Image:
    """frames: uint8 of shape (N, H, W, 3), BGR; the same after coding and decoding."""
    program, (count, height, width) = require_ffmpeg(), frames.shape[:3]
    raw = ("-f", "rawvideo", "-pix_fmt", "bgr24")
    with tempfile.TemporaryDirectory() as folder:
        clip = str(Path(folder) / "clip.mkv")
        quiet = (program, "-nostdin", "-loglevel", "error", "-y")
        keys = f"expr:not(mod(n,{FRAMES_A_SCENE}))"
        source = (*raw, "-s", f"{width}x{height}", "-r", "25", "-i", "pipe:0")
        subprocess.run(
            [*quiet, *source, "-pix_fmt", "yuv420p", "-force_key_frames", keys, *codec, clip],
            input=frames.tobytes(),
            check=True,
        )
        decoded = subprocess.run(
            [*quiet, "-threads", "1", "-i", clip, "-fps_mode", "passthrough", *raw, "pipe:1"],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    return np.frombuffer(decoded, np.uint8).reshape(count, height, width, 3)
