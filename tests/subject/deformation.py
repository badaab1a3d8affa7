"""How each facial movement displaces the skin, in levelled portrait pixels.

Each movement is authored at a few landmarks and spread over the rest by radial basis functions; the lids
are authored in full, since they are the one place where the skin folds. The portrait smiles, so its own
shape is `smile == 1`, and what is authored for the smile is its undoing.
"""

from collections.abc import Iterable
from enum import IntEnum

import numpy as np

from tests.subject import anatomy
from tests.subject.portrait import Points
from tests.subject.pose import Expression

Displacement = tuple[float, float, float]
"""To the image's right, down, and away from the camera."""

_STILL: Displacement = (0.0, 0.0, 0.0)
_FOREHEAD_AND_NOSE = (9, 8, 168, 6, 197, 195, 5, 4, 1, 98, 327, 33, 133, 263, 362, 145, 374)
_BETWEEN_THE_CORNERS = (76, 62, 306, 292)
_RIM_ABOVE_THE_JAW = (10, 338, 297, 284, 389, 356, 454, 323, 361, 132, 93, 234, 127, 162, 54, 67, 109)
_JAW_SHARES = {
    (148, 377): 1.0, (176, 400): 0.98, (149, 378): 0.93, (150, 379): 0.82, (136, 365): 0.64, (172, 397): 0.42,
    (58, 288): 0.18,
}  # fmt: skip
"""How far the pairs of landmarks along the jaw follow the chin."""


class Movement(IntEnum):
    """The movements that the skin's displacement is a weighted sum of."""

    RELAX_SMILE = 0
    OPEN_MOUTH = 1
    RAISE_BROWS = 2
    CLOSE_EYES = 3
    CLOSE_WIDENED_EYES = 4


def weigh(expression: Expression) -> Points:
    """Give the weight of each movement, in the order of `Movement`."""
    return np.array([
        1.0 - expression.smile,
        expression.open_mouth,
        expression.raise_brows,
        expression.close_eyes,
        expression.close_eyes * expression.raise_brows,
    ])  # fmt: skip


def author_movements(skin: Points) -> Points:
    """Work out the displacement at the full extent of each movement: (468, 3) to (movements, 468, 3)."""
    raise_brows = _raise_brows(skin)
    # Raised brows widen the eyes; lids that close take that back first.
    lower_lids = np.zeros_like(skin)
    margins = [index for row in anatomy.UPPER_LIDS for index in row]
    lower_lids[margins] = -raise_brows[margins]
    return np.stack([_relax_smile(skin), _open_mouth(skin), raise_brows, _close_eyes(skin), lower_lids])


def _spread(skin: Points, moved: dict[int, Displacement], still: Iterable[int]) -> Points:
    """Interpolate displacements authored at some landmarks over all of them, with distance as the kernel."""
    handles = {**dict.fromkeys(still, _STILL), **moved}
    indices = list(handles)
    places = skin[:, :2]
    distances = np.linalg.norm(places[:, None] - places[None, indices], axis=2)
    weights = np.linalg.solve(distances[indices], np.array(list(handles.values())))
    spread: Points = distances @ weights
    return spread


def _relax_smile(skin: Points) -> Points:
    """Close the lips, narrow the mouth, let its corners and the cheeks sink."""
    moved = _close_lips(skin)
    for cheek, inwards in ((50, 1.0), (280, -1.0), (205, 2.0), (425, -2.0), (207, 1.5), (427, -1.5)):
        moved[cheek] = (inwards, 2.0, 0.6)
    return _spread(skin, moved, (*_FOREHEAD_AND_NOSE, *_RIM_ABOVE_THE_JAW, 152, 148, 377, 172, 397, 136, 365))


def _close_lips(skin: Points) -> dict[int, Displacement]:
    """Bring the lips together on one line, 147 px down the levelled portrait."""
    middle_x = float(skin[0, 0])
    moved: dict[int, Displacement] = {}
    half_width = float(skin[291, 0] - skin[61, 0]) / 2
    for row, lip_y, bow in (
        (anatomy.UPPER_LIP_OUTER, 142.2, 5.2),
        (anatomy.UPPER_LIP_INNER, 147.2, 0.2),
        (anatomy.LOWER_LIP_INNER, 147.4, 0.0),
        (anatomy.LOWER_LIP_OUTER, 153.6, -6.2),
    ):
        for index in row:
            across = (skin[index, 0] - middle_x) / half_width
            x = middle_x + 0.84 * half_width * across
            y = lip_y + bow * across**2
            moved[index] = (x - skin[index, 0], y - skin[index, 1], -1.5 * across**2)
    # Lips that touch lie equally deep, or the head's least nod would part them.
    for upper, lower in zip(anatomy.UPPER_LIP_INNER[1:-1], anatomy.LOWER_LIP_INNER[1:-1], strict=True):
        meeting = float(skin[[upper, lower], 2].mean())
        for index in (upper, lower):
            moved[index] = (moved[index][0], moved[index][1], meeting - float(skin[index, 2]))
    # The Cupid's bow: the middle of the upper lip dips between its two peaks.
    moved[0] = (moved[0][0], moved[0][1] + 0.6, moved[0][2])
    return moved


def _open_mouth(skin: Points) -> Points:
    """Drop the jaw: chin and lower lip go down and a little back, the corners follow, the lips round."""
    drop, back, rounding = 20.0, 5.0, 0.22
    corner_share, upper_share = 0.42, 0.08
    middle_x = float(skin[0, 0])
    moved: dict[int, Displacement] = {}

    def follow(index: int, share: float) -> None:
        inwards = rounding * (middle_x - float(skin[index, 0]))
        moved[index] = (inwards, drop * share, back * share)

    for row in (anatomy.UPPER_LIP_OUTER, anatomy.UPPER_LIP_INNER):
        for place, index in enumerate(row):
            follow(index, upper_share + (corner_share - upper_share) * abs(place / 5 - 1) ** 3)
    for row in (anatomy.LOWER_LIP_INNER, anatomy.LOWER_LIP_OUTER):
        for place, index in enumerate(row):
            follow(index, 1 + (corner_share - 1) * abs(place / 5 - 1) ** 2.2)
    for index in _BETWEEN_THE_CORNERS:
        follow(index, corner_share)
    for index in (18, 200, 199, 175, 152):
        moved[index] = (0.0, drop, back)
    for pair, share in _JAW_SHARES.items():
        for index in pair:
            # Cheeks that stretch hollow out: the jaw looks narrower the lower it hangs.
            inwards = 0.05 * share * (middle_x - float(skin[index, 0]))
            moved[index] = (inwards, drop * share, back * share)
    return _spread(skin, moved, (*_FOREHEAD_AND_NOSE, *_RIM_ABOVE_THE_JAW, 50, 280, 2, 205, 425))


def _raise_brows(skin: Points) -> Points:
    moved: dict[int, Displacement] = {}
    for tops, bottoms in zip(anatomy.BROW_TOPS, anatomy.BROW_BOTTOMS, strict=True):
        for place, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
            lift = -(6.5 + 0.5 * place)
            moved[top] = (0.0, lift, 0.0)
            moved[bottom] = (0.0, lift, 0.0)
    for creases, under_brows in zip(anatomy.LID_CREASES, anatomy.UNDER_BROWS, strict=True):
        moved.update(dict.fromkeys(creases[1:-1], (0.0, -1.2, 0.0)))
        moved.update(dict.fromkeys(under_brows, (0.0, -2.8, 0.0)))
    for lids in anatomy.UPPER_LIDS:
        for place, index in enumerate(lids[1:-1]):
            moved[index] = (0.0, -4.0 * float(np.sin(np.pi * (place + 1) / 8)), 0.0)
    moved.update({9: (0.0, -5.5, 0.0), 151: (0.0, -3.5, 0.0), 10: (0.0, -2.0, 0.0), 8: (0.0, -2.5, 0.0)})
    still = (168, 6, *_RIM_ABOVE_THE_JAW[3:-2], *anatomy.LOWER_LIDS[0], *anatomy.LOWER_LIDS[1], 4, 50, 280)
    return _spread(skin, moved, still)


def _close_eyes(skin: Points) -> Points:
    """Bring the upper lid's margin down over the lower one, which gives way; the brow sinks a little."""
    displacement = np.zeros_like(skin)
    for uppers, lowers in zip(anatomy.UPPER_LIDS, anatomy.LOWER_LIDS, strict=True):
        for upper, lower in zip(uppers, lowers, strict=True):
            gap = skin[lower] - skin[upper]
            displacement[upper] = 1.25 * gap
            displacement[lower] = 0.25 * gap
    for side in range(2):
        lids = displacement[list(anatomy.UPPER_LIDS[side])]
        displacement[list(anatomy.LID_CREASES[side])] = 0.50 * lids
        displacement[list(anatomy.UNDER_BROWS[side])] = 0.20 * lids[1:-1]
        under_lids = displacement[list(anatomy.LOWER_LIDS[side])]
        displacement[list(anatomy.UNDER_LIDS[side])] = 0.6 * under_lids[1:-1]
        brow = [*anatomy.BROW_TOPS[side], *anatomy.BROW_BOTTOMS[side]]
        displacement[brow] = (0.0, 0.8, 0.0)
    return displacement
