"""docs/screens/ against the command that makes it; the pictures themselves are for people to look at."""

from tests.e2e.screens import MAX_BYTES, SCREENS, SHOTS, name_shot


def test_there_is_a_picture_of_each_state_and_no_other() -> None:
    assert {path.stem for path in SCREENS.glob("*.*")} == {name_shot(shot) for shot in SHOTS}


def test_pictures_stay_small() -> None:
    assert [path.name for path in SCREENS.glob("*.*") if path.stat().st_size > MAX_BYTES] == []
