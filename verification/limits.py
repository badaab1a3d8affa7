"""How often, from where and for whom: counters in the cache, which all replicas share where it is Redis.

Three keys: the client's address, the relying party, and the `user_id` that sessions are opened for.
A `user_id` whose sessions fail again and again is locked for a while that doubles; a pass, the passing
of time, or staff (`manage.py unlock_subject`) opens it again. Keys hold hashes, never a name.
"""

import hashlib
import ipaddress
import logging
import math
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from verification.models import RelyingParty

logger = logging.getLogger(__name__)

MAX_LOCKOUT_S = 3_600
FAILURES_KEPT_S = 86_400
SILENCE_S = 3.0
_TRIES = 3
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
Answer = TypeVar("Answer")


class SubjectLockedError(Throttled):
    """Too many sessions, or failed ones, for this `user_id`; `wait` is the seconds until the next may be opened."""

    default_code = "locked_out"
    default_detail = "Too many checks of this person."
    extra_detail_singular = extra_detail_plural = ""


def spend(scope: str, key: str) -> int:
    """Count one use. 0 where there is room, else the seconds until there is again.

    scope: a name in DEFAULT_THROTTLE_RATES. A fixed window: add and increment are atomic in Redis and in
    memory alike, so replicas cannot overrun it together.
    """
    limit, window_s = _read_rate(scope)
    now_s = time.time()
    window = int(now_s // window_s)
    name = f"limit:{scope}:{_hash(key)}:{window}"
    count = _ask(lambda counters: _count(counters, name, window_s + 1))
    return 0 if count <= limit else max(1, math.ceil((window + 1) * window_s - now_s))


def identify(request: HttpRequest) -> str:
    """The client's address, as DRF's own throttles see it (NUM_PROXIES)."""
    return read_address(request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", ""))


def identify_socket(headers: Iterable[tuple[bytes, bytes]], client: tuple[str, int] | None) -> str:
    """The same for a WebSocket handshake of the ASGI scope: a header that came in several lines is one list."""
    lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    return read_address(",".join(lines), client[0] if client else "")


def read_address(forwarded_for: str, remote_address: str) -> str:
    """Whose address counts: the one that the outermost trusted proxy saw; of IPv6, its network."""
    proxies: int = settings.REST_FRAMEWORK["NUM_PROXIES"]
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    if proxies == 0 or not hops:
        return _widen(remote_address)
    return _widen(hops[-min(proxies, len(hops))])


class AddressCountedView(APIView):
    """A view whose every call counts for the client's address, before anything is looked up: a wrong key's, too."""

    throttle_scope: str

    def perform_authentication(self, request: Request) -> None:
        if wait_s := spend(self.throttle_scope, identify(request)):
            raise Throttled(wait=wait_s)
        super().perform_authentication(request)


class RelyingPartyThrottle(BaseThrottle):
    """However many addresses a party asks from, together they stay within POL_RATE_RELYING_PARTY."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        party = request.auth
        self._wait_s = spend("relying_party", str(party.pk)) if isinstance(party, RelyingParty) else 0
        return not self._wait_s

    def wait(self) -> float:
        return float(self._wait_s)


# --- who is asked about --------------------------------------------------------------------------


def require_unlocked(party: RelyingParty | None, user_id: str) -> None:
    """Raises SubjectLockedError: too many failures, or more sessions than POL_RATE_SUBJECT.

    Sessions that nobody vouches for by a key are not counted: anyone could lock out anyone.
    """
    if party is None:
        return
    until_s: float = _ask(lambda counters: counters.get(_name_lock(party, user_id), 0.0))
    if (left_s := until_s - time.time()) > 0:
        raise SubjectLockedError(wait=math.ceil(left_s))
    if wait_s := spend("subject", f"{party.pk}:{user_id}"):
        raise SubjectLockedError(wait=wait_s)


def note_failure(party: RelyingParty | None, user_id: str) -> int:
    """Count a failed session; the seconds that the `user_id` is locked for from now on, 0 for none."""
    if party is None:
        return 0
    return _ask(lambda counters: _count_failure(counters, party, user_id))


def forget_failures(party: RelyingParty | None, user_id: str) -> None:
    """After a pass, or by staff: count from zero, and let the next session be opened."""
    if party is not None:
        names = [_name_failures(party, user_id), _name_lock(party, user_id)]
        _ask(lambda counters: counters.delete_many(names))


def compute_lockout_s(failures: int) -> int:
    """How long the nth failure locks: nothing below POL_LOCKOUT_FAILURES, then doubling up to an hour."""
    beyond = failures - settings.POL_LOCKOUT_FAILURES
    if settings.POL_LOCKOUT_FAILURES <= 0 or beyond < 0:
        return 0
    return int(min(MAX_LOCKOUT_S, settings.POL_LOCKOUT_SECONDS * 2 ** min(beyond, 20)))


def _count_failure(counters: BaseCache, party: RelyingParty, user_id: str) -> int:
    name = _name_failures(party, user_id)
    lockout_s = compute_lockout_s(_count(counters, name, FAILURES_KEPT_S))
    # From the last one on: whoever fails a little each day is still counted.
    counters.touch(name, FAILURES_KEPT_S)
    if lockout_s:
        counters.set(_name_lock(party, user_id), time.time() + lockout_s, timeout=lockout_s)
    return lockout_s


def _count(counters: BaseCache, name: str, timeout_s: int) -> int:
    """One more; how many that makes since the first, which is forgotten after `timeout_s`."""
    for _ in range(_TRIES):
        try:
            count = int(counters.incr(name))
        except ValueError:  # nobody counted yet, or not since the last was forgotten
            if counters.add(name, 1, timeout=timeout_s):
                return 1
        else:
            if count == 1:  # it was forgotten in the middle of this, and Redis made it anew without an end
                counters.touch(name, timeout_s)
            return count
    return 1


class SharedCounters:
    """Whether the shared cache failed so lately that it is not worth asking again."""

    def __init__(self) -> None:
        self._silent_until_s = 0.0

    @property
    def is_silent(self) -> bool:
        return time.monotonic() < self._silent_until_s

    def note_failure(self) -> None:
        self._silent_until_s = time.monotonic() + SILENCE_S

    def forget(self) -> None:
        """Ask it again at once."""
        self._silent_until_s = 0.0


shared_counters = SharedCounters()


def _ask(question: Callable[[BaseCache], Answer]) -> Answer:
    """Ask the counters that replicas share; where they do not answer, this process counts for itself.

    So a cache that is down neither keeps a session from being opened or concluded nor lifts the limits. One that
    hangs costs its timeout once in a while, not each time.
    """
    if shared_counters.is_silent:
        return question(caches["local"])
    try:
        return question(cache)
    except Exception as error:  # each cache backend has errors of its own
        logger.warning("The cache does not answer, so this process counts alone: %s", type(error).__name__)
        shared_counters.note_failure()
        return question(caches["local"])


def _name_failures(party: RelyingParty, user_id: str) -> str:
    return f"failures:{_hash(f'{party.pk}:{user_id}')}"


def _name_lock(party: RelyingParty, user_id: str) -> str:
    return f"lock:{_hash(f'{party.pk}:{user_id}')}"


def _widen(address: str) -> str:
    """The /64 of an IPv6 address: whoever has one address there has them all. Text that is none stays."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _read_rate(scope: str) -> tuple[int, int]:
    """How many, in how many seconds, of a rate such as 60/min."""
    rates: dict[str, Any] = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    count, _, period = str(rates[scope]).partition("/")
    return int(count), SECONDS[period[0]]
