"""What most such projects ship: MediaPipe, `DeepFace.analyze`, Keras `predict` of MesoNet-4, base64 in JSON.

A program for .venv-bench, never imported. Reads one JSON message a line, `{"image": base64 of a JPEG}`, and answers
one a line, `{"ms": ...}`. usage: plain_pipeline.py FACE_LANDMARKER.TASK
"""

import base64
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

os.environ.setdefault("DEEPFACE_HOME", str(Path.home()))
import mediapipe as mp
from deepface import DeepFace
from deepface.commons import weight_utils
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode
from tensorflow.keras import Sequential, layers

EMOTION_WEIGHTS = (
    Path(os.environ["DEEPFACE_HOME"]) / ".deepface" / "weights" / "facial_expression_model_weights.h5"
)


def build_mesonet() -> Any:
    """MesoNet-4 with random weights: what they are makes no difference to the time."""
    model = Sequential([layers.Input((256, 256, 3))])
    for filters, kernel, pool in ((8, 3, 2), (8, 5, 2), (16, 5, 2), (16, 5, 4)):
        model.add(layers.Conv2D(filters, kernel, padding="same", activation="relu"))
        model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D(pool, padding="same"))
    for layer in (
        layers.Flatten(),
        layers.Dense(16),
        layers.LeakyReLU(0.1),
        layers.Dense(1, activation="sigmoid"),
    ):
        model.add(layer)
    return model


def open_landmarker(path: str) -> FaceLandmarker:
    options = FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=path),
        running_mode=RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    return FaceLandmarker.create_from_options(options)


def use_random_emotion_weights() -> None:
    """Leave DeepFace's architecture as Keras initialises it; its weights are not installed here."""
    weight_utils.download_weights_if_necessary = lambda **_: ""
    weight_utils.load_model_weights = lambda model, weight_file: model


def analyse(message: str, landmarker: FaceLandmarker, mesonet: Any, at_ms: int) -> None:
    """One frame, as a tutorial would do it."""
    data = base64.b64decode(json.loads(message)["image"])
    bgr = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    found = landmarker.detect_for_video(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb), at_ms)
    emotions = DeepFace.analyze(bgr, actions=["emotion"], enforce_detection=False, silent=True)
    height, width = bgr.shape[:2]
    face = rgb
    if found.face_landmarks:
        points = np.array([(point.x * width, point.y * height) for point in found.face_landmarks[0]])
        (left, top), (right, bottom) = points.min(axis=0).clip(0), points.max(axis=0)
        face = rgb[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
    genuine = mesonet.predict(cv2.resize(face, (256, 256))[np.newaxis] / 255.0, verbose=0)
    json.dumps({"emotions": emotions[0]["dominant_emotion"], "genuine": float(genuine[0, 0])})


def main() -> None:
    cv2.setNumThreads(1)
    has_weights = EMOTION_WEIGHTS.is_file()
    if not has_weights:
        use_random_emotion_weights()
    landmarker, mesonet = open_landmarker(sys.argv[1]), build_mesonet()
    print(
        json.dumps({"emotion_weights": "DeepFace's" if has_weights else "random, for timing only"}),
        flush=True,
    )
    for index, message in enumerate(sys.stdin):
        began = time.perf_counter()
        analyse(message, landmarker, mesonet, 100 * index)
        print(json.dumps({"ms": (time.perf_counter() - began) * 1_000}), flush=True)


if __name__ == "__main__":
    main()
