"""Which modules a page names before its script asks for them."""

from pathlib import Path

import pytest
from django.conf import settings as project
from django.test import Client
from pytest_django import Settings

from verification.module_graph import list_modules


def test_everything_that_is_imported_is_listed_once() -> None:
    modules = list_modules("js/capture_page.js")
    assert len(set(modules)) == len(modules)
    assert {"js/capture_run.js", "js/frame_codec.js", "js/capture_pace.js"} <= set(modules)
    assert "js/capture_page.js" not in modules


def test_what_other_pages_import_is_not_listed() -> None:
    assert "js/capture_run.js" not in list_modules("js/landing_page.js")
    assert list_modules("js/embed_channel.js") == ()


def test_every_module_belongs_to_a_page_or_to_the_element() -> None:
    entries = ("js/capture_page.js", "js/landing_page.js", "js/over_page.js", "js/proof_of_life_element.js")
    used = {module for entry in entries for module in (entry, *list_modules(entry))}
    folder = Path(project.BASE_DIR) / "static"
    assert {path.relative_to(folder).as_posix() for path in (folder / "js").glob("*.js")} == used


def test_a_module_that_is_missing_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"js/nothing\.js"):
        list_modules("js/nothing.js")


@pytest.mark.django_db
def test_the_page_preloads_its_modules_under_its_nonce(client: Client, settings: Settings) -> None:
    settings.POL_REQUIRE_API_KEY = False
    page = client.get("/", headers={"accept": "text/html"}).content.decode()
    for module in list_modules("js/landing_page.js"):
        assert f'href="/static/{module}"' in page
    assert page.count('rel="modulepreload" nonce="') == len(list_modules("js/landing_page.js"))
