"""How the database and Redis are spoken to: what their addresses, which the environment gives, do not say."""

from typing import Any

OF_THIS_PROCESS = "django.core.cache.backends.locmem.LocMemCache"


def complete_database(database: dict[str, Any]) -> dict[str, Any]:
    """database: of DATABASE_URL, with what the URL's query says, such as ?timeout=5 or ?sslmode=verify-full."""
    given = database.get("OPTIONS", {})
    if database["ENGINE"] == "django.db.backends.sqlite3":
        options = {
            # A transaction that reads before it writes would otherwise fail with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            **given,
        }
        return {**database, "OPTIONS": options}
    # Channels hands database work to a thread pool, so connections are pooled rather than kept a thread. One that
    # broke is replaced before it is handed out; while there is none, whoever asks is told within seconds, and a
    # database that is back is found within seconds too (the pool would wait twice as long each time). Whoever waits
    # for a lock is told before a load balancer gives up.
    pool = {"timeout": 10, "reconnect_timeout": 5}
    options = {"options": "-c lock_timeout=15s", **given, "pool": pool}
    return {**database, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def build_caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """redis_url: empty where one process serves alone."""
    shared: dict[str, Any] = {
        "BACKEND": "verification.redis_cache.PooledRedisCache",
        "LOCATION": redis_url,
        # One that hangs must not take the requests with it.
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
    # Beyond Django's 300 entries, other people's counters would push out a person's lockout.
    alone: dict[str, Any] = {"BACKEND": OF_THIS_PROCESS, "OPTIONS": {"MAX_ENTRIES": 100_000}}
    return {
        "default": shared if redis_url else alone,
        # Counters of this process alone, for while the shared ones do not answer.
        "local": {**alone, "LOCATION": "local"},
    }


def build_channel_layers(redis_url: str) -> dict[str, dict[str, Any]]:
    """redis_url: empty where one process serves alone."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    # Sockets wait for messages in calls that block Redis for five seconds. redis-py gives up an answer after
    # five, too, so every quiet socket would break: it has to wait longer than Redis blocks.
    host = {"address": redis_url, "socket_timeout": 30}
    return {
        "default": {
            "BACKEND": "verification.channel_layer.PatientRedisChannelLayer",
            "CONFIG": {"hosts": [host]},
        }
    }
