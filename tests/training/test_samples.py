import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.conftest import draw_landmarks
from training.pairs import prepare_sample
from training.samples import (
    FaceSample,
    Origin,
    Part,
    cut_face,
    name_identities,
    split_identities,
    split_samples,
)
from verification.vision.crop import bound_landmarks

NAMES = st.lists(st.integers(0, 400).map("{:06d}.jpg".format), min_size=1, max_size=120, unique=True)


def make_sample(identity: str, source: str, origin: Origin) -> FaceSample:
    return FaceSample(np.zeros((2, 2, 3), np.uint8), np.zeros((478, 2), np.float32), identity, source, origin)


@given(names=NAMES, seed=st.integers(0, 2**32 - 1))
def test_every_identity_is_in_exactly_one_part_and_a_sixth_is_kept_out(names: list[str], seed: int) -> None:
    parts = split_identities(names, seed)
    assert set(parts) == set(names)
    assert sum(part is Part.EVALUATE for part in parts.values()) == -(-len(names) // 6)


@given(names=NAMES, seed=st.integers(0, 2**32 - 1))
def test_the_split_depends_on_the_seed_and_not_on_the_order_of_files(names: list[str], seed: int) -> None:
    assert split_identities(names, seed) == split_identities(reversed(names), seed)


@given(seed=st.integers(0, 2**32 - 1))
def test_no_identity_is_shared_by_two_parts_even_across_portraits_and_clips(seed: int) -> None:
    samples = [make_sample(f"person-{number}", f"{number}.jpg", Origin.PORTRAIT) for number in range(40)]
    samples += [make_sample(f"person-{number}", f"{number}.mp4", Origin.CLIP) for number in range(30, 52)]
    split = split_samples(samples, seed)
    people = [{sample.identity for sample in part} for part in split.values()]
    assert sum(map(len, people)) == len(set().union(*people)) == 52
    assert sum(map(len, split.values())) == len(samples)


def test_clips_are_kept_out_in_the_same_proportion_as_portraits() -> None:
    samples = [make_sample(f"p{number}", f"{number}.jpg", Origin.PORTRAIT) for number in range(60)]
    samples += [make_sample(f"c{number}", f"{number}.mp4", Origin.CLIP) for number in range(12)]
    kept_out = split_samples(samples, seed=3)[Part.EVALUATE]
    assert sum(sample.origin is Origin.CLIP for sample in kept_out) == 2
    assert sum(sample.origin is Origin.PORTRAIT for sample in kept_out) == 10


def test_groups_that_share_a_name_are_one_person() -> None:
    names = name_identities(["a", "b", "c", "d"], [["a", "b"], ["c", "b", "not there"]])
    assert names["a"] == names["b"] == names["c"] == "a"
    assert names["d"] == "d"


@pytest.mark.parametrize("centre", [(320, 240), (60, 50), (600, 430), (320, 20)])
def test_the_network_sees_the_same_square_in_the_cut_face_as_in_the_whole_frame(
    centre: tuple[int, int],
) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    landmarks = draw_landmarks(centre, 120)
    face, points = cut_face(frame, landmarks)
    cut = FaceSample(face, points, "a", "a", Origin.CLIP)
    whole = FaceSample(frame, landmarks, "a", "a", Origin.CLIP)
    np.testing.assert_array_equal(prepare_sample(cut), prepare_sample(whole))


def test_a_face_larger_than_any_capture_is_shrunk_with_its_landmarks() -> None:
    frame = np.zeros((1200, 1200, 3), np.uint8)
    face, points = cut_face(frame, draw_landmarks((600, 600), 500), max_face_px=340)
    assert np.ptp(points[:, 0]) == pytest.approx(340, abs=1)
    assert face.shape[0] < 1000
    left, top, width, height = bound_landmarks(points)
    assert left > 0
    assert top > 0
    assert left + width < face.shape[1]
    assert top + height < face.shape[0]
