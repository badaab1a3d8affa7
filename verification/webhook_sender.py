"""One POST to an address that somebody else chose.

The name is resolved once, every address it has is judged, and the connection goes to one that was
judged: a name that changes its mind between the look and the call (DNS rebinding) gains nothing. No
redirect is followed, no proxy of the environment is asked, and time and size are bounded.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

MAX_ANSWER_BYTES = 16_384
DEFAULT_PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class DeliveryError(Exception):
    """Nothing that counts as an answer came back; the message says why, for staff."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, is_private_allowed: bool = False
) -> int:
    """Send and return the HTTP status, whatever it is. Raises DeliveryError.

    timeout_s: for all of it, from the connection to the last byte. is_private_allowed: also over plain
    http, and to this machine and its networks.
    """
    parts = urlsplit(url)
    if parts.hostname is None or parts.scheme not in DEFAULT_PORTS:
        raise DeliveryError("The address is not one of http or https.")
    if parts.scheme == "http" and not is_private_allowed:
        raise DeliveryError("Webhooks go over https only.")
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    address = resolve(parts.hostname, port, is_private_allowed=is_private_allowed)
    connection = _PinnedConnection(parts.hostname, port, address, parts.scheme == "https", timeout_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    deadline = threading.Timer(timeout_s, connection.cut)
    deadline.daemon = True
    deadline.start()
    try:
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        response.read(MAX_ANSWER_BYTES)
        connection.require_time()  # what was cut reads like an answer that had ended
        return response.status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(f"No answer: {type(error).__name__}.") from error
    finally:
        deadline.cancel()
        connection.close()


def resolve(host: str, port: int, *, is_private_allowed: bool) -> str:
    """One address of the host, as text. Raises DeliveryError where any of them is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError("The host's name has no address.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not is_private_allowed and not all(is_public(address) for address in addresses):
        raise DeliveryError("The host's address is not a public one.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is reachable from anywhere: not loopback, private, link-local or reserved.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, Teredo, NAT64) is judged by that one too.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _find_inner(ip)
    return ip.is_global and not ip.is_multicast and all(is_public(str(other)) for other in inner)


def _find_inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    inner = [other for other in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if other is not None]
    return [*inner, ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)] if ip in NAT64 else inner


class _PinnedConnection(http.client.HTTPConnection):
    """Connects to `address` while the request, and the certificate's check, keep the host's name."""

    def __init__(self, host: str, port: int, address: str, is_tls: bool, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self.default_port = DEFAULT_PORTS["https" if is_tls else "http"]
        self._address = address
        self._is_tls = is_tls
        self._until_s = time.monotonic() + timeout_s
        self._is_over = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.require_time())
        if self._is_tls:
            # The handshake apart: it can take long, and `cut` needs the socket that it runs on.
            self.sock = tls = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            tls.settimeout(self.require_time())
            tls.do_handshake()
        self.sock.settimeout(self.require_time())

    def require_time(self) -> float:
        """The seconds that are left, more than 0. Raises TimeoutError.

        Asked whenever there is a new socket: `cut` may have come before there was one.
        """
        left_s = self._until_s - time.monotonic()
        if self._is_over or left_s <= 0:
            raise TimeoutError("The time is over.")
        return left_s

    def cut(self) -> None:
        """The time is over: whatever waits on the socket gets an error."""
        self._is_over = True
        if self.sock is not None:
            try:
                # Not SSLSocket's own, which first gives up the encryption that another thread is writing by.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return
