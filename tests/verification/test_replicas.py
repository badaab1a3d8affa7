"""Who is alive by the database's word, and what becomes of the sessions of those who are not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db.models import F
from pytest_django import Settings

from audit.models import AuditEvent
from tests.verification.sessions import issue, open_session, race
from tests.verification.sockets import CaptureSocket, open_in_test
from verification import replicas, services
from verification.liveness.vocabulary import Reason
from verification.models import Nonce, Replica, VerificationSession
from verification.pulse import BEATS_IN_A_LEASE, Pulse
from verification.services import OpenedSession

LEASE_S = 15


def hold(holder: UUID | None) -> OpenedSession:
    opened = open_session()
    services.connect_socket(opened.session.pk, opened.ticket, held_by=holder)
    return opened


def fall_silent(replica_id: UUID, *, for_s: float = LEASE_S + 1) -> None:
    """Push its last beat into the past, by the clock that wrote it."""
    Replica.objects.filter(pk=replica_id).update(seen_at=F("seen_at") - timedelta(seconds=for_s))


def read_reason(opened: OpenedSession) -> str:
    opened.session.refresh_from_db()
    return opened.session.reason


@pytest.fixture
def replica_id() -> UUID:
    replica_id = uuid4()
    replicas.beat(replica_id)
    return replica_id


@pytest.mark.django_db
class TestOrphans:
    def test_a_session_whose_process_lives_is_left_alone(self, replica_id: UUID) -> None:
        opened = hold(replica_id)
        fall_silent(replica_id, for_s=LEASE_S - 5)
        assert services.conclude_orphans() == 0
        assert read_reason(opened) == ""

    def test_a_session_whose_process_fell_silent_is_disconnected_with_its_nonce(
        self, replica_id: UUID
    ) -> None:
        opened = hold(replica_id)
        issue(opened)
        fall_silent(replica_id)
        assert services.conclude_orphans() == 1
        assert read_reason(opened) == Reason.DISCONNECTED
        assert not Nonce.objects.filter(consumed_at=None).exists()

    def test_a_process_that_beats_again_in_time_keeps_its_sessions(self, replica_id: UUID) -> None:
        opened = hold(replica_id)
        fall_silent(replica_id)
        assert replicas.beat(replica_id)
        assert services.conclude_orphans() == 0
        assert read_reason(opened) == ""

    def test_a_session_that_nobody_holds_is_no_orphan(self) -> None:
        never_connected, held_by_nobody = open_session(), hold(None)
        assert services.conclude_orphans() == 0
        assert read_reason(never_connected) == read_reason(held_by_nobody) == ""

    def test_a_process_that_left_orderly_leaves_orphans_at_once(self, replica_id: UUID) -> None:
        opened = hold(replica_id)
        replicas.leave(replica_id)
        assert services.conclude_orphans() == 1
        assert read_reason(opened) == Reason.DISCONNECTED

    def test_silent_processes_are_forgotten_and_live_ones_are_not(self, replica_id: UUID) -> None:
        silent = uuid4()
        replicas.beat(silent)
        fall_silent(silent)
        hold(silent)
        services.conclude_orphans()
        assert set(Replica.objects.values_list("pk", flat=True)) == {replica_id}
        assert not replicas.beat(silent), "it must learn that it had been counted out"


@pytest.mark.django_db(transaction=True)
def test_processes_that_find_the_same_orphan_conclude_it_once() -> None:
    holder = uuid4()
    replicas.beat(holder)
    opened = hold(holder)
    fall_silent(holder)
    results = race(services.conclude_orphans)
    assert sum(result for result in results if isinstance(result, int)) == 1, results
    concluded = AuditEvent.objects.filter(session_id=opened.session.pk, kind="session_concluded")
    assert concluded.count() == 1


# --- the heartbeat -----------------------------------------------------------------------------------


@pytest.fixture
async def pulse(settings: Settings) -> AsyncIterator[Pulse]:
    settings.POL_REPLICA_LEASE_SECONDS = 1
    pulse = Pulse()
    yield pulse
    await pulse.end()


@sync_to_async
def read_replicas() -> set[UUID]:
    return set(Replica.objects.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
async def test_a_process_is_known_from_its_first_beat_until_it_leaves(pulse: Pulse) -> None:
    assert pulse.holder is None
    await asyncio.gather(pulse.begin(), pulse.begin())
    assert {pulse.holder} == await read_replicas()
    await pulse.end()
    assert pulse.holder is None
    assert await read_replicas() == set()
    await pulse.begin()
    assert await read_replicas() == set(), "a process that leaves does not come back"


@pytest.mark.django_db(transaction=True)
async def test_a_process_whose_clock_says_that_nobody_heard_of_it_holds_nothing_new(
    pulse: Pulse, settings: Settings
) -> None:
    await pulse.begin()
    settings.POL_REPLICA_LEASE_SECONDS = 0
    assert pulse.holder is None


@pytest.mark.django_db(transaction=True)
async def test_a_process_that_was_counted_out_ends_its_sessions(pulse: Pulse) -> None:
    opened = await open_in_test(user_id="alice")
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        await pulse.begin()
        await sync_to_async(Replica.objects.all().delete)()
        result = await socket.read_until("result")
    assert (result["reason"], result["token"]) == ("disconnected", None)


@pytest.mark.django_db(transaction=True)
async def test_orphans_wait_until_the_process_that_looks_has_lived_for_a_lease_itself(pulse: Pulse) -> None:
    """Where the database was away from all, the first one back must not take the others for dead."""
    opened = await sync_to_async(hold)(uuid4())
    await pulse.begin()
    assert await sync_to_async(read_reason)(opened) == ""
    for _ in range(20 * BEATS_IN_A_LEASE):
        await asyncio.sleep(0.1)
        if await sync_to_async(read_reason)(opened):
            break
    assert await sync_to_async(read_reason)(opened) == Reason.DISCONNECTED


@pytest.mark.django_db
def test_nothing_is_revealed_in_a_session_that_is_over() -> None:
    opened = hold(None)
    services.abandon_session(opened.session.pk, Reason.DISCONNECTED)
    with pytest.raises(AssertionError):
        issue(opened)
    assert not Nonce.objects.exists()
    assert VerificationSession.objects.get().reason == Reason.DISCONNECTED
