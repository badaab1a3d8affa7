from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.canonical import NotCanonicalError
from audit.models import GENESIS_HASH, AppendOnlyError, AuditEvent, ChainHead, EventKind
from audit.services import FORBIDDEN_DETAIL_KEYS, MAX_DETAIL_BYTES, ChainStateError, record
from tests.audit.events import SESSION_ID, START, record_at, record_series
from tests.audit.json_values import json_values, keys

details = st.dictionaries(keys, json_values, max_size=4)


@pytest.mark.django_db
def test_the_first_event_follows_the_genesis_hash() -> None:
    event = record_at(START)
    assert (event.sequence, event.previous_hash) == (1, GENESIS_HASH)


@pytest.mark.django_db
def test_each_event_follows_the_one_before_it() -> None:
    events = record_series(4)
    assert [event.sequence for event in events] == [1, 2, 3, 4]
    assert [event.previous_hash for event in events[1:]] == [event.hash for event in events[:-1]]


@pytest.mark.django_db
def test_the_head_names_the_newest_event() -> None:
    newest = record_series(3)[-1]
    head = ChainHead.objects.get()
    assert (head.sequence, head.hash) == (newest.sequence, newest.hash)


@pytest.mark.django_db
def test_an_event_without_a_time_gets_the_current_one() -> None:
    with transaction.atomic():
        first, second = record(EventKind.SESSION_OPENED), record(EventKind.SESSION_CONCLUDED)
    assert first.recorded_at <= second.recorded_at


@pytest.mark.django_db
@settings(deadline=None)
@given(detail=details, relying_party=st.text("abc é漢", max_size=200))
def test_the_hash_holds_after_a_round_trip_through_the_database(
    detail: dict[str, Any], relying_party: str
) -> None:
    with transaction.atomic():
        event = record(
            EventKind.FRAME_REJECTED,
            session_id=SESSION_ID,
            relying_party=relying_party,
            detail=detail,
            now=START,
        )
        stored = AuditEvent.objects.get(pk=event.pk)
        transaction.set_rollback(True)
    assert stored.compute_hash() == stored.hash == event.hash


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError, match="atomic"):
        record(EventKind.SESSION_OPENED)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_goes_with_the_transaction_that_fails() -> None:
    def issue_a_token_in_vain() -> None:
        with transaction.atomic():
            record(EventKind.TOKEN_ISSUED)
            raise RuntimeError("the state change failed")

    record_at(START)
    with pytest.raises(RuntimeError, match="state change"):
        issue_a_token_in_vain()
    assert record_at(START).sequence == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", sorted(FORBIDDEN_DETAIL_KEYS))
def test_a_detail_that_names_a_person_or_a_secret_is_refused_at_any_depth(key: str) -> None:
    for detail in ({key: "x"}, {"nested": [{"deeper": {key: "x"}}]}):
        with pytest.raises(ValueError, match=key):
            record_at(START, detail=detail)


@pytest.mark.django_db
def test_a_detail_over_the_size_limit_is_refused() -> None:
    fitting = "x" * (MAX_DETAIL_BYTES - len('{"note":""}'))
    record_at(START, detail={"note": fitting})
    with pytest.raises(NotCanonicalError, match="over the limit"):
        record_at(START, detail={"note": fitting + "x"})


@pytest.mark.django_db
def test_a_kind_outside_the_enum_is_refused() -> None:
    with pytest.raises(ValueError, match="no_such_kind"):
        record_at(START, kind="no_such_kind")


@pytest.mark.django_db
def test_a_lost_head_row_is_an_error_rather_than_a_second_chain() -> None:
    record_series(2)
    ChainHead.objects.all().delete()
    with pytest.raises(ChainStateError, match="verify_audit"):
        record_at(START)


@pytest.mark.django_db
def test_a_stored_event_cannot_be_saved_again() -> None:
    event = record_at(START)
    event.relying_party = "other"
    with pytest.raises(AppendOnlyError):
        event.save()
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.get().save()


@pytest.mark.django_db
def test_a_stored_event_cannot_be_deleted() -> None:
    with pytest.raises(AppendOnlyError):
        record_at(START).delete()
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_a_queryset_can_neither_change_nor_delete_nor_add_events() -> None:
    event = record_at(START)
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.filter(sequence=1).update(relying_party="other")
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.all().delete()
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.bulk_update([event], ["relying_party"])
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.bulk_create([event])
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.update_or_create(sequence=1, defaults={"recorded_at": START + timedelta(days=1)})
