"""What /metrics says, to whom, and that the dashboard asks for nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from tests.verification.pictures import make_jpeg
from tests.verification.sockets import CaptureSocket, open_in_test
from verification import metrics
from verification.liveness.actions import Action
from verification.liveness.vocabulary import ChallengeOutcome, Decision, Reason
from verification.messages import CloseCode
from verification.metrics import FRAME_FATES, STEPS

DASHBOARD = Path(django_settings.BASE_DIR) / "deploy" / "grafana" / "proof-of-life.json"
VARIABLES = {"$job": "pol", "$__rate_interval": "5m", "$instance": "a"}
# What the process itself says on Linux; tests may run elsewhere.
OF_THE_PLATFORM = {"process_resident_memory_bytes", "process_cpu_seconds_total"}
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(client: Client, **headers: str) -> Series:
    answer = client.get("/metrics", headers=headers or None)
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def select(series: Series, name: str, **labels: str) -> float:
    return series.get((name, frozenset(labels.items())), 0.0)


# --- to whom -----------------------------------------------------------------------------------------


@pytest.mark.django_db
class TestAccess:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1"])
    def test_this_machine_may_ask(self, client: Client, address: str) -> None:
        assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200

    @pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "", "unix:"])
    def test_others_may_not(self, client: Client, address: str) -> None:
        answer = client.get("/metrics", REMOTE_ADDR=address)
        assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
        assert answer.json()["code"] == "permission_denied"

    @pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
    def test_whoever_came_through_a_proxy_on_this_machine_is_not_this_machine(
        self, client: Client, name: str
    ) -> None:
        assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 403

    @pytest.mark.parametrize(
        ("authorization", "status"),
        [
            ("Bearer s3cret", 200),
            ("bearer s3cret", 200),
            ("Bearer wrong", 401),
            ("Basic s3cret", 401),
            ("", 401),
        ],
    )
    def test_with_a_token_it_counts_and_the_address_does_not(
        self, client: Client, settings: Settings, authorization: str, status: int
    ) -> None:
        settings.POL_METRICS_TOKEN = "s3cret"
        for address in ("127.0.0.1", "192.0.2.1"):
            answer = client.get("/metrics", headers={"Authorization": authorization}, REMOTE_ADDR=address)
            assert answer.status_code == status
            assert status == 200 or answer["WWW-Authenticate"] == "Bearer"


# --- what --------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_session_is_counted_from_its_frames_to_its_end(
    client: Client, neutral_faces: list[bytes]
) -> None:
    before = await sync_to_async(read)(client)
    opened = await open_in_test(user_id="alice@example.org")
    async with CaptureSocket(opened) as socket:
        await socket.begin()
        during = await sync_to_async(read)(client)
        for image in (neutral_faces[0], make_jpeg()):
            await socket.send_frame(image)
            await socket.read_until("feedback")
        await socket.send_json({"type": "cancel"})
        await socket.read_to_close()
    after = await sync_to_async(read)(client)

    def grown(name: str, **labels: str) -> float:
        return select(after, name, **labels) - select(before, name, **labels)

    assert select(during, "pol_sessions_live") == 1
    assert select(after, "pol_sessions_live") == 0
    assert grown("pol_frames_total", fate="analysed") == 2
    assert grown("pol_inference_seconds_count", model="decode") == 2
    assert grown("pol_inference_seconds_count", model="landmarks") == 2
    assert grown("pol_frame_answer_seconds_count") == 2
    assert grown("pol_sessions_concluded_total", decision="inconclusive", reason="cancelled") == 1
    assert grown("pol_challenge_seconds_count", action="look_straight", outcome="abandoned") == 1


@pytest.mark.django_db(transaction=True)
async def test_a_refused_socket_is_counted_by_its_close_code(client: Client) -> None:
    before = await sync_to_async(read)(client)
    async with CaptureSocket(path="/ws/verify/not-a-session") as socket:
        await socket.read_to_close()
    after = await sync_to_async(read)(client)
    name = "pol_sockets_refused_total"
    assert select(after, name, code="4404") - select(before, name, code="4404") == 1


@pytest.mark.django_db
def test_labels_come_from_closed_lists(client: Client) -> None:
    """Whatever people sent: nobody can make series, and none names a person, a session or an address."""
    client.get("/auth/sessions/alice@example.org")
    client.generic("BREW", "/verify/alice@example.org?ticket=abc")
    known: dict[str, set[str]] = {
        "fate": set(FRAME_FATES),
        "model": set(STEPS),
        "action": set(Action),
        "outcome": set(ChallengeOutcome),
        "decision": set(Decision),
        "reason": set(Reason),
        "code": {str(int(code)) for code in CloseCode},
    }
    for name, labels in read(client):
        assert "alice" not in str(labels)
        for label, value in labels:
            if name.startswith("pol_") and label != "le":
                assert value in known[label], (name, label, value)


@pytest.mark.django_db
def test_every_ending_is_there_before_it_happens(client: Client) -> None:
    """A series that appears with its first event has no rate for it."""
    series = read(client)
    for reason in Reason:
        labels = frozenset({("decision", str(reason.decision)), ("reason", str(reason))})
        assert ("pol_sessions_concluded_total", labels) in series


# --- the dashboard -----------------------------------------------------------------------------------


def find_queries(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        for value in node.values():
            yield from find_queries(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_queries(value)


QUERIES = sorted(set(find_queries(json.loads(DASHBOARD.read_text(encoding="utf-8")))))


def find_selectors(query: str) -> list[Any]:
    """The vector selectors of a query; raises ValueError where Prometheus could not read it."""
    found: list[Any] = []

    def note(expression: Any) -> None:
        if isinstance(expression, promql_parser.VectorSelector):
            found.append(expression)
        elif isinstance(expression, promql_parser.MatrixSelector):
            found.append(expression.vector_selector)

    promql_parser.walk(promql_parser.parse(query), note)
    return found


def fill_in(query: str) -> str:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    return query


@pytest.mark.django_db
@pytest.mark.parametrize("query", QUERIES)
def test_the_dashboard_asks_for_what_there_is(client: Client, query: str) -> None:
    client.get("/health")
    names = {name for name, _ in read(client)} | OF_THE_PLATFORM
    selectors = find_selectors(fill_in(query))
    assert selectors
    assert {selector.name for selector in selectors} <= names
    assert "$" not in fill_in(query)


def test_the_dashboard_shows_every_measure_of_ours() -> None:
    ours = {str(value._name) for value in vars(metrics).values() if hasattr(value, "_name")}
    text = " ".join(QUERIES)
    assert {name for name in ours if not re.search(rf"\b{name}", text)} == set()
