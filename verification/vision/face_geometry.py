"""The head's rotation from 468 landmarks: a canonical face is laid onto them, as MediaPipe does it.

Sources: mediapipe/tasks/cc/vision/face_geometry of https://github.com/google-ai-edge/mediapipe; D. Akca,
"Generalized Procrustes analysis and its applications in photogrammetry", ETH Zürich 2003, section 2.4.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.message import DecodeError

# The part that is needed of MediaPipe's geometry_pipeline_metadata.proto and mesh_3d.proto: its Python package
# does not ship them.
_SCHEMA = """
name: "face_geometry.proto" package: "face_geometry" syntax: "proto2"
message_type {
  name: "Mesh"
  field { name: "vertex_buffer" number: 3 type: TYPE_FLOAT label: LABEL_REPEATED }
}
message_type {
  name: "Basis"
  field { name: "landmark_id" number: 1 type: TYPE_UINT32 label: LABEL_OPTIONAL }
  field { name: "weight" number: 2 type: TYPE_FLOAT label: LABEL_OPTIONAL }
}
message_type {
  name: "Metadata"
  field {
    name: "canonical_mesh" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL type_name: ".face_geometry.Mesh"
  }
  field {
    name: "procrustes_landmark_basis" number: 2 type: TYPE_MESSAGE label: LABEL_REPEATED
    type_name: ".face_geometry.Basis"
  }
}
"""
_VALUES_PER_VERTEX = 5  # x, y, z, and two of a texture
_VERTICAL_FOV_DEG = 63.0
# Landmarks that lie closer together than this, in fractions of the frame, have no shape to be fitted.
_LEAST_SPREAD = 1e-3

_Floats = npt.NDArray[np.float64]


class CanonicalFace:
    """MediaPipe's model of a face, and how much each of its points counts.

    vertices: shape (N, 3), in centimetres, x to the image's right, y up, z towards the camera.
    weights: by vertex, those that count. Raises ValueError when fewer than three do.
    """

    def __init__(self, vertices: _Floats, weights: dict[int, float]) -> None:
        if len(weights) < 3 or not all(0 <= index < len(vertices) for index in weights):
            raise ValueError("the canonical face has too few points")
        self.count = len(vertices)
        self._basis = np.array(sorted(weights))
        weighting = np.array([weights[index] for index in self._basis])
        self._root_weights = np.sqrt(weighting)[:, np.newaxis]
        source = vertices[self._basis]
        centre = weighting @ source / weighting.sum()
        self._centred = (source - centre) * self._root_weights
        self._variance = float((self._centred * source * self._root_weights).sum())

    def find_pose(self, landmarks: npt.NDArray[np.float32], width_px: int, height_px: int) -> _Floats | None:
        """Return rotation and scale, shape (3, 3), from the canonical face into the camera's space.

        landmarks: shape (N or more, 3), in fractions of the frame, z in fractions of its width.
        None where the landmarks lie in one point.
        """
        points = landmarks[: self.count].astype(np.float64)
        if min(points[:, :2].std(axis=0)) < _LEAST_SPREAD:
            return None
        height = 2 * math.tan(math.radians(_VERTICAL_FOV_DEG) / 2)
        width = width_px * height / height_px
        depth_offset = width * float(points[:, 2].mean())
        x, y, z = points[self._basis].T
        screen = np.stack([(x - 0.5) * width, (0.5 - y) * height, z * width], axis=1)
        scale = self._fit_scale(screen * (1, 1, -1))
        scale *= self._fit_scale(_unproject(screen, depth_offset, scale))
        return self._fit(_unproject(screen, depth_offset, scale))

    def _fit(self, target: _Floats) -> _Floats:
        """Return rotation times scale that lays the canonical face onto the target, shape (basis, 3)."""
        left, stretches, right = np.linalg.svd(self._correlate(target))
        rotation: _Floats = left @ right
        if np.linalg.det(rotation) < 0:  # a mirrored face is none
            left[:, 2] *= -1
            stretches[2] *= -1
            rotation = left @ right
        return rotation * (float(stretches.sum()) / self._variance)

    def _fit_scale(self, target: _Floats) -> float:
        """Return the scale alone, which takes no rotation: the sum of the stretches."""
        correlation = self._correlate(target)
        stretches = np.linalg.svd(correlation, compute_uv=False)
        if np.linalg.det(correlation) < 0:
            stretches[2] *= -1
        return float(stretches.sum()) / self._variance

    def _correlate(self, target: _Floats) -> _Floats:
        correlation: _Floats = (target * self._root_weights).T @ self._centred
        return correlation


def _unproject(screen: _Floats, depth_offset: float, scale: float) -> _Floats:
    """Undo the perspective of a camera whose screen lies at depth 1."""
    depth = (screen[:, 2] - depth_offset + 1) / scale
    return np.stack([screen[:, 0] * depth, screen[:, 1] * depth, -depth], axis=1)


def read_canonical_face(metadata: bytes) -> CanonicalFace:
    """Read `geometry_pipeline_metadata_landmarks.binarypb`. Raises ValueError."""
    message = _METADATA()
    try:
        message.ParseFromString(metadata)
    except DecodeError as error:
        raise ValueError("the canonical face can't be read") from error
    values = np.array(message.canonical_mesh.vertex_buffer, dtype=np.float64)
    if not values.size or values.size % _VALUES_PER_VERTEX:
        raise ValueError("the canonical face has no points")
    weights = {basis.landmark_id: basis.weight for basis in message.procrustes_landmark_basis}
    return CanonicalFace(values.reshape(-1, _VALUES_PER_VERTEX)[:, :3], weights)


def _describe_metadata() -> Any:
    file = text_format.Parse(_SCHEMA, descriptor_pb2.FileDescriptorProto())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.Metadata"))


_METADATA = _describe_metadata()
