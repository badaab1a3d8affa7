"""The plain pipeline as a child process in its own environment, asked for one round at a time."""

import base64
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings

PROGRAM = Path(__file__).with_name("plain_pipeline.py")
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


class PlainPipelineError(RuntimeError):
    """The child ended, or said something else than it should."""


class PlainPipeline:
    """Feed frames to `plain_pipeline.py`, which runs the models as most projects do.

    Each frame travels as base64 in JSON, as it would over a socket. Raises PlainPipelineError.
    """

    def __init__(self, python: Path, jpegs: Sequence[bytes]) -> None:
        if not python.exists():
            raise PlainPipelineError(f"{python} is not there: run `make bench`, which makes it")
        self._messages = [
            json.dumps({"type": "frame", "seq": seq, "image": base64.b64encode(jpeg).decode("ascii")})
            for seq, jpeg in enumerate(jpegs)
        ]
        self._child = subprocess.Popen(
            [str(python), str(PROGRAM), str(settings.MEDIAPIPE_MODEL_PATH)],
            env={**os.environ, **_QUIET, "DEEPFACE_BACKEND_ENGINE": "tensorflow"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            self.description: Mapping[str, Any] = self._read()
        except PlainPipelineError:
            self._stop()
            raise

    def run_round(self) -> list[float]:
        """Milliseconds for each frame, from the JSON text to the scores."""
        return [float(self._ask(message)["ms"]) for message in self._messages]

    def __enter__(self) -> Self:
        self.run_round()  # TensorFlow builds its graphs at the first frame
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        """End the child at once: it keeps nothing, and TensorFlow takes its time to leave by itself."""
        self._child.terminate()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child.wait()

    def _ask(self, message: str) -> Mapping[str, Any]:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(message + "\n")
            self._child.stdin.flush()
        except OSError as error:
            raise PlainPipelineError("the plain pipeline ended") from error
        return self._read()

    def _read(self) -> Mapping[str, Any]:
        """The next answer; what the libraries print on the way is passed over."""
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.startswith("{"):
                answer: Mapping[str, Any] = json.loads(line)
                return answer
        raise PlainPipelineError("the plain pipeline ended; try it by hand: bench/plain_pipeline.py")
