"""How log lines are written: one line of text, or one JSON object a line for machines to read.

Messages name ids and routes, never people (tests grep whole runs for what must not be there). As a last net under
a library that logs an address, what looks like a ticket, a token or an API key is blotted out.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

SECRETS = re.compile(
    r"(?P<name>\b(?:ticket|code|state)=)[^\s&\"']+"  # of an address's query
    r"|\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]*)?"  # a JWS, in compact form
    r"|\b[0-9a-f]{12}\.[\w-]{43}\b"  # an API key
    r"|(?P<row>\bDETAIL: ).*"  # in which PostgreSQL repeats the row that it refused
)
LINE_ENDS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
BLOT = "[withheld]"


class RouteFilter(logging.Filter):
    """Django names the path of a request that went wrong, and in a path may stand anything: its route instead."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        path = getattr(request, "path", None)
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            route = f"/{match.route}" if match else "no address of ours"
            named = {path, path.encode("unicode_escape").decode("ascii")}
            record.args = tuple(route if value in named else value for value in record.args)
        return True


def blot_secrets(text: str) -> str:
    return SECRETS.sub(lambda found: (found["name"] or found["row"] or "") + BLOT, text)


def escape_line_ends(text: str) -> str:
    return LINE_ENDS.sub(lambda found: ascii(found[0])[1:-1], text)


class LineFormatter(logging.Formatter):
    """Time, level, logger, message on one line, whatever the message holds; a traceback indented below it.

    So no exception's message can look like a line of the log, or speak to the terminal that shows it.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the library's name)
        return escape_line_ends(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the library's name)
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"    {escape_line_ends(line)}" for line in lines)

    def format(self, record: logging.LogRecord) -> str:
        return blot_secrets(super().format(record))


class JsonFormatter(logging.Formatter):
    """time (RFC 3339, UTC), level, logger, message, and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        entry = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": blot_secrets(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = blot_secrets(self.formatException(record.exc_info))
        return json.dumps(entry)


def build_logging(*, is_json: bool, level: str) -> dict[str, Any]:
    """The setting LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "polsite.logs.LineFormatter"},
            "json": {"()": "polsite.logs.JsonFormatter"},
        },
        "filters": {"route": {"()": "polsite.logs.RouteFilter"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["route"],
                "formatter": "json" if is_json else "line",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        # The access log would write the ticket of every WebSocket request line.
        "loggers": {
            "daphne.access": {"level": "ERROR"},
            # Named here so that Django's own handler goes: with DEBUG it would say everything again, with the path.
            "django": {"level": "INFO"},
            "django.channels.server": {"level": "ERROR"},
            # A client's Host header is no error of ours, and its 400 is logged as a warning anyway.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }
