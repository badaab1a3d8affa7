"""A folder of small clips and the tables that describe it."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.verification.clips.performed import FPS, PerformedClip
from tests.verification.clips.videos import write_video
from verification.liveness.actions import Action


@dataclass(frozen=True)
class Collection:
    clips: Path
    events: Path


@pytest.fixture(scope="session")
def collection(performed_clip: PerformedClip, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """The simulated subject as a bona fide clip and as a picture, a broken clip and one that is missing."""
    folder = tmp_path_factory.mktemp("collection")
    frames = [decode(jpeg) for jpeg in performed_clip.frames]
    (folder / "clips").mkdir()
    write_video(folder / "clips" / "performed.avi", frames, fps=FPS)
    cv2.imwrite(str(folder / "clips" / "picture.png"), frames[0])
    (folder / "clips" / "broken.mp4").write_bytes(b"no video at all")
    (folder / "clips" / "broken.jpg").write_bytes(b"no picture at all")
    rows = [
        ("performed.avi", "bona_fide"),
        ("picture.png", "printed"),
        ("broken.mp4", "bona_fide"),
        ("broken.jpg", "printed"),
        ("missing.mp4", "mask"),
    ]
    clips, events = folder / "clips.tsv", folder / "events.tsv"
    clips.write_text("path\tclass\n" + "".join(f"{path}\t{name}\n" for path, name in rows), encoding="utf-8")
    # The segments reach from the request to the rest after it; the action itself comes after a moment.
    shown = [segment for segment in performed_clip.segments if segment.action is not Action.LOOK_STRAIGHT]
    lines = [f"performed.avi\t{s.action}\t{s.start_s + 0.5}\t{s.end_s - 0.3}\n" for s in shown]
    events.write_text(
        "path\taction\tstart_s\tend_s\n"
        + "".join(lines)
        + "performed.avi\twave\t0\t1\nother.mp4\tsmile\t0\t1\n",
        encoding="utf-8",
    )
    return Collection(clips, events)


def decode(jpeg: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert frame is not None
    return frame.astype(np.uint8, copy=False)
