"""deploy/release_check.py over checkouts that must not be released, and one that may."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from deploy import release_check

CHANGES = "# Changes\n\n## 1.2.0 – 2026-11-27\n\n- all\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "x")


def find_problems(root: Path) -> list[str]:
    """All but the locks', which ask a registry."""
    checks = [check for check in release_check.CHECKS if check is not release_check.check_locks]
    return [problem for check in checks for problem in check(root)]


def test_a_checkout_whose_parts_agree_may_be_released(checkout: Path) -> None:
    assert find_problems(checkout) == []


def test_a_version_is_released_once(checkout: Path) -> None:
    git(checkout, "tag", "v1.2.0")
    assert "released already" in find_problems(checkout)[0]


@pytest.mark.parametrize("version", ["1.2", "v1.2.0", "1.2.0rc1", "01.2.0"])
def test_a_version_is_semantic(checkout: Path, version: str) -> None:
    (checkout / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', encoding="utf-8")
    assert any("semantic" in problem for problem in find_problems(checkout))


@pytest.mark.parametrize("heading", ["## Unreleased", "## 1.2.0 – unreleased", "## 1.1.0 – 2026-11-27", ""])
def test_the_changelog_begins_with_the_release_and_its_day(checkout: Path, heading: str) -> None:
    (checkout / "CHANGELOG.md").write_text(
        CHANGES.replace("## 1.2.0 – 2026-11-27", heading), encoding="utf-8"
    )
    commit(checkout)
    assert [problem.split(" ")[0] for problem in find_problems(checkout)] == ["CHANGELOG.md"]


def test_what_is_not_committed_is_named(checkout: Path) -> None:
    (checkout / "left.txt").touch()
    assert find_problems(checkout) == ["not committed: left.txt"]


def test_the_server_says_the_version_of_the_project() -> None:
    assert release_check.read_version(Path(settings.BASE_DIR)) == settings.VERSION
