from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.vision.conftest import require
from tests.verification.vision.networks import make_mean_network
from verification.attacks.recapture import draw_paper, draw_screen, print_on_paper, show_on_screen
from verification.vision.analyser import VisionModels
from verification.vision.crop import PixelBox, bound_landmarks
from verification.vision.decode import DecodedFrame
from verification.vision.landmarks import FaceLandmarkTracker
from verification.vision.onnx_session import ModelUnreadable
from verification.vision.texture import FusedTexture, ProjectTexture, TextureModel, fuse_texture
from verification.vision.weights import PROJECT_TEXTURE_WEIGHTS

SHARES = st.floats(0, 1)


@pytest.fixture(scope="module")
def own() -> ProjectTexture:
    return ProjectTexture(PROJECT_TEXTURE_WEIGHTS)


class Said:
    """A texture model that always answers the same."""

    def __init__(self, score: float) -> None:
        self._score = score

    def score(self, bgr: object, box: PixelBox) -> float:
        return self._score


def score_picture(texture: TextureModel, tracker: FaceLandmarkTracker, path: Path) -> float:
    picture = cv2.imread(str(path))
    assert picture is not None
    bgr = picture.astype(np.uint8, copy=False)
    return median(texture.score(bgr, bound_landmarks(face.landmarks_px)) for face in tracker.track(bgr, 0))


def test_a_living_face_is_told_from_its_own_screens_and_prints(
    own: ProjectTexture, portrait: DecodedFrame, portrait_box: PixelBox
) -> None:
    rng = np.random.default_rng(4)
    media = [show_on_screen(portrait.bgr, draw_screen(rng), rng) for _ in range(15)]
    media += [print_on_paper(portrait.bgr, draw_paper(rng), rng) for _ in range(15)]
    live = own.score(portrait.bgr, portrait_box)
    assert live > 0.5
    assert median(own.score(bgr, portrait_box) for bgr in media) < live


@pytest.mark.parametrize("name", ["minivision_image_T1.jpg", "minivision_old_image_T1.jpg"])
def test_real_living_faces_are_called_living(
    own: ProjectTexture, tracker: FaceLandmarkTracker, clips_dir: Path, name: str
) -> None:
    assert score_picture(own, tracker, clips_dir / "bona_fide" / name) > 0.5


@pytest.mark.parametrize(
    "name", ["minivision_image_F1.jpg", "minivision_image_F2.jpg", "minivision_old_image_F1.jpg"]
)
def test_real_screens_and_prints_are_doubted_without_fasnet_too(
    own: ProjectTexture, tracker: FaceLandmarkTracker, clips_dir: Path, name: str
) -> None:
    assert score_picture(own, tracker, clips_dir / "attack_presentation" / name) < 0.5


@pytest.mark.parametrize(
    ("folder", "name", "is_live"),
    [
        ("bona_fide", "minivision_image_T1.jpg", True),
        ("attack_presentation", "minivision_image_F1.jpg", False),
        ("attack_presentation", "minivision_image_F2.jpg", False),
        ("attack_presentation", "minivision_old_image_F1.jpg", False),
    ],
)
def test_with_fasnet_real_screens_and_prints_are_told_apart(
    models: VisionModels,
    tracker: FaceLandmarkTracker,
    clips_dir: Path,
    folder: str,
    name: str,
    *,
    is_live: bool,
) -> None:
    require(models, "fasnet_v2", "fasnet_v1se", "texture")
    assert models.texture is not None
    assert (score_picture(models.texture, tracker, clips_dir / folder / name) > 0.5) is is_live


def test_a_box_outside_the_frame_still_has_a_score(own: ProjectTexture, portrait: DecodedFrame) -> None:
    for box in (PixelBox(-80, -80, 100, 100), PixelBox(500, 500, 300, 300), PixelBox(10, 10, 0.2, 0.2)):
        assert 0 <= own.score(portrait.bgr, box) <= 1


def test_a_frame_smaller_than_the_networks_view_has_a_score(own: ProjectTexture) -> None:
    assert 0 <= own.score(np.full((50, 70, 3), 90, np.uint8), PixelBox(10, 10, 30, 30)) <= 1


@given(fasnet=SHARES, own_score=SHARES)
def test_the_fusion_lies_between_both_and_weighs_them_alike(fasnet: float, own_score: float) -> None:
    fused = fuse_texture(fasnet, own_score)
    assert min(fasnet, own_score) <= fused <= max(fasnet, own_score)
    assert fused == fuse_texture(own_score, fasnet)


@given(low=SHARES, high=SHARES, other=SHARES)
def test_the_fusion_never_falls_when_a_score_rises(low: float, high: float, other: float) -> None:
    low, high = sorted((low, high))
    assert fuse_texture(low, other) <= fuse_texture(high, other) + 1e-12


def test_two_models_are_asked_once_each_and_joined(portrait: DecodedFrame) -> None:
    assert FusedTexture(Said(0.9), Said(0.4)).score(portrait.bgr, PixelBox(0, 0, 9, 9)) == fuse_texture(
        0.9, 0.4
    )


def test_where_fasnet_is_installed_both_are_asked(models: VisionModels) -> None:
    require(models, "fasnet_v2", "fasnet_v1se", "texture")
    assert isinstance(models.texture, FusedTexture)


@pytest.mark.parametrize("content", [b"not a network", make_mean_network([1, 128, 128, 3], 1)])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "texture.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelUnreadable):
        ProjectTexture(path)
