from itertools import islice

import numpy as np
import pytest

from tests.verification.attacks.clips import difference
from verification.attacks.prints import BentPrint, FlatPrint, PrintAttack
from verification.attacks.projection import BendAxis
from verification.attacks.sheet import make_sheet
from verification.attacks.stills import Image, LandmarkSource, Still, measure_face_px

SHAPE = (180, 240)
KINDS = pytest.mark.parametrize("kind", [FlatPrint, BentPrint])


def test_the_printed_face_has_the_size_it_was_asked_for_and_is_where_the_sheet_says(
    still: Still, landmarks: LandmarkSource
) -> None:
    sheet = make_sheet(still, np.random.default_rng(2), 110.0)
    (points,) = landmarks.track([sheet.page], 1.0)
    assert points is not None
    assert measure_face_px(points) == pytest.approx(110, rel=0.12)
    box_middle = (points.min(axis=0) + points.max(axis=0)) / 2
    assert sheet.centre_px == pytest.approx(box_middle, abs=8)
    assert (sheet.to_pixels @ (0, 0, 1))[:2] == pytest.approx(sheet.centre_px)


def test_hands_hold_the_sheet_from_outside(still: Still) -> None:
    for seed in range(5):
        sheet = make_sheet(still, np.random.default_rng(seed), 110.0)
        assert sheet.page.shape[:2] == sheet.paper.shape == sheet.fingers.shape[:2]
        assert set(np.unique(sheet.paper)) == {0, 255}
        cover = sheet.fingers[..., 3] > 128
        assert 0.001 < cover[sheet.paper > 0].mean() < 0.25
        assert cover[sheet.paper == 0].any()


def test_the_paper_is_smaller_than_the_page_by_the_border(still: Still) -> None:
    sheet = make_sheet(still, np.random.default_rng(1), 110.0)
    for page, paper in zip(sheet.half_page_m, sheet.half_paper_m, strict=True):
        assert 0 < paper < page


@KINDS
def test_a_print_is_filmed_moving(kind: type[PrintAttack], still: Still) -> None:
    frames = list(islice(kind(still, SHAPE, 4.0, np.random.default_rng(5)).film(10.0), 30))
    assert {frame.shape for frame in frames} == {(*SHAPE, 3)}
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint8)}
    assert difference(frames[0], frames[29]) > 2
    assert len({frame.tobytes() for frame in frames}) == 30


@KINDS
def test_a_print_shows_the_face_to_the_landmarker(
    kind: type[PrintAttack], still: Still, landmarks: LandmarkSource
) -> None:
    frames: list[Image] = []
    for seed in range(4):
        attack = kind(still, (240, 320), 4.0, np.random.default_rng(seed))
        frames.extend(attack.render(at_s) for at_s in (0.0, 0.5, 1.0))
    found = [points is not None for points in landmarks.track(frames, 1.0)]
    assert sum(found) >= 10


def test_a_bent_print_keeps_its_side_and_does_not_kink(still: Still) -> None:
    for seed in range(6):
        attack = BentPrint(still, SHAPE, 6.0, np.random.default_rng(seed))
        bends = [attack.bend_at(at_s) for at_s in np.arange(0, 6, 0.25)]
        assert (
            len({bend.axis for bend in bends}) == len({np.sign(bend.curvature_per_m) for bend in bends}) == 1
        )
        side = 0 if bends[0].axis is BendAxis.VERTICAL else 1
        angles = [abs(bend.curvature_per_m) * attack.sheet.half_paper_m[side] for bend in bends]
        assert 0 < min(angles) < max(angles) <= 1.26
