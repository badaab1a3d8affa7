import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from verification.liveness.observation import Box, Face, FaceObservation, HeadPose
from verification.vision.summary import Summary

SHARES = st.floats(0, 1)


def observe(
    *, yaw_deg: float | None = 0.0, count: int = 1, texture: float | None = None, happy: float | None = None
) -> FaceObservation:
    face = None
    if yaw_deg is not None:
        landmarks = np.zeros((478, 2), dtype=np.float32)
        face = Face(Box(0, 0, 1, 1), landmarks, HeadPose(yaw_deg, 0, 0), {}, 100, (128, 128))
    return FaceObservation(
        width_px=64,
        height_px=48,
        face_count=count if face else 0,
        face=face,
        luma_digest=bytes(16),
        luma_thumbnail=np.zeros((32, 32), dtype=np.uint8),
        texture=texture,
        emotions=None if happy is None else {"happy": happy, "neutral": 1 - happy},
    )


def describe(*observations: FaceObservation) -> dict[str, str]:
    summary = Summary()
    for observation in observations:
        summary.add(observation)
    return {finding.model: finding.text for finding in summary.describe()}


def test_one_picture_is_told_without_ranges() -> None:
    told = describe(observe(yaw_deg=12.4, texture=0.91, happy=0.8))
    assert told["face_landmarker"] == "one face, yaw +12°, pitch +0°, roll +0°"
    assert told["texture"].startswith("0.91")
    assert told["emotion"] == "happy 80%, neutral 20%"


def test_a_clip_is_told_with_counts_and_ranges() -> None:
    told = describe(
        observe(yaw_deg=-20, texture=0.2), observe(yaw_deg=None), observe(yaw_deg=31, count=2, texture=0.6)
    )
    assert told["face_landmarker"].startswith("a face in 2 of 3 frames, more than one in 1, yaw -20° to +31°")
    assert told["texture"].startswith("median 0.40, from 0.20 to 0.60")


def test_a_model_that_did_not_run_is_not_told() -> None:
    assert list(describe(observe())) == ["face_landmarker"]


def test_no_face_is_said_in_words() -> None:
    assert describe(observe(yaw_deg=None)) == {"face_landmarker": "no face"}


@given(st.lists(SHARES, min_size=2, max_size=20))
def test_expressions_are_averaged_over_a_clip(shares: list[float]) -> None:
    told = describe(*(observe(happy=share) for share in shares))["emotion"]
    assert f"happy {sum(shares) / len(shares):.0%}" in told
