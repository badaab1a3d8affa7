"""What the models saw over a picture or a clip, in a few words a model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from verification.liveness.observation import Face, FaceObservation


@dataclass(frozen=True, slots=True)
class Finding:
    """What one model saw: `model` is SampledModel's name for it, or `face_landmarker`."""

    model: str
    text: str


@dataclass(slots=True)
class Summary:
    """Gathers observations; keeps numbers, not pictures."""

    frames: int = 0
    face_counts: list[int] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)
    textures: list[float] = field(default_factory=list)
    deepfakes: list[float] = field(default_factory=list)
    emotions: list[Mapping[str, float]] = field(default_factory=list)

    def add(self, observation: FaceObservation) -> None:
        """Take in the next frame's observation."""
        self.frames += 1
        self.face_counts.append(observation.face_count)
        if observation.face is not None:
            self.faces.append(observation.face)
        if observation.texture is not None:
            self.textures.append(observation.texture)
        if observation.deepfake is not None:
            self.deepfakes.append(observation.deepfake)
        if observation.emotions is not None:
            self.emotions.append(observation.emotions)

    def describe(self) -> list[Finding]:
        """Say what each model saw, in the order in which they run."""
        findings = [Finding("face_landmarker", self._describe_faces())]
        if self.textures:
            findings.append(Finding("texture", f"{_spread(self.textures)} (1: skin, 0: paper or a screen)"))
        if self.emotions:
            findings.append(Finding("emotion", self._describe_emotions()))
        if self.deepfakes:
            findings.append(
                Finding("deepfake", f"{_spread(self.deepfakes)} (1: a camera's face, 0: generated)")
            )
        return findings

    def _describe_faces(self) -> str:
        if not self.faces:
            return "no face"
        if self.frames == 1:
            count = self.face_counts[0]
            lines = ["one face" if count == 1 else f"{count} faces, the largest:"]
        else:
            lines = [f"a face in {len(self.faces)} of {self.frames} frames"]
            crowded = sum(count > 1 for count in self.face_counts)
            lines += [f"more than one in {crowded}"] if crowded else []
        angles: tuple[tuple[str, Callable[[Face], float]], ...] = (
            ("yaw", lambda face: face.pose.yaw_deg),
            ("pitch", lambda face: face.pose.pitch_deg),
            ("roll", lambda face: face.pose.roll_deg),
        )
        for name, read in angles:
            lines.append(f"{name} {_range([read(face) for face in self.faces])}")
        return ", ".join(lines)

    def _describe_emotions(self) -> str:
        means = {
            label: sum(shares[label] for shares in self.emotions) / len(self.emotions)
            for label in self.emotions[0]
        }
        strongest = sorted(means.items(), key=lambda item: item[1], reverse=True)[:3]
        text = ", ".join(f"{label} {share:.0%}" for label, share in strongest)
        return text if self.frames == 1 else f"on average {text}"


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"median {median(values):.2f}, from {min(values):.2f} to {max(values):.2f}"


def _range(values: Sequence[float]) -> str:
    low, high = round(min(values)), round(max(values))
    return f"{low:+d}°" if low == high else f"{low:+d}° to {high:+d}°"
