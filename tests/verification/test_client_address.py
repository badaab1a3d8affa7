"""Whose address a limit counts, where one client has many."""

import io
import ipaddress

import pytest
from django.conf import settings as django_settings
from django.core.handlers.asgi import ASGIRequest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from verification import limits

pytestmark = pytest.mark.django_db


@pytest.fixture
def behind_a_proxy(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}


def test_all_addresses_of_one_ipv6_network_are_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(django_settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "public", "3/day")
    network = ipaddress.IPv6Network("2001:db8:1:2::/64")
    addresses = [limits.read_address("", str(network[number * 2**50])) for number in range(50)]
    assert sum(limits.spend("public", address) == 0 for address in addresses) == 3
    assert limits.spend("public", limits.read_address("", "2001:db8:1:3::1")) == 0


@pytest.mark.usefixtures("behind_a_proxy")
@pytest.mark.parametrize(
    ("seen", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:0DB8:1:2::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:6.6.6.6", "6.6.6.6"),
        ("6.6.6.6", "6.6.6.6"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_is_counted_by_what_its_client_cannot_change(seen: str, counted: str) -> None:
    assert limits.read_address(seen, "10.0.0.1") == counted
    assert limits.read_address("", seen) == counted


@given(st.text(max_size=40))
def test_any_text_for_an_address_is_counted_without_an_error(text: str) -> None:
    assert isinstance(limits.read_address("", text), str)


@given(
    proxies=st.integers(0, 3),
    lines=st.lists(st.text("0123456789., ", max_size=30) | st.ip_addresses().map(str), max_size=4),
)
def test_a_socket_and_a_call_from_one_client_are_counted_alike(
    settings: Settings, proxies: int, lines: list[str]
) -> None:
    """However many lines the proxies wrote into."""
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    headers = [(b"host", b"pol.example"), *((b"x-forwarded-for", line.encode()) for line in lines)]
    client = ("10.0.0.1", 50_000)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": client}
    call = ASGIRequest(scope, io.BytesIO())
    assert limits.identify_socket(headers, client) == limits.identify(call)


def test_of_two_proxies_that_write_a_line_each_the_outer_one_is_believed(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 2}
    lines = [(b"x-forwarded-for", b"9.9.9.9, 6.6.6.6"), (b"x-forwarded-for", b"10.0.0.2")]
    assert limits.identify_socket(lines, ("10.0.0.3", 50_000)) == "6.6.6.6"
