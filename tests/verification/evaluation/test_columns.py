from dataclasses import dataclass

import numpy as np
import pytest

from tests.verification.evaluation.recordings import act
from tests.verification.liveness.faces import make_observation
from verification.evaluation.columns import ColumnsUnreadable, name_fields, pack_records, unpack_records
from verification.liveness.actions import Action
from verification.liveness.observation import FaceObservation


def flatten(observation: FaceObservation) -> list[object]:
    """Everything in it as plain values, so that arrays can be compared."""
    face = observation.face
    parts: list[object] = [
        observation.width_px,
        observation.face_count,
        observation.luma_digest,
        observation.luma_thumbnail.tolist(),
        observation.texture,
        observation.deepfake,
    ]
    if observation.emotions is not None:
        parts.append({name: np.float32(value) for name, value in observation.emotions.items()})
    if face is not None:
        shapes = {name: np.float32(value) for name, value in face.blendshapes.items()}
        parts += [face.box, face.pose, face.skin_lab, face.luma_mean, shapes, face.landmarks_px.tolist()]
    return parts


def test_observations_come_back_as_they_were() -> None:
    observations = [*act([Action.SMILE]).recording.observations, make_observation(None, picture=7)]
    back = unpack_records(pack_records(observations, FaceObservation), FaceObservation)
    assert [flatten(observation) for observation in back] == [flatten(one) for one in observations]
    assert back[0].face is not None
    assert back[0].face.landmarks_px.dtype == np.float32
    assert back[0].luma_thumbnail.dtype == np.uint8


@pytest.mark.parametrize("count", [0, 3])
def test_a_clip_without_any_face_comes_back(count: int) -> None:
    observations = [make_observation(None, picture=number) for number in range(count)]
    back = unpack_records(pack_records(observations, FaceObservation), FaceObservation)
    assert [flatten(one) for one in back] == [flatten(one) for one in observations]


def test_columns_hold_numbers_and_names_only() -> None:
    columns = pack_records(act([Action.BLINK]).recording.observations, FaceObservation)
    assert {column.dtype.kind for column in columns.values()} <= set("bifuU")


def test_every_field_is_named_with_its_path() -> None:
    names = name_fields(FaceObservation)
    assert {"face", "face.pose", "face.pose.yaw_deg", "luma_digest", "deepfake"} <= set(names)


@pytest.mark.parametrize("lost", ["face.pose.yaw_deg", "face?", "texture", "face.blendshapes#"])
def test_columns_with_one_missing_are_refused(lost: str) -> None:
    columns = pack_records(act([Action.BLINK]).recording.observations, FaceObservation)
    del columns[lost]
    with pytest.raises(ColumnsUnreadable):
        unpack_records(columns, FaceObservation)


def test_columns_of_different_lengths_are_refused() -> None:
    columns = pack_records(act([Action.BLINK]).recording.observations, FaceObservation)
    columns["texture"] = columns["texture"][:-1]
    with pytest.raises(ColumnsUnreadable, match="texture"):
        unpack_records(columns, FaceObservation)


def test_a_kind_of_field_that_no_column_holds_is_refused_when_packed() -> None:
    @dataclass(frozen=True)
    class Odd:
        anything: complex

    with pytest.raises(TypeError, match="anything"):
        pack_records([Odd(1j)], Odd)
