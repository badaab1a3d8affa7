"""Video files, and attacks made from a clip by code."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
FOV_DEG = 60.0


def write_video(path: Path, frames: Iterable[Image], *, fps: float) -> Path:
    """Write frames of one size as Motion JPEG in AVI, which every build of OpenCV can."""
    writer: cv2.VideoWriter | None = None
    for frame in frames:
        if writer is None:
            size = (frame.shape[1], frame.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
        writer.write(frame)
    assert writer is not None
    writer.release()
    return path


def read_frame(path: Path, at_s: float) -> Image:
    capture = cv2.VideoCapture(str(path))
    try:
        capture.set(cv2.CAP_PROP_POS_FRAMES, round(at_s * capture.get(cv2.CAP_PROP_FPS)))
        has_frame, frame = capture.read()
    finally:
        capture.release()
    assert has_frame
    return frame.astype(np.uint8, copy=False)


def rotate_plane(picture: Image, *, yaw_deg: float, pitch_deg: float) -> Image:
    """The picture as a print turned before a camera of 60° across, from its left edge to its right one."""
    height, width = picture.shape[:2]
    focal_px = width / 2 / np.tan(np.radians(FOV_DEG / 2))
    half = np.array([width, height]) / 2
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    turned = np.column_stack([corners, np.zeros(4)]) @ _rotate(yaw_deg, pitch_deg).T
    placed = turned[:, :2] * focal_px / (turned[:, 2:] + focal_px)
    warp = cv2.getPerspectiveTransform(
        (corners + half).astype(np.float32), (placed + half).astype(np.float32)
    )
    return cv2.warpPerspective(picture, warp, (width, height), borderValue=(90, 90, 90)).astype(np.uint8)


def show_flat_photo(picture: Image, *, seconds: float, fps: float) -> Iterator[Image]:
    """The print swung to and fro: yaw to ±40°, pitch to ±20°, in about three seconds each way."""
    for number in range(round(seconds * fps)):
        phase = 2 * np.pi * number / fps / 6
        yield rotate_plane(picture, yaw_deg=40 * np.sin(phase), pitch_deg=20 * np.sin(1.7 * phase))


def _rotate(yaw_deg: float, pitch_deg: float) -> npt.NDArray[np.float64]:
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    around_y = np.array([(np.cos(yaw), 0, np.sin(yaw)), (0, 1, 0), (-np.sin(yaw), 0, np.cos(yaw))])
    around_x = np.array([(1, 0, 0), (0, np.cos(pitch), -np.sin(pitch)), (0, np.sin(pitch), np.cos(pitch))])
    rotation: npt.NDArray[np.float64] = around_y @ around_x
    return rotation
