"""docs/screens/admin/ against the command that makes it."""

from tests.e2e.admin_screens import FOLDER, MAX_BYTES, SHOTS


def test_there_is_a_picture_of_each_page_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.webp" for name, *_ in SHOTS}


def test_pictures_stay_small() -> None:
    assert [path.name for path in FOLDER.iterdir() if path.stat().st_size > MAX_BYTES] == []
