"""A webhook's address is somebody else's choice: where it may lead, and what an answer may cost."""

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tests.verification.receiver import Receiver, run_receiver
from verification.webhook_sender import DeliveryError, is_public, post, resolve

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "no address", "",
]  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with run_receiver() as receiver:
        yield receiver


def send(url: str, **options: Any) -> int:
    return post(url, b"{}", {"X-Test": "1"}, **{"timeout_s": 10, "is_private_allowed": True, **options})


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapping_an_inner_address_does_not_make_it_public(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    sixtofour = ipaddress.IPv6Address(b"\x20\x02" + address.packed + b"\0" * 10)
    nat64 = ipaddress.IPv6Address(b"\x00\x64\xff\x9b" + b"\0" * 8 + address.packed)
    if not is_public(str(address)):
        assert not any(is_public(str(wrapped)) for wrapped in (mapped, sixtofour, nat64))


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert is_public(text) in {True, False}


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "[::1]", "::ffff:127.0.0.1"]
)
def test_no_spelling_of_this_machine_gets_through(host: str) -> None:
    with pytest.raises(DeliveryError):
        resolve(host, 443, is_private_allowed=False)


def test_one_inner_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("1.1.1.1", port)), (*kind, ("10.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(DeliveryError, match="public"):
        resolve("two.example", 443, is_private_allowed=False)


def test_the_name_is_resolved_once_and_the_connection_goes_where_it_was_judged(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What DNS rebinding needs is a second look-up; there is none."""
    asked = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host == "hooks.example":
            asked.append(host)
            return real("127.0.0.1", port, *args, **options)
        return real(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    port = receiver.url.split(":")[2].split("/")[0]
    assert send(f"http://hooks.example:{port}/") == 204
    assert asked == ["hooks.example"]
    assert receiver.received[0].headers["host"] == f"hooks.example:{port}"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.location = [302], receiver.url
    assert send(receiver.url) == 302
    assert len(receiver.received) == 1


def test_an_answer_is_read_up_to_a_limit_only(receiver: Receiver) -> None:
    receiver.answers, receiver.body = [200], b"x" * 5_000_000
    assert send(receiver.url) == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hooks",
        "https://127.0.0.1/hooks",
        "https://localhost/hooks",
        "https://169.254.169.254/latest/meta-data",
        "ftp://shop.example",
        "https:///nowhere",
        "https://no-such-host.invalid/",
    ],
)
def test_nothing_inside_and_nothing_unencrypted_is_called_unless_it_is_allowed(url: str) -> None:
    with pytest.raises(DeliveryError):
        send(url, is_private_allowed=False)


def test_the_environments_proxy_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(receiver.url) == 204


def test_a_server_that_hangs_up_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(DeliveryError, match="No answer"):
        listener.settimeout(0.2)
        send(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout_s=0.2)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with run_receiver(tls=make_server_context(tmp_path)) as receiver:
        with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
            send(receiver.url)
        assert not receiver.received


def make_server_context(folder: Path) -> ssl.SSLContext:
    """A server with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    path = folder / "server.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
