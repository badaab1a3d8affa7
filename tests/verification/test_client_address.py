"""Whose address a limit counts, where one client has many."""

import ipaddress

import pytest
from django.conf import settings as django_settings
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
