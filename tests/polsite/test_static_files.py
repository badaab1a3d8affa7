"""The names that static files get in production, made from this project's own files."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

IMPORTED = re.compile(r"""(?:from|import) ?["'](\./[^"']+)["'];""")


@pytest.fixture
def gathered(settings: Settings, tmp_path: Path) -> Path:
    """Our files as `collectstatic` leaves them; those of Django's admin come through the same storage."""
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "polsite.static_files.HashedFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    return tmp_path


def test_modules_import_each_other_by_names_that_carry_the_hash(gathered: Path) -> None:
    names = json.loads((gathered / "staticfiles.json").read_text())["paths"]
    assert re.fullmatch(r"js/capture_page\.[0-9a-f]{12}\.js", names["js/capture_page.js"])
    for plain, hashed in names.items():
        if plain.endswith(".js"):
            for imported in IMPORTED.findall((gathered / hashed).read_text()):
                target = (Path(hashed).parent / imported).as_posix()
                assert target in names.values(), f"{plain} imports {imported}"


def test_the_plain_names_stay(gathered: Path) -> None:
    assert (gathered / "js" / "proof_of_life_element.js").is_file()
