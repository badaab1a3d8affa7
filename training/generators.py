"""What face generators leave in a picture, without the generators: simulations, and only that.

Aligned swaps: a face cut out upright at a fixed small size, changed, and pasted back under a soft mask, as
one-shot swap networks work. Rendered mouths: the lower half of the face, as lip-synchronising networks do.
Warped stills: a whole picture bent by a motion field and decoded, as re-enactment networks do.
"""

import cv2
import numpy as np
import numpy.typing as npt

from training.autoencoder_swap import add_upsampling_grid, decode_face
from training.masks import Region, blend, displace, draw_displacement, fill_region
from training.self_blending import Image, Pair, shift_colour
from verification.vision.crop import bound_landmarks

# Eye centres (from the lids), nose tip and mouth corners among MediaPipe's landmarks.
_RIGHT_EYE, _LEFT_EYE, _NOSE, _MOUTH = (33, 133, 159, 145), (263, 362, 386, 374), 1, (61, 291)
# Where an aligned crop has them, as shares of its side: the layout that face recognition networks share.
ALIGNED = np.array([[0.36, 0.40], [0.64, 0.40], [0.5, 0.56], [0.385, 0.72], [0.615, 0.72]], np.float32)
ALIGNED_SIDES_PX = (128, 128, 128, 160, 224, 256)
# A landmark box is about this share of an aligned crop wide.
FACE_SHARE = 0.62
MAX_RESOLVED_SHARE = 0.85
SQUARE_SHARE = 0.6
LIP_SIDE_PX = (80.0, 110.0)
STILL_SIDE_PX = (200.0, 256.0)

Points = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]


def swap_aligned(
    image_bgr: Image, landmarks_px: Points, rng: np.random.Generator, donor_bgr: Image | None = None
) -> Pair:
    """Replaces the upright square around the face by a changed copy of limited resolution.

    Of a donor, who lies on the same landmarks, only the face is taken.
    """
    face_px = float(np.ptp(landmarks_px[:, 0]))
    side = min(int(rng.choice(ALIGNED_SIDES_PX)), round(MAX_RESOLVED_SHARE * face_px / FACE_SHARE))
    shape = image_bgr.shape[:2]
    into = align_face(landmarks_px, side)
    source = image_bgr if donor_bgr is None else donor_bgr
    crop = cv2.warpAffine(source, into, (side, side), borderMode=cv2.BORDER_REPLICATE)
    changed = _change_identity(crop.astype(np.uint8, copy=False), rng)
    method = int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_CUBIC)))
    back = cv2.warpAffine(
        changed, into, shape[::-1], flags=method | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8, copy=False)
    if rng.random() < 0.3:
        back = _enhance(back, rng)
    square_odds = SQUARE_SHARE if donor_bgr is None else 0.0
    mask = _draw_paste_mask(shape, landmarks_px, into, side, square_odds=square_odds, rng=rng)
    return Pair(image_bgr, blend(image_bgr, back, mask), mask)


def render_mouth(image_bgr: Image, landmarks_px: Points, rng: np.random.Generator) -> Pair:
    """Replaces the lower half of the face by one with a moved mouth, decoded at 80 to 110 px."""
    left, top, right, bottom = _clip_box(landmarks_px, image_bgr.shape[:2])
    face_px = float(np.ptp(landmarks_px[:, 0]))
    moved = displace(image_bgr, _move_mouth(image_bgr.shape[:2], landmarks_px, rng))
    rendered = moved.copy()
    limit = (LIP_SIDE_PX[0], LIP_SIDE_PX[1] + 40 * float(rng.random() < 0.3))
    rendered[top:bottom, left:right] = decode_face(moved[top:bottom, left:right], rng, limit)
    if rng.random() < 0.5:
        rendered = shift_colour(rendered, rng, rng.uniform(0.05, 0.4))
    if rng.random() < 0.55:
        mask = np.zeros(image_bgr.shape[:2], np.float32)
        mask[(top + bottom) // 2 : bottom, left:right] = 1
    else:
        mask = fill_region(image_bgr.shape[:2], landmarks_px, Region.MOUTH)
    mask = cv2.GaussianBlur(mask, (0, 0), max(0.6, rng.uniform(0.005, 0.05) * face_px)).astype(np.float32)
    return Pair(image_bgr, blend(image_bgr, rendered, mask), mask)


def warp_still(image_bgr: Image, landmarks_px: Points, rng: np.random.Generator) -> Pair:
    """Bends the head and its features by a motion field and decodes the result, all of it or the head only."""
    shape, face_px = image_bgr.shape[:2], float(np.ptp(landmarks_px[:, 0]))
    moved = image_bgr
    for _ in range(int(rng.integers(1, 3))):
        moved = displace(moved, _draw_motion(shape, landmarks_px, rng))
    if rng.random() < 0.5:
        moved = displace(moved, _move_mouth(shape, landmarks_px, rng))
    rendered = decode_face(moved, rng, STILL_SIDE_PX) if rng.random() < 0.7 else _wash(moved, rng)
    if rng.random() < 0.5:
        mask = np.ones(shape, np.float32)
    else:
        hull = fill_region(shape, landmarks_px, Region.FACE)
        reach = 2 * round(rng.uniform(0.05, 0.2) * face_px) + 1
        wide = cv2.dilate(hull, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
        mask = cv2.GaussianBlur(wide, (0, 0), rng.uniform(0.02, 0.1) * face_px).astype(np.float32)
    return Pair(image_bgr, blend(image_bgr, rendered, mask), mask)


def align_face(landmarks_px: Points, side: int) -> npt.NDArray[np.float64]:
    """The similarity that puts eyes, nose and mouth where an aligned crop has them: float64 (2, 3)."""
    eyes = [landmarks_px[list(eye)].mean(axis=0) for eye in (_RIGHT_EYE, _LEFT_EYE)]
    # By their place and not by their name: in a mirrored picture the right eye's landmarks lie on the right.
    pairs = [sorted(pair, key=lambda point: float(point[0])) for pair in (eyes, landmarks_px[list(_MOUTH)])]
    points = np.stack([*pairs[0], landmarks_px[_NOSE], *pairs[1]]).astype(np.float64)
    target = ALIGNED.astype(np.float64) * side
    centre, goal = points.mean(axis=0), target.mean(axis=0)
    a, b = points - centre, target - goal
    norm = float((a**2).sum())
    cosine = float((a * b).sum()) / norm
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / norm
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, goal - turn @ centre])


def _change_identity(crop_bgr: Image, rng: np.random.Generator) -> Image:
    side = crop_bgr.shape[0]
    changed = displace(
        crop_bgr,
        draw_displacement(rng, (side, side), rng.uniform(0, 0.03) * side, rng.uniform(0.15, 0.4) * side),
    )
    if rng.random() < 0.7:
        changed = shift_colour(changed, rng, rng.uniform(0.05, 0.4))
    changed = _wash(changed, rng)
    return add_upsampling_grid(changed, rng) if rng.random() < 0.15 else changed


def _wash(image_bgr: Image, rng: np.random.Generator) -> Image:
    """Takes the finest texture away, as networks do that were trained for the least mean error."""
    choice = rng.random()
    if choice < 0.45:
        washed = cv2.GaussianBlur(image_bgr, (0, 0), rng.uniform(0.35, 0.9))
    elif choice < 0.85:
        washed = cv2.bilateralFilter(image_bgr, 5, rng.uniform(12, 45), 2.0)
    else:
        washed = cv2.medianBlur(image_bgr, 3)
    return washed.astype(np.uint8, copy=False)


def _enhance(image_bgr: Image, rng: np.random.Generator) -> Image:
    """What face restoration adds: even skin, crisp edges."""
    even = cv2.bilateralFilter(image_bgr, 7, rng.uniform(20, 50), 3.0)
    soft = cv2.GaussianBlur(even, (0, 0), rng.uniform(1.0, 2.0))
    amount = rng.uniform(0.5, 1.4)
    return cv2.addWeighted(even, 1 + amount, soft, -amount, 0).astype(np.uint8, copy=False)


def _draw_paste_mask(
    shape: tuple[int, int],
    landmarks_px: Points,
    into: npt.NDArray[np.float64],
    side: int,
    *,
    square_odds: float,
    rng: np.random.Generator,
) -> Floats:
    """The aligned square, shrunk and feathered; or the face's hull, feathered."""
    face_px = float(np.ptp(landmarks_px[:, 0]))
    if rng.random() < square_odds:
        inset = round(rng.uniform(0.03, 0.14) * side)
        square = np.zeros((side, side), np.float32)
        square[inset : side - inset, inset : side - inset] = 1
        mask = cv2.warpAffine(square, into, shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    else:
        mask = fill_region(shape, landmarks_px, Region.FACE if rng.random() < 0.7 else Region.BELOW_BROWS)
    return cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.015, 0.09) * face_px).astype(np.float32, copy=False)


def _move_mouth(
    shape: tuple[int, int], landmarks_px: Points, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """A field that opens or closes the mouth and shifts the chin."""
    face_px = float(np.ptp(landmarks_px[:, 0]))
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    centre = landmarks_px[list(_MOUTH)].mean(axis=0)
    reach = np.float32(rng.uniform(0.16, 0.3) * face_px)
    below = centre[1] + np.float32(0.08 * face_px)
    near = np.exp(-(((x - centre[0]) / reach) ** 2 + ((y - below) / reach) ** 2) / 2)
    up_down = np.float32(rng.uniform(-0.09, 0.09) * face_px)
    sideways = np.float32(rng.uniform(-0.03, 0.03) * face_px)
    return (near * sideways).astype(np.float32), (near * up_down).astype(np.float32)


def _draw_motion(
    shape: tuple[int, int], landmarks_px: Points, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """A turn of the head (the nose moves most, the background stays) and a smooth random bend."""
    face_px = float(np.ptp(landmarks_px[:, 0]))
    x, y = np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32))
    centre = landmarks_px.mean(axis=0)
    reach = np.float32(rng.uniform(0.3, 0.6) * face_px)
    near = np.exp(-(((x - centre[0]) / reach) ** 2 + ((y - centre[1]) / reach) ** 2) / 2)
    turn = rng.uniform(-0.09, 0.09, 2).astype(np.float32) * np.float32(face_px)
    bend = draw_displacement(rng, shape, rng.uniform(0, 0.03) * face_px, rng.uniform(0.12, 0.35) * face_px)
    return (near * turn[0] + bend[0]).astype(np.float32), (near * turn[1] + bend[1]).astype(np.float32)


def _clip_box(landmarks_px: Points, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    x, y, width, height = bound_landmarks(landmarks_px)
    left, top = max(0, round(x)), max(0, round(y))
    return left, top, min(shape[1], round(x + width)), min(shape[0], round(y + height))
