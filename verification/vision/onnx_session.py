"""ONNX Runtime sessions as the server wants them: one thread each, on the CPU, shared by all captures."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime


class ModelUnreadable(RuntimeError):
    """A model file is there but can't be loaded, or isn't the network it should be."""


def open_session(source: Path | bytes) -> onnxruntime.InferenceSession:
    """Load an ONNX file, or its bytes; `run` of the session may be called by several threads at once.

    One thread a session: these networks are too small to gain from more, and the server's own
    threads share the cores. Raises ModelUnreadable.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    model = source if isinstance(source, bytes) else str(source)
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no base class but this one
        name = "the converted network" if isinstance(source, bytes) else source
        raise ModelUnreadable(f"{name} can't be loaded as an ONNX model") from error


def run_single(
    session: onnxruntime.InferenceSession, values: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Feed a session's only input, and return its first output."""
    name = session.get_inputs()[0].name
    return np.asarray(session.run(None, {name: values})[0], dtype=np.float32)
