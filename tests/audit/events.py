"""Short ways to write events that the audit tests need over and over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, models, transaction

from audit.guards import build_removal
from audit.models import AuditEvent, EventKind
from audit.services import record

START = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
SESSION_ID = UUID("0b5f2d5e-6b0f-4c39-9d2c-2f6d0c1a9e11")


def record_at(moment: datetime, **fields: object) -> AuditEvent:
    """Append one event as a caller of its own transaction would."""
    kind = fields.pop("kind", EventKind.SESSION_OPENED)
    with transaction.atomic():
        return record(kind, now=moment, **fields)  # type: ignore[arg-type]


def record_series(count: int, *, step: timedelta = timedelta(minutes=1)) -> list[AuditEvent]:
    """Append `count` events that differ, from `START` on, `step` apart."""
    return [
        record_at(START + step * index, session_id=SESSION_ID, relying_party="bank", detail={"index": index})
        for index in range(count)
    ]


def stored_rows() -> models.QuerySet[AuditEvent]:
    """The table as someone sees it who may alter it: the triggers are dropped, until this test's rollback."""
    with connection.cursor() as cursor:
        for statement in build_removal(connection.vendor):
            cursor.execute(statement)
    return models.QuerySet(AuditEvent)
