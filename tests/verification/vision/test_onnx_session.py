import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.verification.vision.networks import make_mean_network
from verification.vision.onnx_session import ModelUnreadable, open_session, run_single


def test_a_session_runs_on_one_cpu_thread() -> None:
    session = open_session(make_mean_network([1, 4], 1))
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_session_options().intra_op_num_threads == 1


def test_a_session_gives_its_first_output() -> None:
    session = open_session(make_mean_network([1, 4], 2))
    answer = run_single(session, np.array([[1, 2, 3, 6]], dtype=np.float32))
    assert answer.tolist() == [[3, 6]]


@pytest.mark.parametrize("content", [b"", b"not a network"])
def test_a_file_that_is_no_network_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelUnreadable, match=r"broken\.onnx"):
        open_session(path)


def test_onnx_runtime_keeps_and_sends_nothing_about_this_machine(tmp_path: Path) -> None:
    """Its events and the machine's id would lie in the home folder."""
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-c", "import verification.vision.onnx_session"]
    root = Path(__file__).parents[3]
    subprocess.run(command, check=True, cwd=root, env=environment | {"HOME": str(tmp_path)})
    assert [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name] == []
