"""A sheet of paper before a pinhole camera: flat by a homography, bent by a ray that meets a cylinder.

The camera looks along z, x is to the image's right and y down. A point of the sheet is (u, v) in metres
from its middle, u to its right and v down. Unrotated, the sheet faces the camera.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Floats = npt.NDArray[np.floating[Any]]

# Rays that miss the sheet are sent here: far outside of any sheet, in metres.
OFF_SHEET_M = 1e3


@dataclass(frozen=True, slots=True)
class SheetPose:
    """Where the sheet's middle is and how it is turned.

    yaw_deg: positive when it faces the image's right. pitch_deg: positive when it faces up.
    roll_deg: positive clockwise in the image. x_m, y_m: off the camera's axis. distance_m: along it.
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    x_m: float = 0.0
    y_m: float = 0.0
    distance_m: float = 0.5

    @property
    def rotation(self) -> Matrix:
        """3x3 matrix from the sheet's axes to the camera's: roll first, then pitch, then yaw."""
        yaw, pitch, roll = np.radians([-self.yaw_deg, -self.pitch_deg, self.roll_deg])
        around_y = np.array([(np.cos(yaw), 0, np.sin(yaw)), (0, 1, 0), (-np.sin(yaw), 0, np.cos(yaw))])
        around_x = np.array(
            [(1, 0, 0), (0, np.cos(pitch), -np.sin(pitch)), (0, np.sin(pitch), np.cos(pitch))]
        )
        around_z = np.array([(np.cos(roll), -np.sin(roll), 0), (np.sin(roll), np.cos(roll), 0), (0, 0, 1)])
        turned: Matrix = around_y @ around_x @ around_z
        return turned

    @property
    def place(self) -> Matrix:
        """The sheet's middle in the camera's space, metres."""
        return np.array([self.x_m, self.y_m, self.distance_m])


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """width_px, height_px: of the frame. focal_px: focal length in pixels; the axis meets the frame's middle."""

    width_px: int
    height_px: int
    focal_px: float

    @classmethod
    def with_view(cls, width_px: int, height_px: int, view_deg: float) -> "PinholeCamera":
        """A camera that sees `view_deg` across the frame's longer side."""
        half_px = max(width_px, height_px) / 2
        return cls(width_px, height_px, half_px / float(np.tan(np.radians(view_deg / 2))))

    @property
    def matrix(self) -> Matrix:
        """3x3 matrix from the camera's space to homogeneous pixels."""
        centre_x, centre_y = (self.width_px - 1) / 2, (self.height_px - 1) / 2
        return np.array([(self.focal_px, 0, centre_x), (0, self.focal_px, centre_y), (0, 0, 1)])

    def project(self, points_m: Floats) -> Floats:
        """Pixels, shape (N, 2), of points before the camera, shape (N, 3)."""
        seen = points_m @ self.matrix.T
        return np.asarray(seen[:, :2] / seen[:, 2:])


def find_homography(camera: PinholeCamera, pose: SheetPose) -> Matrix:
    """3x3 matrix from (u, v, 1) in metres on the flat sheet to homogeneous pixels.

    Source: R. Hartley and A. Zisserman, Multiple View Geometry, 2nd ed., section 8.1.1.
    """
    plane = np.column_stack([pose.rotation[:, 0], pose.rotation[:, 1], pose.place])
    homography: Matrix = camera.matrix @ plane
    return homography


def see_flat(camera: PinholeCamera, pose: SheetPose, to_page: Matrix) -> npt.NDArray[np.float32]:
    """Where each pixel of the frame sees the flat page: float32 of shape (H, W, 2), x and y in its pixels.

    to_page: 3x3, from (u, v, 1) in metres to the page's pixels.
    """
    back = (to_page @ np.linalg.inv(find_homography(camera, pose))).astype(np.float32)
    x = np.arange(camera.width_px, dtype=np.float32)[None]
    y = np.arange(camera.height_px, dtype=np.float32)[:, None]
    along, across, depth = (x * row[0] + (y * row[1] + row[2]) for row in back)
    return np.stack([along / depth, across / depth], axis=2)


class BendAxis(StrEnum):
    """The direction that stays straight when the sheet is bent."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"


@dataclass(frozen=True, slots=True)
class Bend:
    """A sheet rolled around a cylinder.

    curvature_per_m: 1 / radius; positive when the edges go away from the camera, negative when they come
    nearer; not 0. A sheet that is bent keeps its lengths: (u, v) are measured along the paper.
    """

    axis: BendAxis
    curvature_per_m: float

    def roll_up(self, sheet_m: Floats) -> Floats:
        """Points in the sheet's own space, shape (N, 3), of (u, v), shape (N, 2), in metres."""
        along, across = sheet_m[:, 0], sheet_m[:, 1]
        if self.axis is BendAxis.HORIZONTAL:
            along, across = across, along
        angle = along * self.curvature_per_m
        bent, depth = np.sin(angle) / self.curvature_per_m, (1 - np.cos(angle)) / self.curvature_per_m
        x, y = (bent, across) if self.axis is BendAxis.VERTICAL else (across, bent)
        return np.column_stack([x, y, depth])


def project_bent(camera: PinholeCamera, pose: SheetPose, bend: Bend, sheet_m: Floats) -> Floats:
    """Pixels, shape (N, 2), where (u, v), shape (N, 2), of the bent sheet are seen, hidden or not."""
    return camera.project(bend.roll_up(sheet_m) @ pose.rotation.T + pose.place)


@dataclass(frozen=True, slots=True)
class BentView:
    """What each ray through a pixel meets; all of one shape, float32.

    u_m, v_m: on the sheet, OFF_SHEET_M where it is missed. angle_rad: how far the paper is bent there from how
    it lies in its middle; 0 where it is missed.
    """

    u_m: npt.NDArray[np.float32]
    v_m: npt.NDArray[np.float32]
    angle_rad: npt.NDArray[np.float32]


def unroll(
    camera: PinholeCamera, pose: SheetPose, bend: Bend, pixels: Floats, half_length_m: float
) -> BentView:
    """Follow the ray through each pixel, shape (..., 2), to the first paper it meets.

    half_length_m: how far the sheet reaches to either side of its middle in the direction that is bent;
    beyond it there is no paper that could hide what is behind.
    """
    origin, rays = _enter_sheet_space(camera, pose, pixels)
    bent, straight = (0, 1) if bend.axis is BendAxis.VERTICAL else (1, 0)
    radius = 1 / bend.curvature_per_m
    # Seen along its axis, the cylinder is a circle of |radius| around (0, radius).
    start = np.array([origin[bent], origin[2] - radius], np.float32)
    dx, dz = rays[..., bent], rays[..., 2]
    a = dx * dx + dz * dz
    half_b = dx * start[0] + dz * start[1]
    discriminant = half_b * half_b - a * np.float32(start @ start - radius * radius)
    root = np.sqrt(np.maximum(discriminant, 0))
    near, far = (-half_b - root) / a, (-half_b + root) / a
    angle_near, angle_far = (_measure_angle(start, dx, dz, reach, radius) for reach in (near, far))
    limit = half_length_m * abs(bend.curvature_per_m)
    takes_near = (np.abs(angle_near) <= limit) & (near > 0)
    reach, angle = np.where(takes_near, near, far), np.where(takes_near, angle_near, angle_far)
    is_met = (discriminant >= 0) & (reach > 0) & (np.abs(angle) <= limit)
    along = np.where(is_met, angle * np.float32(radius), np.float32(OFF_SHEET_M))
    across = np.where(is_met, origin[straight] + reach * rays[..., straight], np.float32(OFF_SHEET_M))
    u, v = (along, across) if bend.axis is BendAxis.VERTICAL else (across, along)
    angle = np.where(is_met, angle, np.float32(0))
    return BentView(u.astype(np.float32), v.astype(np.float32), angle.astype(np.float32))


def _enter_sheet_space(
    camera: PinholeCamera, pose: SheetPose, pixels: Floats
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The camera's place and the rays' directions, in the sheet's axes."""
    to_sheet = pose.rotation.T
    origin = to_sheet @ -pose.place
    back = (to_sheet @ np.linalg.inv(camera.matrix)).astype(np.float32)
    rays = pixels.astype(np.float32) @ back[:, :2].T + back[:, 2]
    return origin.astype(np.float32), rays


def _measure_angle(
    start: npt.NDArray[np.float32], dx: Floats, dz: Floats, reach: Floats, radius: float
) -> npt.NDArray[np.float32]:
    """Signed angle around the cylinder's axis from the sheet's middle, radians."""
    sign = np.float32(np.sign(radius))
    sideways = (start[0] + reach * dx) * sign
    depth = -(start[1] + reach * dz) * sign
    return np.asarray(np.arctan2(sideways, depth), np.float32)
