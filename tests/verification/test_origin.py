import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from verification.origin import is_allowed_origin

HOST = "pol.example:8443"
hosts = st.from_regex(r"[a-z0-9]{1,12}(\.[a-z0-9]{1,12}){0,2}(:[0-9]{2,5})?", fullmatch=True)


@pytest.fixture(autouse=True)
def named_origins(settings: Settings) -> None:
    settings.POL_ALLOWED_ORIGINS = ["https://bank.example"]
    settings.POL_PUBLIC_URL = "https://verify.example"


@pytest.mark.parametrize(
    "origin",
    [
        "",  # no browser
        "https://pol.example:8443",
        "http://pol.example:8443",
        "https://POL.example:8443",
        "https://bank.example",
        "https://verify.example",
    ],
)
def test_our_own_pages_and_those_the_operator_named_may_connect(origin: str) -> None:
    assert is_allowed_origin(origin, HOST)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "https://pol.example",
        "https://pol.example:8443.evil.example",
        "https://evil.example/pol.example:8443",
        "https://pol.example:8443@evil.example",
        "https://evil.example@pol.example:8443",
        "https://sub.bank.example",
        "https://bank.example.evil.example",
        "http://bank.example",
        "ftp://pol.example:8443",
        "file://",
        "javascript://pol.example:8443",
        "//pol.example:8443",
        "pol.example:8443",
        "*",
    ],
)
def test_other_pages_may_not(origin: str) -> None:
    assert not is_allowed_origin(origin, HOST)


@pytest.mark.parametrize("origin", ["http://[", "https://[::1", "https://a]b", "http://℀.example"])
def test_an_origin_that_is_no_url_is_refused_not_an_error(origin: str) -> None:
    assert not is_allowed_origin(origin, HOST)


def test_a_handshake_without_a_host_matches_no_page() -> None:
    assert not is_allowed_origin("http://", "")
    assert not is_allowed_origin("https://pol.example:8443", "")


def test_an_unset_public_url_allows_nothing(settings: Settings) -> None:
    settings.POL_PUBLIC_URL = ""
    assert not is_allowed_origin("https://verify.example", HOST)


@given(st.sampled_from(["http", "https"]), hosts, hosts)
def test_a_page_of_another_host_never_connects(scheme: str, page_host: str, host: str) -> None:
    assert is_allowed_origin(f"{scheme}://{page_host}", host) == (page_host == host)
