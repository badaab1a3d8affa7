import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.attacks.clips import difference, draw_face_points
from verification.attacks.outline import INNER_LIPS
from verification.attacks.reenactment import Puppet, Similarity, fit_similarity
from verification.attacks.stills import Points, Still

POINTS = draw_face_points()
MOTIONS = st.builds(
    lambda scale, angle, x, y: Similarity(scale, angle, np.array([x, y])),
    st.floats(0.5, 2),
    st.floats(-3, 3),
    st.floats(-100, 100),
    st.floats(-100, 100),
)


@given(motion=MOTIONS)
def test_a_similarity_is_found_again(motion: Similarity) -> None:
    moved = motion.apply(POINTS).astype(np.float32)
    found = fit_similarity(POINTS, moved)
    np.testing.assert_allclose(found.linear, motion.linear, atol=1e-4)
    np.testing.assert_allclose(found.apply(POINTS), moved, atol=0.05)


@pytest.fixture(scope="module")
def puppet(still: Still) -> Puppet:
    return Puppet(still, still.landmarks_px, np.random.default_rng(0))


def test_a_driver_at_rest_leaves_the_still_as_it_was(puppet: Puppet, still: Still) -> None:
    np.testing.assert_allclose(puppet.place_landmarks(still.landmarks_px), still.landmarks_px, atol=0.01)
    assert difference(puppet.pose(still.landmarks_px), still.bgr) < 1


def test_the_head_follows_the_drivers_shift_and_lean(puppet: Puppet, still: Still) -> None:
    centre = still.landmarks_px.mean(axis=0)
    motion = Similarity(1.0, np.radians(8), np.zeros(2))
    moved = motion.apply(still.landmarks_px - centre) + centre + (9, 4)
    placed = puppet.place_landmarks(moved.astype(np.float32))
    np.testing.assert_allclose(placed, moved, atol=0.5)


def test_whoever_drives_is_scaled_to_the_still(still: Still) -> None:
    large = (still.landmarks_px * 2 + 30).astype(np.float32)
    puppet = Puppet(still, large, np.random.default_rng(0))
    smiling = large.copy()
    smiling[[61, 291]] += np.array([(-8, -6), (8, -6)], np.float32)
    change = puppet.place_landmarks(smiling) - still.landmarks_px
    assert change[61] == pytest.approx((-4, -3), abs=0.3)
    assert np.abs(np.delete(change, [61, 291], axis=0)).max() < 0.3


def test_a_mouth_that_the_still_shows_shut_opens_as_a_dark_hole(still: Still) -> None:
    shut = still.landmarks_px.copy()
    shut[INNER_LIPS, 1] = shut[INNER_LIPS, 1].mean()
    puppet = Puppet(Still(still.bgr, shut), shut, np.random.default_rng(0))
    opened = _open_mouth(shut)
    frame = puppet.pose(opened)
    x, y = puppet.place_landmarks(opened)[INNER_LIPS].mean(axis=0).round().astype(int)
    assert frame[y, x].mean() < 90
    assert puppet.pose(shut)[y, x].mean() > 120


def test_a_head_that_leaves_takes_the_puppet_only_so_far(puppet: Puppet, still: Still) -> None:
    far = still.landmarks_px + np.array([900, 0], np.float32)
    shift = (puppet.place_landmarks(far) - still.landmarks_px).mean(axis=0)
    assert 0 < shift[0] < np.ptp(still.landmarks_px[:, 0])


def _open_mouth(points: Points) -> Points:
    """The lower lip and the chin lowered by a sixth of the face's height."""
    opened = points.copy()
    depth = np.float32(np.ptp(points[:, 1]) / 6)
    lower = points[:, 1] > points[INNER_LIPS, 1].mean()
    lower[[14, 87, 178, 88, 95, 317, 402, 318, 324]] = True  # the lower lip's inner edge
    opened[lower, 1] += depth
    return opened
