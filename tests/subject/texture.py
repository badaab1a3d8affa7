"""The head's texture for any expression."""

import cv2
import numpy as np

from tests.subject.mouth import append_interior
from tests.subject.outline import trace_head, trace_neck
from tests.subject.portrait import Image, Portrait, to_texture_px
from tests.subject.pose import Expression
from tests.subject.retouch import paint_lid, paint_relaxed_cheeks


class HeadTexture:
    """The portrait's skin with the mouth's interior below it, retouched as the expression asks."""

    def __init__(self, portrait: Portrait) -> None:
        skin = _extend_head(portrait)
        self._lids = [paint_lid(portrait, skin, side) for side in range(2)]
        self._relaxed_cheeks = paint_relaxed_cheeks(portrait, skin)
        self._smiling = append_interior(portrait, skin)
        self._relaxed = self._smiling.copy()
        self._relaxed_cheeks.apply(self._relaxed, 1.0)

    def paint(self, expression: Expression) -> Image:
        """Give the texture, BGR uint8; not to be written to."""
        if expression == Expression(open_mouth=expression.open_mouth, raise_brows=expression.raise_brows):
            return self._relaxed
        texture = self._smiling.copy()
        self._relaxed_cheeks.apply(texture, 1.0 - expression.smile)
        for lid in self._lids:
            lid.apply(texture, min(1.0, 2.0 * expression.close_eyes))
        return texture


def _extend_head(portrait: Portrait) -> Image:
    """Continue head and neck beyond their outline, so that no triangle at the rim shows the wall."""
    mask = np.zeros(portrait.texture.shape[:2], np.uint8)
    for outline in (trace_head(portrait), trace_neck(portrait)):
        cv2.fillPoly(mask, [np.rint(to_texture_px(outline)).astype(np.int32)], 1)
    outside = (cv2.erode(mask, np.ones((5, 5), np.uint8)) == 0).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    inside = outside == 0
    nearest = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    nearest[labels[inside]] = portrait.texture[inside]
    extended: Image = nearest[labels]
    return extended
