"""What runs the landmark networks: LiteRT, or MediaPipe's own graph."""

from enum import StrEnum
from pathlib import Path

from verification.vision.face_networks import FaceNetworkPool
from verification.vision.landmarks import FaceLandmarkTracker, FaceTracker


class LandmarkEngine(StrEnum):
    LITERT = "litert"
    MEDIAPIPE = "mediapipe"


def open_tracker(networks: FaceNetworkPool, bundle: Path, engine: LandmarkEngine) -> FaceTracker:
    """Open a tracker for one stream. bundle: face_landmarker.task, which MediaPipe loads anew.

    Raises FaceLandmarkerMissing when MediaPipe can't load it.
    """
    if engine is LandmarkEngine.LITERT:
        return FaceLandmarkTracker(networks)
    # Half a second and 100 MB, which a server that doesn't ask for it needn't spend.
    from verification.vision.mediapipe_landmarks import MediaPipeTracker  # noqa: PLC0415

    return MediaPipeTracker(bundle)
