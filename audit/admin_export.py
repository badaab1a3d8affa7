"""The audit log as a file of any length: read and sent in batches, so memory and transactions stay short."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterable

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from audit.export import BATCH_SIZE, describe_event
from audit.models import AuditEvent

COLUMNS = (
    "sequence", "recorded_at", "kind", "session_id", "relying_party", "detail", "previous_hash", "hash",
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection); the last four are full-width.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def respond_with(events: QuerySet[AuditEvent], export_format: str) -> StreamingHttpResponse:
    """Stream the events, oldest first. export_format: "csv" or "jsonl".

    A line of the JSON Lines holds what the event's hash is made of and the hash itself, so whoever has the
    file can recompute the chain (audit.models.AuditEvent.compute_hash).
    """
    write, header = (write_csv, [",".join(COLUMNS) + "\r\n"]) if export_format == "csv" else (write_jsonl, [])
    return StreamingHttpResponse(
        _stream(events, write, header),
        content_type=CONTENT_TYPES[export_format],
        headers={
            "Content-Disposition": f'attachment; filename="audit-log.{export_format}"',
            "Cache-Control": "no-store",
            # Or nginx would gather the whole file first.
            "X-Accel-Buffering": "no",
        },
    )


def write_csv(events: Iterable[AuditEvent]) -> str:
    """Rows of CSV (RFC 4180) without a header, safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    for event in events:
        row = describe_event(event) | {"detail": json.dumps(event.detail, sort_keys=True, ensure_ascii=False)}
        writer.writerow([disarm(str(row[name] or "")) for name in COLUMNS])
    return text.getvalue()


def write_jsonl(events: Iterable[AuditEvent]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(describe_event(event), ensure_ascii=False) + "\n" for event in events)


def disarm(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run; anything else stays as it is."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


async def _stream(
    events: QuerySet[AuditEvent], write: Callable[[Iterable[AuditEvent]], str], header: Iterable[str]
) -> AsyncIterator[str]:
    """Batch after batch by sequence number: no cursor stays open while a slow client reads."""
    for line in header:
        yield line
    last = 0
    while batch := await sync_to_async(_read_batch)(events, last):
        yield write(batch)
        last = batch[-1].sequence


def _read_batch(events: QuerySet[AuditEvent], after: int) -> list[AuditEvent]:
    return list(events.filter(sequence__gt=after).order_by("sequence")[:BATCH_SIZE])
