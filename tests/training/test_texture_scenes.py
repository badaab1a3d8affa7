from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.samples import FaceSample, Origin
from training.texture_scenes import FACE_PX, LIVE, film_live, film_recaptured
from training.texture_sets import (
    DETAIL_ROOM_PX,
    TRAINED_PAPERS,
    TRAINED_SCREENS,
    Order,
    film_any,
    film_kind,
    join_sets,
    make_scene_set,
    obtain_scene_set,
)
from verification.attacks.recapture import KEPT_OUT_PAPERS, KEPT_OUT_SCREENS, PaperKind, ScreenKind

KINDS = [*ScreenKind, *PaperKind]


@pytest.mark.parametrize("kind", [LIVE, *KINDS])
def test_a_scene_holds_the_face_it_speaks_of(sample: FaceSample, kind: str) -> None:
    for seed in range(4):
        scene = film_kind(str(kind))(sample, [sample], np.random.default_rng(seed))
        assert scene.kind == kind
        assert scene.bgr.dtype == np.uint8
        height, width = scene.bgr.shape[:2]
        assert scene.box.x >= -1
        assert scene.box.y >= -1
        assert scene.box.x + scene.box.width <= width + 1
        assert scene.box.y + scene.box.height <= height + 1
        assert FACE_PX[0] * 0.95 <= scene.box.width <= FACE_PX[1] * 1.05


def test_the_class_is_not_told_by_the_cut() -> None:
    """With equal draws a living face and a medium get frames of equal size."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (300, 300, 3)).astype(np.uint8)
    points = (rng.random((478, 2)) * 120 + 90).astype(np.float32)
    source = FaceSample(image, points, "ada", "ada.jpg", Origin.PORTRAIT)
    live = {film_live(source, [source], np.random.default_rng(seed)).bgr.shape for seed in range(40)}
    shown = {
        film_recaptured(source, [source], [PaperKind.PHOTO], np.random.default_rng(seed)).bgr.shape
        for seed in range(40)
    }
    heights = [sorted(shape[0] for shape in shapes) for shapes in (live, shown)]
    assert np.median(heights[0]) == pytest.approx(np.median(heights[1]), rel=0.2)


def test_kinds_kept_out_are_never_trained_on(sample: FaceSample) -> None:
    assert not KEPT_OUT_SCREENS & set(TRAINED_SCREENS)
    assert not KEPT_OUT_PAPERS & set(TRAINED_PAPERS)
    scenes = [film_any(sample, [sample], np.random.default_rng(seed)) for seed in range(60)]
    kinds = {scene.kind for scene in scenes}
    assert kinds <= {LIVE, *TRAINED_SCREENS, *TRAINED_PAPERS}
    assert 15 < sum(scene.kind == LIVE for scene in scenes) < 40


def test_the_same_order_gives_the_same_scenes(sample: FaceSample) -> None:
    order = Order(film_any, 6, (3, 1), "six")
    first, second = (make_scene_set([sample], order) for _ in range(2))
    np.testing.assert_array_equal(first.detail, second.detail)
    np.testing.assert_array_equal(first.context, second.context)
    assert first.kinds == second.kinds
    assert first.identities == ("ada",) * 6
    assert first.detail.shape == (6, DETAIL_ROOM_PX, DETAIL_ROOM_PX, 3)
    np.testing.assert_array_equal(first.is_live, [kind == LIVE for kind in first.kinds])
    other = make_scene_set([sample], replace(order, seed=(3, 2)))
    assert (first.detail != other.detail).any()


def test_a_set_once_made_is_taken_from_its_file(sample: FaceSample, tmp_path: Path) -> None:
    order = Order(film_any, 3, (3, 1), "three")
    path = tmp_path / "kept" / "three.npz"
    made = obtain_scene_set(path, [sample], order)
    read = obtain_scene_set(path, [], order)
    np.testing.assert_array_equal(made.detail, read.detail)
    assert (made.kinds, made.identities) == (read.kinds, read.identities)
    assert join_sets([made, read]).kinds == made.kinds * 2
    with pytest.raises(ValueError, match="3 scenes, not 4"):
        obtain_scene_set(path, [sample], replace(order, count=4))
