"""The log as a file: complete, in order, streamed, verifiable, and harmless to a spreadsheet."""

import asyncio
import csv
import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from hypothesis import given
from hypothesis import strategies as st

from audit import admin_export
from audit.admin_export import COLUMNS, FORMULA_STARTS, disarm, respond_with
from audit.canonical import canonicalise
from audit.export import BATCH_SIZE
from audit.models import AuditEvent, EventKind
from tests.audit.events import SESSION_ID, START, record_at, record_series

pytestmark = pytest.mark.django_db
BASE = "/admin/audit/auditevent/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def download(export_format: str, **query: str) -> str:
    """The file as a superuser's browser gets it from the running server."""
    user, _ = User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)

    async def get() -> str:
        browser = AsyncClient()
        await browser.aforce_login(user, backend=BACKEND)
        response = await browser.get(f"{BASE}export.{export_format}", query_params=query)
        assert isinstance(response, StreamingHttpResponse), response
        return b"".join([chunk async for chunk in response]).decode()

    return asyncio.run(get())


def read_jsonl(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.django_db(transaction=True)
def test_every_event_is_there_oldest_first_however_many_batches_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin_export, "BATCH_SIZE", 3)
    record_series(8)
    assert [event["sequence"] for event in read_jsonl(download("jsonl"))] == list(range(1, 9))
    rows = list(csv.DictReader(io.StringIO(download("csv"))))
    assert [row["sequence"] for row in rows] == [str(number) for number in range(1, 9)]
    assert tuple(rows[0]) == COLUMNS


@pytest.mark.django_db(transaction=True)
def test_the_file_holds_what_the_list_shows_under_the_same_filters() -> None:
    record_at(START, relying_party="bank")
    record_at(START, relying_party="shop", kind=EventKind.TOKEN_ISSUED)
    record_at(START + timedelta(days=1), relying_party="shop", session_id=SESSION_ID)

    def numbers(**query: str) -> list[int]:
        return [event["sequence"] for event in read_jsonl(download("jsonl", **query))]

    assert numbers(relying_party="shop") == [2, 3]
    assert numbers(kind__exact="token_issued") == [2]
    assert numbers(since="2026-01-02") == [3]
    assert numbers(q=str(SESSION_ID)) == [3]
    assert numbers(relying_party="nobody") == []


@pytest.mark.django_db(transaction=True)
def test_an_empty_log_is_a_header_or_nothing() -> None:
    assert download("csv") == ",".join(COLUMNS) + "\r\n"
    assert download("jsonl") == ""


@pytest.mark.django_db(transaction=True)
def test_whoever_has_the_json_lines_can_recompute_the_chain() -> None:
    record_at(START, detail={"share": 0.1, "text": "ä€", "none": None}, session_id=SESSION_ID)
    record_at(START)
    previous = "0" * 64
    for event in read_jsonl(download("jsonl")):
        stated = event.pop("hash")
        assert event["previous_hash"] == previous
        assert hashlib.sha256(canonicalise(event)).hexdigest() == stated
        previous = stated


def test_the_answer_is_an_attachment_that_nobody_caches_or_gathers() -> None:
    response = respond_with(AuditEvent.objects.all(), "csv")
    assert response["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert response["Cache-Control"] == "no-store"
    assert response["X-Accel-Buffering"] == "no"
    assert response.is_async


def test_reading_stops_when_the_client_does() -> None:
    """Nothing but the header has been read from the database before the client asks for more."""
    record_series(2)

    async def take_one() -> str:
        stream = admin_export._stream(AuditEvent.objects.all(), admin_export.write_csv, ["header"])
        async for line in stream:
            return line
        return ""

    assert asyncio.run(take_one()) == "header"
    assert BATCH_SIZE == 500


@given(st.text(max_size=30))
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    assert not disarm(cell).startswith(FORMULA_STARTS)
    assert disarm(cell).removeprefix("'") == cell.removeprefix("'")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("http://x")'])
def test_a_relying_party_named_like_a_formula_is_written_as_text(name: str) -> None:
    row = next(csv.reader(io.StringIO(admin_export.write_csv([record_at(START, relying_party=name)]))))
    assert row[COLUMNS.index("relying_party")] == f"'{name}"


def test_quotes_commas_and_line_ends_survive_csv() -> None:
    event = record_at(START, relying_party='a "b", c\nd', detail={"k": "x,y"})
    row = next(csv.reader(io.StringIO(admin_export.write_csv([event]), newline="")))
    assert row[COLUMNS.index("relying_party")] == 'a "b", c\nd'
    assert json.loads(row[COLUMNS.index("detail")]) == {"k": "x,y"}


@pytest.mark.parametrize("export_format", ["xlsx", "html", "csv.exe"])
def test_there_are_no_other_formats(admin_client: Client, export_format: str) -> None:
    assert admin_client.get(f"{BASE}export.{export_format}").status_code == 404


def test_a_query_that_makes_no_sense_leads_back_to_the_list(admin_client: Client) -> None:
    response = admin_client.get(f"{BASE}export.csv", {"recorded_at__year": "noon"})
    assert response.status_code == 302
