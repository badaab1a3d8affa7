"""face_swap: another person's face on every frame, as classical graphics programs put it there.

The donor's still is bent by a thin-plate spline to the frame's landmarks, takes on the colours of the face
below it, and is blended in with a soft edge. The frame's own mouth shows through where it is open.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from verification.attacks.outline import blend, enclose, feather, fill_face, fill_mouth
from verification.attacks.sensor import Sensor, draw_injector
from verification.attacks.spline import WARP_POINTS, map_between
from verification.attacks.stills import Image, LandmarkSource, Points, Still, list_stills, measure_turn

_MOST_DONORS = 8
# Another still of the donor is taken when its turn fits this much better: fewer jumps between stills.
_SWITCH_MARGIN = 0.12
_MARGIN_SHARE = 0.1
# Colours follow the frame's slowly: matched anew each time, they would flicker.
_COLOUR_MEMORY = 0.8

Statistics = npt.NDArray[np.float64]


class FaceSwapper:
    """Puts a donor's face on the frames of one clip, in order. stills: of the donor, one at least."""

    def __init__(self, stills: Sequence[Still], rng: np.random.Generator) -> None:
        self._stills = stills
        self._current = min(stills, key=lambda still: abs(measure_turn(still.landmarks_px)))
        self._erosion_share = float(rng.uniform(0.01, 0.05))
        self._feather_share = float(rng.uniform(0.015, 0.06))
        self._keeps_mouth = bool(rng.random() < 0.7)
        self._below: Statistics | None = None

    def swap(self, bgr: Image, landmarks_px: Points | None) -> Image:
        """The frame with the donor's face; a copy of the frame as it was where it shows no face."""
        region = None if landmarks_px is None else enclose(landmarks_px, bgr.shape[:2], _MARGIN_SHARE)
        if landmarks_px is None or region is None:
            return bgr.copy()
        donor = self._choose_donor(landmarks_px)
        left, top, width, height = region
        part = bgr[top : top + height, left : left + width]
        local = landmarks_px - np.array([left, top], np.float32)
        where = map_between(local[WARP_POINTS], donor.landmarks_px[WARP_POINTS], (0, 0, width, height))
        nothing = np.empty(0, np.float32)
        bent = cv2.remap(donor.bgr, where, nothing, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mask = self._draw_mask((height, width), local)
        swapped = bgr.copy()
        recoloured = self._match_colour(bent.astype(np.uint8, copy=False), part, mask > 0.9)
        swapped[top : top + height, left : left + width] = blend(part, recoloured, mask)
        return swapped

    def _choose_donor(self, landmarks_px: Points) -> Still:
        turn = measure_turn(landmarks_px)

        def misfit(still: Still) -> float:
            return abs(measure_turn(still.landmarks_px) - turn)

        best = min(self._stills, key=misfit)
        if misfit(best) < misfit(self._current) - _SWITCH_MARGIN:
            self._current = best
        return self._current

    def _draw_mask(self, shape: tuple[int, int], local_px: Points) -> npt.NDArray[np.float32]:
        face_px = float(np.ptp(local_px[:, 0]))
        reach = 2 * round(self._erosion_share * face_px) + 1
        inner = cv2.erode(fill_face(shape, local_px), np.ones((reach, reach), np.uint8))
        mask = feather(inner.astype(np.float32, copy=False), self._feather_share * face_px)
        if self._keeps_mouth:
            mask *= 1 - feather(fill_mouth(shape, local_px), 0.01 * face_px)
        return mask

    def _match_colour(self, source_bgr: Image, target_bgr: Image, where: npt.NDArray[np.bool_]) -> Image:
        """Gives the source the target's mean and spread of each CIELAB channel.

        Source: E. Reinhard et al., "Color Transfer between Images", IEEE CG&A 21, 2001.
        """
        if not where.any():
            return source_bgr
        inside = where.astype(np.uint8)
        lab = cv2.cvtColor(source_bgr, cv2.COLOR_BGR2LAB)
        source = np.array(cv2.meanStdDev(lab, mask=inside))[..., 0]
        target: Statistics = np.array(
            cv2.meanStdDev(cv2.cvtColor(target_bgr, cv2.COLOR_BGR2LAB), mask=inside), np.float64
        )[..., 0]
        if self._below is not None:
            target += _COLOUR_MEMORY * (self._below - target)
        self._below = target
        gain = target[1] / np.maximum(source[1], 1e-3)
        levels = np.arange(256.0)[:, None]
        table = np.clip((levels - source[0]) * gain + target[0] + 0.5, 0, 255).astype(np.uint8)
        return cv2.cvtColor(cv2.LUT(lab, table[None]), cv2.COLOR_LAB2BGR).astype(np.uint8, copy=False)


def swap_faces(
    frames: Sequence[Image],
    fps: float,
    donor: Sequence[Image],
    rng: np.random.Generator,
    landmarks: LandmarkSource,
) -> Iterator[Image]:
    """The clip with the donor's face, through a virtual camera. Raises FaceNotFound for a faceless donor."""
    swapper = FaceSwapper(list_stills(donor, landmarks, _MOST_DONORS), rng)
    sensor = Sensor(draw_injector(rng), rng)
    for number, (bgr, points) in enumerate(zip(frames, landmarks.track(frames, fps), strict=True)):
        yield sensor.film(swapper.swap(bgr, points), number / fps)
