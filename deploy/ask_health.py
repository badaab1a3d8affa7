"""Whether the server on this machine can hold a session now: exit status 0 or 1, for a HEALTHCHECK.

It asks with a host name that the server answers to, which `curl localhost` would not. The standard
library only: it starts every half minute.
"""

import http.client
import os
import sys

TIMEOUT_S = 8


def read_host() -> str:
    """The first of ALLOWED_HOSTS; a leading dot stands for any name below."""
    return os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().removeprefix(".") or "localhost"


def ask(port: int, host: str) -> int:
    """The status of GET /health. Raises OSError or HTTPException where there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/health", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    try:
        status = ask(int(os.environ.get("PORT", "8000")), read_host())
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"no answer: {type(error).__name__}")
    sys.exit(0 if status == http.HTTPStatus.OK else f"/health says {status}")
