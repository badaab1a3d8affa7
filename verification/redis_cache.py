"""Redis as Django's cache, with one pool of connections for the whole process.

Django makes a cache object for each request and each makes a pool of its own, so every request opened a
connection, which stayed open until the garbage collector came by.
"""

from functools import lru_cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class PooledRedisCache(RedisCache):
    """Takes what Django's own takes; values of OPTIONS must be hashable."""

    # Django's, which its stubs leave out.
    _servers: list[str]
    _options: dict[str, Any]

    @property
    def _cache(self) -> RedisCacheClient:
        return _share_client(tuple(self._servers), tuple(sorted(self._options.items())))


@lru_cache(maxsize=8)
def _share_client(servers: tuple[str, ...], options: tuple[tuple[str, Any], ...]) -> RedisCacheClient:
    return RedisCacheClient(list(servers), **dict(options))
