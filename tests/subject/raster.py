"""Drawing a textured triangle mesh with OpenCV and numpy: no GPU, one core, a few milliseconds.

Triangles are painted back to front, as their numbers, into an index picture; every pixel then looks up
its triangle's affine map and the texture is sampled once for all of them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.subject.portrait import CENTRE, FRAME_SCALE, HEIGHT_PX, WIDTH_PX, Image, Points
from tests.subject.pose import HeadRotation

FOV_DEG = 60.0
"""The camera's horizontal field of view."""

FOCAL_PX = WIDTH_PX / 2 / float(np.tan(np.radians(FOV_DEG / 2)))
DISTANCE = FOCAL_PX / FRAME_SCALE
"""From the camera to the depth of the eyes, in portrait pixels (some 42 cm on a head of natural size)."""

_SUBPIXEL_BITS = 4
_SEAM_TEXTURE_PX = 16.0
"""Neighbouring pixels whose places in the texture lie farther apart belong to different parts."""


@dataclass(frozen=True)
class Mesh:
    """A textured surface.

    triangles: int32 of shape (m, 3).
    texture_px: float64 of shape (n, 2), where each vertex lies in the texture.
    depth_bias: float64 of shape (m,); a triangle with a greater one is painted earlier.
    """

    triangles: npt.NDArray[np.int32]
    texture_px: Points
    depth_bias: Points


def rotation_matrix(rotation: HeadRotation) -> Points:
    """Give the 3x3 rotation in camera axes: x to the image's right, y down, z away from the camera."""
    yaw, pitch, roll = np.radians((rotation.yaw_deg, rotation.pitch_deg, rotation.roll_deg))
    around_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    around_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    around_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned: Points = around_y @ around_x @ around_z
    return turned


def unproject(points: Points) -> Points:
    """Place portrait points, shape (n, 3), in space so that, unturned, they are drawn where they were."""
    spread = 1.0 + points[:, 2:] / DISTANCE
    placed: Points = np.c_[(points[:, :2] - CENTRE) * spread, points[:, 2]]
    return placed


def project(points: Points) -> Points:
    """Give the frame pixels, shape (n, 2), of points in space."""
    scale = FOCAL_PX / (points[:, 2:] + DISTANCE)
    pixels: Points = points[:, :2] * scale + (WIDTH_PX / 2 - 0.5, HEIGHT_PX / 2 - 0.5)
    return pixels


def draw_mesh(mesh: Mesh, vertices: Points, texture: Image, canvas: Image) -> None:
    """Paint the mesh onto a BGR canvas in place; vertices are in space, shape (n, 3)."""
    pixels = project(vertices)
    corners = pixels[mesh.triangles]
    edges = corners[:, 1:] - corners[:, :1]
    doubled_area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    depth = vertices[mesh.triangles, 2].mean(axis=1) + mesh.depth_bias
    # Both sides are painted: what faces away is farther off, and covered by what faces the camera.
    seen = np.flatnonzero(np.abs(doubled_area) > 0.05)
    ordered = seen[np.argsort(-depth[seen], kind="stable")]
    left, top, right, bottom = _frame_box(pixels)
    index = np.full((bottom - top, right - left), -1, np.int32)
    fixed = np.rint((corners[ordered] - (left, top)) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    for number, triangle in enumerate(fixed):
        cv2.fillConvexPoly(index, triangle, number, cv2.LINE_8, _SUBPIXEL_BITS)
    maps = _affine_maps(corners[ordered], mesh.texture_px[mesh.triangles[ordered]])
    _paint(index, maps, texture, canvas[top:bottom, left:right], (left, top))


def _frame_box(pixels: Points) -> tuple[int, int, int, int]:
    low = np.clip(np.floor(pixels.min(axis=0)) - 2, 0, (WIDTH_PX - 1, HEIGHT_PX - 1)).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 3, low + 1, (WIDTH_PX, HEIGHT_PX)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _affine_maps(corners: Points, texture_px: Points) -> npt.NDArray[np.float32]:
    """Give each triangle's map from frame pixel (x, y, 1) to texture pixel, shape (m, 3, 2)."""
    homogeneous = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], axis=2)
    return np.linalg.solve(homogeneous, texture_px).astype(np.float32)


def _paint(
    index: npt.NDArray[np.int32],
    maps: npt.NDArray[np.float32],
    texture: Image,
    canvas: Image,
    origin: tuple[int, int],
) -> None:
    rows, columns = np.nonzero(index >= 0)
    chosen = maps[index[rows, columns]]
    x = (columns + origin[0]).astype(np.float32)
    y = (rows + origin[1]).astype(np.float32)
    look_up = np.full((*index.shape, 2), -1.0, np.float32)
    look_up[rows, columns] = chosen[:, 0] * x[:, None] + chosen[:, 1] * y[:, None] + chosen[:, 2]
    drawn = cv2.remap(texture, look_up[..., 0], look_up[..., 1], cv2.INTER_LINEAR).astype(np.uint8)
    _soften_seams(drawn, look_up)
    # The rim is softened inwards only: beyond it there is nothing to mix in.
    covered = (index >= 0).astype(np.float32)
    alpha = np.clip(2.0 * cv2.GaussianBlur(covered, (5, 5), 1.0) - 1.0, 0.0, 1.0)[..., None]
    canvas[:] = (alpha * drawn + (1.0 - alpha) * canvas + 0.5).astype(np.uint8)


def _soften_seams(drawn: Image, look_up: npt.NDArray[np.float32]) -> None:
    """Blend neighbouring pixels, in place, where one part of the face ends before another behind it."""
    seams = np.zeros(drawn.shape[:2], np.uint8)
    seams[:, 1:] |= (np.abs(np.diff(look_up, axis=1)) > _SEAM_TEXTURE_PX).any(axis=2)
    seams[1:] |= (np.abs(np.diff(look_up, axis=0)) > _SEAM_TEXTURE_PX).any(axis=2)
    wide = cv2.dilate(seams, np.ones((2, 2), np.uint8)) > 0
    drawn[wide] = cv2.GaussianBlur(drawn, (3, 3), 0.8)[wide]
